"""How units at birth enter the learned width of values, as the learner is and with the options that keep them out."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from continuum.analysis.style import OKABE_ITO
from paper.figures._print import figure, say, task_name, title
from paper.results import Results

RUN = "learned_width_pool"
PANELS = (("default", "as it is"), ("mended", "unbounded gates, held-out noise"))
#: The learner's own pool, to whose width the others are related.
OWN = 128.0


def draw(results: Results) -> Figure:
    """A panel per arm, a line per task of values; bars are the range over starts."""
    made, axes = figure(2.0, 1, 2, sharey=True)
    if RUN not in results.runs:  # a quick build has no such run
        say(axes[0], 0.5, 0.5, "no run is recorded", "0.4", transform=axes[0].transAxes, ha="center")
        return made
    rows = results.table(RUN, "pool")
    rows = rows[rows["kind"] == "regression"]
    for ax, letter, (arm, words) in zip(axes, "ab", PANELS, strict=True):
        _lines(ax, rows[rows["arm"] == arm])
        title(ax, letter, words)
        ax.set_xlabel("units at birth")
    axes[0].set_ylabel(r"$\gamma$ / that of 128")
    axes[1].legend(fontsize=6, loc="upper left", ncols=2, frameon=False)
    return made


def _lines(ax: Axes, rows: pd.DataFrame) -> None:
    pools = sorted(rows["pool"].unique())
    for place, (colour, (name, frame)) in enumerate(zip(OKABE_ITO, rows.groupby("task", sort=False), strict=False)):
        table = frame.groupby(["pool", "start"])["width"].mean().unstack("start")
        table /= table.loc[OWN].mean()
        mean = table.mean(axis=1)
        bars = [mean - table.min(axis=1), table.max(axis=1) - mean]
        x = mean.index.to_numpy(float) * 1.04 ** (place - 2.5)
        ax.errorbar(x, mean, bars, color=colour, marker="o", markersize=2, linewidth=0.8, label=task_name(str(name)))
    ax.axhline(1, color="0.7", linewidth=0.6, linestyle=":", zorder=0)
    ax.set_xscale("log")
    ax.set_yscale("log", base=2)
    ax.xaxis.set_major_locator(FixedLocator(pools))
    ax.xaxis.set_minor_locator(NullLocator())
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())
