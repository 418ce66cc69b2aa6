"""The figures of gamma_sweep; every panel is one task, every curve a mean over seeds with its 95 % interval."""

from collections.abc import Callable, Iterator
from math import ceil, floor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from continuum.analysis.statistics import summarise
from continuum.analysis.style import COLUMN, FULL, OKABE_ITO, band, mark_integers, new_figure, save
from continuum.exp.experiment import Tables

BLUE, RED, GREEN, PURPLE = OKABE_ITO[:4]
#: Smaller losses and derivatives are drawn as this, for a logarithm must be finite.
TINY = 1e-9
Panel = Callable[[Axes, str, pd.DataFrame], None]


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write all figures as PNG and PDF."""
    results, slices = tables["results"], tables["slice"]
    figures = {
        "score": _panels(results, _score),
        "loss": _panels(results, _loss),
        "derivative": _derivatives(results),
        "speed": _speed(results),
        "slice": _panels(results, lambda ax, task, frame: _sliced(ax, frame, slices[slices["task"] == task])),
    }
    return [path for name, figure in figures.items() for path in save(figure, folder, name)]


def _tasks(results: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    return ((str(task), frame) for task, frame in results.groupby("task", sort=False))


def _panels(results: pd.DataFrame, panel: Panel) -> Figure:
    """One panel per task, two in a row."""
    count = results["task"].nunique()
    columns = min(count, 2)
    rows = ceil(count / columns)
    figure, axes = new_figure(rows, columns, width=FULL if columns == 2 else COLUMN, squeeze=False)
    for ax, (task, frame) in zip(axes.flat, _tasks(results), strict=False):
        _axis(ax, frame, task)
        panel(ax, task, frame)
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    for ax in axes.flat[max(count - columns, 0) : count]:
        ax.set_xlabel("width γ")
    return figure


def _rows(results: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Two panels per task, side by side."""
    figure, axes = new_figure(results["task"].nunique(), 2, width=FULL, squeeze=False)
    for ax in axes[-1]:
        ax.set_xlabel("width γ")
    return figure, axes


def _curve(ax: Axes, frame: pd.DataFrame, column: str, *, label: str, color: str, log: bool = False) -> None:
    """Mean and interval over seeds, against gamma; on a logarithmic axis geometric ones."""
    if frame[column].isna().all():
        return
    values = np.log(frame[column].clip(lower=TINY)) if log else frame[column]
    summary = summarise(frame.assign(value=values), "gamma", "value")
    mean, low, high = (np.exp(summary[name]) if log else summary[name] for name in ("mean", "low", "high"))
    band(ax, summary["gamma"], mean, low, high, label=label, color=color)


def _nothing(ax: Axes) -> None:
    ax.text(0.5, 0.5, "no finite value", transform=ax.transAxes, ha="center", color="0.45")


def _legend(ax: Axes, place: Literal["best", "lower right", "upper right"]) -> None:
    if ax.get_legend_handles_labels()[0]:  # a panel of diverged networks has none
        ax.legend(loc=place)


def _logarithmic(ax: Axes) -> None:
    """A logarithmic axis with plain numbers on it, where there is something to show."""
    if not any(np.isfinite(line.get_ydata(orig=True)).any() for line in ax.lines):
        _nothing(ax)
        return
    ax.set_yscale("log")
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=9))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _axis(ax: Axes, frame: pd.DataFrame, task: str) -> None:
    """The axis of the width, alike in all panels, and the name of the task."""
    low, high = frame["gamma"].min(), frame["gamma"].max()
    mark_integers(ax, low, high)
    step = max(1, ceil((high - low) / 9))
    ax.set_xticks(range(step * ceil(low / step), floor(high) + 1, step))
    margin = 0.01 * (high - low) or 0.5
    ax.set_xlim(low - margin, high + margin)
    ax.set_title(task, loc="left", fontweight="bold")


def _score(ax: Axes, task: str, frame: pd.DataFrame) -> None:
    name = frame["score_name"].iloc[0]
    _curve(ax, frame, "test_score", label=f"test {name}", color=BLUE)
    ax.set_ylabel(f"test {name}")


