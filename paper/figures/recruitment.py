"""Which gates recruit when all is trained: paths of gamma by optimizer, and widths against the linear gate's."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import mark_integers
from paper.figures._print import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, figure, say, task_name, title
from paper.results import Results

METHODS = {
    "linear": (BLACK, "linear"),
    "decoupled": (BLUE, "decoupled decay"),
    "square_root": (RED, "square root"),
    "l2_penalty": (GREEN, "$L_2(E)$ penalty"),
    "l2_metric": (PURPLE, "$L_2(E)$ metric"),
    "shadow": (ORANGE, "shadow"),
}
#: Rows of the last panel, from the top.
REGIMES = {"gd": "descent", "adam": "Adam", "sign": "signs", "from above": "from above"}
#: The task whose paths are shown, if the run has it.
TASK = "vehicle"


def draw(results: Results) -> Figure:
    """Paths under descent and under Adam, and the ratios of widths."""
    made, (descent, adam, ratios) = figure(2.1, 1, 3, width_ratios=[1, 1, 1.25])
    paths = _shown(results.table("recruitment", "paths"))
    descent.sharey(adam)
    for ax, optimizer, letter, words in ((descent, "gd", "a", "descent"), (adam, "adam", "b", "Adam")):
        _paths(ax, paths[paths["optimizer"] == optimizer])
        title(ax, letter, f"{words}, {task_name(str(paths['task'].iloc[0]))}")
    descent.set_ylabel(r"$\gamma$")
    for place, (colour, name) in enumerate(METHODS.values()):
        say(adam, 0.42, 0.375 - 0.064 * place, name, colour, transform=adam.transAxes)
    _ratios(ratios, results.table("recruitment", "contrasts"))
    title(ratios, "c", "all tasks")
    return made


def _shown(paths: pd.DataFrame) -> pd.DataFrame:
    """One task and seed, warm features, all rows, the middle step of gamma, the first price."""
    task = TASK if (paths["task"] == TASK).any() else paths["task"].iloc[0]
    middle = paths["gamma_lr"].median()
    rows = paths[(paths["task"] == task) & (paths["features"] == "warm") & (paths["gamma_lr"] == middle)]
    chosen: pd.DataFrame = rows[(rows["price"] == rows["price"].min()) & (rows["seed"] == rows["seed"].min())]
    return chosen


def _paths(ax: Axes, rows: pd.DataFrame) -> None:
    mark_integers(ax, 0, float(rows["gamma"].max()) if len(rows) else 1, "y")
    for method, path in rows.groupby("method", sort=False):
        ax.plot(path["time"], path["gamma"], color=METHODS[str(method)][0], linewidth=0.9)
    ax.set(xlabel="part of the steps", xticks=[0, 0.5, 1], xticklabels=["0", "1/2", "1"])


def _ratios(ax: Axes, table: pd.DataFrame) -> None:
    """Geometric mean over tasks of width / linear gate's, with intervals over tasks; the band is equal."""
    table = table[table["reference"] == "linear"]
    methods = [method for method in METHODS if method != "linear"]
    ax.axvspan(1 / 1.1, 1.1, color="0.92", zorder=0, linewidth=0)
    ax.axvline(1, color="0.6", linewidth=0.6, zorder=0)
    for place, method in enumerate(methods):
        rows = table[table["method"] == method].set_index("regime").reindex(list(REGIMES))
        y = -np.arange(len(REGIMES)) + 0.3 - 0.15 * place
        ax.hlines(y, rows["low"], rows["high"], color=METHODS[method][0], linewidth=0.8)
        ax.plot(rows["ratio"], y, ".", color=METHODS[method][0], markersize=4)
    ax.set_xscale("log")
    ax.set_xlim(0.4, 3)
    ax.set_xticks([0.5, 1, 2], ["1/2", "1", "2"])
    ax.minorticks_off()
    ax.set_yticks(-np.arange(len(REGIMES)), list(REGIMES.values()))
    ax.set_xlabel("width / that of linear gates")
