"""What the pool does to the learned width: the claims of the run with their intervals over tasks, margins and power."""

import pandas as pd

from paper.number import fixed, interval
from paper.results import Results
from paper.tex import escape, tabular

NAME = "learned_width_pool"
HEADS = ("ratio of widths, or difference of scores", "tasks of", "predicted", r"mean [95\,\%]", "power", "verdict")


def table(results: Results) -> str:
    """One row per claim; none where there is no such run."""
    rows = results.table(NAME, "pool_claims") if NAME in results.runs else pd.DataFrame()
    columns = r">{\raggedright\arraybackslash}p{0.36\linewidth}lllll"
    return tabular(columns, HEADS, [_cells(row) for _, row in rows.iterrows()])


def _cells(row: pd.Series) -> list[str]:
    digits = 3 if "score" in row["claim"] else 2
    ends = f"{fixed(row['estimate'], digits)} {interval(row['low'], row['high'], digits)}"
    predicted = str(row["predicted"]).replace("the margin", fixed(row["margin"], 2))
    return [
        escape(str(row["claim"])),
        str(row["tasks of"]),
        predicted,
        ends,
        fixed(row["power"], 2),
        str(row["outcome"]),
    ]
