"""What the page of a gamma_sweep run shows; ``continuum/exp/report/page/page.js`` says how.

Means and 95 % intervals over seeds are those of the figures: geometric for losses and steps, arithmetic elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.statistics import summarise
from continuum.exp.experiment import Tables
from continuum.exp.report.render import columns, entry

from .figures import TINY
from .page_layer import example, layer
from .page_numbers import shortened
from .report import smallest_sufficient

BLUE, RED, GREEN, PURPLE = range(4)  # places in continuum.analysis.style.OKABE_ITO
PARTS = {"train": ("training loss", BLUE), "val": ("validation loss", GREEN), "test": ("test loss", RED)}

LEAD = {
    "interval": "{networks} networks, one for each width γ, task and seed. Two whole units and a quarter of a third "
    "make a layer of width 2.25. Move γ across an integer: a unit is born, and the derivative of the loss jumps.",
    "smooth": "{networks} networks, one for each width γ, task and seed. Move γ: this law opens the gates of all units "
    "smoothly, so the derivative of the loss has no jump at an integer.",
}


def page(tables: Tables, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that the page shows, but for the manifest."""
    results, slices, config = tables["results"], tables["slice"], manifest["configuration"]
    recorded = np.unique(results["gamma"])
    tasks = [(str(name), frame) for name, frame in results.groupby("task", sort=False)]
    return {
        "title": "A layer of real width",
        "lead": LEAD["interval" if config["law"] == "interval" else "smooth"].format(networks=len(results)),
        "facts": _facts(results, config),
        "layer": layer(config, recorded),
        "tasks": [_task(name, frame, slices[slices["task"] == name]) for name, frame in tasks],
        "example": example(config, recorded),
        "rows": columns(results),
    }


def _facts(results: pd.DataFrame, config: Mapping[str, Any]) -> list[list[str]]:
    shown = ("seeds", "epochs", "optimizer", "lr", "batch", "activation", "law", "units")
    names = {"lr": "learning rate", "law": "law of width", "units": "units", "batch": "minibatch"}
    facts = [["networks", str(len(results))], *([names.get(name, name), str(config[name])] for name in shown)]
    troubled = results["outcome"].value_counts().drop("ok", errors="ignore")
    return facts + [[f"networks {outcome}", str(count)] for outcome, count in troubled.items()]


def _task(name: str, frame: pd.DataFrame, sliced: pd.DataFrame) -> dict[str, Any]:
    score, nats = frame["score_name"].iloc[0], frame["kind"].iloc[0] == "classification"
    unit = "nats" if nats else "½ squared error"
    charts = [
        _chart("score", f"test {score}", [
            _line(frame, "test_score", "trained at γ", BLUE),
            _line(sliced, "test_score", f"cut from {frame['gamma'].max():g} to γ", PURPLE),
        ]),
        _chart("loss", f"loss, {unit}", [
            _line(frame, f"{part}_loss", label, colour, log=True) for part, (label, colour) in PARTS.items()
        ], "log"),
        *(_derivative(frame, part, unit) for part in ("train", "val")),
        _chart("auc", f"validation {score}, mean over training", [_line(frame, "auc", "trained at γ", BLUE)]),
        _chart("steps", "steps to 95 % of the widest network's best, 0 as 1", [
            _line(_arrived(frame), "steps_to_95", "trained at γ", PURPLE, log=True, least=1.0)
        ], "log"),
    ]  # fmt: skip
    seeds = frame["seed"].nunique()
    kind = f"{frame['kind'].iloc[0]}, {seeds} seed{'s' if seeds > 1 else ''}"
    return {"name": name, "kind": kind, "finding": _finding(frame), "charts": charts, "means": _means(frame)}


def _chart(key: str, title: str, lines: list[dict[str, Any]], scale: str = "linear") -> dict[str, Any]:
    return {"key": key, "title": title, "scale": scale, "lines": lines}


