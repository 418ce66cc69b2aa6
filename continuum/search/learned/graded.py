"""The graded learner as a way to choose a network."""

from typing import ClassVar

from continuum.ensemble import Stream
from continuum.learn import Likelihood
from continuum.search.learned.search import Arm, OneRun


class Graded(OneRun):
    """Every unit has a gate of its own, which a penalty eliminates: :func:`continuum.learn.learn_width`.

    A run sees training rows alone, where a unit is worth more than on others; so higher prices come next.
    """

    name: ClassVar[str] = "graded"
    method: ClassVar[str] = "graded"
    arms = (
        Arm(0.01, retrained=(0.01,)),
        Arm(0.01, factor=4.0, retrained=(0.03, 0.01, 0.003)),
        Arm(0.03, factor=2.0, retrained=(0.03, 0.01, 0.003)),
        Arm(0.01, factor=8.0, retrained=(0.03, 0.01, 0.003)),
    )

    def resolution(self, rows: Stream) -> float:
        # A residual below one standard deviation counts as one: so the price stays that of the objective.
        return 1.0 if rows.kind == "regression" else 0.0

    def squared_error(self) -> str | Likelihood:
        return "squared_error"
