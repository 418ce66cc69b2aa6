"""Figures about what happens next to an integer: chatter, un-pinning, soft gates."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import mean_interval
from continuum.analysis.style import FULL, OKABE_ITO, band, new_figure

from .soft_gates import KAPPAS
from .unpinning import LENGTHS

#: Colours of the series.
BLUE, RED, GREEN = OKABE_ITO[:3]


def chatter_figure(results: pd.DataFrame, orbits: pd.DataFrame) -> Figure:
    """A zoom of the orbit; shares on against the law; steps to un-pin against the law."""
    figure, (left, middle, right) = new_figure(1, 3, width=FULL)
    _orbit(left, orbits)
    _shares(middle, results)
    _times(right, results)
    return figure


def _orbit(ax: Axes, orbits: pd.DataFrame) -> None:
    part = orbits[(orbits["task"] == orbits["task"].iloc[0]) & (orbits["setting"] == "affine, circle 0.2")]
    for color, (_, orbit) in zip((BLUE, RED, GREEN), part.groupby("member"), strict=False):
        shown = orbit[orbit["step"] < 40]
        ax.plot(shown["step"], shown["gamma"], marker=".", markersize=3, linewidth=0.6, color=color)
    ax.axhline(part["gamma"].mean().round(), color="0.6", linewidth=0.8)
    ax.set_xlabel("step")
    ax.set_ylabel("width γ")
    ax.set_title("chatter", loc="left", fontweight="bold")


def _shares(ax: Axes, results: pd.DataFrame) -> None:
    rotation, joint = results[results["part"] == "rotation"], results[results["part"] == "joint"]
    parts = {
        "all trained": joint[(joint["quantity"] == "chatter, on") & (joint["setting"] == "descent")],
        "squared": rotation[(rotation["quantity"] == "on") & (rotation["setting"] == "squared, circle 0.2")],
        "affine": rotation[(rotation["quantity"] == "on") & (rotation["setting"] == "affine, circle 0.2")],
    }
    ax.plot([0, 1], [0, 1], color="black", linewidth=0.5)
    for color, (label, part) in zip((GREEN, RED, BLUE), parts.items(), strict=True):
        shown = part.iloc[:: max(1, len(part) // 150)]
        ax.plot(shown["predicted"], shown["measured"], ".", markersize=2, color=color, label=label)
    ax.set_xlabel("|l| / (|l| + r)")
    ax.set_ylabel("share of steps on")
    ax.legend(markerscale=3)
    ax.set_title("on-fraction", loc="left", fontweight="bold")


def _times(ax: Axes, results: pd.DataFrame) -> None:
    unpin = results[(results["part"] == "unpin") & results["quantity"].str.startswith("steps / law, law")]
    for number, (setting, part) in enumerate(unpin.groupby("setting", sort=False)):
        law = part["quantity"].str.extract(r"= (\d+)")[0].astype(float)
        quartiles = (part["measured"] * law).groupby(law).quantile(np.array([0.25, 0.5, 0.75])).unstack()
        bars = np.array([quartiles[0.5] - quartiles[0.25], quartiles[0.75] - quartiles[0.5]])
        style: dict[str, Any] = {"color": OKABE_ITO[number], "marker": "o", "linewidth": 0.8, "elinewidth": 0.7}
        ax.errorbar(quartiles.index * 1.04**number, quartiles[0.5], bars, label=str(setting), **style)
    ends = np.array([200, 2400])
    ax.plot(ends, ends, color="black", linewidth=0.5, zorder=0)
    _logarithmic(ax, LENGTHS)
    ax.set_ylim(1, 5e4)
    ax.set_xlabel("law for n* (∝ 1/η)")
    ax.set_ylabel("n*, median and quartiles")
    ax.legend(fontsize=6, loc="upper left")
    ax.set_title("un-pinning", loc="left", fontweight="bold")


def _logarithmic(ax: Axes, ticks: Sequence[float]) -> None:
    """Logarithmic axes; on the horizontal one the values that were tried."""
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)


def soft_figure(results: pd.DataFrame) -> Figure:
    """Left: by how much the gate at rest misses its law; right: steps until the soft gate frees its neuron."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    _rest(left, _soft_rows(results))
    _release(right, _soft_rows(results))
    return figure


def _soft_rows(results: pd.DataFrame) -> pd.DataFrame:
    """The rows about soft gates, with their loss and sharpness."""
    part = results[results["part"] == "soft"]
    label = part["setting"].str.extract(r"(.*), kappa = (.*)")
    return part.assign(loss=label[0], kappa=label[1].astype(float))


def _rest(ax: Axes, part: pd.DataFrame) -> None:
    for color, (loss, rows) in zip((BLUE, GREEN, RED), part.groupby("loss", sort=False), strict=True):
        gates = rows[rows["quantity"] == "gate / law"]
        error = (gates["measured"] - 1).abs().groupby(gates["kappa"]).quantile(np.array([0.25, 0.5, 0.75]))
        low, middle, high = (error.clip(lower=1e-16).unstack()[q] for q in (0.25, 0.5, 0.75))
        band(ax, middle.index, middle, low, high, marker="o", color=color, label=str(loss))
    _logarithmic(ax, KAPPAS)
    ax.set_xlabel("κ")
    ax.set_ylabel("|gate / law − 1|, quartiles")
    ax.legend(loc="center left", bbox_to_anchor=(0, 0.36), fontsize=7)
    ax.set_title("gate at rest", loc="left", fontweight="bold")


def _release(ax: Axes, part: pd.DataFrame) -> None:
    ax.set_title("time until it is free", loc="left", fontweight="bold")
    times = part[part["quantity"].str.startswith("steps / law")]
    groups = [(str(k), str(name), rows) for (k, name), rows in times.groupby(["kappa", "quantity"], sort=True)]
    means = np.array([mean_interval(rows["measured"]) for *_, rows in groups])
    bars = np.array([means[:, 0] - means[:, 1], means[:, 2] - means[:, 0]])
    ax.errorbar(means[:, 0], range(len(groups)), xerr=bars, fmt="o")
    ax.margins(y=0.2)
    ax.locator_params(axis="x", nbins=4)
    ax.set_yticks(range(len(groups)), [f"κ = {float(kappa):g}, {name.split(', ')[1]}" for kappa, name, _ in groups])
    ax.axvline(1, color="0.7", linewidth=0.6)
    ax.set_xlabel("steps to un-pin / law (95 % interval)")
