"""Derivations: chains of sympy expressions in which every step is checked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

Expression = Any  # sympy has no types
Test = Callable[[Expression, Expression], bool]


class BrokenStep(AssertionError):
    """A step of a derivation is not true, or a wrong claim passed for the right one."""


def equal(left: Expression, right: Expression) -> bool:
    """Whether sympy can reduce the difference to zero (matrices: in every entry).

    >>> x = sp.Symbol("x")
    >>> equal(sp.sin(x) ** 2, 1 - sp.cos(x) ** 2), equal(x, x + 1)
    (True, False)
    """
    if isinstance(left, sp.MatrixBase) or isinstance(right, sp.MatrixBase):
        return left.shape == right.shape and all(map(equal, left, right))
    difference = sp.sympify(left) - sp.sympify(right)
    return any(bool(form(difference) == 0) for form in (sp.expand, sp.simplify, _exponentials))


def _exponentials(expression: Expression) -> Expression:
    return sp.simplify(expression.rewrite(sp.exp))


@dataclass
class Derivation:
    r"""A chain: definition, step, step, ..., claim; a step that is not true raises ``BrokenStep``.

    ``rewrite`` writes the same value in another form. ``apply`` does something to the value, such as differentiating or
    taking a limit, and says what comes out. ``claims`` ends the chain: what was reached is the claim, and is none of
    the wrong ones.

    >>> x = sp.Symbol("x")
    >>> chain = Derivation("slope of a square", x**2)
    >>> chain = chain.apply(lambda e: sp.diff(e, x), 2 * x, "differentiate")
    >>> len(chain.claims(x + x, wrong={"the factor 2 is lost": x}).steps)
    2
    """

    name: str
    value: Expression
    steps: list[str] = field(default_factory=list)

    def rewrite(self, to: Expression, because: str, test: Test = equal) -> "Derivation":
        """The same value in another form."""
        return self._step(self.value, to, because, test)

    def apply(
        self, operation: Callable[[Expression], Expression], to: Expression, because: str, test: Test = equal
    ) -> "Derivation":
        """An operation on the value, and its result."""
        return self._step(operation(self.value), to, because, test)

    def claims(self, claim: Expression, wrong: Mapping[str, Expression], test: Test = equal) -> "Derivation":
        """The value is the claim, and none of the wrong variants."""
        for name, variant in wrong.items():
            if test(self.value, variant):
                raise BrokenStep(f"{self.name}: the wrong claim {name!r} passed: {variant}")
        return self._step(self.value, claim, "which is the claim", test)

    def _step(self, left: Expression, right: Expression, because: str, test: Test) -> "Derivation":
        if not test(left, right):
            raise BrokenStep(f"{self.name}: {because}: {left} is not {right}")
        self.value = right
        self.steps.append(f"{because}: {sp.sstr(right)}")
        return self
