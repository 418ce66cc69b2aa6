"""The critical-difference figure: mean ranks on a line, methods that Nemenyi's test does not tell apart joined."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.comparison import cliques
from continuum.analysis.style import FULL, new_figure

#: Height in inches of a line with a name.
LINE = 0.19


def rank_figure(ranks: pd.Series, difference: float, words: str = "mean rank over tasks") -> Figure:
    """Draw mean ranks, 1 the best at the left, and bars that join what is no further apart than the difference.

    Reference: J. Demsar, "Statistical comparisons of classifiers over multiple data sets", JMLR 7 (2006), figure 1.
    """
    ordered = ranks.sort_values()
    bars = cliques(ordered, difference)
    half = (len(ordered) + 1) // 2
    depth = 0.6 * (len(bars) + 1)
    figure, ax = new_figure(width=FULL)
    figure.set_size_inches(FULL, 0.9 + LINE * (half + depth))
    low, high = 0.9, len(ordered) + 0.1
    for place, (name, rank) in enumerate(ordered.items()):
        left = place < half
        y = -depth - (place if left else len(ordered) - 1 - place) - 0.5
        edge = low - 0.2 if left else high + 0.2
        ax.plot([rank, rank, edge], [0, y, y], color="0.3", linewidth=0.7, clip_on=False)
        ax.text(edge, y, f"{name} ({rank:.1f}) " if left else f" {name} ({rank:.1f})", fontsize=7,
                ha="right" if left else "left", va="center")  # fmt: skip
    for place, (first, last) in enumerate(bars):
        y = -0.5 - 0.6 * place
        ax.plot([first - 0.04, last + 0.04], [y, y], color="black", linewidth=2.5, solid_capstyle="butt")
    _frame(ax, (low, high), -depth - half - 0.2, difference)
    ax.set_title(words, fontsize=8, pad=6)
    return figure


def _frame(ax: Axes, ends: tuple[float, float], bottom: float, difference: float) -> None:
    low, high = ends
    ax.set_xlim(low - 0.3, high + 0.3)
    ax.set_ylim(bottom, 0)
    ax.xaxis.tick_top()
    ax.set_xticks(range(1, int(high) + 1))
    ax.yaxis.set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.spines["top"].set_visible(True)
    y = bottom + 0.4
    ax.plot([1, 1 + difference], [y, y], color="black", linewidth=1.2, clip_on=False, marker="|")
    ax.text(1 + difference + 0.1, y, f"critical difference {difference:.2f}", fontsize=7, va="center", clip_on=False)
