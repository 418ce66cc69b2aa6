"""Who sees capacity: how the capacity loss starts at an integer, which method tells, which number ranks integers."""

import numpy as np
import pandas as pd
from continuum_experiments.capacity_signal.methods import METHODS
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import mean_interval
from paper.figures._print import BLUE, GREEN, ORANGE, PURPLE, RED, figure, say, title
from paper.results import Results

#: Geometries of the fresh unit, in the words of the paper.
NAMES = {
    "linear": "linear gate",
    "root": "root gate",
    "penalty": "penalty of $L_2(E)$",
    "metric": "metric of $L_2(E)$",
    "both": "both",
}
COLOURS = dict(zip(NAMES, (BLUE, RED, PURPLE, ORANGE, GREEN), strict=True))
#: Parametrisations in the panel of methods, and the answers that look at no gradient.
SEEN = ("linear", "root")
BASELINES = {"always yes": "always yes", "smaller gap": "minus the gap", "fewer units": "$-k$"}
#: What could rank integers, and its name here; and what is known beside it.
TELLERS = {
    "-k": "$-k$",
    "training loss at k": "training loss",
    "mean square of r": r"$E\,r_k^2$",
    "|G|^2": "$|G_k|^2$",
}
GIVEN = {"rank": ("plain", BLUE), "given_k": ("$k$ known", RED), "given_training": ("training loss known", GREEN)}


def draw(results: Results) -> Figure:
    """Orders; what the methods score, with intervals over data sources; below it what ranks integers."""
    made = figure(2.9, 1, 1)[0]
    made.clear()
    places = made.add_gridspec(2, 3, width_ratios=[1, 0.75, 0.75], height_ratios=[1, 0.62])
    seen = results.table("capacity_signal", "seen")
    _orders(made.add_subplot(places[:, 0]), results.table("capacity_signal", "rises"))
    signs, areas = made.add_subplot(places[0, 1]), made.add_subplot(places[0, 2])
    _scores(signs, seen, "balanced", "balanced accuracy")
    _scores(areas, seen, "separated", "area under the curve")
    areas.set_yticks([])
    title(signs, "b", "does a unit help?")
    _ranks(made.add_subplot(places[1, 1:]), results.table("capacity_signal", "ranks"))
    return made


def _scores(ax: Axes, seen: pd.DataFrame, column: str, words: str) -> None:
    """One row per method, one dot per parametrisation; the grey line is what a constant answer scores."""
    rows = [*METHODS, *BASELINES]
    ax.axvline(0.5, color="0.6", linewidth=0.6)
    for number, name in enumerate((*SEEN, "none")):
        part = seen[seen["geometry"] == name].set_index("method").reindex(rows)
        shift = 0.0 if name == "none" else 0.22 * (number - 0.5)
        _bars(ax, part, column, np.arange(len(rows)) + shift, COLOURS.get(name, "0.3"))
    ax.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5), xlabel=words)
    ax.set_yticks(range(len(rows)), [*METHODS, *BASELINES.values()], fontsize=6.5)
    ax.tick_params(axis="y", length=0)


def _ranks(ax: Axes, ranks: pd.DataFrame) -> None:
    """Rank correlation within tasks with what a unit saves, plain and with the width or the training loss known."""
    part = ranks[ranks["scope"] == "tasks as they are"].set_index("teller").reindex(list(TELLERS))
    ax.axvline(0, color="0.6", linewidth=0.6)
    for number, (column, (words, colour)) in enumerate(GIVEN.items()):
        _bars(ax, part, column, np.arange(len(part)) + 0.24 * (number - 1), colour)
        say(ax, 1.02, 0.75 - 0.25 * number, words, colour, transform=ax.transAxes)
    ax.set(xlim=(-1, 1), ylim=(len(part) - 0.5, -0.5), xlabel="rank correlation with what a unit saves")
    ax.set_yticks(range(len(part)), list(TELLERS.values()), fontsize=6.5)
    ax.tick_params(axis="y", length=0)
    title(ax, "c", "which number ranks the integers of a task?")


def _bars(ax: Axes, rows: pd.DataFrame, column: str, places: np.ndarray, colour: str) -> None:
    """Estimates with their 95 % intervals."""
    middle = rows[column].to_numpy(dtype=np.float64)
    low, high = (rows[f"{column}_{end}"].to_numpy(dtype=np.float64) for end in ("low", "high"))
    ax.hlines(places, low, high, color=colour, linewidth=0.8)
    ax.plot(middle, places, "o", color=colour, markersize=2.4, markeredgewidth=0)


def _orders(ax: Axes, rises: pd.DataFrame) -> None:
    """Mean rise of the capacity loss beside the integer, relative to the whole unit's; geometric mean over tasks."""
    last = rises[rises["horizon"] == rises["horizon"].max()]
    means = last.groupby(["geometry", "task", "seed", "width", "a"], sort=False)["rise"].mean().abs()
    logs = np.log(means[means > 0]).groupby(["geometry", "task", "a"], sort=False).mean()
    for parametrisation in NAMES:
        if parametrisation not in logs.index.get_level_values("geometry"):
            continue
        by_task = logs[parametrisation].unstack("a")
        intervals = pd.DataFrame([mean_interval(by_task[a]) for a in by_task], index=by_task.columns)
        middle, low, high = (np.exp(intervals[name]) for name in ("mean", "low", "high"))
        colour = COLOURS[parametrisation]
        ax.plot(middle.index, middle, marker="o", markersize=2.5, color=colour, markeredgewidth=0)
        ax.fill_between(middle.index, low, high, color=colour, alpha=0.12, linewidth=0)
    ax.set(yscale="log", xlabel="gate $a$", ylabel="$|C_T(k+a) - C_T(k)|$")
    ax.set_xscale("log", base=2)
    ax.set_ylim(bottom=ax.get_ylim()[0] / 200)  # room for the names
    for place, parametrisation in enumerate(NAMES):
        say(
            ax,
            0.97,
            0.37 - 0.08 * place,
            NAMES[parametrisation],
            COLOURS[parametrisation],
            transform=ax.transAxes,
            ha="right",
        )
    title(ax, "a", "how the capacity loss starts")
