"""What README, abstract and docstrings say was measured, held to what was recorded.

``statements.toml`` lists the sentences. Each names its numbers by the paper's macros, which come from recorded rows, so
that a sentence cannot say another number than the paper; each measured number has an interval, and a rate says what a
constant answer would score.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from paper.presets import ROOT

FILE = Path(__file__).parent / "statements.toml"
#: Numbers in prose: decimals, percentages, and whole numbers of two digits or more.
NUMBER = re.compile(r"(?<![\w.^/])(?:\d*\.\d+|\d+(?: ?%)|\d{2,})(?![\w/]|\.\d)")
#: What holds numbers that nobody measured: code, links, formulas, and doctests.
CODE = re.compile(r"```.*?```|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|https?://\S+", re.DOTALL)
#: In docstrings only what looks measured counts: a share or a score without its zero, or a percentage.
SCORE = re.compile(r"(?<![\w.])(?:\.\d{2,}|\d+(?:\.\d+)? ?%)(?!\w)")


@dataclass(frozen=True)
class Statement:
    """A passage of a file with its numbers as ``{macros}``.

    ``base`` is the macro of what a constant answer scores, or says why there is none; it may be left out where no
    number has an interval.
    """

    file: str
    text: str
    base: str = ""

    @property
    def macros(self) -> list[str]:
        """Names of the numbers, in order."""
        return re.findall(r"\{(\w+)\}", self.text)

    def rendered(self, values: Mapping[str, str]) -> str:
        """The passage as the file must have it, but for white space; in TeX the macros stay."""
        if self.file.endswith(".tex"):
            return words(re.sub(r"\{(\w+)\}", r"\\\1", self.text))
        return words(re.sub(r"\{(\w+)\}", lambda match: plain(values[match[1]]), self.text))


@dataclass(frozen=True)
class Listed:
    """The statements, and the numbers that were chosen and not measured, by file, with the reason."""

    statements: tuple[Statement, ...]
    chosen: Mapping[str, Mapping[str, str]]


@cache
def listed(file: Path = FILE) -> Listed:
    """Read the list."""
    content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    return Listed(tuple(Statement(**row) for row in content.get("statement", [])), content.get("chosen", {}))


def plain(value: str) -> str:
    r"""A number of the paper as Markdown writes it: no TeX, no zero before the point, no space in thousands.

    >>> plain(r"0.976"), plain(r"98\,\%"), plain(r"$-$0.05"), plain(r"14\,158"), plain(r"$10^{-4}$")
    ('.976', '98 %', '-.05', '14158', '10^-4')
    """
    text = value.replace(r"\,\%", " %").replace("$-$", "-").replace(r"\,", "")
    text = re.sub(r"\$10\^\{(-?\d+)\}\$", r"10^\1", text)
    return re.sub(r"(?<!\d)0\.", ".", text)


def number(value: str) -> float:
    r"""The number that a macro prints.

    >>> number(r"98\,\%"), number(r"$-$0.05")
    (98.0, -0.05)
    """
    return float(plain(value).removesuffix(" %"))


def interval(name: str, values: Mapping[str, str]) -> tuple[float, float] | None:
    """The interval that was recorded with a number, as two macros, ``Low`` and ``High``, or in one, ``Range``."""
    if f"{name}Low" in values:
        return number(values[f"{name}Low"]), number(values[f"{name}High"])
    ends = values.get(f"{name}Range", "--")
    low, _, high = ends.strip("[]").partition(", ")
    return (number(low), number(high)) if high else None


def macros_of(text: str) -> list[str]:
    r"""The macros of a TeX text, in order.

    >>> macros_of(r"of \crossingCoin{} in \emph{all}")
    ['crossingCoin', 'emph']
    """
    return re.findall(r"\\([A-Za-z]+)", text)


def words(text: str) -> str:
    """The text with single spaces."""
    return " ".join(text.split())


def text_of(statement: Statement) -> str:
    """The file of a statement, with single spaces; comment signs of Python count as white space."""
    text = (ROOT / statement.file).read_text(encoding="utf-8")
    return words(re.sub(r"^\s*#:?", " ", text, flags=re.MULTILINE) if statement.file.endswith(".py") else text)


def unlisted(file: str, values: Mapping[str, str], known: Listed) -> Iterator[str]:
    """Yield the numbers of a Markdown file that no statement covers and nobody chose."""
    text = words(CODE.sub(" ", (ROOT / file).read_text(encoding="utf-8")))
    for statement in known.statements:
        if statement.file == file:
            text = text.replace(words(CODE.sub(" ", statement.rendered(values))), " ")
    for chosen in sorted(known.chosen.get(file, {}), key=len, reverse=True):
        text = text.replace(chosen, " ")
    yield from (match[0] for match in NUMBER.finditer(text))


def measured_docstrings(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Yield file, number and line of what looks measured in the docstrings of a package."""
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(tree):
            for line in _prose(ast.get_docstring(node) or "") if isinstance(node, kinds) else ():
                for match in SCORE.finditer(line):
                    yield path.relative_to(ROOT).as_posix(), match[0], line


def _prose(docstring: str) -> Iterator[str]:
    """The lines outside doctests and formulas; the answer of a doctest ends with an empty line."""
    doctest = False
    for line in docstring.splitlines():
        doctest = line.strip().startswith(">>>") or (doctest and bool(line.strip()))
        if not doctest:
            yield re.sub(r":math:`[^`]*`|``[^`]*``", " ", line)
