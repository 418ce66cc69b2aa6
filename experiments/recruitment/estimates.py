"""What is estimated: ratios of widths and differences of scores between matched runs, over tasks."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.analysis.statistics import mean_interval

from .arms import BELOW

#: Two widths count as equal within this ratio, two scores within this difference.
WIDTH_MARGIN, SCORE_MARGIN = 1.1, 0.005
#: What a run is compared with: the gate of the sources, in otherwise equal runs.
REFERENCE = "linear"
#: Pairs that differ in one thing: the metric, the shadow, where the decay goes.
LIKE = (("l2_metric", "l2_penalty"), ("shadow", "l2_metric"), ("decoupled", "l2_penalty"))
#: Columns in which matched runs agree.
MATCHED = ("task", "seed", "optimizer", "gamma_lr", "batch", "features", "start", "price")
#: Columns that a grid of fixed widths shares with the runs that it is for.
SURROUNDINGS = ("task", "optimizer", "batch", "features")
#: Widths below this count as this in ratios.
LEAST = 0.25


def measured(results: pd.DataFrame) -> pd.DataFrame:
    """The learned widths beside the grid; one row per run.

    ``needed`` is the fixed width of the least loss + decay + price, of runs trained in the same way; ``score_gap`` the
    score minus that of a fixed network as wide, interpolated in log width. Logarithms of widths: ``log_width``,
    ``needed_ratio`` that of width / needed, ``start_ratio`` that of start / needed.
    """
    learned = results[results["method"] != "fixed"].reset_index(drop=True)
    needs = [needed_widths(results, float(price)).assign(price=price) for price in learned["price"].unique()]
    learned = learned.merge(pd.concat(needs), on=[*SURROUNDINGS, "price"], how="left")
    learned["score_gap"] = _gaps(results, learned)
    learned["log_width"] = np.log(learned["width"].clip(lower=LEAST))
    needed = np.log(learned["needed"])
    return learned.assign(needed_ratio=learned["log_width"] - needed, start_ratio=np.log(learned["start"]) - needed)


def differences(runs: pd.DataFrame, method: str, reference: str) -> pd.DataFrame:
    """Runs of a method minus otherwise equal ones of a reference: ``width_ratio`` (log) and ``score_difference``."""
    columns = [*MATCHED, "log_width", "score"]
    other = runs.loc[runs["method"] == reference, columns]
    pairs = runs.loc[runs["method"] == method, columns].merge(other, on=list(MATCHED), suffixes=("", "_reference"))
    width = pairs["log_width"] - pairs["log_width_reference"]
    return pairs.assign(width_ratio=width, score_difference=pairs["score"] - pairs["score_reference"])


def needed_widths(results: pd.DataFrame, price: float) -> pd.DataFrame:
    """The fixed width of the least loss + decay + price, mean over seeds, in each surroundings."""
    fixed = results[results["method"] == "fixed"]
    total = fixed.assign(total=fixed["objective"] + price * fixed["start"])
    means = total.groupby([*SURROUNDINGS, "start"], sort=False)["total"].mean().reset_index()
    best = means.loc[means.groupby(list(SURROUNDINGS))["total"].idxmin()]
    return best.rename(columns={"start": "needed"})[[*SURROUNDINGS, "needed"]]


def _gaps(results: pd.DataFrame, learned: pd.DataFrame) -> pd.Series:
    """Score minus that of the grid at the learned width, seed by seed."""
    keys = [*SURROUNDINGS, "seed"]
    curves = {key: frame.sort_values("start") for key, frame in results[results["method"] == "fixed"].groupby(keys)}
    gaps = pd.Series(np.nan, index=learned.index)
    for key, frame in learned.groupby(keys):
        if key in curves:
            curve = curves[key]
            place = np.log(frame["width"].clip(lower=LEAST))
            gaps[frame.index] = frame["score"] - np.interp(place, np.log(curve["start"]), curve["score"])
    return gaps


def regimes(runs: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The regimes that are spoken of, by name: from below at the least price, unless they say otherwise."""
    first, middle = runs["price"].min(), runs["gamma_lr"].median()
    below = runs[(runs["start"] == BELOW) & (runs["price"] == first)]
    yield "from below", below
    for optimizer, frame in below.groupby("optimizer", sort=False):
        yield str(optimizer), frame
        full = frame[frame["batch"] == "full"]
        yield f"{optimizer}, minibatch", frame[frame["batch"] == "minibatch"]
        for features, part in full.groupby("features", sort=False):
            yield f"{optimizer}, full, {features}", part
        for lr, part in full.groupby("gamma_lr"):
            yield f"{optimizer}, full, gamma lr {lr:g}", part
    for price, part in runs[(runs["batch"] == "full") & (runs["gamma_lr"] == middle)].groupby("price"):
        yield f"full, middle gamma lr, price {price:g}", part[part["start"] == BELOW]
    yield "from above", runs[runs["start"] != BELOW]


