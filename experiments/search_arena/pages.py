"""One page per searcher: which real widths it tried, and which became the answer, task by task."""

from math import ceil

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import FULL, OKABE_ITO, new_figure

#: Panels beside each other, and the height of a row of them in inches.
ACROSS, TALL = 4, 1.5
#: Widths that the axis names.
WIDTHS = (0.5, 2, 8, 32)


def panels(tasks: list[str]) -> tuple[Figure, dict[str, Axes]]:
    """A figure with one panel per task."""
    across = min(ACROSS, len(tasks))
    rows = ceil(len(tasks) / across)
    figure, axes = new_figure(rows, across, width=FULL, squeeze=False)
    figure.set_size_inches(FULL, TALL * rows + 0.7)
    for ax in axes.flat[len(tasks) :]:
        ax.set_visible(False)
    return figure, dict(zip(tasks, axes.flat, strict=False))


def page(name: str, paths: pd.DataFrame, each: pd.DataFrame) -> Figure:
    """Width of every trial of the first repetition (dots), and of the answers of all that were kept (lines)."""
    figure, axes = panels(list(dict.fromkeys(paths["task"])))
    for task, ax in axes.items():
        own = paths[paths["task"] == task]
        tried = own[own["repetition"] == 0]
        ax.plot(tried["trainings"], tried["gamma"], ".", color="0.6", markersize=2, zorder=1, label="tried, first run")
        for repetition, path in own[own["incumbent"]].groupby("repetition"):
            label = "answer, each run" if repetition == 0 else None
            ax.step(path["trainings"], path["gamma"], where="post", color=OKABE_ITO[0], linewidth=0.8, alpha=0.6,
                    label=label)  # fmt: skip
            ax.plot(path["trainings"].iloc[-1], path["gamma"].iloc[-1], "o", color=OKABE_ITO[1], markersize=2.5,
                    label="last answer" if repetition == 0 else None)  # fmt: skip
        _axes(ax)
        ax.set_title(f"{task}{_reached(each, name, task)}", fontsize=7)
    figure.suptitle(f"{name}: width γ in units against trainings", fontsize=9)
    figure.legend(
        *next(iter(axes.values())).get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7
    )
    return figure


def _axes(ax: Axes) -> None:
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_ylim(0.4, 80)
    ax.set_yticks(WIDTHS, [f"{width:g}" for width in WIDTHS])
    low, high = ax.get_xlim()
    ticks = [tick for tick in (0.25, 1, 4, 16, 64, 256) if low <= tick <= high]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.tick_params(labelsize=6)


def _reached(each: pd.DataFrame, name: str, task: str) -> str:
    rows = each[(each["task"] == task) & (each["searcher"] == name)].sort_values("budget")
    return f": test regret {rows['test'].iloc[-1]:.2f} at {rows['budget'].iloc[-1]}" if len(rows) else ""
