"""The targets of the learned width against what was measured."""

from typing import Any

import pandas as pd

from paper.results import Results
from paper.tables._formulas import verdict
from paper.tex import escape, tabular

WIDTHS = (0.17, 0.16, 0.2, 0.34)


def table(results: Results) -> str:
    """One row per target."""
    rows = []
    for _, row in results.table("learned_width", "targets").iterrows():
        texts = [_text(row[name]) for name in ("target", "asked", "measured", "detail")]
        rows.append([*texts, verdict(row["verdict"])])
    columns = "".join(f">{{\\raggedright\\arraybackslash}}p{{{width}\\linewidth}}" for width in WIDTHS)
    return tabular(columns + "l", ("target", "asked for", "measured", "detail", "verdict"), rows)


def _text(value: Any) -> str:
    return "" if pd.isna(value) else escape(str(value).removeprefix(": ")).replace(" -", " $-$")
