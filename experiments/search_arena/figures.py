"""The figures of search_arena: regret against budget, ranks, the questions, and a page for each searcher."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from continuum.analysis.rank_figure import rank_figure
from continuum.analysis.style import FULL, OKABE_ITO, band, new_figure, save
from continuum.analysis.tables import write_tables
from continuum.exp.experiment import Tables

from .agent_figure import by_resolution
from .measures import COLUMNS, answered, nearest_budget, ranked
from .pages import page, panels
from .questions import MIDDLE, SMALL
from .report import frames

#: Lines that are told apart by colour and dashes together.
DASHES = ("-", "--", ":", "-.")
#: Baselines that are drawn as level lines, with their dashes.
LEVELS = {"exhaustive": "-", "constant_16": "--", "default_64": ":", "widest": "-."}
#: Searchers that are drawn in the panels of single tasks.
IN_PANELS = ("random", "grid", "tpe", "successive_halving", "hyperband", "bohb")
#: Height in inches of a row of the figure of questions; how far its axis reaches.
ROW, LIMIT = 0.17, 0.6
#: Least regret that the logarithmic axis shows: below are means of which most are 0.
LEAST = 0.003
#: Colour of each answer.
ANSWERS = {"confirmed": "#009E73", "refuted": "#D55E00", "null": "#0072B2", "undecided": "0.55"}


def draw(tables: Tables, folder: Path) -> list[Path]:
    """Write the figures, and the tables of the report beside them."""
    named, rows = frames(tables), answered(tables)
    figures = {"regret": _mean_regret(named["means"], named["noise_floor"])}
    for column in COLUMNS:
        figures[f"regret_by_task_{column}"] = _task_regret(named["regret"], named["noise_floor"], column)
        for wanted in (SMALL, MIDDLE):
            budget = nearest_budget(rows, wanted)
            if (test := ranked(rows, budget, column)) is not None:
                words = f"mean rank over {rows['task'].nunique()} tasks, {column} regret at {budget} trainings"
                figures[f"ranks_{column}_{budget}"] = rank_figure(
                    test[0], test[2], f"{words}; Friedman p = {test[1]:.2g}"
                )
    if len(named["questions"]):
        figures["questions"] = _questions(named["questions"])
    if "agents" in tables:
        figures["agents"] = by_resolution(tables["agents"])
    for name, tried in tables["paths"].groupby("searcher", sort=False):
        figures[f"page_{name}"] = page(str(name), tried, named["regret"])
    paths = [path for name, figure in figures.items() for path in save(figure, folder, name)]
    return paths + write_tables(named, folder)


def looks(names: list[str]) -> dict[str, tuple[str, str]]:
    """Colour and dashes of each searcher."""
    colours = OKABE_ITO[:6]
    return {
        name: ("black", "-") if name == "random" else (colours[at % 6], DASHES[at // 6 % len(DASHES)])
        for at, name in enumerate(names)
    }


def _mean_regret(means: pd.DataFrame, floor: pd.DataFrame) -> Figure:
    """Regret in the mean over tasks; the band of random search alone, for all bands would hide the lines."""
    figure, axes = new_figure(1, 2, width=FULL)
    figure.set_size_inches(FULL, 4.2)
    moving = means[~means["searcher"].isin([*LEVELS, "average", "trained_rows"])]
    styles = looks(list(dict.fromkeys(moving["searcher"])))
    for ax, column in zip(axes, COLUMNS, strict=True):
        for name, rows in moving.groupby("searcher", sort=False):
            line = rows.dropna(subset=[column]).sort_values("budget")
            if len(line):
                _line(ax, str(name), line, column, styles[str(name)])
        for name, dash in LEVELS.items():
            value = means.loc[means["searcher"] == name, column]
            if len(value):
                ax.axhline(value.iloc[0], color="0.6", linestyle=dash, linewidth=0.8, zorder=0)
        _budgets(ax)
        ax.set_title(f"{column} rows", fontsize=9)
    _name_levels(axes[1], means)
    axes[0].set_yscale("log")
    axes[0].set_ylim(LEAST, 1.5)
    axes[0].set_ylabel("regret, mean over tasks")
    axes[1].set_ylim(min(0.0, float(floor.drop(columns="task").mean().min()) - 0.05), 1.05)
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=6, fontsize=7)
    return figure


def _line(ax: Axes, name: str, line: pd.DataFrame, column: str, style: tuple[str, str]) -> None:
    colour, dash = style
    if name == "random":
        low, high = line[f"{column}_low"], line[f"{column}_high"]
        band(ax, line["budget"], line[column], low, high, color=colour, label="random, 95 % over tasks")
        return
    marker = "o" if len(line) < 3 else None
    ax.plot(line["budget"], line[column], color=colour, linestyle=dash, marker=marker, linewidth=1, label=name)


def _name_levels(ax: Axes, means: pd.DataFrame) -> None:
    for name in LEVELS:
        value = means.loc[means["searcher"] == name, "test"]
        if len(value):
            words = f"{name} (noise floor)" if name == "exhaustive" else name
            ax.annotate(words, (1.0, value.iloc[0]), xycoords=("axes fraction", "data"), fontsize=5.5, color="0.4",
                        ha="right", va="bottom")  # fmt: skip


def _budgets(ax: Axes) -> None:
    ax.set_xscale("log", base=2)
    ticks = [1, 4, 16, 64, 200]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.minorticks_off()
    ax.set_xlabel("trainings")


def _task_regret(each: pd.DataFrame, floor: pd.DataFrame, column: str) -> Figure:
    tasks = list(dict.fromkeys(each["task"]))
    names = [name for name in IN_PANELS if name in set(each["searcher"])]
    styles = looks(names)
    figure, axes = panels(tasks)
    levels = floor.set_index("task")
    for task, ax in axes.items():
        for name in names:
            line = each[(each["task"] == task) & (each["searcher"] == name)].sort_values("budget")
            low, high = line[f"{column}_low"], line[f"{column}_high"]
            colour, dash = styles[name]
            band(ax, line["budget"], line[column], low, high, color=colour, linestyle=dash, label=name, linewidth=0.9)
        if column == "test":
            ax.axhline(levels["exhaustive"][task], color="0.5", linewidth=0.8, zorder=0, label="noise floor")
            ax.axhline(levels["constant_16"][task], color="0.5", linestyle="--", linewidth=0.8, zorder=0,
                       label="16 units, lr .01")  # fmt: skip
        _budgets(ax)
        ax.set_ylim(top=min(1.5, ax.get_ylim()[1]))
        ax.set_title(task, fontsize=7)
        ax.set_xlabel("trainings", fontsize=7)
    figure.supylabel(f"{column} regret, 95 % over repetitions", fontsize=8)
    handles = next(iter(axes.values())).get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=4, fontsize=7)
    return figure


def _questions(table: pd.DataFrame) -> Figure:
    """Each claim with its interval: left of 0 is where it would be true."""
    runs = table["rows"] == "test, J"
    figure, ax = new_figure(width=FULL)
    figure.set_size_inches(FULL, ROW * len(table) + 0.9)
    y = np.arange(len(table))[::-1]
    scale = np.where(runs, 5.0, 1.0)  # J moves in a fifth of the range of regret
    for verdict, colour in ANSWERS.items():
        at = (table["verdict"] == verdict).to_numpy()
        mean, low, high = (table[name].to_numpy(float)[at] * scale[at] for name in ("claimed_below_0", "low", "high"))
        ax.hlines(y[at], low, high, color=colour, linewidth=1)
        ax.plot(mean, y[at], "o", color=colour, markersize=3, label=verdict)
    ax.axvline(0, color="0.5", linewidth=0.6)
    claims = [f"{c} (x 5)" if run else c for c, run in zip(table["claim"], runs, strict=True)]
    ax.set_yticks(y, claims, fontsize=6)
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xlim(-LIMIT, LIMIT)
    ax.set_xlabel("regret (or J) of the first − second − margin; below 0: as claimed", fontsize=7)
    figure.legend(loc="outside upper center", ncols=4, fontsize=7)
    return figure
