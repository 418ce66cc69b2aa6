"""The learned width, one row per task: the oracle, the width from every start, the score beside fixed networks'."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import value
from paper.tex import escape, tabular

#: Columns of the table of the run, and what they are called here; those that a run lacks are left out.
COLUMNS = {
    "task": "task",
    "oracle": "oracle [range]",
    "width from starts": "width from 1 / 8 / 64",
    "spread": "spread",
    "units": "units",
    "score": "score",
    "best - SE": r"best $-$ s.e.",
    "minus same width": r"minus same width [95\,\%]",
    "time / 64 units": r"time",
}


def table(results: Results) -> str:
    """A dagger marks tasks on which defaults were chosen."""
    tasks = results.table("learned_width", "tasks")
    shown = {name: head for name, head in COLUMNS.items() if name in tasks}
    rows = [[_cell(row, name) for name in shown] for _, row in tasks.iterrows()]
    return tabular("l" * len(shown), list(shown.values()), rows)


def _cell(row: pd.Series, name: str) -> str:
    entry = row[name]
    if name == "task":
        return escape(str(entry)) + (r"$^\dagger$" if row["tuned"] == "tuned" else "")
    if pd.isna(entry):
        return "--"
    if isinstance(entry, str):
        return escape(entry).replace("-0", "$-$0").replace("+0", "$+$0")
    return f"{entry:.2f}" if name.startswith("time") else f"{entry:.1f}" if name == "units" else value(float(entry))
