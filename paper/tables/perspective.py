"""The decay of other powers than 2 beside that of L2(E): widths and scores, with what was predicted."""

import pandas as pd

from paper.number import fixed, interval
from paper.results import Results
from paper.tex import escape, tabular

RUN = "learned_width_perspective"
POWERS = {4 / 3: r"$\frac43$", 1.5: r"$\frac32$", 3.0: "3"}
#: What a measure is called, and its digits.
MEASURES = {"width": ("width, ratio", 3), "graded_score": ("score before rounding", 4), "score": ("score", 4)}
HELD = {"price": "price", "length": "length"}
HEAD = ("held", "$q$", "mean over tasks of", "predicted", r"measured [95\,\%]", "margin", "power", "outcome")


def table(results: Results) -> str:
    """One row per claim, and the base rates: 2 with other random numbers. Nothing but the head where it was not run."""
    claims = results.table(RUN, "perspective_claims") if RUN in results.runs else pd.DataFrame()
    rows = [_cells(row) for _, row in claims.iterrows()]
    bases = {} if claims.empty else {name: claims[claims["measure"] == name].iloc[0] for name in MEASURES}
    return tabular("llllllll", HEAD, [*rows, *(_base(row) for row in bases.values())])


def _cells(row: pd.Series) -> list[str]:
    label, digits = MEASURES[row["measure"]]
    power = next((shown for value, shown in POWERS.items() if abs(value - row["q"]) < 1e-9), fixed(row["q"], 2))
    measured = f"{fixed(row['estimate'], digits)} {interval(row['low'], row['high'], digits)}"
    numbers = [fixed(row["predicted"], 3), measured, fixed(row["margin"], 3), fixed(row["power"], 2)]
    return [HELD[row["held"]], power, label, *numbers, escape(row["outcome"])]


def _base(row: pd.Series) -> list[str]:
    label, digits = MEASURES[row["measure"]]
    measured = f"{fixed(row['base'], digits)} {interval(row['base low'], row['base high'], digits)}"
    return ["base rate", "2", label, "", measured, "", "", ""]
