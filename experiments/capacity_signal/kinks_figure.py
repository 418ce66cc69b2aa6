"""The kink under scale-free optimisers as a figure: what epsilon leaves of it, and what its sign tells."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import FULL, OKABE_ITO, new_figure
from continuum.exp.experiment import Tables

from .kinks import INTEGER

#: Where epsilon 0 stands on the axis of epsilon over the gate.
ZERO = 1e-4


def kinks_figure(tables: Tables, seen: pd.DataFrame) -> Figure:
    """The slope against epsilon over the gate, and balanced accuracies, of the table ``kinks_seen``, against T."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    _crossover(left, shares(tables))
    _accuracy(right, seen)
    return figure


def shares(tables: Tables) -> pd.DataFrame:
    """Mean size of the slope, predicted and measured, by epsilon over the gate, over that with epsilon 0.

    Over the integers at which other epsilons were tried.
    """
    adam = tables["slopes"].query("optimizer == 'adam'").assign(ratio=lambda f: f["eps"] / f["gate"])
    means = adam.groupby(["horizon", "ratio", *INTEGER])[["slope", "difference"]].mean().abs().reset_index()
    tried = means[means["ratio"] > 0][INTEGER].drop_duplicates()
    sizes = means.merge(tried, on=INTEGER).groupby(["horizon", "ratio"])[["slope", "difference"]].mean()
    whole = sizes["slope"].xs(0.0, level="ratio").reindex(sizes.index.get_level_values("horizon")).to_numpy()
    return sizes.div(whole, axis=0).reset_index()


def _crossover(ax: Axes, frame: pd.DataFrame) -> None:
    ends = (frame["horizon"].min(), frame["horizon"].max())
    for colour, horizon in zip(OKABE_ITO, ends, strict=False):
        part = frame[frame["horizon"] == horizon]
        x = part["ratio"].clip(lower=ZERO)
        ax.plot(x, part["slope"], color=colour, label=f"T = {horizon}, theorem")
        ax.plot(x, part["difference"], "o", color=colour, markersize=3, label="difference")
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.set_xscale("log")
    ax.set_xlabel("ε / gate (0 at the left end)")
    ax.set_ylabel("share of the slope that is left")
    ax.legend(fontsize=6)


def _accuracy(ax: Axes, frame: pd.DataFrame) -> None:
    """Points of the optimisers are moved apart a little, for their intervals to be told apart."""
    for number, (colour, (name, part)) in enumerate(
        zip(OKABE_ITO, frame.groupby("optimizer", sort=False), strict=False)
    ):
        x = part["horizon"] * 1.08 ** (2 * number - 1)
        bars = (part["balanced"] - part["balanced_low"], part["balanced_high"] - part["balanced"])
        style: dict[str, Any] = {"color": colour, "marker": "o", "markersize": 3, "elinewidth": 0.6}
        ax.errorbar(x, part["balanced"], bars, label=f"{name}, sign of the slope", **style)
    adam = frame[frame["optimizer"] == "adam"]
    ax.plot(adam["horizon"], adam["base_rate"], ":", color="0.4", label="accuracy of the better constant (adam)")
    ax.axhline(0.5, color="0.6", linewidth=0.6)
    ax.set_xscale("log")
    ax.set_xlabel("steps T")
    ax.set_ylabel("balanced accuracy")
    ax.set_ylim(0, 1)
    ax.legend(fontsize=6, loc="lower right")
