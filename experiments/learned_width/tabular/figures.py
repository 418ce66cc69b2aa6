"""The figures of the preset ``tabular``."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import summarise
from continuum.analysis.style import OKABE_ITO, band, new_figure
from continuum.exp.experiment import Tables

from ..panels import left, logarithmic, panels, zoom
from .calibration import curve, errors_by_method
from .encodings import ENCODINGS
from .fits import FIXED
from .opponents import BOOSTING, FOREST, LINEAR, MLP, REALMLP
from .ranks import FIELD, Ranking, cliques, ranking
from .rounding import rounding_table
from .standings import Standing, standings
from .variants import FIRST, GRADED, OURS

BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK = OKABE_ITO[:7]
#: Colours of the encodings, markers of ours, and lines of methods whose size is of another kind.
GRID = dict(zip(ENCODINGS, ("0.45", BLUE), strict=True))
POINTS = {OURS: ("*", RED, 9.0), GRADED: ("o", ORANGE, 3.5), FIRST: ("D", PURPLE, 3.5), MLP: ("x", BLACK, 3.5)}
LEVELS = {BOOSTING: (GREEN, "-"), FOREST: (GREEN, ":"), REALMLP: (SKY, "-"), LINEAR: (BLACK, ":")}
#: Where a net without units stands on an axis of powers of two.
NO_UNIT = 0.5
#: Tables whose width is shown while it was learned.
SHOWN = 8


def figures(tables: Tables) -> dict[str, Figure]:
    """All figures by name."""
    judged = standings(tables["tabular"])
    drawn = {"scores": scores(judged)}
    if (found := ranking(judged)).ranks.shape[1] > 1 and len(found.ranks):
        drawn["critical_difference"] = critical_difference(found)
    if "bins" in tables and len(tables["bins"]):
        drawn["reliability"] = reliability(tables["bins"])
    if len(table := rounding_table(judged)):
        drawn["rounding"] = rounding(table)
    if "curves" in tables and len(tables["curves"]):
        drawn["path"] = path(tables["curves"])
    return drawn


def scores(judged: Mapping[str, Standing]) -> Figure:
    """Score against units, one panel per table: the grid with both encodings, ours, and the other methods."""
    figure, axes = panels(list(judged))
    handles: dict[str, Artist] = {}
    for name, ax in axes.items():
        _scores(ax, judged[name])
        ax.set_xlabel("units", fontsize=7, labelpad=1)
        handles |= {label: handle for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    left(axes, "accuracy or R²")
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=5, fontsize=7)
    return figure


def _scores(ax: Axes, table: Standing) -> None:
    heights = []
    grid = table.rows[table.rows["method"] == FIXED]
    for encoding, color in GRID.items():
        nets = summarise(grid[grid["encoding"] == encoding], "units", "score")
        if len(nets):
            label = f"fixed width, {encoding}"
            band(ax, nets["units"], nets["mean"], nets["low"], nets["high"], color=color, label=label)
            heights += [*nets["mean"]]
    for method, (color, style) in LEVELS.items():
        if len(table.of(method)):
            heights.append(table.mean(method))
            ax.axhline(heights[-1], color=color, linestyle=style, linewidth=0.8, label=method)
    for method, (marker, color, size) in POINTS.items():
        if len(table.of(method)):
            at = max(table.mean(method, "units"), NO_UNIT), table.mean(method)
            ax.plot(*at, marker, color=color, markersize=size, markeredgewidth=marker == "x", label=method, zorder=4)
            heights.append(at[1])
    logarithmic(ax)
    zoom(ax, np.array(heights))


def critical_difference(found: Ranking) -> Figure:
    """Mean ranks on a line; a bar joins methods whose ranks do not differ."""
    means = found.ranks.mean().sort_values()
    figure, ax = new_figure(width=5.2)
    figure.set_size_inches(5.2, 0.9 + 0.16 * len(means))
    low, high = 1.0, float(len(means))
    ax.plot([low, high], [0, 0], color="0.2", linewidth=0.8)
    for tick in range(int(low), int(high) + 1):
        ax.plot([tick, tick], [0, 0.12], color="0.2", linewidth=0.8)
        ax.text(tick, 0.2, f"{tick}", ha="center", va="bottom", fontsize=7)
    half = (len(means) + 1) // 2
    for place, (method, rank) in enumerate(means.items()):
        first = place < half
        depth = -0.45 - 0.32 * (place if first else len(means) - 1 - place) - 0.22 * len(cliques(means, found.critical))
        end, side = (low - 0.15, "right") if first else (high + 0.15, "left")
        color = RED if method == OURS else "0.2"
        ax.plot([rank, rank, end], [0, depth, depth], color=color, linewidth=0.8)
        words = f"{method}  {rank:.2f}" if first else f"{rank:.2f}  {method}"
        ax.text(end, depth, f" {words} ", ha=side, va="center", fontsize=8, color=color)
    for place, (start, end) in enumerate(cliques(means, found.critical)):
        level = -0.2 - 0.2 * place
        ax.plot([start - 0.03, end + 0.03], [level, level], color="0.2", linewidth=2.6, solid_capstyle="butt")
    ax.plot([low, low + found.critical], [0.85, 0.85], color="0.2", linewidth=1.2, marker="|", markersize=5)
    text = f"critical difference {found.critical:.2f} ({len(found.ranks)} tables, 5 %)"
    ax.text(low, 1.0, text, fontsize=7, va="bottom")
    ax.set_axis_off()
    ax.set_xlim(low - 1.6, high + 1.6)
    return figure


def reliability(bins: pd.DataFrame) -> Figure:
    """Share of right answers against the confidence in them, tables counting alike; bars say how many rows."""
    errors = errors_by_method(bins)
    names = [name for name in (OURS, *FIELD[1:]) if name in errors]
    figure, axes = panels(names, legend=False)
    for name, ax in axes.items():
        points = curve(bins[bins["method"] == name])
        ax.plot([0, 1], [0, 1], color="0.7", linewidth=0.7, zorder=0)
        ax.bar(points["confidence"], points["rows"], width=0.045, color="0.85", zorder=0)
        ax.plot(points["confidence"], points["right"], marker="o", color=RED if name == OURS else BLUE, markersize=3)
        ax.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence")
        ax.set_title(f"{name}, error {errors[name].mean():.3f}", loc="left", fontweight="bold", fontsize=8)
    left(axes, "share right")
    return figure


def rounding(table: pd.DataFrame) -> Figure:
    """Loss that rounding costs, in standard errors of the graded net's loss, one line per table."""
    ordered = table.sort_values("in standard errors")
    figure, ax = new_figure(width=4.6)
    figure.set_size_inches(4.6, 0.8 + 0.17 * len(ordered))
    places = np.arange(len(ordered))
    for end in (0, 1):
        ax.axvline(end, color="0.7", linewidth=0.7, linestyle=":" if end else "-", zorder=0)
    if "to the width: in standard errors" in ordered:
        beyond = ordered["to the width: in standard errors"]
        ax.plot(beyond, places, "o", color="0.6", markersize=3.5, label="to the width, ceil of the gates' sum")
    interval = ordered[["low", "high"]].div(ordered["standard error"], axis=0)
    ax.hlines(places, interval["low"], interval["high"], color=RED, linewidth=0.8, alpha=0.5)
    ax.plot(ordered["in standard errors"], places, "*", color=RED, markersize=7, markeredgewidth=0, label="default")
    ends = np.array([*ordered["in standard errors"], *ordered.get("to the width: in standard errors", [0.0])])
    ax.set_xlim(min(-2.0, ends.min() - 0.3), max(2.0, ends.max() + 0.3))
    ax.set_yticks(places, ordered["task"], fontsize=7)
    ax.set_xlabel("loss of the rounded net less that of the graded one, s.e.", fontsize=8)
    ax.legend(loc="upper left", fontsize=7)
    return figure


def path(curves: pd.DataFrame) -> Figure:
    """Width while it was learned, one line per fold."""
    known = list(dict.fromkeys(curves["task"]))
    names = [known[place] for place in np.unique(np.linspace(0, len(known) - 1, min(SHOWN, len(known))).astype(int))]
    figure, axes = panels(names, legend=False)
    for name, ax in axes.items():
        for _, course in curves[curves["task"] == name].groupby(["seed", "fold"]):
            ax.plot(course["share"], course["width"], linewidth=0.8)
        ax.set_ylim(bottom=0)
        ax.set_xlabel("share of the steps", fontsize=7, labelpad=1)
    left(axes, "width γ")
    return figure
