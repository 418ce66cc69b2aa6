"""The predictions on joint training: one row per claim, its estimate over tasks, its power and its verdict."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import value
from paper.tex import escape, tabular

HEAD = ("claim", "predicted", "measured", "power", "verdict")
#: What is said of widths and of scores.
SAID = {
    ("width", "more"): "ratio $> 1.1$",
    ("width", "equal"): r"ratio $1 \pm 10\,\%$",
    ("score", "more"): "difference $> .005$",
    ("score", "equal"): r"difference $\pm .005$",
}


def table(results: Results) -> str:
    """Ratios of widths, or differences of scores, with intervals over tasks; what is not shown is bold if refuted."""
    tests = results.table("recruitment", "predictions")
    return tabular("lllll", HEAD, [_row(row) for _, row in tests.iterrows()])


def _row(row: pd.Series) -> list[str]:
    digits = 2 if row["quantity"] == "width" else 3
    measured = "${:.{d}f}$ $[{:.{d}f}, {:.{d}f}]$".format(row["measured"], row["low"], row["high"], d=digits)
    said = SAID[(row["quantity"], row["predicted"])]
    verdict = f"\\textbf{{{row['verdict']}}}" if row["verdict"] == "refuted" else str(row["verdict"])
    power = value(round(float(row["power"]), 2)) if row["predicted"] == "equal" else ""
    return [escape(row["claim"]), said, measured, power, verdict]
