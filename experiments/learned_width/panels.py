"""Small panels, one per task, and their axes."""

from collections.abc import Mapping
from math import ceil

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from continuum.analysis.style import FULL, new_figure

#: Panels in a row, and inches of a row.
COLUMNS, HEIGHT = 4, 1.85


def panels(names: list[str], *, legend: bool = True) -> tuple[Figure, dict[str, Axes]]:
    """Small panels, one per name; with room for a legend in the last row."""
    columns = min(COLUMNS, len(names))
    rows = ceil(len(names) / columns)
    figure, axes = new_figure(rows, columns, width=FULL, squeeze=False)
    figure.set_size_inches(FULL, HEIGHT * rows + 0.5 * legend)
    for ax in axes.flat[len(names) :]:
        ax.set_axis_off()
    panels: dict[str, Axes] = dict(zip(names, axes.flat, strict=False))
    for name, ax in panels.items():
        ax.set_title(name, loc="left", fontweight="bold", fontsize=8)
    return figure, panels


def left(panels: Mapping[str, Axes], text: str) -> None:
    """Name the vertical axis once per row."""
    for place, ax in enumerate(panels.values()):
        if place % COLUMNS == 0:
            ax.set_ylabel(text)


def logarithmic(ax: Axes, which: str = "x") -> None:
    """Powers of two as plain numbers."""
    for name in which:
        getattr(ax, f"set_{name}scale")("log", base=2)
        axis = getattr(ax, f"{name}axis")
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def zoom(ax: Axes, heights: np.ndarray) -> None:
    """Leave out the lowest part of the curve, where nothing is decided."""
    heights = heights[np.isfinite(heights)]
    top, middle = heights.max(), np.quantile(heights, 0.25)
    low = max(heights.min(), min(middle, top - 0.02) - 0.5 * (top - middle))
    ax.set_ylim(low - 0.05 * (top - low), top + 0.1 * (top - low))
