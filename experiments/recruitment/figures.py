"""The figures of recruitment: ratios of widths by regime, widths against the needed ones, paths of gamma."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import FULL, OKABE_ITO, mark_integers, new_figure, save
from continuum.analysis.tables import write_tables
from continuum.exp.experiment import Tables

from .arms import BELOW, METHODS
from .estimates import REFERENCE, WIDTH_MARGIN, measured
from .report import frames

#: Colour and words of each method.
COLOURS: dict[str, str] = dict(zip(METHODS, ("#000000", *OKABE_ITO[:5]), strict=True))
WORDS: dict[str, str] = {
    "linear": "linear",
    "decoupled": "linear, decoupled decay",
    "square_root": "square root",
    "l2_penalty": "penalty of L₂(E)",
    "l2_metric": "L₂(E), its metric too",
    "shadow": "shadow",
}


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write the figures, and the tables of the report beside them."""
    named = frames(tables)
    figures = {"ratios": _ratios(named["contrasts"])}
    figures["needed"] = _needed(named["recruitment"], measured(tables["results"]))
    figures["paths"] = _paths(tables["paths"])
    paths = [path for name, figure in figures.items() for path in save(figure, folder, name)]
    return paths + write_tables(named, folder)


def _ratios(table: pd.DataFrame) -> Figure:
    """Per regime and method: width over the matched linear one's, and the difference of scores, with intervals."""
    table = table[(table["reference"] == REFERENCE) & ~table["regime"].str.contains(", gamma lr")]
    names = list(dict.fromkeys(table["regime"]))
    figure, (widths, scores) = new_figure(1, 2, width=FULL, sharey=True)
    figure.set_size_inches(FULL, 0.26 * len(names) + 1.0)
    _forest(widths, table, names, ("ratio", "low", "high"))
    _forest(scores, table, names, ("score_difference", "score_low", "score_high"))
    widths.set_xscale("log")
    widths.axvspan(1 / WIDTH_MARGIN, WIDTH_MARGIN, color="0.92", zorder=0)
    widths.set_xlim(0.4, 4)
    widths.set_xticks([0.5, 1, 2, 4], ["1/2", "1", "2", "4"])
    widths.minorticks_off()
    widths.set_xlabel("width / linear gate's")
    scores.set_xlim(-0.12, 0.12)
    scores.set_xlabel("score − linear gate's")
    widths.set_yticks(range(len(names)), names[::-1])
    widths.set_ylim(-0.6, len(names) - 0.4)
    handles, _ = widths.get_legend_handles_labels()
    figure.legend(handles, [WORDS[h.get_label()] for h in handles], loc="outside upper center", ncols=5, fontsize=7)
    return figure


def _forest(ax: Axes, table: pd.DataFrame, names: list[str], columns: tuple[str, str, str]) -> None:
    methods = list(dict.fromkeys(table["method"]))
    for place, method in enumerate(methods):
        rows = table[table["method"] == method].set_index("regime").reindex(names[::-1])
        y = np.arange(len(names)) + 0.3 - 0.6 * (place + 0.5) / len(methods)
        mean, low, high = (rows[name].to_numpy(float) for name in columns)
        ax.hlines(y, low, high, color=COLOURS[method], linewidth=0.7)
        ax.plot(mean, y, ".", color=COLOURS[method], markersize=3.5, label=method)
    ax.axvline(1 if columns[0] == "ratio" else 0, color="0.6", linewidth=0.6, zorder=0)


def _needed(table: pd.DataFrame, runs: pd.DataFrame) -> Figure:
    """Width over the needed one, by optimizer: one point per task, bars are the means; what staying gives, in grey."""
    optimizers = list(dict.fromkeys(runs["optimizer"]))
    figure, axes = new_figure(1, len(optimizers), width=FULL, sharey=True, squeeze=False)
    below = runs[(runs["start"] == BELOW) & (runs["price"] == runs["price"].min())]
    methods = [method for method in METHODS if method in set(runs["method"])]
    for ax, optimizer in zip(axes.flat, optimizers, strict=True):
        means = table[table["regime"] == optimizer].set_index("method")
        for place, method in enumerate(methods):
            part = below[(below["optimizer"] == optimizer) & (below["method"] == method)]
            tasks = np.exp(part.groupby("task")["needed_ratio"].mean())
            ax.plot(np.full(len(tasks), place), tasks, ".", color=COLOURS[method], alpha=0.5, markeredgewidth=0)
            ax.plot(place, means.loc[method, "width_needed"], "_", color=COLOURS[method], markersize=14)
        ax.axhline(float(means["start_needed"].iloc[0]), color="0.6", linewidth=0.8, linestyle="--", zorder=0)
        ax.axhline(1, color="0.8", linewidth=0.6, zorder=0)
        ax.set_yscale("log")
        ax.set_yticks([0.1, 0.25, 0.5, 1, 2], ["0.1", "1/4", "1/2", "1", "2"])
        ax.minorticks_off()
        ax.set_xticks(range(len(methods)), [WORDS[m] for m in methods], rotation=40, ha="right", fontsize=6.5)
        ax.set_title(optimizer, loc="left", fontweight="bold")
    axes[0, 0].set_ylabel("width found / needed")
    figure.supxlabel("from below; one point per task; dashed: had it stayed at the start", fontsize=7)
    return figure


def _paths(paths: pd.DataFrame) -> Figure:
    """Gamma in time on one task, warm features, all rows, first seed: by optimizer and step of gamma."""
    names = list(dict.fromkeys(paths["task"]))
    task = "vehicle" if "vehicle" in names else names[0]
    rows = paths[(paths["task"] == task) & (paths["features"] == "warm") & (paths["price"] == paths["price"].min())]
    rows = rows[rows["seed"] == rows["seed"].min()]
    optimizers, rates = list(dict.fromkeys(rows["optimizer"])), sorted(rows["gamma_lr"].unique())
    grid = {"sharex": True, "sharey": True, "squeeze": False}
    figure, axes = new_figure(len(optimizers), len(rates), width=FULL, **grid)
    figure.set_size_inches(FULL, 1.7 * len(optimizers) + 0.4)
    for (i, optimizer), (j, rate) in ((a, b) for a in enumerate(optimizers) for b in enumerate(rates)):
        ax, part = axes[i, j], rows[(rows["optimizer"] == optimizer) & (rows["gamma_lr"] == rate)]
        for method, path in part.groupby("method", sort=False):
            ax.plot(path["time"], path["gamma"], color=COLOURS[str(method)], linewidth=0.9, label=str(method))
        mark_integers(ax, 0, float(rows["gamma"].max()), "y")
        ax.set_title(f"{optimizer}, γ steps by {rate:g}", loc="left", fontsize=8)
    handles, _ = axes[0, 0].get_legend_handles_labels()
    words = [WORDS[handle.get_label()] for handle in handles]
    figure.legend(handles, words, loc="outside upper center", ncols=len(words), fontsize=7)
    figure.supxlabel(f"part of the steps; {task}, warm features, all rows", fontsize=8)
    figure.supylabel("γ", fontsize=9)
    return figure
