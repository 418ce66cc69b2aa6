"""The predictions on learned cardinalities: one row per law, order of the features and price; both starts."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import claim, value
from paper.tex import escape, tabular

#: Starts from below are narrower than this.
BELOW = 2.0
HEAD = ("law", "features", "price", "from below", "share", "from above", "share")


def table(results: Results) -> str:
    """Width predicted and found, and the share of members within 1/2 of the prediction; rejected ones are bold."""
    tests = results.table("soft_vs_fuzzy", "predictions")
    groups = tests.groupby(["law", "order", "price"], sort=False, dropna=False)
    return tabular("lllllll", HEAD, [_row(part) for _, part in groups])


def _row(part: pd.DataFrame) -> list[str]:
    one = part.iloc[0]
    sides = {"below": ["", ""], "above": ["", ""]}
    for _, row in part.iterrows():
        side = "above" if row["start"] >= BELOW else "below"
        sides[side] = [_widths(row), _share(row)]
    return [escape(one["law"]), escape(one["order"]), value(one["price"]), *sides["below"], *sides["above"]]


def _widths(row: pd.Series) -> str:
    if pd.isna(row["width"]):
        return claim(f"{row['statistic']}: {row['expected']:g}")
    return f"${row['predicted_width']:.2f} \\to {row['width']:.2f}$"


def _share(row: pd.Series) -> str:
    text = value(float(f"{row['measured']:.3g}"))
    return text if row["verdict"] == "held" else f"\\textbf{{{text}}}"
