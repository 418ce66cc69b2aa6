"""Who sees capacity: how the capacity loss starts at an integer, which moment ranks integers, which method tells."""

import numpy as np
import pandas as pd
from continuum_experiments.capacity_signal.methods import METHODS
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import mean_interval
from continuum.analysis.tables import short_count
from paper.figures._print import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, figure, say, title
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
#: Ends of the claims about moments of the immediate gradient, and their names here.
MOMENTS = {"mean": r"$E\,r_k$", "mean square": r"$E\,r_k^2$", "|G_k|^2": "$|G_k|^2$"}


def draw(results: Results) -> Figure:
    """Orders, the table of methods as a picture, and below it how well each moment ranks the integers."""
    made = figure(2.5, 1, 1)[0]
    made.clear()
    places = made.add_gridspec(2, 2, width_ratios=[1, 1.35], height_ratios=[1, 0.38])
    orders, who, ranks = (made.add_subplot(place) for place in (places[:, 0], places[0, 1], places[1, 1]))
    _orders(orders, results.table("capacity_signal", "rises"))
    _who(who, results.table("capacity_signal", "seen"))
    _ranks(ranks, results.table("capacity_signal", "measured"))
    return made


def _ranks(ax: Axes, measured: pd.DataFrame) -> None:
    """Rank correlation within tasks of what is said at an integer with what its unit saves, and its interval."""
    ax.axvline(0, color="0.6", linewidth=0.6)
    start = "rank correlation of less loss with the immediate gradient's "
    for place, (ending, name) in enumerate(MOMENTS.items()):
        row = measured[(measured["claim"] == start + ending) & (measured["where"] == "within tasks")]
        if len(row):
            ax.plot([row["low"].iloc[0], row["high"].iloc[0]], [-place, -place], color=BLUE, linewidth=1)
            ax.plot(row["measured"].iloc[0], -place, "o", color=BLUE, markersize=3, markeredgewidth=0)
        ax.text(-1.03, -place, name, ha="right", va="center", fontsize=6)
    ax.set(xlim=(-1, 1), ylim=(0.6 - len(MOMENTS), 0.6), yticks=[], xlabel="rank correlation with the gain")
    ax.spines["left"].set_visible(False)
    title(ax, "c", "which moment of $r_k$ ranks integers")


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


def _who(ax: Axes, methods: pd.DataFrame) -> None:
    """Share of right signs (colour), and median number of gradients until the sign is known (text)."""
    right, cost = (
        methods.pivot(index="method", columns="geometry", values=name)
        .reindex(index=METHODS, columns=list(NAMES))
        .to_numpy()
        for name in ("right", "needed")
    )
    ax.imshow(right, cmap="RdBu", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(right.shape):
        share, needed = float(right[row, column]), float(cost[row, column])
        if np.isnan(share):
            continue
        colour = "white" if share > 0.85 or share < 0.15 else BLACK
        ax.text(column, row, short_count(needed), ha="center", va="center", fontsize=6.5, color=colour)
    names = [name.replace(" of ", " of\n").replace(" gate", "\ngate") for name in NAMES.values()]
    ax.set_xticks(range(len(NAMES)), names)
    ax.set_yticks(range(len(METHODS)), METHODS)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    title(ax, "b", "gradients to tell the sign (blue: rightly)")
