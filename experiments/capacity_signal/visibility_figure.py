"""Who sees capacity, and which number ranks integers, as figures: estimates with the intervals over tasks."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.style import FULL, OKABE_ITO, new_figure
from continuum.analysis.tables import short_count

from .methods import METHODS
from .parametrisations import PARAMETRISATIONS
from .ranks import GIVEN, TELLERS
from .visibility import BASELINES

#: The correlations, in words.
WORDS = dict(zip(GIVEN, ("plain", "k known", "training loss known", "both known"), strict=True))


def seen_figure(table: pd.DataFrame) -> Figure:
    """Balanced accuracy of what the sign says, and the area under the curve of the estimate, beside the baselines."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    figure.set_figheight(0.65 * FULL)
    names = list(table["geometry"].unique())
    methods = [name for name in (*METHODS, *BASELINES) if name in set(table["method"])]
    for ax, column, words in (
        (left, "balanced", "balanced accuracy of the sign"),
        (right, "separated", "area under the curve of the estimate"),
    ):
        for number, name in enumerate(names):
            part = table[table["geometry"] == name].set_index("method").reindex(methods)
            label = PARAMETRISATIONS[name].words if name in PARAMETRISATIONS else "no gradient in the width"
            shift = 0.18 * (number - (len(names) - 2) / 2) if name in PARAMETRISATIONS else 0.0
            places = np.arange(len(methods)) + shift
            _bars(ax, part, column, places, OKABE_ITO[number], label)
        _frame(ax, methods, words, 0.5)
    right.set_yticks(range(len(methods)), [])
    _costs(right, table, methods)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=len(names))
    return figure


def ranks_figure(table: pd.DataFrame) -> Figure:
    """Rank correlations within tasks with what a unit saves, plain and with the width or the loss known."""
    scopes = list(table.groupby("scope", sort=False))
    figure, axes = new_figure(1, len(scopes), width=FULL, squeeze=False)
    figure.set_figheight(0.5 * FULL)
    for ax, (scope, part) in zip(axes[0], scopes, strict=True):
        rows = part.set_index("teller").reindex(list(TELLERS))
        for number, (column, words) in enumerate(WORDS.items()):
            places = np.arange(len(rows)) + 0.18 * (number - 1.5)
            _bars(ax, rows, column, places, OKABE_ITO[number], words)
        _frame(ax, list(TELLERS), f"rank correlation, {scope}", 0.0)
    for ax in axes[0][1:]:
        ax.set_yticks(range(len(TELLERS)), [])
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside lower center", ncols=len(WORDS))
    return figure


def _bars(ax: Axes, rows: pd.DataFrame, column: str, places: np.ndarray, colour: str, label: str) -> None:
    """Estimates and their 95 % intervals."""
    middle = rows[column].to_numpy()
    low, high = (rows[f"{column}_{end}"].fillna(rows[column]).to_numpy() for end in ("low", "high"))
    ax.hlines(places, low, high, color=colour, linewidth=0.9)
    ax.plot(middle, places, "o", color=colour, markersize=3, markeredgewidth=0, label=label)


def _frame(ax: Axes, names: Sequence[str], words: str, nothing: float) -> None:
    """Names of the rows, and the line of what knows nothing."""
    ax.axvline(nothing, color="0.6", linewidth=0.6)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(words)
    ax.tick_params(axis="y", length=0)


def _costs(ax: Axes, table: pd.DataFrame, methods: Sequence[str]) -> None:
    """On the right margin: median gradient evaluations to know the sign under the square-root gate."""
    known = table[table["geometry"] == "root"].set_index("method")["needed"]
    for place, method in enumerate(methods):
        if method in known.index:
            ax.text(1.02, place, short_count(float(known[method])), transform=ax.get_yaxis_transform(), va="center")
    ax.set_title("gradients, root gate", loc="right", fontsize=6)
