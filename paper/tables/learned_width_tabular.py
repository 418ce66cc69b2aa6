"""The targets of the estimators on tables: what was asked, what was measured, and the verdict; every one counts."""

import pandas as pd

from paper.results import Results
from paper.tex import escape, tabular

NAME = "learned_width_tabular"
HEADS = ("target", "asked", "measured", "verdict")


def table(results: Results) -> str:
    """One row per target; none where there is no such run."""
    rows = results.table(NAME, "targets") if NAME in results.runs else pd.DataFrame()
    width = r">{\raggedright\arraybackslash}p{%s\linewidth}"
    columns = f"{width % '0.2'}{width % '0.33'}{width % '0.28'}l"
    return tabular(columns, HEADS, [_cells(row) for _, row in rows.iterrows()])


def _cells(row: pd.Series) -> list[str]:
    measured = "--" if pd.isna(row["measured"]) else str(row["measured"])
    return [_set(text) for text in (str(row["target"]), str(row["asked"]), measured, str(row["verdict"]))]


def _set(text: str) -> str:
    """Escaped, with signs of mathematics in mathematics."""
    return escape(text).replace(">=", r"$\ge$").replace("<=", r"$\le$").replace(" -", " $-$").replace(" +", " ")
