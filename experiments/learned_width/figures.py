"""The figures of learned_width; every panel is one task."""

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.point_names import name_points
from continuum.analysis.statistics import summarise
from continuum.analysis.style import OKABE_ITO, band, new_figure, save
from continuum.exp.experiment import Tables
from continuum.learn import LearnConfig

from .panels import left, logarithmic, panels, zoom
from .report import write
from .targets import by_task

BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK = OKABE_ITO[:7]
#: Colours of the starts.
STARTS = (SKY, RED, PURPLE)
#: Marker and colour of the other methods.
MARKS = {
    "interval": ("v", GREEN),
    "interval_sqrt": ("^", GREEN),
    "soft_support": ("s", PURPLE),
    "fuzzy": ("D", ORANGE),
    "concrete": ("P", SKY),
    "hypergradient": ("X", BLACK),
    "path": ("h", "0.5"),
    "mlp_default": ("x", BLACK),
    "mlp_steps": ("+", BLACK),
    "gromo": ("<", GREEN),
    "gal": (">", GREEN),
}


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables of the report beside them."""
    if "perspective" in tables:
        from .perspective_figure import draw_perspective

        return [*save(draw_perspective(tables["perspective"]), folder, "perspective"), *write(tables, folder)]
    if "tabular" in tables:
        from .tabular.figures import figures as of_tables

        drawn = [path for name, figure in of_tables(tables).items() for path in save(figure, folder, name)]
        return [*drawn, *write(tables, folder)]
    if "pool" in tables:
        from .pool_figure import draw_pool

        return [*save(draw_pool(tables["pool"]), folder, "pool"), *write(tables, folder)]
    results = tables["results"]
    figures = {"frontier": _frontiers(results), "oracle": _oracles(results)}
    if "curves" in tables:
        figures["width_curve"] = _curves(tables["curves"])
    if "path" in tables:
        figures["path"] = _paths(tables["path"])
    paths = [path for name, figure in figures.items() for path in save(figure, folder, name)]
    return paths + write(tables, folder)


def _frontiers(results: pd.DataFrame) -> Figure:
    """Score against width: the grid with its interval, the graded method from every start, the other methods."""
    names = list(dict.fromkeys(results["task"]))
    figure, axes_by_task = panels(names)
    for name, ax in axes_by_task.items():
        _frontier(ax, results[results["task"] == name])
        ax.set_xlabel("units", fontsize=7, labelpad=1)
    left(axes_by_task, "accuracy or R²")
    handles: dict[str, Artist] = {}
    for ax in axes_by_task.values():
        handles |= {label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=6, fontsize=7)
    return figure


def _frontier(ax: Axes, frame: pd.DataFrame) -> None:
    grid = summarise(frame[frame["method"] == "fixed"], "units", "score")
    band(ax, grid["units"], grid["mean"], grid["low"], grid["high"], color=BLUE, label="fixed width")
    sound = frame[frame["outcome"] == "ok"]
    heights = [*grid["mean"]]
    for method, (marker, color) in MARKS.items():
        fits = _usual(sound[sound["method"] == method])
        if len(fits):
            at = fits["width"].mean(), fits["score"].mean()
            ax.plot(*at, marker=marker, color=color, label=method, linestyle="none", markersize=3.5, zorder=3)
            heights.append(at[1])
    for color, (label, fits) in zip(STARTS, frame[frame["method"] == "graded"].groupby("start"), strict=False):
        start = float(cast(float, label))
        score = float(np.interp(np.log(start), np.log(grid["units"]), grid["mean"]))
        at = fits["width"].mean(), fits["score"].mean()
        ax.plot([start, at[0]], [score, at[1]], color=color, linewidth=0.8, zorder=4)
        ax.plot(*at, "*", color=color, markersize=7, label=f"graded from {start:g}", markeredgewidth=0, zorder=5)
        heights.append(at[1])
    logarithmic(ax)
    zoom(ax, np.array(heights))


def _usual(rows: pd.DataFrame) -> pd.DataFrame:
    """Of a method that starts somewhere, the start nearest to the default one."""
    distance = (rows["start"] - LearnConfig.start).abs()
    usual: pd.DataFrame = rows[distance.isna() | (distance == distance.min())]
    return usual


def _curves(curves: pd.DataFrame) -> Figure:
    """Width against the step of the graded phase: mean over folds and the middle 80 % of them."""
    figure, axes_by_task = panels(list(dict.fromkeys(curves["task"])))
    for name, ax in axes_by_task.items():
        lows = []
        for color, (start, course) in zip(STARTS, curves[curves["task"] == name].groupby("start"), strict=False):
            point = course.groupby(["fold", "seed"]).cumcount()
            groups = course.groupby(point)
            steps, low, high = groups["step"].mean(), *(groups["width"].quantile(q) for q in (0.1, 0.9))
            band(ax, steps, groups["width"].mean(), low, high, color=color, label=f"from {start:g}")
            lows.append(low.iloc[-1])
        logarithmic(ax, "y")
        # The first few steps from one unit may be far below the width of any later step.
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 0.8 * min(0.5, *lows)))
        ax.set_xlabel("step", fontsize=7, labelpad=1)
    left(axes_by_task, "width γ")
    first = next(iter(axes_by_task.values()))
    figure.legend(*first.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def _paths(paths: pd.DataFrame) -> Figure:
    """Held-out score against units along a falling price, one line per fold; the one-standard-error point."""
    figure, axes_by_task = panels(list(dict.fromkeys(paths["task"])), legend=False)
    for name, ax in axes_by_task.items():
        for _, path in paths[paths["task"] == name].groupby("fold"):
            (line,) = ax.plot(path["units"], -path["score"], linewidth=0.7, marker=".", markersize=2.5)
            chosen = path[path["chosen"]]
            ax.plot(chosen["units"], -chosen["score"], "o", color=line.get_color(), fillstyle="none", markersize=6)
        logarithmic(ax)
        ax.set_xlabel("units")
    left(axes_by_task, "held-out loss")
    return figure


def _oracles(results: pd.DataFrame) -> Figure:
    """Learned width against the oracle of every task, with the range of the oracle over bootstraps."""
    figure, ax = new_figure(width=4.6)
    figure.set_size_inches(4.6, 3.8)
    points: dict[str, tuple[float, float]] = {}
    for name, (frame, best) in by_task(results).items():
        width = frame[frame["method"] == "graded"]["width"].mean()
        color = BLUE if frame["tuned"].iloc[0] else RED
        ax.plot([best.low, best.high], [width, width], color=color, linewidth=0.8, alpha=0.6)
        ax.plot(best.width, width, "o", color=color)
        points[name] = (best.width, width)
    logarithmic(ax, "xy")
    ends = [min(ax.get_xlim()[0], ax.get_ylim()[0]), max(ax.get_xlim()[1], ax.get_ylim()[1])]
    for factor, style in ((1, "-"), (2, ":"), (0.5, ":")):
        ax.plot(ends, [end * factor for end in ends], style, color="0.7", linewidth=0.7, zorder=0)
    ax.set(xlim=ends, ylim=ends, xlabel="oracle of the grid (range: 80 % of bootstraps)", ylabel="learned width γ")
    for label, color in (("tuned on", BLUE), ("fresh", RED)):
        ax.plot([], [], "o", color=color, label=label)
    ax.legend(loc="upper left")
    name_points(ax, points, fontsize=6)
    return figure
