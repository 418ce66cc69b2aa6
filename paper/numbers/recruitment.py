"""recruitment: whether the geometry of the gate matters when all is trained, and what earlier records say of it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from continuum_experiments.recruitment.arms import BELOW
from continuum_experiments.recruitment.estimates import LEAST, SCORE_MARGIN, WIDTH_MARGIN

from continuum.analysis.equivalence import Equivalence, mean_equivalence, outcome
from paper.number import Number, count, fixed
from paper.results import Results

NAME = "recruitment"
#: Regime, method, reference, and the macro's name.
CONTRASTS = (
    ("from below", "square_root", "linear", "RootLinear"),
    ("from below", "l2_metric", "linear", "MetricLinear"),
    ("from below", "shadow", "linear", "ShadowLinear"),
    ("from below", "shadow", "l2_metric", "ShadowMetric"),
    ("gd", "square_root", "linear", "DescentRootLinear"),
    ("gd", "l2_metric", "linear", "DescentMetricLinear"),
    ("gd", "l2_penalty", "linear", "DescentPenaltyLinear"),
    ("adam", "square_root", "linear", "AdamRootLinear"),
    ("adam", "l2_penalty", "linear", "AdamPenaltyLinear"),
    ("adam", "l2_metric", "l2_penalty", "AdamMetricPenalty"),
    ("adam", "decoupled", "linear", "AdamDecoupledLinear"),
    ("adam, full, cold", "square_root", "linear", "ColdRootLinear"),
    ("adam, full, cold", "l2_metric", "linear", "ColdMetricLinear"),
    ("sign", "l2_penalty", "linear", "SignPenaltyLinear"),
    ("sign", "decoupled", "linear", "SignDecoupledLinear"),
    ("full, middle gamma lr, price 0.01", "square_root", "linear", "DearRootLinear"),
    ("from above", "square_root", "linear", "AboveRootLinear"),
)
#: The same of the run in which gamma steps by Adam.
ADAPTIVE = (
    ("from below", "square_root", "linear", "AdaptiveRootLinear"),
    ("from below", "l2_metric", "linear", "AdaptiveMetricLinear"),
    ("adam, minibatch", "square_root", "linear", "AdaptiveBatchRootLinear"),
    ("adam, minibatch", "l2_metric", "linear", "AdaptiveBatchMetricLinear"),
    ("adam, full, cold", "square_root", "linear", "AdaptiveFullRootLinear"),
    ("adam", "l2_metric", "l2_penalty", "AdaptiveMetricPenalty"),
)
#: Methods whose width is compared with the needed one, and the macro's name.
METHODS = {"linear": "Linear", "square_root": "Root", "l2_metric": "Metric", "shadow": "Shadow"}


def numbers(results: Results) -> Iterator[Number]:
    """Ratios of widths and differences of scores with their intervals, verdicts, and the nulls of older records."""
    yield from _verdicts(results)
    yield from _contrasts(results, NAME, CONTRASTS)
    yield from _contrasts(results, f"{NAME}_adaptive", ADAPTIVE)
    yield from _tasks(results)
    yield from _needed(results)
    yield from _recorded(results)


def _verdicts(results: Results) -> Iterator[Number]:
    for run, begin in ((NAME, "recruit"), (f"{NAME}_adaptive", "recruitAdaptive")):
        verdicts = results.table(run, "predictions")["verdict"] if run in results.runs else pd.Series(dtype=str)
        source = results.source(run, "predictions", "column verdict") if len(verdicts) else f"{run}: no such run"
        yield Number(f"{begin}Tests", count(len(verdicts)), source)
        for verdict in ("shown", "refuted", "undecided"):
            yield Number(f"{begin}{verdict.title()}", count((verdicts == verdict).sum()), source)
    table = results.table(NAME, "predictions")
    yield Number("recruitTasks", count(table["tasks"].max()), results.source(NAME, "predictions", "column tasks"))


def _contrasts(results: Results, run: str, wanted: tuple[tuple[str, str, str, str], ...]) -> Iterator[Number]:
    table = results.table(run, "contrasts").to_dict("records") if run in results.runs else []
    rows = {(row["regime"], row["method"], row["reference"]): row for row in table}
    for regime, method, reference, name in wanted:
        place = f"{regime}: {method} / {reference}"
        source = results.source(run, "contrasts", place) if rows else f"{run}, contrasts, {place}: no such run"
        row = rows.get((regime, method, reference), {})
        for column, end in (("ratio", ""), ("low", "Low"), ("high", "High")):
            yield Number(f"recruit{name}{end}", fixed(float(row.get(column, np.nan)), 2), source)
        for column, end in (("score_difference", "Score"), ("score_low", "ScoreLow"), ("score_high", "ScoreHigh")):
            yield Number(f"recruit{name}{end}", fixed(float(row.get(column, np.nan)), 3), source)
        yield Number(f"recruit{name}Equal", str(row.get("equal", "--")), source)
        yield Number(f"recruit{name}Power", fixed(float(row.get("power", np.nan)), 2), source)


def _tasks(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "tasks")
    for method, name in (("square_root", "Root"), ("l2_metric", "Metric")):
        ratios = table.loc[table["method"] == method, "ratio"]
        for value, end in ((ratios.min(), "Least"), (ratios.max(), "Most")):
            source = results.source(NAME, "tasks", f"{method} / linear, {end.lower()} of the tasks")
            yield Number(f"recruitTask{name}{end}", fixed(float(value), 2), source)


def _needed(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "recruitment")
    table = table[table["regime"] == "from below"]
    rows = {row["method"]: row for row in table.to_dict("records")}
    for method, name in METHODS.items():
        source = results.source(NAME, "recruitment", f"from below: {method}")
        row = rows.get(method, {})
        for column, end in (("width_needed", ""), ("low", "Low"), ("high", "High")):
            yield Number(f"recruitNeeded{name}{end}", fixed(float(row.get(column, np.nan)), 2), source)
        yield Number(f"recruitGap{name}", fixed(float(row.get("score_gap", np.nan)), 3), source)
    source = results.source(NAME, "recruitment", "from below: start / needed")
    yield Number("recruitNeededStart", fixed(float(table["start_needed"].iloc[0]), 2), source)


def _recorded(results: Results) -> Iterator[Number]:
    """Square-root against linear gates of the interval in two older runs: matched members, mean of each task."""
    rows = results.table("soft_vs_fuzzy", "results")
    rows = rows[rows["stage"] == "network"].rename(columns={"law": "way"})
    fuzzy = "interval/euclidean", "interval/root", ["task", "price", "seed", "start"]
    yield from _null(results, "soft_vs_fuzzy", "recruitNullFuzzy", rows, fuzzy)
    yield from _null(results, "soft_vs_fuzzy", "recruitNullFuzzyBelow", rows[rows["start"] <= BELOW], fuzzy)
    learned = results.table("learned_width", "results").rename(columns={"method": "way"})
    ways = "interval", "interval_sqrt", ["task", "fold", "seed", "start"]
    yield from _null(results, "learned_width", "recruitNullLearned", learned, ways)


def _null(
    results: Results, run: str, name: str, rows: pd.DataFrame, ways: tuple[str, str, list[str]]
) -> Iterator[Number]:
    linear, root, keys = ways
    source = results.source(run, "results", f"{root} / {linear}, means of tasks")
    for ends, digits, verdict in zip(("", "Score"), (2, 4), null(rows, linear, root, keys), strict=True):
        values = (verdict.estimate, verdict.low, verdict.high)
        printed = np.exp(values) if not ends else np.array(values)
        for end, value in zip(("", "Low", "High"), printed, strict=True):
            yield Number(f"{name}{ends}{end}", fixed(float(value), digits), source)
        yield Number(f"{name}{ends}Equal", outcome(verdict.p_within, verdict.p_beyond), source)
        yield Number(f"{name}{ends}Power", fixed(verdict.power, 2), source)


def null(rows: pd.DataFrame, linear: str, root: str, keys: list[str]) -> tuple[Equivalence, Equivalence]:
    """Log ratio of widths and difference of scores of matched members, each task its mean."""
    first, second = (rows[rows["way"] == way] for way in (root, linear))
    pairs = first.merge(second, on=keys, suffixes=("", "_linear"))
    widths = (np.log(pairs[column].clip(lower=LEAST)) for column in ("width", "width_linear"))
    pairs = pairs.assign(ratio=np.subtract(*widths), difference=pairs["score"] - pairs["score_linear"])
    tasks = pairs.groupby("task")[["ratio", "difference"]].mean()
    margins = {"ratio": float(np.log(WIDTH_MARGIN)), "difference": SCORE_MARGIN}
    ratio, difference = (mean_equivalence(tasks[column], 0.0, margin) for column, margin in margins.items())
    return ratio, difference
