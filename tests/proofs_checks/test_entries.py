"""Every entry can be loaded and shown, and its formulas can be set in type. Whether it is true, the ledger says."""

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
from matplotlib.mathtext import MathTextParser

import proofs_checks
from proofs_checks import registry
from proofs_checks.page import page
from proofs_checks.prove import prove
from proofs_checks.table import latex, markdown
from tests.proofs_checks.sample import entry

THEOREMS = Path(proofs_checks.__file__).parent / "theorems"
KNOWN = list(registry.modules())
PARSER = MathTextParser("path")

SOURCES = {"A": 32, "B": 12, "C": 20, "D": 10}


def formulas(text: str) -> list[str]:
    """What stands between dollar signs, outside of code."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)
    assert prose.count("$") % 2 == 0, "a dollar sign without a partner"
    return re.findall(r"\$([^$]+)\$", prose)


def set_in_type(text: str) -> None:
    for formula in formulas(text):
        parse(" ".join(formula.split()))


@cache
def parse(formula: str) -> None:
    """Once for each formula: an entry and its theorem share most of theirs."""
    PARSER.parse(f"${formula}$")


def test_the_ledger_holds_every_claim_of_the_sources():
    expected = {f"{letter}{n:02d}" for letter, count in SOURCES.items() for n in range(1, count + 1)}
    assert expected <= set(KNOWN)


@pytest.mark.parametrize("key", KNOWN)
def test_entry_is_complete_and_its_formulas_parse(key):
    claim = registry.load(key)
    assert claim.id == key
    for module in claim.covers:
        importlib.import_module(module)
    if claim.document:
        assert (THEOREMS / claim.document).exists()
    set_in_type(page(claim))


def test_every_result_of_our_own_has_a_complete_proof():
    results = [registry.load(key) for key in KNOWN if key.startswith("N")]
    assert all(claim.document for claim in results), [claim.id for claim in results if not claim.document]


@pytest.mark.parametrize("path", sorted(THEOREMS.glob("*.md")), ids=lambda path: path.stem)
def test_formulas_of_a_theorem_parse(path):
    set_in_type(path.read_text())


@pytest.mark.parametrize("path", sorted(THEOREMS.glob("*.md")), ids=lambda path: path.stem)
def test_theorem_can_be_read_by_itself(path):
    claim = registry.load(registry.identifier(path.stem))
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=\n## |\Z)", path.read_text(), re.DOTALL | re.MULTILINE))
    statement = sections["Statement"]
    assert "Setting" in sections
    assert any(title.startswith("Proof") for title in sections)
    assert "the entry" not in statement
    parts = re.findall(r"^\(([a-e]|[iv]+)\)", claim.precise, flags=re.MULTILINE)
    assert all(f"({part})" in statement for part in parts)


def test_tables_escape_what_would_break_them():
    claim = entry(title="a|b & c_d", precise="5 % of $x_1$")
    report = prove(claim)
    assert r"a\|b" in markdown([report])
    assert r"a|b \& c\_d.} 5 \% of $x_1$" in latex([claim], [report])


def test_emphasis_is_set_by_latex_and_stars_in_formulas_stay():
    claim = entry(precise="*Root of $u^*$:* `a*b` is *not* $F^*$.")
    assert r"\emph{Root of $u^*$:} \texttt{a*b} is \emph{not} $F^*$." in latex([claim], [prove(claim)])


@pytest.mark.parametrize("key", KNOWN)
def test_every_emphasis_of_an_entry_ends(key):
    prose = re.sub(r"\$[^$]*\$|`[^`]*`", "", registry.load(key).precise)
    assert prose.count("*") % 2 == 0


@pytest.mark.parametrize(("source", "heading"), [("here", "## In short"), ("DFM", "## As printed")])
def test_a_page_says_as_printed_only_of_what_a_source_prints(source, heading):
    lines = page(entry(source=source, printed="$x + x$")).splitlines()
    assert [line for line in lines if line in ("## In short", "## As printed")] == [heading]
