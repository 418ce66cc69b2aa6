"""The figure of the preset ``pool``: the width over the units at birth, as the learner is and with both options."""

from itertools import cycle

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from continuum.analysis.style import FULL, OKABE_ITO, new_figure
from continuum.learn.settings import POOL

KINDS = {"values": "regression", "classes": "classification"}
ARMS = {"default": "as it is", "mended": "both options"}


def draw_pool(rows: pd.DataFrame) -> Figure:
    """A panel per kind of task and arm; a line per task, relative to its width at the learner's own pool."""
    figure, axes = new_figure(2, 2, width=FULL, sharex=True, sharey=True, squeeze=False)
    for row, (kind, value) in zip(axes, KINDS.items(), strict=True):
        for ax, (arm, words) in zip(row, ARMS.items(), strict=True):
            pool_lines(ax, rows[(rows["kind"] == value) & (rows["arm"] == arm)])
            ax.set_title(f"{kind}, {words}", loc="left", fontsize=8)
    for ax in axes[-1]:
        ax.set_xlabel("units at birth")
    for ax in axes[:, 0]:
        ax.set_ylabel(f"width / that of {own_pool(rows):g}")
    for ax in axes[:, 1]:
        if ax.containers:  # not of a kind that has no task
            ax.legend(fontsize=6)
    return figure


def own_pool(rows: pd.DataFrame) -> float:
    """The learner's own pool where it was run, else one in the middle."""
    pools = sorted(rows["pool"].unique())
    return float(POOL if POOL in pools else pools[len(pools) // 2]) if pools else 1.0


def pool_lines(ax: Axes, rows: pd.DataFrame) -> None:
    """Mean width over the pool, relative to that at the learner's own; the bar is the range over starts."""
    pools, at = sorted(rows["pool"].unique()), own_pool(rows)
    middle = (rows["task"].nunique() - 1) / 2
    # More tasks than colours share them, rather than be left out.
    tasks = zip(cycle(OKABE_ITO), rows.groupby("task", sort=False), strict=False)
    for place, (color, (name, frame)) in enumerate(tasks):
        table = frame.groupby(["pool", "start"])["width"].mean().unstack("start")
        mean = table.mean(axis=1)
        x = mean.index.to_numpy(float) * 1.05 ** (place - middle)
        low, high = (mean - table.min(axis=1)) / mean[at], (table.max(axis=1) - mean) / mean[at]
        ax.errorbar(x, mean / mean[at], [low, high], color=color, marker="o", markersize=2.5, linewidth=0.9, label=name)
    ax.axhline(1, color="0.6", linewidth=0.6, linestyle=":", zorder=0)
    ax.set_xscale("log")
    ax.set_yscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(pools))
    ax.xaxis.set_minor_locator(NullLocator())
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
