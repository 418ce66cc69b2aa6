"""What the figures of the paper share: sizes, panel letters, direct labels."""

from math import ceil, floor
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import BOLD, OKABE_ITO, TEXT

BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK = OKABE_ITO[:7]
GREY = "0.45"
#: Behind a text that a line would cross.
CLEAR = {"color": "white", "pad": 0.3}


def figure(height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Any]:
    """A figure of the width of the text, ``height`` in inches; axes as ``Figure.subplots`` gives them."""
    made = Figure(figsize=(TEXT, height), layout="constrained")
    made.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.03, hspace=0.03)  # type: ignore[union-attr, call-arg]
    return made, made.subplots(rows, columns, **options)


def title(ax: Axes, letter: str, text: str) -> None:
    """A letter in bold and a few words, on the left above a panel."""
    ax.set_title(letter, loc="left", family=BOLD, fontsize=9, pad=5)
    ax.annotate(text, (0, 1), (10, 5), xycoords="axes fraction", textcoords="offset points", fontsize=8, va="baseline")


def say(ax: Axes, x: float, y: float, text: str, color: str, **options: Any) -> None:
    """A label beside what it names, in its colour."""
    look: dict[str, Any] = {"color": color, "fontsize": 7, "va": "center", **options}
    ax.text(x, y, text, **look)


def count_integers(ax: Axes, low: float, high: float) -> None:
    """Ticks at integers of the width, some nine at most."""
    step = max(1, ceil((high - low) / 9))
    ax.set_xticks(range(step * ceil(low / step), floor(high) + 1, step))


def task_name(name: str) -> str:
    """The name of a task as it is printed.

    >>> task_name("two_spirals")
    'two spirals'
    """
    return name.replace("_", " ")
