"""The record of one search, the same for every searcher."""

from dataclasses import dataclass, field

import pandas as pd

from continuum.benchmark.space import Point
from continuum.errors import BadInput

#: Columns of a trace.
COLUMNS = ("cost", "id", "gamma", "lr", "weight_decay", "depth", "epochs", "best_epoch", "value", "incumbent")


@dataclass(frozen=True)
class Trace:
    """One row per report, in the order of cost.

    ``cost`` is what had been spent in all after the report, in epochs; ``epochs`` to which the point had been trained,
    ``best_epoch`` the one of the least J on the validation rows so far, ``value`` that J (of a method that shares
    weights: what it believes); ``incumbent`` says whether the row became the answer, which it is until the next.
    """

    searcher: str
    task: str
    seed: int
    rows: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.rows]
        if missing:
            raise BadInput("trace", expected=f"columns {', '.join(COLUMNS)}", came=f"none of {missing}", remedy="add")
        if not self.rows["cost"].is_monotonic_increasing:
            raise BadInput("trace", expected="costs that rise", came="one that falls", remedy="sort the rows")

    def answer(self, budget: float) -> "pd.Series | None":
        """The row that is the answer once ``budget`` epochs are spent; None before the first."""
        rows = self.rows[(self.rows["cost"] <= budget) & self.rows["incumbent"]]
        return None if rows.empty else rows.iloc[-1]

    @staticmethod
    def point(row: "pd.Series") -> Point:
        """The point of a row."""
        return Point(float(row["gamma"]), float(row["lr"]), float(row["weight_decay"]), int(row["depth"]))
