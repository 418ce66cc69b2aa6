"""The staircase of the score over trained widths, and the derivative of the loss on either side of the integers."""

from math import floor, log10
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import summarise
from continuum.analysis.style import band, mark_integers
from paper.figures._print import BLACK, BLUE, GREEN, ORANGE, PURPLE, count_integers, figure, say, task_name, title
from paper.results import Results

#: The one task of the sweep that needs more than two units.
TASK = "digits"
OTHERS = (GREEN, PURPLE, ORANGE)


def draw(results: Results) -> Figure:
    """Left the test accuracy of all tasks, right the one-sided derivatives on digits."""
    rows = results.table("gamma_sweep", "results")
    made, (score, derivative) = figure(1.9, 1, 2, width_ratios=[1, 1.15])
    _score(score, rows)
    _derivative(derivative, rows[rows["task"] == TASK])
    return made


def _score(ax: Axes, rows: pd.DataFrame) -> None:
    last = floor(rows["gamma"].max())
    mark_integers(ax, 1, last)
    count_integers(ax, 0, last)
    colours = iter(OTHERS)
    low = 1.0
    for task, part in rows.groupby("task", sort=False):
        summary = summarise(part, "gamma", "test_score")
        colour = BLUE if task == TASK else next(colours)
        band(ax, summary["gamma"], summary["mean"], summary["low"], summary["high"], color=colour)
        low = min(low, summary["mean"].min())
    _named(ax, rows)
    ax.set(xlabel=r"width $\gamma$", ylabel="test accuracy", ylim=(max(0.0, low - 0.05), 1.02), xlim=(0.4, last + 0.7))
    title(ax, "a", "trained at every width")


def _named(ax: Axes, rows: pd.DataFrame) -> None:
    """Names in a column where nothing is drawn, in the colours of the curves."""
    colours = dict(zip([task for task in dict.fromkeys(rows["task"]) if task != TASK], OTHERS, strict=False))
    for place, (task, colour) in enumerate({TASK: BLUE, **colours}.items()):
        say(ax, 0.97, 0.34 - 0.085 * place, task_name(str(task)), colour, transform=ax.transAxes, ha="right")


def _derivative(ax: Axes, rows: pd.DataFrame) -> None:
    """A stroke on every tile, and both one-sided derivatives at every integer, with their intervals."""
    column = "train_dgamma_right"
    between = rows["gamma"] % 1 != 0
    scale = 10.0 ** floor(log10(max(rows.groupby("gamma")[column].mean().abs().median(), 1e-9)))
    ax.set_yscale("symlog", linthresh=scale, linscale=0.5)
    last = floor(rows["gamma"].max())
    mark_integers(ax, 1, last)
    count_integers(ax, 0, last)
    ax.axhline(0, color="0.6", linewidth=0.6)
    for _, tile in rows[between].groupby(np.floor(rows["gamma"][between])):
        summary = summarise(tile, "gamma", column)
        band(ax, summary["gamma"], summary["mean"], summary["low"], summary["high"], color=BLUE)
    style: dict[str, Any] = {"linestyle": "none", "elinewidth": 0.7, "markersize": 3.2, "markeredgewidth": 0}
    for side, marker, colour in (("left", "<", ORANGE), ("right", ">", BLACK)):
        summary = summarise(rows[~between], "gamma", f"train_dgamma_{side}")
        bars = np.nan_to_num([summary["mean"] - summary["low"], summary["high"] - summary["mean"]])
        ax.errorbar(summary["gamma"], summary["mean"], bars, marker=marker, color=colour, **style)
    ax.set(xlabel=r"width $\gamma$", ylabel=r"$\partial$ training loss / $\partial\gamma$", xlim=(0.4, last + 0.7))
    say(ax, 0.98, 0.93, "at an integer, from the right", BLACK, transform=ax.transAxes, ha="right")
    say(ax, 0.98, 0.16, "at an integer, from the left", ORANGE, transform=ax.transAxes, ha="right")
    say(ax, 0.98, 0.07, "between the integers", BLUE, transform=ax.transAxes, ha="right")
    title(ax, "b", f"its slope on {TASK}")
