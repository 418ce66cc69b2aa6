"""What the numbers of the learned width say: estimates with intervals, and the same numbers of a blind rule."""

import pandas as pd

from paper.number import fixed, interval
from paper.results import Results
from paper.tex import escape, tabular

HEADS = ("statement", "estimate [95 %]", "over", "margin", "blind", "verdict")
PEERS = "learned_width_peers"


def table(results: Results) -> str:
    """One row per statement; those on peers from their own run."""
    rows = results.table("learned_width", "readings")
    if PEERS in results.runs:
        peers = results.table(PEERS, "readings")
        rows = pd.concat([rows, peers[peers["reading"].str.contains("less that of g|fewer units")]])
    heads = [head.replace(" %", r"\,\%") if "%" in head else head for head in HEADS]
    return tabular(
        r">{\raggedright\arraybackslash}p{0.42\linewidth}lllll", heads, [_cells(row) for _, row in rows.iterrows()]
    )


def _cells(row: pd.Series) -> list[str]:
    digits = 3 if "score" in row["reading"] or "accuracy" in row["reading"] else 2
    ends = f"{fixed(row['estimate'], digits)} {interval(row['low'], row['high'], digits)}"
    over = str(row["over"]) + (f" ({row['n']:.0f})" if pd.notna(row["n"]) else "")
    margin = "" if pd.isna(row["margin"]) else fixed(row["margin"], 2)
    blind = "" if pd.isna(row["blind"]) else fixed(row["blind"], digits)
    said = "" if pd.isna(row["outcome"]) else str(row["outcome"])
    return [escape(str(row["reading"])), ends, escape(over), margin, blind, said]
