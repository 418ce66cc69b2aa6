"""The estimators on tables, one row per table: units, score, the best of the grid, and the other methods."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import value
from paper.tex import escape, tabular

NAME = "learned_width_tabular"
#: Columns of the table of the run, and what they are called here; those that a run lacks are left out.
COLUMNS = {
    "task": "table",
    "units": "units",
    "score": "score",
    "s.e.": "s.e.",
    "best - s.e., chosen": r"grid $-$ s.e.",
    "first_edition": "first ed.",
    "mlp": "MLP",
    "linear": "linear",
    "boosting": "boosting",
    "forest": "forest",
    "realmlp": "RealMLP",
}


def table(results: Results) -> str:
    """A dagger marks tables on which defaults were tried; nothing where there is no such run."""
    rows = results.table(NAME, "tasks") if NAME in results.runs else pd.DataFrame(columns=list(COLUMNS))
    shown = {name: head for name, head in COLUMNS.items() if name in rows}
    cells = [[_cell(row, name) for name in shown] for _, row in rows.iterrows()]
    return tabular("l" * len(shown), list(shown.values()), cells)


def _cell(row: pd.Series, name: str) -> str:
    entry = row[name]
    if name == "task":
        return escape(str(entry)) + (r"$^\dagger$" if row["tuned"] == "tuned" else "")
    if pd.isna(entry):
        return "--"
    return f"{entry:.1f}" if name == "units" else value(float(entry))
