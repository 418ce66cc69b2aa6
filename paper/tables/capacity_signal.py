"""The predictions on who sees capacity against their measurements, one row per claim, tasks together."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import claim, value
from paper.tex import tabular

COLUMNS = r">{\raggedright\arraybackslash}p{0.5\linewidth}lll"


def table(results: Results) -> str:
    """A range is that of the tasks; of one task its interval."""
    predictions = results.table("capacity_signal", "predictions")
    rows = [_row(str(name), part) for name, part in predictions.groupby("claim", sort=False)]
    return tabular(COLUMNS, ("claim", "predicted", "measured [range]", "held"), rows)


def _row(name: str, part: pd.DataFrame) -> list[str]:
    one = part.iloc[0]
    low, high = (one["low"], one["high"]) if len(part) == 1 else (part["measured"].min(), part["measured"].max())
    predicted = claim(one["expected"]) if isinstance(one["expected"], str) else value(one["predicted"])
    known = pd.notna(part["measured"].mean())
    bounds = f" [{value(low)}, {value(high)}]" if pd.notna(low) else ""
    tested = int(part["p"].notna().sum())
    passed = int(part["verdict"].str.startswith("held").sum())
    measured = value(part["measured"].mean()) + bounds if known else "--"
    return [claim(name), predicted, measured, f"{passed} of {tested}"]
