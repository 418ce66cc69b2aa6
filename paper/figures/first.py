"""The whole idea: a layer of width 2.3, the functions that it stands for, and the kink of its loss at an integer."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from continuum.analysis.style import mark_integers
from paper.figures._print import BLUE, CLEAR, GREEN, GREY, ORANGE, RED, figure, say, title
from paper.figures._tiny import PINNED, SHOWN, UNITS, Tiny, tiny
from paper.results import Results

RADIUS = 0.3
#: Half length of a tangent, in units of width.
REACH = 0.62


def draw(results: Results) -> Figure:
    """Three panels; nothing is taken from the results, the network is trained here."""
    made, (layer, functions, loss) = figure(2.1, 1, 3, width_ratios=[1.0, 0.95, 1.35])
    shown = tiny()
    _layer(layer, shown)
    _functions(functions, shown)
    _loss(loss, shown)
    return made


def _layer(ax: Axes, shown: Tiny) -> None:
    """Units on the axis of the width, each filled as far as the interval covers its tile."""
    top, middle, bottom = (2.0, 3.55), 1.9, (2.0, 0.15)
    for unit, gate in enumerate(shown.gates):
        x, shade = unit + 0.5, str(0.85 - 0.7 * gate)
        for end in (top, bottom):
            ax.plot([x, end[0]], [middle, end[1]], color=shade, linewidth=0.6 + 0.7 * gate, zorder=1)
        ax.add_patch(Circle((x, middle), RADIUS, facecolor="white", edgecolor="0.2", linewidth=0.8, zorder=2))
        part = Rectangle((x - RADIUS, middle - RADIUS), 2 * RADIUS * gate, 2 * RADIUS, facecolor=BLUE, zorder=3)
        ax.add_patch(part)
        part.set_clip_path(Circle((x, middle), RADIUS - 0.01, transform=ax.transData))
        text, colour = f"{gate:g}".lstrip("0") or "0", BLUE if gate else GREY
        say(ax, x, middle + 0.52, text, colour, ha="center", fontsize=8, bbox=CLEAR)
    for (x, y), name in ((top, "$z$"), (bottom, "$x$")):
        ax.text(x, y, name, ha="center", va="center", fontsize=9, bbox={"color": "white", "pad": 1.0})
    ax.plot([0, UNITS], [-0.75, -0.75], color="0.7", linewidth=0.8)
    ax.plot([0, SHOWN], [-0.75, -0.75], color=BLUE, linewidth=3, solid_capstyle="butt")
    for integer in range(UNITS + 1):
        ax.plot([integer, integer], [-0.88, -0.62], color="0.4", linewidth=0.6)
        ax.text(integer, -1.02, f"{integer}", ha="center", va="top", fontsize=7)
    say(ax, SHOWN + 0.08, -0.42, rf"$\gamma = {SHOWN}$", BLUE)
    ax.set(xlim=(-0.15, UNITS + 0.15), ylim=(-1.5, 3.9))
    ax.set_aspect("equal")
    ax.set_axis_off()
    title(ax, "a", "a layer of 2.3 units")


def _functions(ax: Axes, shown: Tiny) -> None:
    """What the network computes at a few widths."""
    ax.plot(shown.x, shown.target, ".", color="0.75", markersize=3)
    shades = {1.0: "#9ecae1", 2.0: "#4292c6", SHOWN: RED, 3.0: "#08306b"}
    for gamma, output in shown.outputs.items():
        ax.plot(shown.x, output, color=shades[gamma], linewidth=1.4 if gamma == SHOWN else 0.9)
        # 1 and 2.3 end side by side: the label of 1 stands above its curve.
        inside = (-0.45, float(np.interp(-0.45, shown.x, output)) + 0.4)
        say(ax, *(inside if gamma == 1 else (1.04, float(output[-1]))), f"{gamma:g}", shades[gamma])
    ax.set(xlim=(-1, 1.3), xticks=[-1, 0, 1], xlabel="$x$", ylabel=r"$z(x)$ at width $\gamma$")
    title(ax, "b", "trained at 2.3, read at 1, 2, 3")


def _loss(ax: Axes, shown: Tiny) -> None:
    """The loss across an integer, its two one-sided derivatives, other fresh units, and the loss after training on."""
    mark_integers(ax, 1.5, 3)
    beyond = shown.widths >= PINNED - 1e-9
    for other in shown.others:
        ax.plot(shown.widths[beyond], other[beyond], color="0.82", linewidth=0.6, zorder=1)
    ax.plot(shown.widths, shown.loss, color=BLUE, linewidth=1.4, zorder=3)
    at = float(shown.loss[np.argmin(np.abs(shown.widths - PINNED))])
    for slope, ends, color in ((shown.left, (-REACH, 0.0), ORANGE), (shown.right, (0.0, REACH), RED)):
        x = np.array(ends)
        ax.plot(PINNED + x, at + slope * x, color=color, linewidth=2.2, zorder=4)
    ax.plot(PINNED, at, "o", color="black", markersize=3.5, zorder=5)
    ax.plot(shown.trained_at, shown.trained, color=GREEN, linewidth=1.4, linestyle=(0, (4, 1.5)), zorder=3)
    say(ax, PINNED - 0.06, at - 0.07, "from the left:\na trained unit", ORANGE, ha="right", va="top")
    say(ax, PINNED - 0.06, at + 0.28, "from the right:\na fresh unit", RED, ha="right")
    say(ax, 2.96, 0.07, "after training on", GREEN, ha="right")
    say(ax, 2.96, 0.27, "other fresh units", GREY, ha="right")
    ax.set(xlim=(1.25, 3.04), ylim=(0, 1.15), xticks=[1.5, 2, 2.5, 3], xlabel=r"width $\gamma$", ylabel="training loss")
    title(ax, "c", "the kink at an integer")
