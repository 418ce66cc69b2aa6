"""Macros of integer_crossing under their former names, for a text that counts what held; new text takes the others."""

from collections.abc import Iterator

from continuum.analysis.equivalence import LEVEL
from paper.number import Number, count, percent
from paper.results import Results

NAME = "integer_crossing"


def numbers(results: Results) -> Iterator[Number]:
    """Counts of tasks and settings, and of claims."""
    tests, claims = results.table(NAME, "tests"), results.table(NAME, "predictions")
    refuted, source = tests["outcome"] == "refuted", results.source(NAME, "tests", "column outcome")
    yield Number("crossingFamily", percent(LEVEL), "continuum/analysis/equivalence.py")
    yield Number("crossingTests", count(len(tests)), source)
    yield Number("crossingTestsHeld", count((~refuted).sum()), source)
    yield Number("crossingTestsFailed", count(refuted.sum()), source)
    yield Number("crossingOutside", count(tests["outside"].sum()), results.source(NAME, "tests", "column outside"))
    source = results.source(NAME, "predictions", "column outcome")
    yield Number("crossingClaimsHeld", count((claims["outcome"] == "shown").sum()), source)
