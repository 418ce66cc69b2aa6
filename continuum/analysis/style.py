"""One look for all figures: colours that colour-blind readers tell apart, on a screen (``STYLE``) and in print.

``PRINT`` is the same in the letters of a LaTeX page, at the width of its text.

>>> figure, axes = new_figure()
>>> _ = axes.plot([0, 1], [0, 1], color=OKABE_ITO[0])
>>> figure.get_size_inches().tolist()
[3.4, 2.4]
"""

import io
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import matplotlib
import matplotlib.style
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.backends import backend_pdf
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from continuum.storage import write_whole

#: Width of a column in inches.
COLUMN = 3.4
#: Width of the page in inches.
FULL = 7.0
#: Height of one row of axes in inches.
HEIGHT = 2.4
#: Width of the text of the paper in inches: 150 mm.
TEXT = 150 / 25.4

#: Palette of Okabe and Ito, "Color Universal Design" (2008); yellow last, for it is faint on white.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

#: Settings of matplotlib for all figures.
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

#: The same for the figures of the paper.
PRINT: dict[str, Any] = STYLE | {
    "axes.formatter.use_mathtext": True,
    "axes.labelpad": 2.5,
    "axes.labelsize": 8,
    "axes.titlesize": 8,
    "axes.unicode_minus": False,
    "font.family": "cmr10",  # Computer Modern comes with matplotlib too; the page is set in its descendant
    "font.size": 8,
    "legend.fontsize": 7,
    "lines.linewidth": 1.0,
    "mathtext.fontset": "cm",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
}
#: Computer Modern's bold is a family of its own.
BOLD = "cmb10"
#: What Computer Modern's text fonts hold where Unicode looks for it; all else must be mathematics.
PRINTABLE = frozenset(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 \n,.;:!?'()[]+-=/*@#%&\N{EN DASH}\N{EM DASH}"
)

#: Dates and versions in a file would make equal figures differ.
NO_METADATA = {
    "png": {"Software": None},
    "pdf": {"Creator": None, "Producer": None, "CreationDate": None, "ModDate": None},
}


@contextmanager
def house_style(style: Mapping[str, Any] = STYLE) -> Iterator[None]:
    """Draw in the house style inside the block, whatever the user's own settings are."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.style.use(dict(style))
        yield


def new_figure(rows: int = 1, columns: int = 1, *, width: float = COLUMN, **options: Any) -> tuple[Figure, Any]:
    """Return a figure and its axes, as ``pyplot.subplots`` does but without the global state of pyplot."""
    with house_style():
        figure = Figure(figsize=(width, HEIGHT * rows))
        return figure, figure.subplots(rows, columns, **options)


def mark_integers(ax: Axes, low: float, high: float, axis: Literal["x", "y"] = "x") -> None:
    """Mark the integers in [low, high] on the axis of the width: thin light lines behind the data."""
    line = ax.axvline if axis == "x" else ax.axhline
    for integer in range(math.ceil(low), math.floor(high) + 1):
        line(integer, color="0.88", linewidth=0.6, zorder=0)


def band(ax: Axes, x: ArrayLike, mean: ArrayLike, low: ArrayLike, high: ArrayLike, **options: Any) -> None:
    """Draw a line with its interval as a light band; ``options`` are those of ``Axes.plot``."""
    (line,) = ax.plot(x, mean, **options)
    ax.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0, zorder=line.get_zorder() - 0.1)


def unprintable(text: str) -> str:
    r"""Return the characters outside of mathematics that the fonts of ``PRINT`` do not hold, or hold elsewhere.

    >>> unprintable(r"loss < 1 at $\gamma < 2$, 95 %")
    '<'
    """
    outside = "".join(text.split("$")[::2])
    return "".join(sorted(set(outside) - PRINTABLE))


@contextmanager
def _unsigned_zeros() -> Iterator[None]:
    """Let a PDF say 0 for -0: which of them a distance of 1e-15 is hangs on where an array lies in memory."""
    represent: Any = backend_pdf.pdfRepr

    def unsigned(value: Any) -> Any:
        text = represent(value)
        return b"0" if text == b"-0" else text

    backend_pdf.pdfRepr = unsigned
    try:
        yield
    finally:
        backend_pdf.pdfRepr = represent


def save(figure: Figure, folder: Path, name: str, style: Mapping[str, Any] = STYLE) -> list[Path]:
    """Write ``name.png`` and ``name.pdf``; equal figures give equal bytes."""
    # The dates in the headers of Computer Modern are those of 1979: the font library warns of each.
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    paths = []
    for kind, metadata in NO_METADATA.items():
        buffer = io.BytesIO()
        with house_style(style), _unsigned_zeros():
            figure.savefig(buffer, format=kind, metadata=metadata)
        paths.append(folder / f"{name}.{kind}")
        write_whole(paths[-1], buffer.getvalue())
    return paths
