"""No number of the text is typed by hand, and every macro that it uses is generated."""

import re

import pytest

from paper import generate, prose
from paper.latex import HERE

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in prose.sources(HERE)}


@pytest.mark.parametrize("name", TEXTS)
def test_no_bare_numbers(name):
    assert list(prose.bare_numbers(TEXTS[name])) == []


def test_every_macro_is_generated():
    """By its name alone, which stands in a module of numbers: whole, or put together of a prefix and an ending."""
    written = "\n".join(path.read_text() for path in (HERE / "numbers").glob("*.py"))
    prefixes = tuple(re.findall(r'f?"([a-z]+)(?:[A-Z{][^"]*)?"', written))
    used = prose.unknown_macros(TEXTS.values(), ())
    strangers = {name for name in used if not name.startswith(prefixes)}
    assert not strangers


@pytest.mark.parametrize(
    "text",
    [
        "a score of 0.97",
        "of .5",
        "98 \\% of runs",
        "98\\,\\%",
        "14\\,158 arrivals",
        "12345 rows",
        "a mean of\n3.5 units",
    ],
)
def test_bare_numbers_are_found(text):
    assert list(prose.bare_numbers(text))


@pytest.mark.parametrize(
    "text",
    [
        "$0.97$ and \\(0.5\\) and \\begin{align*}\n0.5 &= x\\end{align*}",
        "a 95\\,\\% interval at level 1\\,\\%",
        "in 2017, 64 units, section~1.7 \\citep[section 1.7]{Guss2017}",
        "\\includegraphics[width=0.5\\linewidth]{a1.5.pdf}\\vspace{-0.3em}",
        "% 0.97\n\\coin{} of \\arrivals",
        "\\documentclass{a}\n\\setlength{\\x}{0.5pt} 0.7 \\begin{document}none",
    ],
)
def test_what_may_hold_numbers_does(text):
    assert list(prose.bare_numbers(text)) == []


def test_lines_are_those_of_the_file():
    text = "one\n\\begin{equation}\n0.5\n\\end{equation}\n% c\nand 0.7"
    assert list(prose.bare_numbers(text)) == [(6, "0.7")]


def test_every_module_has_its_function():
    for kind in generate.KINDS:
        assert list(generate.modules(kind))
