"""Do expectations code for capacity: widths found against predicted, and against needed in networks trained whole."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paper.figures._print import BLUE, ORANGE, RED, figure, say, title
from paper.results import Results

MEASURES = {"euclidean": (BLUE, "Euclidean"), "l2": (ORANGE, "$L_2(E)$"), "root": (RED, "root gates")}


def draw(results: Results) -> Figure:
    """Readouts left, trained networks right."""
    made, (readouts, networks) = figure(3.0, 1, 2, width_ratios=[1, 1.05])
    _readouts(readouts, results.table("soft_vs_fuzzy", "results"))
    _networks(networks, results.table("soft_vs_fuzzy", "ratios"))
    return made


def _readouts(ax: Axes, rows: pd.DataFrame) -> None:
    """Every member of the readouts that has a prediction."""
    members = rows[(rows["stage"] == "readout") & rows["predicted"].notna()]
    top = float(members[["predicted", "width"]].max().max()) + 1
    ax.plot([0, top], [0, top], color="0.6", linewidth=0.6, zorder=0)
    spread = np.random.default_rng(0)
    for place, (measure, (colour, name)) in enumerate(MEASURES.items()):
        measured = members[members["law"].str.endswith(f"/{measure}")]
        shift = spread.uniform(-0.3, 0.3, len(measured))
        style: dict[str, Any] = {"linestyle": "none", "markersize": 3, "alpha": 0.25, "markeredgewidth": 0}
        ax.plot(measured["predicted"] + shift, measured["width"] + shift, ".", color=colour, **style)
        say(ax, 0.97, 0.24 - 0.08 * place, name, colour, transform=ax.transAxes, ha="right")
    ax.set(xlim=(-0.5, top), ylim=(-0.5, top), xlabel="width predicted", ylabel="width found")
    title(ax, "a", "readouts: where the theory says")


def _networks(ax: Axes, ratios: pd.DataFrame) -> None:
    """Width over the needed one of every law, from below and from above: geometric mean and interval over tasks."""
    laws = [law for law in dict.fromkeys(ratios["law"]) if not law.startswith("fixed")][::-1]
    ax.axvline(1, color="0.6", linewidth=0.6, zorder=0)
    for side, marker, colour, shift in (("below", ">", BLUE, 0.14), ("above", "<", ORANGE, -0.14)):
        for place, law in enumerate(laws):
            row = ratios[(ratios["law"] == law) & (ratios["side"] == side)].iloc[0]
            height = place + shift
            ax.plot([row["ratio_low"], row["ratio_high"]], [height, height], color=colour, linewidth=0.8, alpha=0.7)
            ax.plot(row["ratio"], height, marker, color=colour, markersize=4, markeredgewidth=0)
    ax.set_xscale("log", base=2)
    ax.set_xlim(1 / 8, 8)
    ax.set_xticks([1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"])
    ax.set_yticks(range(len(laws)), [_law(law) for law in laws], fontsize=6.5)
    ax.set_ylim(-0.7, len(laws) + 0.7)
    say(ax, 0.93, len(laws), "from below", BLUE, ha="right")
    say(ax, 1.08, len(laws), "from above", ORANGE)
    ax.set_xlabel("width found / needed, 95 % over tasks")
    title(ax, "b", "networks trained whole")


def _law(name: str) -> str:
    """A law and its measure as they are printed.

    >>> _law("fuzzy/l2")
    'fuzzy, $L_2(E)$'
    """
    rule, measure = name.split("/")
    return f"{rule}, {MEASURES[measure][1]}"
