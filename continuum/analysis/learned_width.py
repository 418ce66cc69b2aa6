"""One figure of a fit that learns a width: the way there, the loss on it, and the gates that are left."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from continuum.analysis.style import FULL, OKABE_ITO, house_style, new_figure


def draw_learned_width(
    widths: Float[np.ndarray, "points layers"],
    losses: Float[np.ndarray, " points"],
    gates: Sequence[ArrayLike],
    units: Sequence[int],
) -> Figure:
    """Three panels, over the share of the graded phase and over the units.

    Args:
        widths: of every hidden layer, while they were learned.
        losses: training loss at these points.
        gates: of every hidden layer's units when the width was learned, largest first; empty where they are not known.
        units: whole units of every hidden layer after rounding.

    >>> figure = draw_learned_width(np.array([[8.0], [2.5]]), np.array([1.0, 0.1]), [[1.0, 1.0, 0.5]], [3])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['width', 'training loss', 'gate']
    """
    figure, axes = new_figure(1, 3, width=FULL)
    share = np.linspace(0, 1, len(losses))
    with house_style():
        for layer, whole in enumerate(units):
            line = {"color": OKABE_ITO[layer % len(OKABE_ITO)], "label": f"layer {layer + 1}"}
            kept = {"color": line["color"], "linewidth": 0.6, "linestyle": ":", "label": "units kept"}
            axes[0].plot(share, widths[:, layer], **line)
            axes[0].axhline(whole, **kept)
            if layer < len(gates):
                heights = np.asarray(gates[layer])
                axes[2].step(np.arange(len(heights) + 1), np.append(heights, 0.0), where="post", **line)
                axes[2].axvline(whole, **kept)
        axes[1].plot(share, losses, color=OKABE_ITO[0])
        _label(axes, [len(np.asarray(g)) for g in gates], logarithmic=bool((np.asarray(losses) > 0).all()))
        lines = axes[0].lines if len(units) > 1 else axes[0].lines[1:]
        axes[0].legend(handles=[*lines[0::2], lines[1]] if len(units) > 1 else lines)
    return figure


def _label(axes: Sequence[Axes], counts: Sequence[int], *, logarithmic: bool) -> None:
    """What the axes show, and from where to where."""
    for panel, label in zip(axes, ("width", "training loss", "gate"), strict=True):
        panel.set_ylabel(label)
    for panel in axes[:2]:
        panel.set_xlabel("share of the graded phase")
    axes[0].set_ylim(bottom=0)
    if logarithmic:
        axes[1].set_yscale("log")
    axes[2].set_xlabel("units, largest gate first")
    axes[2].set_ylim(0, 1.05)
    axes[2].set_xlim(0, max([*counts, 1]))
