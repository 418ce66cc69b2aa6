"""What recruitment prints, and keeps as CSV and Markdown."""

from typing import Any

import pandas as pd
from rich.table import Table

from continuum.analysis.tables import bounded, terminal_table
from continuum.exp.experiment import Tables
from continuum.exp.verdicts import counted, given

from .estimates import SCORE_MARGIN, WIDTH_MARGIN, contrasts, measured, recruitment, tasks
from .predictions import verdicts

#: Regimes that the terminal shows; the files have all.
SHOWN = r"from below|from above|gd|adam|sign|full, middle.*"


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    runs = measured(tables["results"])
    compared = contrasts(runs)
    return {
        "predictions": verdicts(runs),
        "contrasts": compared,
        "recruitment": recruitment(runs),
        "tasks": tasks(runs),
    }


def report(tables: Tables, config: Any) -> list[Table]:
    """The predictions, the widths against those of linear gates, and against those that are needed."""
    named = frames(tables)
    caption = f"means over tasks, 95 %; equal: within {WIDTH_MARGIN - 1:.0%} (score: {SCORE_MARGIN:g}), more: beyond it"
    tested = terminal_table(counted("predictions", "", config), given(_tested(named["predictions"]), config), caption)
    title = "width and score against those of otherwise equal runs"
    return [
        tested,
        terminal_table(title, given(_compared(named["contrasts"]), config)),
        terminal_table("width found / needed (stay: at the start), score − fixed", _found(named["recruitment"])),
    ]


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    brief = _brief(table, "measured", "low", "high")
    power = brief["power"].map("{:.2f}".format).where(brief["predicted"] == "equal", "")
    return brief.assign(power=power)[["claim", "quantity", "predicted", "measured", "tasks", "power", "verdict"]]


def _compared(table: pd.DataFrame) -> pd.DataFrame:
    shown = table[table["regime"].str.fullmatch(SHOWN)]
    brief = _brief(_brief(shown, "ratio", "low", "high"), "score_difference", "score_low", "score_high")
    pair = brief["method"] + " / " + brief["reference"]
    brief = brief.assign(pair=pair).rename(columns={"score_difference": "score"})
    return brief[["regime", "pair", "ratio", "equal", "score", "score_equal"]]


def _found(table: pd.DataFrame) -> pd.DataFrame:
    shown = table[table["regime"].str.fullmatch(SHOWN)]
    brief = _brief(_brief(shown, "width_needed", "low", "high"), "score_gap", "gap_low", "gap_high")
    renamed = brief.rename(columns={"width_needed": "width / needed", "start_needed": "stay", "score_gap": "gap"})
    return renamed[["regime", "method", "gained", "width / needed", "stay", "gap", "moving"]]


def _brief(table: pd.DataFrame, mean: str, low: str, high: str) -> pd.DataFrame:
    """A mean and its interval in one column."""
    values = [bounded(at, least, most, ".3g") for at, least, most in table[[mean, low, high]].to_numpy()]
    return table.assign(**{mean: values}).drop(columns=[low, high])
