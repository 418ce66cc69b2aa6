"""The tables of capacity_signal: predictions against measurements, and what no theorem predicts."""

from pathlib import Path
from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, terminal_table, write_tables
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given

from .kinks import kink_summary, kinks
from .measurements import measurements
from .predictions import LEVEL, predictions
from .ranks import GIVEN, rank_table
from .visibility import summary

#: Columns for a terminal; files hold the intervals, too.
SHORT_RANKS = ["scope", "teller", *GIVEN, "data", "integers"]
SHORT_SEEN = (
    "geometry method base_rate right balanced balanced_low balanced_high right_harmful separated needed".split()
)
SHORT_KINKS = "optimizer horizon integers base_rate balanced balanced_low balanced_high rank rank_k given_k".split()


def summaries(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables that are made from those of the run, by the names of their files.

    The last ones are kept: figures, report and files need the same, and their bootstraps take a minute.
    """
    if not (_LATEST and _LATEST[0][0] is tables):
        makers = {
            "predictions": predictions,
            "measured": measurements,
            "ranks": rank_table,
            "seen": summary,
            "kinks": kinks,
            "kinks_seen": kink_summary,
        }
        _LATEST[:] = [(tables, {name: make(tables) for name, make in makers.items()})]
    return _LATEST[0][1]


def report(tables: Tables, config: Any) -> list[Table]:
    """Predictions with their verdicts, what was measured without one, what ranks integers, and who sees capacity."""
    made = summaries(tables)
    tested = made["predictions"]
    verdicts = tested["verdict"].value_counts()
    ended = ", ".join(f"{verdicts.get(name, 0)} {name}" for name in ("shown", "refuted", "undecided"))
    title = counted("predictions", f"{ended} (level {LEVEL:.0%} each)", config)
    caption = f"the estimate is within the margin in {tested['close'].sum()}"
    return [
        terminal_table(title, given(_in_short(tested), config), caption),
        terminal_table("measured without a prediction", _in_short(made["measured"])),
        terminal_table("which number ranks integers by what their unit saves", made["ranks"][SHORT_RANKS]),
        terminal_table("who sees capacity", made["seen"][SHORT_SEEN]),
        terminal_table("slope at an integer under scale-free optimisers", given(made["kinks"], config)),
        terminal_table("does that slope see capacity", made["kinks_seen"][SHORT_KINKS]),
    ]


def _in_short(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per claim: prediction, estimate and interval; margin, power and verdict where it was tested."""
    measured = [bounded(*ends) for ends in frame[["measured", "low", "high"]].itertuples(index=False)]
    short = frame[["claim", "predicted"]].assign(measured=measured, n=frame["n"])
    return short.join(frame[[name for name in ("margin", "power", "verdict", "expected") if name in frame]])


def write(tables: Tables, folder: Path) -> list[Path]:
    """The same as CSV and Markdown."""
    return write_tables(summaries(tables), folder)


_LATEST: list[tuple[Tables, dict[str, pd.DataFrame]]] = []
