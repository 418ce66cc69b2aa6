"""The words of the summary are true: derived, witnessed on shipped code and attacked are counted apart."""

from functools import cache
from typing import Any

import pytest

from continuum import checks
from proofs_checks.identity import ALONE, Absent
from proofs_checks.prove import Report, prove
from proofs_checks.table import summary
from tests.proofs_checks.sample import entry, example, rate, witness


def plain(formula: Any, number: int) -> None:
    assert formula(number) == 2 * number, "not twice"


KINDS = {
    "on shipped code": ({}, "pass", True),
    "a check that runs none": ({"witnesses": (witness(check=plain),)}, "mathematics", True),
    "mathematics alone": ({"witnesses": (witness(name=f"doubling ({ALONE})"),), "covers": ()}, "mathematics", True),
    "a rate alone": ({"witnesses": Absent("no code"), "rates": (rate(),)}, "pass", True),
    "figures alone": ({"witnesses": Absent("no code"), "counterexamples": (example(),)}, "none", False),
    "nothing": ({"witnesses": Absent("no code"), "covers": ()}, "none", False),
}


@pytest.mark.parametrize(("changes", "status", "attacked"), KINDS.values(), ids=KINDS)
def test_figures_and_mathematics_are_no_witness_on_shipped_code(changes, status, attacked):
    report = prove(entry(**changes))
    assert (report.witness, report.witnessed, report.attacked) == (status, status == "pass", attacked)
    assert report.sound


def test_a_check_is_seen_although_a_counterexample_would_fill_its_cache():
    computed = cache(lambda: checks.number("two", 2.0))

    def cached(formula: Any, number: int) -> None:
        assert formula(number) == computed() * number, "not twice"

    figures = example(compute=lambda: {"sum": computed()})
    assert prove(entry(witnesses=(witness(check=cached),), counterexamples=(figures,))).witnessed


def test_false_figures_fail_where_they_are_all_the_evidence():
    report = prove(entry(witnesses=Absent("no code"), counterexamples=(example(numbers={"sum": 3.0}),)))
    assert report.witness == "FAIL"


def test_the_summary_counts_each_kind_apart_and_names_what_lacks_it():
    full = Report("A01", "t", "DFM", "holds", symbolic="pass", steps=2, witness="pass", falsifiers=3, rejected=3)
    bare = Report("A02", "t", "DFM", "open", symbolic="none", witness="none")
    own = Report("A03", "t", "DFM", "false", symbolic="pass", steps=1, witness="mathematics", falsifiers=2, rejected=1)
    line = summary([full, bare, own])
    assert "2 derived (not A02), 1 witnessed on shipped code (not A02, A03), 1 attacked (not A02, A03)" in line
    assert "4 of 5 wrong variants rejected" in line
    assert "(not" not in summary([full])


def test_json_says_which_kinds_of_evidence_there_are():
    words = {name: prove(entry()).as_dict()[name] for name in ("derived", "witnessed", "attacked")}
    assert words == {"derived": False, "witnessed": True, "attacked": True}