def contrasts(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per regime and pair of methods: ratio of widths and difference of scores of matched runs, over tasks.

    A task's value is the mean over its runs. The interval is Student's over tasks; equality within the margin is
    ``shown``, ``refuted``, or ``undecided``; ``power`` is that of showing it if the two were equal.
    """
    rows = []
    for regime, frame in regimes(runs):
        for method, reference in pairs_of(frame):
            part = differences(frame, method, reference)
            ratio = mean_equivalence(by_task(part, "width_ratio"), 0.0, np.log(WIDTH_MARGIN))
            score = mean_equivalence(by_task(part, "score_difference"), 0.0, SCORE_MARGIN)
            row = {"regime": regime, "method": method, "reference": reference, "tasks": ratio.n, "runs": len(part)}
            row |= {"ratio": np.exp(ratio.estimate), "low": np.exp(ratio.low), "high": np.exp(ratio.high)}
            row |= {"power": ratio.power, "equal": outcome(ratio.p_within, ratio.p_beyond)}
            row |= {"score_difference": score.estimate, "score_low": score.low, "score_high": score.high}
            rows.append(row | {"score_power": score.power, "score_equal": outcome(score.p_within, score.p_beyond)})
    return pd.DataFrame(rows)


def pairs_of(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """Which methods are compared: each with linear gates, and some with their like."""
    present = list(dict.fromkeys(frame["method"]))
    pairs = [(method, REFERENCE) for method in present if method != REFERENCE] + list(LIKE)
    return [pair for pair in pairs if set(pair) <= set(present)]


def recruitment(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per regime and method: the final width over the needed one, beside what staying at the start gives.

    ``gained`` is the mean number of units; ``width_teacher`` the final width over the teacher's, of such tasks alone;
    ``moving`` the share of runs whose width changed by more than 0.1 in the last tenth; ``score_gap`` the score minus
    that of a fixed network as wide. Intervals are Student's over tasks.
    """
    rows = []
    for regime, frame in regimes(runs):
        for method, part in frame.groupby("method", sort=False):
            ratio = mean_interval(by_task(part, "needed_ratio"))
            gap = mean_interval(by_task(part, "score_gap"))
            stay = by_task(part, "start_ratio").mean()
            row = {"regime": regime, "method": method, "gained": (part["width"] - part["start"]).mean()}
            row |= {"width_needed": np.exp(ratio[0]), "low": np.exp(ratio[1]), "high": np.exp(ratio[2])}
            row |= {"start_needed": np.exp(stay), "width_teacher": _teachers(part), "score": part["score"].mean()}
            row |= {"score_gap": gap[0], "gap_low": gap[1], "gap_high": gap[2]}
            rows.append(row | {"moving": float((part["drift"].abs() > 0.1).mean())})
    return pd.DataFrame(rows)


def tasks(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per task and method, from below at the least price: width over the matched linear one's, and score minus.

    Intervals would be over seeds, of which there are few; what varies from task to task is what the table is for.
    """
    below = next(frame for name, frame in regimes(runs) if name == "from below")
    linear = below[below["method"] == REFERENCE].groupby("task", sort=False)["width"].mean()
    needed = below.groupby("task", sort=False)["needed"].mean()
    rows = []
    for method, reference in pairs_of(below):
        part = differences(below, method, reference)
        for task in linear.index if reference == REFERENCE else ():
            ratio, score = part.loc[part["task"] == task, ["width_ratio", "score_difference"]].mean()
            row = {"task": task, "method": method, "ratio": np.exp(ratio), "score_difference": score}
            rows.append(row | {"linear_width": linear[task], "needed": needed[task]})
    return pd.DataFrame(rows)


def _teachers(part: pd.DataFrame) -> float:
    """Geometric mean of width / teacher's width."""
    taught = part[part["teacher"].notna()]
    return float(np.exp((taught["log_width"] - np.log(taught["teacher"])).mean()))


def by_task(part: pd.DataFrame, column: str) -> pd.Series:
    """Mean over the runs of each task."""
    return part.groupby("task", sort=False)[column].mean()
