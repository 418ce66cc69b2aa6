"""Widths and scores of other powers over those of L2(E), one point per task."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import FULL, OKABE_ITO, new_figure

from .perspective import ARMS, BASE
from .perspective_claims import differences

BLUE, RED = OKABE_ITO[:2]
TITLES = {"price": "price and threshold held", "length": "threshold and length held"}


def draw_perspective(rows: pd.DataFrame) -> Figure:
    """Two rows of panels: ratio of widths, difference of scores; the last column is the base rate."""
    each = differences(rows)
    powers = sorted(float(power) for power in each["power"].unique() if power != 2)
    figure, axes = new_figure(2, len(ARMS), width=FULL, squeeze=False)
    figure.set_size_inches(FULL, 3.4)
    for column, arm in enumerate(ARMS):
        axes[0, column].set_title(TITLES[arm], loc="left", fontsize=8)
        _panel(axes[0, column], each, arm, powers, "width")
        _panel(axes[1, column], each, arm, powers, "score")
        axes[1, column].set_xlabel("power q; 2: other random numbers")
    axes[0, 0].set_ylabel("width over that at 2")
    axes[1, 0].set_ylabel("score less that at 2")
    return figure


def _panel(ax: Axes, each: pd.DataFrame, arm: str, powers: list[float], measure: str) -> None:
    places = [(power, arm) for power in powers if power < 2] + [(2.0, BASE)]
    places += [(power, arm) for power in powers if power > 2]
    for place, (power, held) in enumerate(places):
        values = each.loc[(each["arm"] == held) & (each["power"] == power), measure].to_numpy()
        shown = np.exp(values) if measure == "width" else values
        spread = np.linspace(-0.2, 0.2, len(shown)) if len(shown) > 1 else np.zeros(len(shown))
        ax.plot(place + spread, shown, "o", color=BLUE, markersize=3)
        dual = power / (power - 1)
        predicted = 2 / dual if measure == "width" and held == "price" else 1.0 if measure == "width" else 0.0
        ax.plot([place - 0.35, place + 0.35], [predicted, predicted], color=RED, linewidth=1)
    ax.set_xticks(range(len(places)), [f"{power:.3g}" for power, _ in places])
