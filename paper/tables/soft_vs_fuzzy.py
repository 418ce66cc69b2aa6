"""The predictions on learned cardinalities: one row per law and order of the features, or case of the fresh unit."""

import pandas as pd

from paper.results import Results
from paper.tables._formulas import claim, value, verdict
from paper.tex import escape, tabular

HEAD = ("law", "features", "$n$", r"as predicted [95\,\%]", "margin", "power", "below", "above", "outcome")


def table(results: Results) -> str:
    """Share of problems whose members all end within 1/2 of the prediction; of members, from below and from above."""
    rows = [_row(row) for _, row in results.table("soft_vs_fuzzy", "verdicts").iterrows()]
    return tabular("llrlrrrrl", HEAD, rows)


def _row(row: pd.Series) -> list[str]:
    measured = f"{value(round(row['measured'], 3))} [{value(round(row['low'], 3))}, {value(round(row['high'], 3))}]"
    fresh = row["order"] == "fresh"
    order = claim(f"{row['statistic']}: {row['expected']:g}") if fresh else escape(row["order"])
    power = f"{row['power']:.2f}" if fresh else f"{row['power']:.2f}, {row['nearly']:.2f}"
    sides = ["" if pd.isna(row[side]) else f"{row[side]:.2f}" for side in ("below", "above")]
    said = verdict(row["outcome"].upper() if row["outcome"] == "refuted" else row["outcome"])
    return [escape(row["law"]), order, str(row["n"]), measured, value(row["margin"]), power, *sides, said]
