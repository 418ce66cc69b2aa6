"""The figures of integer_crossing."""

from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import share_interval
from continuum.analysis.style import FULL, OKABE_ITO, new_figure, save
from continuum.exp.experiment import Tables

from .integer_figures import chatter_figure, soft_figure
from .predictions import confrontations
from .report import write

#: Signs for their names; beta before eta, which is a part of it.
SIGNS = {"alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "Phi": "Φ", "->": "→", ">=": "≥", " - ": " − "}
SIGNS |= {"^2": "²", "r_0": "r₀", "root gates": "square-root gates"}
#: How many margins the figure of deviations shows on either side.
REACH = 3.0
#: Settings of the exact flow that are drawn.
LAWS = ("affine, from 0", "squared, s = 1e-4, from 0", "cross-entropy, s = 0.5, from 0", "squared, s = 0.5, from 0")


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables of the report as CSV and Markdown."""
    results = tables["results"]
    figures = {f"fan_{task}": _fan(paths) for task, paths in tables["paths"].groupby("task", sort=False)}
    figures |= {"gained": _gained(results), "portrait": _portrait(tables["portraits"])}
    figures |= {"chatter": chatter_figure(results, tables["orbits"]), "soft": soft_figure(results)}
    figures["deviations"] = _deviations(confrontations(results))
    drawn = [path for name, figure in figures.items() for path in save(figure, folder, str(name))]
    return [*drawn, *write(tables, folder)]


def _fan(paths: pd.DataFrame) -> Figure:
    """Widths against steps, one panel per variant, coloured by the start; integers are marked."""
    settings = paths["setting"].unique()
    columns = min(3, len(settings))
    rows = ceil(len(settings) / columns)
    figure, axes = new_figure(rows, columns, width=FULL, squeeze=False, sharex=True, sharey=True)
    for ax, (setting, part) in zip(axes.flat, paths.groupby("setting", sort=False), strict=False):
        for integer in range(floor(part["gamma"].min()), ceil(paths["gamma"].max()) + 1):
            ax.axhline(integer, color="0.88", linewidth=0.6, zorder=0)
        colors = {start: OKABE_ITO[i] for i, start in enumerate(sorted(part["start"].unique()))}
        for (start, _), path in part.groupby(["start", "member"]):
            ax.plot(path["step"], path["gamma"], color=colors[start], linewidth=0.6, alpha=0.8)
        ax.set_title(typeset(str(setting)), loc="left", fontweight="bold")
    for ax in axes.flat[len(settings) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("width γ")
    for ax in axes.flat[max(len(settings) - columns, 0) : len(settings)]:  # the lowest of each column
        ax.set_xlabel("step")
        ax.tick_params(labelbottom=True)
    return figure


def _gained(results: pd.DataFrame) -> Figure:
    """Share of networks that gain at least n fresh neurons; left frozen weights, right joint training."""
    figure, (left, right) = new_figure(1, 2, width=FULL, sharey=True)
    figure.set_figheight(3.4)
    flow, joint = results[results["part"] == "flow"], results[results["part"] == "joint"]
    for ax, part, settings, title in (
        (left, flow, LAWS, "exact flow, frozen weights"),
        (right, joint, joint["setting"].unique(), "joint training"),
    ):
        n = np.arange(5 if ax is left else 4)
        ax.plot(n, 2.0**-n, color="black", marker="_", markersize=9, linewidth=0.6, label="$2^{-n}$", zorder=5)
        for number, setting in enumerate(settings):
            _shares(ax, part[part["setting"] == setting], typeset(str(setting)), number, len(settings))
        ax.set_yscale("log")
        ax.set_ylim(2e-4, 1.4)
        ax.set_xlabel("n")
        ax.set_xticks(n)
        ax.set_title(title, loc="left", fontweight="bold")
        ax.legend(fontsize=6, loc="lower left", ncols=1 if ax is left else 2)
    left.set_ylabel("share that gains ≥ n fresh neurons, 95 %")
    return figure


def _shares(ax: Axes, part: pd.DataFrame, label: str, number: int, count: int) -> None:
    """One series with exact 95 % intervals; a share of 0 is a bar from below, with its marker at the upper end."""
    points = []
    for n in range(1, 5):
        rows = part[part["quantity"].str.fullmatch(f"gained (<=|=) law, n = {n}")]
        if len(rows):
            points.append((n, *share_interval(int(rows["measured"].sum()), len(rows))))
    if not points:
        return
    n, mean, low, high = np.array(points).T
    bars = np.array([mean - low, high - mean])
    shift = (number - (count - 1) / 2) * 0.6 / count
    style: dict[str, Any] = {
        "linestyle": "none",
        "marker": "os^vDP*X<>ph"[number % 12],
        "markersize": 3,
        "elinewidth": 0.7,
    }
    color, none = OKABE_ITO[number % 7], mean == 0
    ax.errorbar(n + shift, mean, bars, color=color, label=label, **style)
    ax.plot((n + shift)[none], high[none], linestyle="none", marker="_", markersize=4, color=color)


def _portrait(portraits: pd.DataFrame) -> Figure:
    """Orbits of (a, W) inside a tile, of the first task, on curves of the conserved quantity."""
    part = portraits[portraits["task"] == portraits["task"].iloc[0]]
    settings = part["setting"].unique()
    figure, axes = new_figure(1, len(settings), width=FULL, squeeze=False, sharey=True)
    reach = 1.05 * part["weight"].abs().max()
    grid = np.meshgrid(np.linspace(0, 1, 201), np.linspace(-reach, reach, 201))
    for ax, (setting, orbits) in zip(axes.flat, part.groupby("setting", sort=False), strict=True):
        level = grid[0] ** 2 / orbits["ratio"].iloc[0] - grid[1] ** 2
        ax.contour(*grid, level, levels=15, colors="0.8", linewidths=0.5, linestyles="solid")
        for _, orbit in orbits.groupby("member"):
            ax.plot(orbit["a"], orbit["weight"], color=OKABE_ITO[0], linewidth=0.9)
            ax.plot(orbit["a"].iloc[0], orbit["weight"].iloc[0], "o", color=OKABE_ITO[1], markersize=2)
        ax.set_title(typeset(str(setting)), loc="left", fontweight="bold")
        ax.set_xlabel("gate a = γ − k")
        ax.set_xlim(0, 1)
    axes[0, 0].set_ylabel("outgoing weight W of neuron k")
    return figure


def _deviations(tests: pd.DataFrame) -> Figure:
    """Measured minus predicted of every task and setting with its 95 % interval, in units of the margin."""
    tests = tests[tests["test"] != "below"]
    claims = tests["claim"].unique()
    figure, ax = new_figure(width=FULL)
    figure.set_figheight(0.24 * len(claims) + 0.8)
    ends = (tests[["measured", "low", "high"]].sub(tests["predicted"], axis=0)).div(tests["margin"], axis=0)
    ends = ends.clip(-REACH, REACH)
    place = tests["claim"].map({claim: i for i, claim in enumerate(claims)})
    jitter = (tests.groupby("claim").cumcount() + 0.5) / place.map(place.value_counts()) - 0.5
    ax.axvspan(-1, 1, color="0.93", zorder=0)
    ax.axvline(0, color="0.7", linewidth=0.6)
    shades = tests["outcome"].map({"shown": OKABE_ITO[0], "undecided": "0.6", "refuted": OKABE_ITO[1]})
    ax.hlines(place + 0.8 * jitter, ends["low"], ends["high"], color=shades, linewidth=0.6)
    ax.scatter(ends["measured"], place + 0.8 * jitter, s=4, color=shades, linewidths=0)
    ax.set_yticks(range(len(claims)), [typeset(claim) for claim in claims], fontsize=7)
    ax.invert_yaxis()
    ax.set_xlim(-REACH, REACH)
    words = "grey band: within the margin; blue: shown, grey: undecided, red: refuted"
    ax.set_xlabel(f"(measured − predicted) / margin of one task and setting, 95 %\n{words}")
    return figure


def typeset(text: str) -> str:
    """Signs instead of their names.

    >>> typeset("a^2/beta - |W|^2/alpha: n >= r_0"), typeset("eta -> 0")
    ('a²/β − |W|²/α: n ≥ r₀', 'η → 0')
    """
    for name, sign in SIGNS.items():
        text = text.replace(name, sign)
    return text
