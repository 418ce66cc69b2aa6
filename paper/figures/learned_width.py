"""The width learned in one run: beside the oracle of the grid, from three starts, and on the curve of fixed widths."""

import pandas as pd
from continuum_experiments.learned_width.targets import by_task
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from continuum.analysis.statistics import summarise
from continuum.analysis.style import band
from paper.figures._print import BLUE, PURPLE, RED, SKY, figure, say, task_name, title
from paper.results import Results

#: The first of these that was run is shown in detail.
SHOWN = ("digits", "two_spirals", "wine")
STARTS = (SKY, RED, PURPLE)


def draw(results: Results) -> Figure:
    """Oracle, starts, frontier."""
    rows, curves = (results.table("learned_width", name) for name in ("results", "curves"))
    task = next(name for name in SHOWN if name in set(curves["task"]))
    made, (oracle, starts, frontier) = figure(2.4, 1, 3, width_ratios=[1.5, 0.95, 0.95])
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
    """One row per task, so that no name covers another: the oracle with its range over bootstraps, and the width."""
    tasks = sorted(by_task(rows).items(), key=lambda task: (task[1][1].width, task[1][1].high), reverse=True)
    for place, (_, (frame, best)) in enumerate(tasks):
        width = float(frame.loc[frame["method"] == "graded", "width"].mean())
        ax.plot([best.width, width], [place, place], color="0.85", linewidth=0.6, zorder=0)
        ax.plot([best.low, best.high], [place, place], color="0.6", linewidth=2.2, alpha=0.7, solid_capstyle="butt")
        ax.plot(best.width, place, "|", color="0.2", markersize=4)
        ax.plot(width, place, "o", color=_colour(frame), markersize=3, markeredgewidth=0, zorder=3)
    ax.set_yticks(range(len(tasks)), [task_name(name) for name, _ in tasks], fontsize=5.5)
    for label, (_, (frame, _)) in zip(ax.get_yticklabels(), tasks, strict=True):
        label.set_color(_colour(frame))
    ax.tick_params(axis="y", length=0, pad=2)
    _octaves(ax, "x")
    ax.set(xlabel="width", ylim=(len(tasks) - 0.4, -0.6))
    for place, (words, colour) in enumerate(
        (("oracle, range", "0.35"), ("learned, tuned", BLUE), ("learned, fresh", RED))
    ):
        say(ax, 0.03, 0.95 - 0.07 * place, words, colour, transform=ax.transAxes, fontsize=6.5)
    title(ax, "a", "where")


def _colour(frame: pd.DataFrame) -> str:
    return BLUE if frame["tuned"].iloc[0] else RED


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
    title(ax, "b", f"three starts, one pool ({task_name(task)})")


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
