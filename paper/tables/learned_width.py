"""The targets of the learned width against what was measured; those on peers from the run that has them."""

from typing import Any

import pandas as pd

from paper.results import Results
from paper.tex import escape, tabular

PEERS = "learned_width_peers"
WIDTHS = (0.17, 0.16, 0.24, 0.3)
#: A target is met or missed; the recorded tables say it in an older word.
WORDS = {"held": "met", "MISSED": r"\textbf{missed}"}


def table(results: Results) -> str:
    """One row per target."""
    rows = []
    targets = results.table("learned_width", "targets")
    if PEERS in results.runs:
        peers = results.table(PEERS, "targets")
        named = [part[part["target"].str.startswith("peers") == of] for part, of in ((targets, False), (peers, True))]
        targets = pd.concat(named)
    for _, row in targets.iterrows():
        texts = [_text(row[name]) for name in ("target", "asked", "measured", "detail")]
        rows.append([*texts, WORDS.get(row["verdict"], escape(str(row["verdict"])))])
    columns = "".join(f">{{\\raggedright\\arraybackslash}}p{{{width}\\linewidth}}" for width in WIDTHS)
    return tabular(columns + "l", ("target", "asked for", "measured", "detail", "outcome"), rows)


def _text(value: Any) -> str:
    return "" if pd.isna(value) else escape(str(value).removeprefix(": ")).replace(" -", " $-$")
