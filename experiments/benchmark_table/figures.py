"""The figures of benchmark_table, and the table itself beside them."""

from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import mean_interval
from continuum.analysis.style import COLUMN, FULL, OKABE_ITO, band, new_figure, save
from continuum.exp.experiment import Tables

from .assembled import TaskCurves, of_tasks, table_of
from .statistics import LOOKS, by_task, errors

BLUE, RED, GREEN, PURPLE = OKABE_ITO[:4]
#: Panels beside each other.
ACROSS = 3


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write the table into the folder ``table``, and all figures as PNG and PDF."""
    written = table_of(tables).save(folder / "table")
    tasks = list(of_tasks(tables))
    rows = by_task(tables)
    figures = {"widths": _widths(tasks), "ranks": _ranks(rows), "interpolation": _interpolation(tasks)}
    if rows["exhaustive"].notna().any():
        figures["floor"] = _floor(rows)
    return written + [path for name, figure in figures.items() for path in save(figure, folder, name)]


def _widths(tasks: list[TaskCurves]) -> Figure:
    """J over gamma, at the best rate and decay of each depth."""
    columns = min(len(tasks), ACROSS)
    rows = ceil(len(tasks) / columns)
    figure, axes = new_figure(rows, columns, width=FULL, squeeze=False)
    for ax, of in zip(axes.flat, tasks, strict=False):
        _width(ax, of)
    for ax in axes.flat[len(tasks) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("J (validation)")
    for ax in axes.flat[max(len(tasks) - columns, 0) : len(tasks)]:
        ax.set_xlabel("width γ")
    axes[0, 0].legend()
    return figure


def _width(ax: Axes, of: TaskCurves) -> None:
    space = of.space
    shape = len(of.seeds), len(space.depth), -1, len(space.gamma)
    value = of.objective("validation").min(2).reshape(shape)
    for place, (depth, color) in enumerate(zip(space.depth, (BLUE, RED), strict=False)):
        best = value[:, place].mean(0).min(1).argmin()
        curves = value[:, place, best]
        intervals = np.array([mean_interval(column) for column in curves.T])
        band(ax, space.gamma, *intervals.T, label=f"depth {depth}", color=color)
    ax.set_xscale("log", base=2)
    ax.set_xticks([0.5, 2, 8, 32], ["0.5", "2", "8", "32"])
    ax.set_title(of.task, loc="left", fontweight="bold")


def _ranks(rows: pd.DataFrame) -> Figure:
    """How the order of the points settles."""
    figure, ax = new_figure(width=COLUMN)
    looks = [epoch for epoch in LOOKS if f"rank_{epoch}" in rows]
    for _, row in rows.iterrows():
        ax.plot(looks, [row[f"rank_{epoch}"] for epoch in looks], color="0.75", linewidth=0.6)
    if looks:
        ax.plot(looks, rows[[f"rank_{epoch}" for epoch in looks]].median(), color=BLUE, marker="o", label="median")
        ax.legend(loc="lower right")
    ax.set_xlabel("epochs")
    ax.set_ylabel("rank correlation with the end")
    return figure


def _floor(rows: pd.DataFrame) -> Figure:
    """What an exhaustive search on one split comes to on the test rows, beside a constant answer."""
    figure, ax = new_figure(width=COLUMN)
    figure.set_size_inches(COLUMN, 0.18 * len(rows) + 0.9)
    places = np.arange(len(rows))
    ax.scatter(rows["exhaustive"], places, color=BLUE, s=14, label="exhaustive, one split", zorder=3)
    ax.scatter(rows["constant"], places, color=RED, marker="s", s=12, label="16 units, rate 0.01")
    ax.axvline(0, color="0.5", linewidth=0.6)
    ax.set_yticks(places, rows["task"])
    ax.invert_yaxis()
    ax.set_xlabel("test regret (1: the average point)")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=2)
    return figure


def _interpolation(tasks: list[TaskCurves]) -> Figure:
    """What interpolation misses at each width that is left out."""
    figure, ax = new_figure(width=COLUMN)
    inner = tasks[0].space.gamma[1:-1]
    missed = np.array([errors(of) for of in tasks])
    for values in missed:
        ax.plot(inner, values, color="0.75", linewidth=0.6)
    ax.plot(inner, np.median(missed, 0), color=PURPLE, marker="o", markersize=3, label="median over tasks")
    ax.set_xscale("log", base=2)
    ax.set_xticks([1, 2, 4, 8, 16, 32], ["1", "2", "4", "8", "16", "32"])
    ax.set_xlabel("width γ left out")
    ax.set_ylabel("error / (mean − best)")
    ax.legend()
    return figure