def _line(
    frame: pd.DataFrame, column: str, label: str, colour: int, *, log: bool = False, least: float = TINY
) -> dict[str, Any]:
    """A mean with its 95 % interval at every recorded width; a logarithm is of ``least`` or more."""
    values = np.log(frame[column].clip(lower=least)) if log else frame[column]
    summary = summarise(frame.assign(value=values), "gamma", "value")
    bounds = {name: np.exp(summary[name]) if log else summary[name] for name in ("mean", "low", "high")}
    numbers = {name: shortened(series) for name, series in bounds.items()}
    return {"label": label, "colour": colour, "gamma": summary["gamma"].tolist(), **numbers, "n": summary["n"].tolist()}


def _derivative(frame: pd.DataFrame, part: str, unit: str) -> dict[str, Any]:
    """The derivative in gamma between the integers; at each of them both sides, all seeds."""
    label, colour = PARTS[part]
    left, right = f"{part}_dgamma_left", f"{part}_dgamma_right"
    smooth = frame["law"].iloc[0] != "interval"
    inner = (frame["gamma"] % 1 == 0) & (not smooth)
    chart = _chart(f"d{part}", f"∂ {label} / ∂γ, {unit} per unit", [
        _line(frame[~inner], right, "between the integers" if not smooth else label, colour)
    ], "symlog")  # fmt: skip
    typical = frame.groupby("gamma")[right].mean().abs().median()
    linear = 10.0 ** np.floor(np.log10(max(np.nan_to_num(typical), TINY)))
    sides = {"left": _side(frame[inner], left), "right": _side(frame[inner], right)}
    return {**chart, "threshold": linear, "of": label, "sides": sides if inner.any() else None}


def _side(frame: pd.DataFrame, column: str) -> dict[str, Any]:
    seeds = [shortened(values) for _, values in frame.groupby("gamma")[column]]
    return {**_line(frame, column, column, BLUE), "values": seeds}


def _arrived(frame: pd.DataFrame) -> pd.DataFrame:
    """Widths at which at least half of the networks got there: elsewhere the mean would be of the lucky few."""
    never = frame.groupby("gamma")["steps_to_95"].transform(lambda steps: steps.isna().mean())
    return frame[never <= 0.5]


def _finding(frame: pd.DataFrame) -> str:
    """What the curves of a task come to, in two sentences."""
    score = frame["score_name"].iloc[0]
    lines = ["No network has a finite score."]
    if frame["test_score"].notna().any():
        width = smallest_sufficient(frame)
        lines = [f"The smallest width whose mean test {score} is within one standard error of the best is {width:g}."]
    inner = frame[(frame["gamma"] % 1 == 0) & (frame["law"] == "interval")]
    sides = [inner[f"train_dgamma_{side}"].dropna() for side in ("left", "right")]
    if len(sides[0]):
        left, right = (f"{(side < 0).sum()} of {len(side)}" for side in sides)
        lines += ["At the integers the derivative of the training loss is negative"]
        lines += [f"in {left} networks from the left, and in {right} from the right."]
    return " ".join(lines)


def _means(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Columns of the table of means."""
    return [{"label": label, "values": values} for label, values in _mean_columns(frame)]


def _mean_columns(frame: pd.DataFrame) -> Iterator[tuple[str, list[Any]]]:
    score = _line(frame, "test_score", "", BLUE)
    yield "γ", score["gamma"]
    yield "parameters", [entry(count) for count in frame.groupby("gamma")["params"].first()]
    yield f"test {frame['score_name'].iloc[0]}", score["mean"]
    yield "low", score["low"]
    yield "high", score["high"]
    for part, (label, colour) in PARTS.items():
        yield f"{part} loss", _line(frame, f"{part}_loss", label, colour, log=True)["mean"]
    for part in ("train", "val"):
        for side, sign in (("left", "∂⁻"), ("right", "∂⁺")):
            yield f"{sign} {part}", _line(frame, f"{part}_dgamma_{side}", "", BLUE)["mean"]
