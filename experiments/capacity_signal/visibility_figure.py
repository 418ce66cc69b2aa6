"""Who sees capacity as a figure: one panel per task, one row per method, one column per parametrisation."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes

from continuum.analysis.tables import short_count

from .methods import METHODS
from .parametrisations import PARAMETRISATIONS


def visibility_panel(ax: Axes, frame: pd.DataFrame) -> None:
    """How often the sign is that of the gain (colour), and what it costs to know the sign (text)."""
    groups = frame.groupby(["method", "geometry"], sort=False)
    right = groups["right"].mean().unstack().reindex(METHODS)
    shares = right.to_numpy(dtype=np.float64)
    costs = groups["needed"].median().unstack().reindex(METHODS).to_numpy(dtype=np.float64)
    ax.imshow(shares, cmap="RdBu", vmin=0, vmax=1, aspect="auto")
    for row, column in np.ndindex(shares.shape):
        text, ink = short_count(float(costs[row, column])), _ink(float(shares[row, column]))
        ax.text(column, row, text, ha="center", va="center", fontsize=6, color=ink)
    words = [PARAMETRISATIONS[str(name)].words for name in right.columns]
    ax.set_xticks(range(len(words)), words, rotation=30, fontsize=5, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(right)), right.index, fontsize=6)
    ax.tick_params(length=0)


def _ink(share: float) -> str:
    return "white" if share > 0.85 or share < 0.15 else "black"


def visibility_legend(ax: Axes) -> None:
    """What colours and numbers mean."""
    for share in (1.0, 0.75, 0.5, 0.25, 0.0):
        ax.plot([], [], "s", color=colormaps["RdBu"](share), markeredgecolor="0.7", label=f"{share:.0%} right")
    ax.legend(
        loc="center",
        alignment="left",
        title="sign of the gain of a whole unit;\nnumbers: gradient evaluations\nto know the sign",
        ncols=1,
    )