def _loss(ax: Axes, task: str, frame: pd.DataFrame) -> None:
    for part, color in (("train", BLUE), ("val", GREEN), ("test", RED)):
        _curve(ax, frame, f"{part}_loss", label={"val": "validation"}.get(part, part), color=color, log=True)
    _logarithmic(ax)
    ax.set_ylabel("loss (nats)" if frame["kind"].iloc[0] == "classification" else "loss (½ squared error)")
    _legend(ax, "best")


def _derivatives(results: pd.DataFrame) -> Figure:
    """Training loss left, validation loss right."""
    figure, axes = _rows(results)
    for pair, (task, frame) in zip(axes, _tasks(results), strict=True):
        for ax, part, color in zip(pair, ("train", "val"), (BLUE, RED), strict=True):
            _axis(ax, frame, task)
            _derivative(ax, frame, part, color)
        pair[0].set_ylabel("∂ training loss / ∂γ")
        pair[1].set_ylabel("∂ validation loss / ∂γ")
    _legend(axes[0][0], "lower right")
    return figure


def _derivative(ax: Axes, frame: pd.DataFrame, part: str, color: str) -> None:
    """A stroke on each tile (k, k+1), and both one-sided derivatives at each integer."""
    left, right = f"{part}_dgamma_left", f"{part}_dgamma_right"
    scale = frame.groupby("gamma")[right].mean().abs().median()
    if np.isnan(scale):
        _nothing(ax)
        return
    ax.set_yscale("symlog", linthresh=10.0 ** np.floor(np.log10(max(scale, TINY))), linscale=0.5)
    ax.axhline(0, color="0.6", linewidth=0.6)
    between = frame["gamma"] % 1 != 0
    for _, tile in frame[between].groupby(np.floor(frame["gamma"][between])):
        _curve(ax, tile, right, label="_", color=color)
    inner = frame[~between]
    for column, marker, shade in ((left, "<", "0.45"), (right, ">", "black")):
        summary = summarise(inner, "gamma", column)
        bars = np.nan_to_num([summary["mean"] - summary["low"], summary["high"] - summary["mean"]])
        label = f"at an integer, from the {'left' if marker == '<' else 'right'}"
        style: dict[str, Any] = {"linestyle": "none", "elinewidth": 0.6, "markersize": 3, "markeredgewidth": 0}
        ax.errorbar(summary["gamma"], summary["mean"], bars, marker=marker, color=shade, label=label, **style)


def _speed(results: pd.DataFrame) -> Figure:
    """How fast a capacity learns: area under the validation curve, and steps to 95 % of the widest net's best."""
    figure, axes = _rows(results)
    for (left, right), (task, frame) in zip(axes, _tasks(results), strict=True):
        for ax in (left, right):
            _axis(ax, frame, task)
        _curve(left, frame, "auc", label="auc", color=BLUE)
        left.set_ylabel(f"validation {frame['score_name'].iloc[0]},\nmean over training")
        right.set_ylabel("steps to 95 % of the\nwidest net's best")
        never = frame.groupby("gamma")["steps_to_95"].transform(lambda steps: steps.isna().mean())
        _curve(right, frame[never <= 0.5], "steps_to_95", label="steps", color=PURPLE, log=True)
        _logarithmic(right)
        _never(right, frame["gamma"], never)
    return figure


def _never(ax: Axes, gamma: pd.Series, never: pd.Series) -> None:
    """Say which share of the networks never got there; they are missing from the mean."""
    share = never.groupby(gamma).first()
    twin = ax.twinx()
    twin.fill_between(share.index, 0, share, color="0.8", linewidth=0)
    twin.set_ylim(0, 1)
    twin.set_yticks([0, 0.5, 1])
    twin.set_ylabel("share never there", color="0.45")
    twin.tick_params(colors="0.45")
    twin.spines["right"].set(visible=True, color="0.75")
    ax.set_zorder(twin.get_zorder() + 1)
    ax.patch.set_visible(False)


def _sliced(ax: Axes, frame: pd.DataFrame, sliced: pd.DataFrame) -> None:
    name = frame["score_name"].iloc[0]
    _curve(ax, frame, "test_score", label="trained at γ", color=BLUE)
    _curve(ax, sliced, "test_score", label=f"trained at {frame['gamma'].max():g}, cut to γ", color=RED)
    ax.set_ylabel(f"test {name}")
    _legend(ax, "lower right" if name == "accuracy" else "upper right")
