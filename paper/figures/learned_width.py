"""The width learned in one run: against the oracle of the grid, from every start, and on the curve of fixed widths."""

import numpy as np
import pandas as pd
from continuum_experiments.learned_width.targets import by_task
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from continuum.analysis.point_names import name_points
from continuum.analysis.statistics import summarise
from continuum.analysis.style import band
from paper.figures._print import BLUE, GREY, PURPLE, RED, SKY, figure, say, task_name, title
from paper.results import Results

#: The first of these that was run is shown in detail.
SHOWN = ("digits", "two_spirals", "wine")
STARTS = (SKY, RED, PURPLE)


def draw(results: Results) -> Figure:
    """Oracle, starts, frontier."""
    rows, curves = (results.table("learned_width", name) for name in ("results", "curves"))
    task = next(name for name in SHOWN if name in set(curves["task"]))
    made, (oracle, starts, frontier) = figure(2.1, 1, 3, width_ratios=[1.6, 0.9, 0.9])
    _oracles(oracle, rows)
    _starts(starts, curves[curves["task"] == task], task)
    _frontier(frontier, rows[rows["task"] == task], task)
    return made


def _octaves(ax: Axes, which: str) -> None:
    """Powers of two as plain numbers."""
    for name in which:
        getattr(ax, f"set_{name}scale")("log", base=2)
        axis = getattr(ax, f"{name}axis")
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if value >= 1 else f"1/{1 / value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _oracles(ax: Axes, rows: pd.DataFrame) -> None:
    """One point per task; the bar is the range of the oracle over bootstraps, dotted lines are factors of two."""
    ends: list[float] = []
    points: dict[str, tuple[float, float]] = {}
    for name, (frame, best) in by_task(rows).items():
        width = float(frame.loc[frame["method"] == "graded", "width"].mean())
        colour = BLUE if frame["tuned"].iloc[0] else RED
        ax.plot([best.low, best.high], [width, width], color=colour, linewidth=0.8, alpha=0.6)
        ax.plot(best.width, width, "o", color=colour, markersize=3, markeredgewidth=0)
        points[task_name(name)] = (best.width, width)
        ends += [best.low, best.high, width]
    line = np.array([min(ends) / 1.3, max(ends) * 1.3])
    for factor, style in ((1, "-"), (2, ":"), (0.5, ":")):
        ax.plot(line, line * factor, style, color="0.7", linewidth=0.6, zorder=0)
    _octaves(ax, "xy")
    ax.set(xlim=line, ylim=line, xlabel="oracle of the grid", ylabel=r"learned width $\gamma$")
    say(ax, 0.04, 0.95, "defaults chosen on", BLUE, transform=ax.transAxes)
    say(ax, 0.04, 0.87, "fresh", RED, transform=ax.transAxes)
    name_points(ax, points, fontsize=5, color=GREY)
    title(ax, "a", "where")


def _starts(ax: Axes, curves: pd.DataFrame, task: str) -> None:
    """Width against the step: mean over folds, and the middle 80 % of them."""
    for place, (colour, (start, rows_of_start)) in enumerate(zip(STARTS, curves.groupby("start"), strict=False)):
        groups = rows_of_start.groupby(rows_of_start.groupby(["fold", "seed"]).cumcount())
        low, high = (groups["width"].quantile(share) for share in (0.1, 0.9))
        steps, mean = groups["step"].mean(), groups["width"].mean()
        band(ax, steps, mean, low, high, color=colour)
        say(ax, 0.96, 0.1 + 0.1 * place, f"from {start:g}", colour, transform=ax.transAxes, ha="right")
    _octaves(ax, "y")
    ax.set(xlabel="step", ylabel=r"width $\gamma$")
    title(ax, "b", f"from any start ({task_name(task)})")


def _frontier(ax: Axes, rows: pd.DataFrame, task: str) -> None:
    """Score of the grid with its interval; the learned networks as stars."""
    grid = summarise(rows[rows["method"] == "fixed"], "units", "score")
    band(ax, grid["units"], grid["mean"], grid["low"], grid["high"], color="0.35")
    for colour, (_, networks) in zip(STARTS, rows[rows["method"] == "graded"].groupby("start"), strict=False):
        ax.plot(
            networks["width"].mean(),
            networks["score"].mean(),
            "*",
            color=colour,
            markersize=7,
            markeredgewidth=0,
            zorder=4,
        )
    _octaves(ax, "x")
    top = float(max(grid["mean"].max(), rows["score"].max()))
    low = float(grid["mean"].quantile(0.25))
    ax.set(ylim=(low, top + 0.1 * (top - low)), xlabel="units", ylabel="test score")
    say(ax, 0.97, 0.2, "fixed widths", "0.35", transform=ax.transAxes, ha="right")
    say(ax, 0.97, 0.1, "learned", RED, transform=ax.transAxes, ha="right")
    title(ax, "c", f"how good ({task_name(task)})")
