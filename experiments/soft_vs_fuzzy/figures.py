"""The figures of soft_vs_fuzzy: widths against their predictions, widths by task, and what each law costs."""

from math import ceil
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D

from continuum.analysis.style import FULL, HEIGHT, OKABE_ITO, new_figure, save
from continuum.exp.experiment import Tables

from .predictions import BELOW
from .report import write
from .trained import networks

#: Colour of each measure, marker of each kind.
COLOURS = dict(zip(("euclidean", "l2", "root"), OKABE_ITO, strict=False))
MARKERS = {
    "interval": "o",
    "soft": "s",
    "annealed": "D",
    "fuzzy": "^",
    "bernoulli": "v",
    "systematic": "<",
    "concrete": "*",
}
#: Columns of the figure of costs.
MEASURES = {
    "gap": "loss added\nby rounding",
    "drop": "score lost\nby rounding",
    "sd": "sd of the slope\nover gates",
    "used": "units\nper step",
}


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write the figures, and the tables of the report beside them."""
    results = tables["results"]
    figures: dict[str, Figure] = {}
    readout = results[results["stage"] == "readout"]
    if len(readout):
        figures["predicted"] = _predicted(readout[readout["predicted"].notna()])
        for optimizer, frame in readout.groupby("optimizer"):
            column = frame["order"] + " " + frame["needed"].astype(int).astype(str) + _side(frame)
            figures[f"readout_{optimizer}"] = _matrices(frame.assign(column=column))
    if (results["stage"] == "network").any():
        means = networks(results)
        figures["networks"] = _matrices(means.assign(column=means["task"] + _side(means)))
        figures["cost"] = _cost(means)
    paths = [path for name, figure in figures.items() for path in save(figure, folder, name)]
    return paths + write(tables, folder)


def _side(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(np.where(frame["start"] < BELOW, " ↑", " ↓"), index=frame.index)


def _predicted(members: pd.DataFrame) -> Figure:
    """Every member: the width at the end against the one predicted, one panel per kind."""
    names = list(dict.fromkeys(members["law"].str.split("/").str[0]))
    figure, axes = new_figure(ceil(len(names) / 3), 3, width=FULL, squeeze=False, sharex=True, sharey=True)
    spread = np.random.default_rng(0)
    for ax, name in zip(axes.flat, names, strict=False):
        for measure, colour in COLOURS.items():
            trained = members[members["law"] == f"{name}/{measure}"]
            if len(trained):
                shift = spread.uniform(-0.25, 0.25, len(trained))
                style = {"marker": ".", "linestyle": "none", "alpha": 0.25, "markeredgewidth": 0}
                ax.plot(trained["predicted"] + shift, trained["width"] + shift, color=colour, **style)
        top = members[["predicted", "width"]].max().max()
        ax.plot([0, top], [0, top], color="0.7", linewidth=0.6, zorder=0)
        ax.set_title(name, loc="left", fontweight="bold")
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    for ax in axes.flat[max(len(names) - 3, 0) : len(names)]:  # the lowest of each column
        ax.tick_params(labelbottom=True)
    marks = [Line2D([], [], marker="o", linestyle="none", color=colour) for colour in COLOURS.values()]
    figure.legend(marks, list(COLOURS), loc="outside upper right", ncols=len(COLOURS))
    figure.supxlabel("predicted width", fontsize=9)
    figure.supylabel("width found", fontsize=9)
    return figure


def _matrices(frame: pd.DataFrame) -> Figure:
    """One matrix per price: laws by tasks, the mean width, coloured by its ratio to the needed one."""
    prices = sorted(frame["price"].unique())
    laws, columns = list(dict.fromkeys(frame["law"])), list(dict.fromkeys(frame["column"]))
    height = (0.16 * len(laws) + 0.9) * len(prices)
    figure = new_figure(width=FULL)[0]
    figure.clear()
    figure.set_size_inches(FULL, max(height, HEIGHT))
    axes = figure.subplots(len(prices), 1, squeeze=False, sharex=True).flat
    for ax, price in zip(axes, prices, strict=True):
        image = _matrix(ax, frame[frame["price"] == price], laws, columns)
        ax.set_title(f"price {price:g}", loc="left", fontweight="bold")
    ax.set_xticks(range(len(columns)), columns, rotation=90)
    ax.set_xlabel("started below (↑) or above (↓) the needed width")
    bar = figure.colorbar(image, ax=list(figure.axes), shrink=0.6, label="width found / needed")
    bar.set_ticks([-3, -1, 0, 1, 3], labels=["1/8", "1/2", "1", "2", "8"])
    return figure


def _matrix(ax: Axes, frame: pd.DataFrame, laws: list[str], columns: list[str]) -> AxesImage:
    means = frame.groupby(["law", "column"])[["width", "needed"]].mean()
    width, needed = (means[name].unstack().reindex(index=laws, columns=columns) for name in ("width", "needed"))
    ratio = np.log2(width.clip(lower=0.05).to_numpy() / needed.to_numpy())
    image = ax.imshow(np.clip(ratio, -3, 3), cmap="RdBu_r", norm=TwoSlopeNorm(0, -3, 3), aspect="auto")
    for (row, column), value in np.ndenumerate(width.to_numpy()):
        dark = abs(ratio[row, column]) > 1.7
        ax.text(column, row, f"{value:.1f}", ha="center", va="center", fontsize=6, color="white" if dark else "black")
    ax.set_yticks(range(len(laws)), laws)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return image


def _cost(means: pd.DataFrame) -> Figure:
    """What rounding costs, how noisy the slope in the width is, and how many units a step computes: one row per law."""
    figure, axes = new_figure(1, 4, width=FULL, sharey=True)
    figure.set_size_inches(FULL, 3.4)
    laws = list(dict.fromkeys(means["law"]))[::-1]
    drawn = means.assign(drop=means["score"] - means["rounded_score"], sd=np.sqrt(means["noise_end"]))
    for ax, (column, title) in zip(axes, MEASURES.items(), strict=True):
        for place, law in enumerate(laws):
            kind, measure = law.split("/")
            values = drawn.loc[drawn["law"] == law, column]
            style = {"linestyle": "none", "marker": MARKERS[kind], "color": COLOURS[measure], "alpha": 0.5}
            ax.plot(values, np.full(len(values), place), markersize=2.5, markeredgewidth=0, **style)
            ax.plot(values.mean(), place, marker="|", color="black", markersize=8)
        if column in ("gap", "drop"):
            ax.set_xscale("symlog", linthresh=1e-3)
            ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
            ax.set_xticks([-1, -0.01, 0, 0.01, 1], ["−1", "−.01", "0", ".01", "1"], fontsize=7)
        if column == "sd":
            ax.set_xscale("symlog", linthresh=1e-3)
            ax.set_xticks([0, 0.01, 1, 100], ["0", ".01", "1", "100"], fontsize=7)
        ax.set_title(title, fontsize=8)
    axes[0].set_yticks(range(len(laws)), laws)
    figure.supxlabel("one point per task, price and start; bars: their means", fontsize=8)
    return figure
