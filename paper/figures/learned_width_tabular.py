"""The estimators on tables: beside the best of the grid, in ranks, and what rounding costs."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from continuum_experiments.learned_width.tabular.ranks import ranking
from continuum_experiments.learned_width.tabular.rounding import rounding_table
from continuum_experiments.learned_width.tabular.standings import Standing, standings
from continuum_experiments.learned_width.tabular.variants import FIRST, OURS
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper.figures._print import BLUE, GREY, RED, figure, say, task_name, title
from paper.results import Results

RUN = "learned_width_tabular"
TO_WIDTH = "to the width: in standard errors"
#: Standard errors beyond which a point is drawn at the edge.
FURTHEST = 6.0


def draw(results: Results) -> Figure:
    """Margins, ranks, rounding."""
    made, axes = figure(3.0, 1, 3, width_ratios=[1.3, 1.0, 1.0])
    if RUN not in results.runs:  # a quick build has no such run
        say(axes[0], 0.5, 0.5, "no run is recorded", "0.4", transform=axes[0].transAxes, ha="center")
        return made
    judged = standings(results.table(RUN, "tabular"))
    _margins(axes[0], judged)
    _ranks(axes[1], judged)
    _rounding(axes[2], judged)
    return made


def _margins(ax: Axes, judged: Mapping[str, Standing]) -> None:
    """Score less the best of the grid with the chosen encoding, in its standard errors."""
    known = {name: table for name, table in judged.items() if "chosen" in table.oracles}
    for color, method in ((GREY, FIRST), (RED, OURS)):
        for place, table in enumerate(known.values()):
            best = table.oracles["chosen"]
            margin = (table.mean(method) - best.best) / max(best.error, 1e-4)
            ax.plot(np.clip(margin, -FURTHEST, FURTHEST), place, "o", color=color, markersize=3, markeredgewidth=0)
    _lines(ax, [task_name(name) for name in known], (-1, 0))
    ax.set_xlabel("score less best, s.e.")
    say(ax, 0.03, 1.0, "first edition", GREY, transform=ax.transAxes, fontsize=6)
    say(ax, 0.97, 1.0, "second", RED, transform=ax.transAxes, fontsize=6, ha="right")
    title(ax, "a", "beside the grid")


def _ranks(ax: Axes, judged: Mapping[str, Standing]) -> None:
    found = ranking(judged)
    means = found.ranks.mean().sort_values()
    for place, (method, rank) in enumerate(means.items()):
        color = RED if method == OURS else "0.2"
        ax.plot(rank, place, "o", color=color, markersize=4, markeredgewidth=0)
        ax.hlines(place, rank - found.critical / 2, rank + found.critical / 2, color=color, linewidth=0.8)
    ax.set_yticks(range(len(means)), [task_name(str(method)) for method in means.index], fontsize=6)
    ax.set(ylim=(len(means) - 0.5, -0.8), xlabel="mean rank")
    words = f"{len(found.ranks)} tables; alike where bars meet"
    say(ax, 0.97, 1.0, words, GREY, transform=ax.transAxes, ha="right", fontsize=6)
    title(ax, "b", "ranks")


def _rounding(ax: Axes, judged: Mapping[str, Standing]) -> None:
    """Loss that rounding costs on test rows."""
    lost = rounding_table(judged)
    if lost.empty:
        say(ax, 0.5, 0.5, "not run", "0.4", transform=ax.transAxes, ha="center")
        return
    for color, column in ((GREY, TO_WIDTH), (RED, "in standard errors")):
        values = lost[column] if column in lost else pd.Series(dtype=float)
        for place, value in enumerate(values):
            ax.plot(np.clip(value, -FURTHEST, FURTHEST), place, "o", color=color, markersize=3, markeredgewidth=0)
    _lines(ax, ["" for _ in lost["task"]], (0, 1))
    ax.set_xlabel("loss by rounding, s.e.")
    say(ax, 0.97, 1.0, "to the width", GREY, transform=ax.transAxes, fontsize=6, ha="right")
    say(ax, 0.03, 1.0, "default", RED, transform=ax.transAxes, fontsize=6)
    title(ax, "c", "rounding")


def _lines(ax: Axes, names: list[str], marks: tuple[float, float]) -> None:
    ax.set_yticks(range(len(names)), names, fontsize=5)
    ax.tick_params(axis="y", length=0, pad=2)
    ax.set_ylim(len(names) - 0.4, -1.6)
    for mark, style in zip(marks, (":", "-"), strict=True):
        ax.axvline(mark, color=BLUE, linewidth=0.6, linestyle=style, zorder=0)
