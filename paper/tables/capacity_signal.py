"""The predictions on who sees capacity: estimates with intervals over data sources, margins, power, verdicts."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import claim, value, verdict
from paper.tex import tabular

COLUMNS = r">{\raggedright\arraybackslash}p{0.34\linewidth}lllll"
HEAD = ("claim", "predicted", "measured [95\\,\\%]", "$n$", "power", "verdict")


def table(results: Results) -> str:
    """One row per prediction."""
    predictions = results.table("capacity_signal", "predictions")
    return tabular(COLUMNS, HEAD, [_row(row) for _, row in predictions.iterrows()])


def _row(row: pd.Series) -> list[str]:
    known = pd.notna(row["measured"])
    ends = f" [{_short(row['low'])}, {_short(row['high'])}]" if pd.notna(row["low"]) else ""
    predicted = f"{value(row['predicted'])} $\\pm$ {value(row['margin'])}"
    power = f"{row['power']:.2f}" if pd.notna(row["power"]) else "--"
    said = verdict("REFUTED" if row["verdict"] == "refuted" else str(row["verdict"]))
    return [
        claim(row["claim"]),
        predicted,
        _short(row["measured"]) + ends if known else "--",
        f"{row['n']}",
        power,
        said,
    ]


def _short(number: float) -> str:
    """Two decimals: the intervals are wide."""
    return f"{number:.2f}" if number >= 0 else f"$-${-number:.2f}"
