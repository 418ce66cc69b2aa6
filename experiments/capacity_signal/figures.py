"""The figures of capacity_signal."""

from collections.abc import Callable
from math import ceil, floor, log10
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.statistics import summarise
from continuum.analysis.style import FULL, OKABE_ITO, band, new_figure, save
from continuum.exp.experiment import Tables

from .kinks_figure import kinks_figure
from .parametrisations import PARAMETRISATIONS
from .report import summaries, write
from .tables import final, kappa, learned_gammas
from .visibility_figure import ranks_figure, seen_figure

#: Colour and dashes of each parametrisation.
COLOURS = dict(zip(PARAMETRISATIONS, OKABE_ITO, strict=False))
DASHES = dict(zip(PARAMETRISATIONS, ("-", "-", "--", "-", "--"), strict=True))
#: Linear part of the axes of kappa, direct part and total.
SMALL = 0.1
Panel = Callable[[Axes, pd.DataFrame], None]


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables as CSV and Markdown beside them."""
    figures = {
        "seen": seen_figure(summaries(tables)["seen"]),
        "ranks": ranks_figure(summaries(tables)["ranks"]),
        "kappa": _panels(kappa(tables), _kappa),
        "orders": _panels(final(tables["rises"]), _orders),
        "carrier": _carrier(tables),
    }
    if "lead" in tables:
        figures["lead"] = _lead(learned_gammas(tables))
    if "slopes" in tables:
        figures["kinks"] = kinks_figure(tables, summaries(tables)["kinks_seen"])
    return [path for name, figure in figures.items() for path in save(figure, folder, name)] + write(tables, folder)


def _panels(frame: pd.DataFrame, panel: Panel) -> Figure:
    """One panel per task, three in a row; the legend has one to itself."""
    tasks = list(frame.groupby("task", sort=False))
    count = len(tasks) + 1
    columns = min(3, count)
    figure, axes = new_figure(ceil(count / columns), columns, width=FULL, squeeze=False)
    for ax in axes.flat[len(tasks) :]:
        ax.set_axis_off()
    for ax, (task, part) in zip(axes.flat, tasks, strict=False):
        ax.set_title(task, loc="left", fontweight="bold")
        panel(ax, part)
    entries = axes[0][0].get_legend_handles_labels()
    title = "95 % intervals over splits" if frame["seed"].nunique() > 1 else "one split"
    axes.flat[len(tasks)].legend(*entries, loc="center", title=title, alignment="left")
    return figure


def _kappa(ax: Axes, frame: pd.DataFrame) -> None:
    """kappa_T against T, at each width: final (full) and of the mean over time (dashed)."""
    for colour, (width, part) in zip(OKABE_ITO, frame.groupby("width"), strict=False):
        for column, style in (("slope", "-"), ("slope_mean", "--")):
            by_seed = part.groupby(["horizon", "seed"])[column].mean().reset_index()
            means = summarise(by_seed, "horizon", column)
            label = f"k = {width}" + (", mean over time" if style == "--" else "")
            options: dict[str, Any] = {"color": colour, "linestyle": style, "label": label}
            band(ax, means["horizon"], means["mean"], means["low"], means["high"], **options)
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    last = frame["horizon"].max()
    ax.set_xlim(-0.1, 1.1 * last)
    ticks = [0, *(10**n for n in range(len(str(last))))]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    _symmetric(ax, "y")
    ax.set_xlabel("steps T")
    ax.set_ylabel("κ (square-root gate)")


def _orders(ax: Axes, frame: pd.DataFrame) -> None:
    """Mean rise of the capacity loss beside the integer, in size; an interval that holds 0 reaches the bottom.

    The series are moved apart a little, for their intervals to be told apart.
    """
    sizes = []
    for number, (name, part) in enumerate(frame.groupby("geometry", sort=False)):
        means = summarise(part.groupby(["a", "seed"])["rise"].mean().reset_index(), "a", "rise")
        sign = np.sign(means["mean"])
        mean, *ends = (sign * means[column] for column in ("mean", "low", "high"))
        low, high = np.sort(ends, axis=0)
        style: dict[str, Any] = {"marker": "o", "color": COLOURS[str(name)], "linestyle": DASHES[str(name)]}
        bars = (mean - np.maximum(low, 1e-30), high - mean)
        label = PARAMETRISATIONS[str(name)].words
        ax.errorbar(means["a"] * 1.15 ** (number - 2), mean, bars, elinewidth=0.6, label=label, **style)
        sizes.append(mean)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    size = pd.concat(sizes)[lambda f: f > 0]
    ax.set_ylim(size.min() / 5, size.max() * 5)
    ax.set_xlabel("a")
    ax.set_ylabel("|C(k + a) − C(k)|")


def _carrier(tables: Tables) -> Figure:
    """The variance of the immediate gradient against the slope that it carries; direct part against total."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    figure.set_figheight(0.45 * FULL)
    for number, (task, part) in enumerate(tables["readout"].groupby("task", sort=False)):
        marks = ".x+12"[number // len(OKABE_ITO) % 5]
        style: dict[str, Any] = {"color": OKABE_ITO[number % len(OKABE_ITO)], "markersize": 2, "alpha": 0.5}
        left.plot(part["claimed"], part["second"], marks, label=str(task), **style)
        right.plot(part["direct"], part["total"], marks, **style)
    limits = tables["readout"]["claimed"].quantile([0.001, 0.999])
    left.plot(limits, limits, color="black", linewidth=0.8)
    for axis in (left.set_xscale, left.set_yscale):
        axis("log")
    reach = 1.5 * tables["readout"][["direct", "total"]].abs().max()
    right.set_xlim(-reach["direct"], reach["direct"])
    right.set_ylim(-reach["total"], reach["total"])
    _symmetric(right, "x")
    _symmetric(right, "y")
    right.axhline(0, color="0.6", linewidth=0.6)
    right.axvline(0, color="0.6", linewidth=0.6)
    left.set_xlabel("−2 λ V'(k+), square-root gate")
    left.set_ylabel("E r² / s² (64 fresh weights)")
    right.set_xlabel("direct part")
    right.set_ylabel("total (validation loss)")
    figure.legend(loc="outside lower center", markerscale=2, fontsize=6, ncols=6)
    return figure


def _symmetric(ax: Axes, name: Literal["x", "y"]) -> None:
    """Logarithmic on both sides of 0, with at most four ticks per side, which leave 0 its place."""
    if max(map(abs, getattr(ax, f"get_{name}lim")())) <= SMALL:
        return  # all of it is the linear part
    getattr(ax, f"set_{name}scale")("symlog", linthresh=SMALL)
    low, high = getattr(ax, f"get_{name}lim")()
    decades = range(floor(log10(SMALL)), floor(log10(max(-low, high))) + 1)
    sizes = [10.0**decade for decade in decades[:: ceil(len(decades) / 4)]]
    ticks = [tick for tick in (*(-size for size in sizes), 0.0, *sizes) if low <= tick <= high]
    getattr(ax, f"set_{name}ticks")(ticks, [f"{tick:g}".replace("-", "−") for tick in ticks])
    getattr(ax, f"set_{name}ticks")([], minor=True)
    getattr(ax, f"set_{name}lim")(low, high)


def _lead(lead: pd.DataFrame) -> Figure:
    """Learned gamma against the oracle width: one point per task and start, with 95 % intervals if splits are many."""
    gates = list(lead.groupby("gate", sort=False))
    figure, axes = new_figure(1, len(gates), width=FULL, squeeze=False, sharey=True)
    for ax, (gate, frame) in zip(axes[0], gates, strict=True):
        for colour, (start, part) in zip(OKABE_ITO, frame.groupby("start"), strict=False):
            seeds = part.groupby(["task", "seed"])[["oracle", "gamma"]].mean().reset_index()
            x, y = (summarise(seeds, "task", column) for column in ("oracle", "gamma"))
            bars = [(f["mean"] - f["low"], f["high"] - f["mean"]) for f in (y, x)]
            style: dict[str, Any] = {"linestyle": "none", "marker": "o", "elinewidth": 0.5, "alpha": 0.8}
            ax.errorbar(x["mean"], y["mean"], *bars, color=colour, label=f"start {start:g}", **style)
            ax.axhline(start, color=colour, linewidth=0.5, linestyle=":")
        ends = [0, float(lead[["oracle", "gamma"]].max().max())]
        ax.plot(ends, ends, color="0.6", linewidth=0.6)
        ax.set_xlim(0, 1.1 * ends[1])  # intervals of few splits are longer than widths can be
        ax.set_ylim(0, 1.1 * ends[1])
        ax.set_title(PARAMETRISATIONS[str(gate)].words, loc="left", fontweight="bold")
        ax.set_xlabel("oracle width")
    axes[0][0].set_ylabel("learned γ")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper right", ncols=len(OKABE_ITO))
    return figure
