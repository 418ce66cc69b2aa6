"""The figures of capacity_signal."""

from collections.abc import Callable, Mapping
from math import ceil
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.exp.statistics import summarise
from continuum.exp.style import FULL, OKABE_ITO, band, new_figure, save
from experiments.capacity_network import GEOMETRIES
from experiments.capacity_seen import seen
from experiments.capacity_seen_figure import seen_legend, seen_panel
from experiments.capacity_signal_report import write
from experiments.capacity_tables import final, kappa

COLOURS = dict(zip(GEOMETRIES, OKABE_ITO, strict=False))
DASHES = dict(zip(GEOMETRIES, ("-", "-", "--", "-", "--"), strict=True))
SMALL = 0.05
"""Linear part of the axis of kappa."""
SYMMETRIC, TICKS = 0.1, (-10, -1, -0.1, 0, 0.1, 1, 10)
"""Linear part and ticks of the axes of direct part and total."""
Panel = Callable[[Axes, pd.DataFrame], None]


def draw(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF, and the tables as CSV and Markdown beside them."""
    figures = {
        "seen": _panels(seen(tables), seen_panel, legend=seen_legend),
        "kappa": _panels(kappa(tables), _kappa),
        "orders": _panels(final(tables["rises"]), _orders),
        "carrier": _carrier(tables),
    }
    if "lead" in tables:
        figures["lead"] = _lead(tables["lead"])
    return [path for name, figure in figures.items() for path in save(figure, folder, name)] + write(tables, folder)


def _panels(frame: pd.DataFrame, panel: Panel, legend: Callable[[Axes], None] | None = None) -> Figure:
    """One panel a task, three in a row; the legend has one of its own."""
    tasks = list(frame.groupby("task", sort=False))
    count = len(tasks) + 1
    columns = min(3, count)
    figure, axes = new_figure(ceil(count / columns), columns, width=FULL, squeeze=False)
    for ax in axes.flat[len(tasks) :]:
        ax.set_axis_off()
    for ax, (task, part) in zip(axes.flat, tasks, strict=False):
        ax.set_title(task, loc="left", fontweight="bold")
        panel(ax, part)
    if legend is None:
        axes.flat[len(tasks)].legend(*axes[0][0].get_legend_handles_labels(), loc="center")
    else:
        legend(axes.flat[len(tasks)])
    return figure


def _kappa(ax: Axes, frame: pd.DataFrame) -> None:
    """kappa_T against T, at each width: final (full) and of the mean over time (dashed)."""
    for colour, (width, part) in zip(OKABE_ITO, frame.groupby("width"), strict=False):
        for column, style in (("slope", "-"), ("slope_mean", "--")):
            by_seed = part.groupby(["horizon", "seed"])[column].mean().reset_index()
            found = summarise(by_seed, "horizon", column)
            label = f"k = {width}" + (", mean over time" if style == "--" else "")
            options = {"color": colour, "linestyle": style, "label": label}
            band(ax, found["horizon"], found["mean"], found["low"], found["high"], **options)
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.set_xscale("symlog", linthresh=1, linscale=0.5)
    last = frame["horizon"].max()
    ax.set_xlim(-0.1, 1.1 * last)
    ticks = [0, *(10**n for n in range(len(str(last))))]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.set_yscale("symlog", linthresh=SMALL)
    ax.set_xlabel("steps T")
    ax.set_ylabel("κ (root mask)")


def _orders(ax: Axes, frame: pd.DataFrame) -> None:
    """Mean rise of the capacity loss beside the integer, in size."""
    means = frame.groupby(["geometry", "a"], sort=False)["rise"].mean().abs()
    for geometry, part in means.groupby("geometry", sort=False):
        line = part.droplevel("geometry").sort_index()
        style = {"marker": "o", "color": COLOURS[str(geometry)], "linestyle": DASHES[str(geometry)]}
        ax.plot(line.index, line, label=str(geometry), **style)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set_xlabel("a")
    ax.set_ylabel("|C(k + a) - C(k)|")


def _carrier(tables: Mapping[str, pd.DataFrame]) -> Figure:
    """The variance of the immediate gradient against the slope that it carries; direct part against total."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    for colour, (task, part) in zip(OKABE_ITO, tables["readout"].groupby("task", sort=False), strict=False):
        left.plot(part["claimed"], part["second"], ".", color=colour, label=str(task), markersize=2, alpha=0.5)
        right.plot(part["direct"], part["total"], ".", color=colour, markersize=2, alpha=0.5)
    limits = tables["readout"]["claimed"].quantile([0.001, 0.999])
    left.plot(limits, limits, color="black", linewidth=0.8)
    for axis in (left.set_xscale, left.set_yscale):
        axis("log")
    for axis in (right.set_xscale, right.set_yscale):
        axis("symlog", linthresh=SYMMETRIC)
    for axis in (right.xaxis, right.yaxis):
        axis.set_ticks(TICKS, [f"{tick:g}" for tick in TICKS])
    right.axhline(0, color="0.6", linewidth=0.6)
    right.axvline(0, color="0.6", linewidth=0.6)
    left.set_xlabel("-2 λ V'(k+), root mask")
    left.set_ylabel("E r² / s² (64 fresh weights)")
    right.set_xlabel("direct part")
    right.set_ylabel("total (validation loss)")
    left.legend(loc="best", markerscale=3, fontsize=6)
    return figure


def _lead(lead: pd.DataFrame) -> Figure:
    """Learned gamma against the oracle width: a point a task and start, a bar the spread of splits and starts."""
    masks = list(lead.groupby("mask", sort=False))
    figure, axes = new_figure(1, len(masks), width=FULL, squeeze=False, sharey=True)
    for ax, (mask, frame) in zip(axes[0], masks, strict=True):
        for colour, (begun, part) in zip(OKABE_ITO, frame.groupby("begun"), strict=False):
            found = part.groupby("task")[["oracle", "found"]].agg(["mean", "std"])
            x, y = found["oracle"], found["found"]
            style = {"linestyle": "none", "marker": "o", "elinewidth": 0.5, "alpha": 0.8}
            ax.errorbar(x["mean"], y["mean"], y["std"], x["std"], color=colour, label=f"start {begun:g}", **style)
            ax.axhline(begun, color=colour, linewidth=0.5, linestyle=":")
        ends = [0, float(lead[["oracle", "found"]].max().max())]
        ax.plot(ends, ends, color="0.6", linewidth=0.6)
        ax.set_title(f"{mask} mask", loc="left", fontweight="bold")
        ax.set_xlabel("oracle width")
    axes[0][0].set_ylabel("learned γ")
    axes[0][0].legend(loc="best")
    return figure
