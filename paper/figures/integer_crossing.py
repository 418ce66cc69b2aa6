"""A width in motion: its journeys, the geometric law, the hyperbolas inside a tile, and the rotation of the chatter."""

from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import share_interval
from continuum.analysis.style import mark_integers
from paper.figures._print import BLACK, BLUE, CLEAR, GREY, ORANGE, RED, SKY, figure, say, title
from paper.results import Results

#: Settings of the frozen flow, how they are called here, and their colours; the first two are those of the law.
FLOWS = (
    ("affine, from 0", "affine loss", BLUE, "o"),
    ("squared, s = 1e-4, from 0", "small weights", SKY, "s"),
    ("cross-entropy, s = 0.5, from 0", "cross-entropy", ORANGE, "^"),
    ("squared, s = 0.5, from 0", "squared loss", RED, "v"),
)
#: Fresh units of the geometric law that are shown.
MOST = 4


def draw(results: Results) -> Figure:
    """Four panels."""
    made, axes = figure(2.95, 2, 2)
    rows = results.table("integer_crossing", "results")
    _journeys(axes[0, 0], results.table("integer_crossing", "paths"))
    _gained(axes[0, 1], rows[rows["part"] == "flow"])
    _portrait(axes[1, 0], results.table("integer_crossing", "portraits"))
    _shares(axes[1, 1], rows[rows["part"] == "rotation"])
    return made


def _journeys(ax: Axes, paths: pd.DataFrame) -> None:
    """Gamma and weights trained together by descent, and by Adam."""
    part = paths[paths["task"] == paths["task"].iloc[0]]
    start = part["start"].min()
    top = 0.0
    for setting, colour in (("descent", BLUE), ("adam", ORANGE)):
        journeys = part[(part["setting"] == setting) & (part["start"] == start)]
        for _, path in list(journeys.groupby("member"))[:12]:
            ax.plot(path["step"], path["gamma"], color=colour, linewidth=0.7, alpha=0.8)
            top = max(top, float(path["gamma"].max()))
    mark_integers(ax, floor(start), ceil(top), axis="y")
    say(ax, 0.98, 0.2, "descent", BLUE, transform=ax.transAxes, ha="right")
    say(ax, 0.98, 0.92, "Adam", ORANGE, transform=ax.transAxes, ha="right")
    ax.set(xlabel="step", ylabel=r"width $\gamma$")
    title(ax, "a", "all trained together")


def _gained(ax: Axes, flow: pd.DataFrame) -> None:
    """Share of networks that gain at least n fresh units, with exact intervals, beside the law."""
    n = np.arange(0, MOST + 1)
    ax.plot(n, 2.0**-n, color=BLACK, linewidth=0.8)
    say(ax, 2.06, 0.36, "law $2^{-n}$", BLACK)
    for place, (setting, name, colour, marker) in enumerate(FLOWS):
        setting_rows = flow[flow["setting"] == setting]
        points = [_share(setting_rows, number) for number in range(1, MOST + 1)]
        at, mean, low, high = np.array(points).T
        shift = 0.09 * (place - 1.5)
        style: dict[str, Any] = {"linestyle": "none", "marker": marker, "elinewidth": 0.8, "color": colour}
        ax.errorbar(at + shift, mean, np.array([mean - low, high - mean]), **style, markeredgewidth=0)
        say(ax, 0.06, 0.4 - 0.09 * place, name, colour, transform=ax.transAxes)
    ax.set(yscale="log", ylim=(4e-4, 1.3), xlabel="$n$", ylabel=r"share that gains $\geq n$", xticks=n)
    title(ax, "b", "frozen weights, exact flow")


def _share(setting_rows: pd.DataFrame, number: int) -> tuple[float, float, float, float]:
    rows = setting_rows[setting_rows["quantity"].str.fullmatch(f"gained (<=|=) law, n = {number}")]
    return (number, *share_interval(int(rows["measured"].sum()), len(rows)))


def _portrait(ax: Axes, portraits: pd.DataFrame) -> None:
    """Orbits of gate and outgoing weight inside a tile, on the curves of the conserved quantity."""
    part = portraits[portraits["task"] == portraits["task"].iloc[0]]
    part = part[part["setting"] == part["setting"].iloc[0]]
    reach = 1.05 * float(part["weight"].abs().max())
    gate, weight = np.meshgrid(np.linspace(0, 1, 201), np.linspace(-reach, reach, 201))
    level = gate**2 / part["ratio"].iloc[0] - weight**2
    ax.contour(gate, weight, level, levels=13, colors="0.85", linewidths=0.5, linestyles="solid")
    for _, orbit in part.groupby("member"):
        ax.plot(orbit["a"], orbit["weight"], color=BLUE, linewidth=0.9)
        ax.plot(orbit["a"].iloc[0], orbit["weight"].iloc[0], "o", color=ORANGE, markersize=2.4)
    text = r"grey: $a^2/\beta - |W|^2/\alpha$ constant"
    say(ax, 0.97, 0.06, text, GREY, transform=ax.transAxes, ha="right", bbox=CLEAR)
    ax.set(xlim=(0, 1), xlabel=r"gate $a = \gamma - k$", ylabel="outgoing weight $W$")
    title(ax, "c", "inside a tile")


def _shares(ax: Axes, rotation: pd.DataFrame) -> None:
    """Share of steps with the fresh unit on against the law of the rotation."""
    ax.plot([0, 1], [0, 1], color="0.6", linewidth=0.6)
    for setting, name, colour, height in (
        ("squared, circle 0.2", "squared loss", RED, 0.2),
        ("affine, circle 0.2", "affine loss", BLUE, 0.11),
    ):
        turns = rotation[(rotation["quantity"] == "on") & (rotation["setting"] == setting)]
        turns = turns.iloc[:: max(1, len(turns) // 150)]
        ax.plot(turns["predicted"], turns["measured"], ".", markersize=3, color=colour, markeredgewidth=0)
        say(ax, 0.97, height, name, colour, transform=ax.transAxes, ha="right")
    ax.set(xlim=(0, 1), ylim=(0, 1), xlabel=r"law $|l| / (|l| + r)$", ylabel="share of steps beyond $k$")
    title(ax, "d", "chatter about an integer")
