"""Regret of agents on tasks that they were not trained on, against the number of widths they choose among."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.comparison import bootstrap_mean
from continuum.analysis.statistics import ConfidenceInterval
from continuum.analysis.style import FULL, OKABE_ITO, new_figure

from .agents import CONSTANT, RESOLUTIONS, TRAININGS

#: What has no resolution to vary, in the order of its places at the right.
OTHERS = ("ddpg", "ddpg_rounded", "td3", "sac", "naf", "dqn", "ppo", CONSTANT)


def by_resolution(agents: pd.DataFrame) -> Figure:
    """Means over agents, each of which is the mean over its held-out tasks, with intervals over agents."""
    figure, axes = new_figure(1, len(TRAININGS), width=FULL, sharey=True)
    figure.set_size_inches(FULL, 3.2)
    for ax, trainings in zip(axes, TRAININGS, strict=True):
        part = agents[agents["budget"] == trainings]
        each = part.groupby(["searcher", "agent"])["regret"].mean()
        found = {str(name): bootstrap_mean(values.to_numpy()) for name, values in each.groupby("searcher")}
        _panel(ax, found)
        words = "training" if trainings == 1 else "trainings"
        ax.set_title(f"{trainings} {words} and two landmarks", fontsize=8)
    axes[0].set_ylabel("test regret on held-out tasks")
    return figure


def _panel(ax: Axes, found: dict[str, ConfidenceInterval]) -> None:
    labels = [f"softmax {count}" for count in RESOLUTIONS] + list(OTHERS)
    names = [f"ddpg_softmax_{count}" for count in RESOLUTIONS] + list(OTHERS)
    for place, name in enumerate(names):
        if name in found:
            mean, low, high = found[name]
            colour = OKABE_ITO[0] if place < len(RESOLUTIONS) else "black" if name == CONSTANT else OKABE_ITO[1]
            ax.vlines(place, low, high, color=colour, linewidth=1)
            ax.plot(place, mean, "o", color=colour, markersize=3.5)
    if "ddpg" in found:
        ax.axhline(found["ddpg"].mean, color="0.8", linewidth=0.7, zorder=0)
    ax.set_xticks(range(len(labels)), labels, rotation=60, ha="right", fontsize=6)
