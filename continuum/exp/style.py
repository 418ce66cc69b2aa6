"""One look for all figures: sizes of a two-column page, colours that colour-blind readers tell apart.

>>> figure, axes = new_figure()
>>> _ = axes.plot([0, 1], [0, 1], color=OKABE_ITO[0])
>>> figure.get_size_inches().tolist()
[3.4, 2.4]
"""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.style
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from continuum.exp.storage import write_whole

COLUMN = 3.4
"""Width of a column in inches."""
FULL = 7.0
"""Width of the page in inches."""
HEIGHT = 2.4
"""Height of one row of axes in inches."""

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Palette of Okabe and Ito, "Color Universal Design" (2008); yellow last, for it is faint on white."""

STYLE: dict[str, Any] = {
    "axes.grid": False,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.prop_cycle": cycler(color=OKABE_ITO),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 9,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same figure on every machine
    "font.size": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "pdf.fonttype": 42,  # TrueType: text in the PDF stays text, and publishers ask for it
    "savefig.dpi": 200,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
}

# Dates and versions in a file would make equal figures differ.
NO_METADATA = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None, "ModDate": None},
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside the block, whatever the user's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.style.use(STYLE)
        yield


def new_figure(rows: int = 1, columns: int = 1, *, width: float = COLUMN, **options: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, as ``pyplot.subplots`` does but without the global state of pyplot."""
    with house_style():
        figure = Figure(figsize=(width, HEIGHT * rows))
        return figure, figure.subplots(rows, columns, **options)


def mark_integers(ax: Axes, low: float, high: float) -> None:
    """Mark the integers in [low, high] on the axis of the width: thin light lines behind the data."""
    for integer in range(math.ceil(low), math.floor(high) + 1):
        ax.axvline(integer, color="0.88", linewidth=0.6, zorder=0)


def band(ax: Axes, x: ArrayLike, mean: ArrayLike, low: ArrayLike, high: ArrayLike, **options: Any) -> None:
    """Draw a line with its interval as a light band; ``options`` are those of ``Axes.plot``."""
    (line,) = ax.plot(x, mean, **options)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0, zorder=line.get_zorder() - 0.1)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write ``name.png`` and ``name.pdf``; equal figures give equal bytes."""
    paths = []
    for kind, metadata in NO_METADATA.items():
        buffer = io.BytesIO()
        with house_style():
            figure.savefig(buffer, format=kind, metadata=metadata)
        paths.append(folder / f"{name}.{kind}")
        write_whole(paths[-1], buffer.getvalue())
    return paths
