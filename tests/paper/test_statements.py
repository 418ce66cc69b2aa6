"""README, abstract and docstrings say no number but those of recorded rows, with their intervals and base rates."""

from pathlib import Path

import pytest

from paper import statements
from paper.generate import collected
from paper.presets import ROOT
from paper.results import Results
from proofs_checks.prove import Report
from proofs_checks.table import summary

LISTED = statements.listed()
ABSTRACT = "paper/sections/abstract.tex"


@pytest.fixture(scope="module")
def values() -> dict[str, str]:
    """The paper's numbers by macro."""
    return {number.name: number.value for number in collected(Results(ROOT / "paper" / "results"))}


@pytest.mark.parametrize("statement", LISTED.statements, ids=lambda statement: statement.text[:40])
def test_a_statement_stands_in_its_file_with_the_recorded_numbers(statement, values):
    unknown = set(statement.macros) - set(values)
    assert not unknown, f"no recorded number is called {sorted(unknown)}"
    assert statement.rendered(values) in statements.text_of(statement)


@pytest.mark.parametrize("statement", LISTED.statements, ids=lambda statement: statement.text[:40])
def test_a_measured_number_has_an_interval_and_a_base_rate(statement, values):
    measured = {name: interval for name in statement.macros if (interval := statements.interval(name, values))}
    for name, (low, high) in measured.items():
        assert low <= statements.number(values[name]) <= high, f"{name} = {values[name]} is outside [{low}, {high}]"
    assert statement.base or not measured, "say what a constant answer scores (a macro), or why there is no such answer"
    if statement.base and " " not in statement.base:
        assert statement.base in values, f"no recorded number is called {statement.base}"


@pytest.mark.parametrize("file", ["README.md", "docs/scope.md"])
def test_every_number_of_a_page_is_listed(file, values):
    left = list(statements.unlisted(file, values, LISTED))
    assert not left, f"{file} has {left}: list the sentence in paper/statements.toml, or why the number was chosen"


def test_the_summary_of_the_ledger_is_that_of_the_recorded_one():
    fields = ("id", "title", "source", "verdict", "symbolic", "steps", "witness", "falsifiers", "rejected")
    recorded = Results(ROOT / "paper" / "results").ledger
    reports = [Report(**{name: entry[name] for name in fields}) for entry in recorded]
    quoted = (ROOT / "README.md").read_text(encoding="utf-8").replace("\n>", " ")
    assert statements.words(summary(reports)) in statements.words(quoted)


def test_every_number_of_the_abstract_is_listed():
    text = statements.words((ROOT / ABSTRACT).read_text(encoding="utf-8"))
    known = {name for statement in LISTED.statements if statement.file == ABSTRACT for name in statement.macros}
    used = {name for name in statements.macros_of(text) if name != name.lower()}
    assert used <= known, f"not listed: {sorted(used - known)}"


def test_every_measured_number_of_a_docstring_is_listed(values):
    known = {(file, number) for file, numbers in LISTED.chosen.items() for number in numbers}
    said = {(s.file, statements.plain(values[name])) for s in LISTED.statements for name in s.macros}
    left = [row for row in statements.measured_docstrings(ROOT / "continuum") if row[:2] not in known | said]
    assert not left


def test_a_number_that_nobody_listed_is_seen(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(statements, "ROOT", tmp_path)
    (tmp_path / "README.md").write_text(
        "Digits .976 at 22 units; `0.5` and $0.3$ are code; Python 3.11.", encoding="utf-8"
    )
    statement = statements.Statement("README.md", "Digits {score}", base="one class of ten")
    known = statements.Listed((statement,), {"README.md": {"Python 3.11": "a version"}})
    assert list(statements.unlisted("README.md", {"score": "0.976"}, known)) == ["22"]
    assert list(statements.unlisted("README.md", {"score": "0.977"}, known)) == [".976", "22"]
    package = tmp_path / "package"
    package.mkdir()
    (package / "module.py").write_text('"""Scores .976.\n\n>>> 0.5\n0.5\n"""\n', encoding="utf-8")
    assert [row[1] for row in statements.measured_docstrings(package)] == [".976"]
