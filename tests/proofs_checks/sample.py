"""An entry about a small true statement, with parts to replace."""

from typing import Any

from hypothesis import strategies as st
from torch import tensor
from torch.testing import assert_close

from continuum import checks
from proofs_checks.identity import Absent, Asymptote, Counterexample, Identity, Rate, Verdict, Witness


def doubles(formula: Any, number: int) -> None:
    assert_close(tensor(float(formula(checks.number("number", number)))), tensor(2.0 * number))


def witness(**changes: Any) -> Witness:
    parts: dict[str, Any] = {
        "name": "doubling",
        "check": doubles,
        "claim": lambda x: x + x,
        "wrong": {"square": lambda x: x * x},
        "given": {"number": st.integers(-5, 5)},
    }
    return Witness(**parts | changes)


def rate(**changes: Any) -> Rate:
    parts: dict[str, Any] = {
        "name": "second order",
        "scales": [0.1, 0.05, 0.025],
        "error": lambda scale: 3 * checks.number("scale", scale) ** 2,
        "claim": Asymptote(2, 3),
        "wrong": {"first order": Asymptote(1), "half the constant": Asymptote(2, 1.5)},
    }
    return Rate(**parts | changes)


def example(**changes: Any) -> Counterexample:
    parts: dict[str, Any] = {"text": "$1 + 1 = 2$", "numbers": {"sum": 2.0}, "compute": lambda: {"sum": 1.0 + 1.0}}
    return Counterexample(**parts | changes)


def entry(**changes: Any) -> Identity:
    parts: dict[str, Any] = {
        "id": "A01",
        "title": "doubling",
        "source": "here",
        "place": "nowhere",
        "printed": "",
        "precise": "$x + x = 2x$",
        "verdict": Verdict.HOLDS,
        "proof": "Distributivity.",
        "symbolic": Absent("too small"),
        "witnesses": (witness(),),
        "covers": ("continuum.checks",),
    }
    return Identity(**parts | changes)
