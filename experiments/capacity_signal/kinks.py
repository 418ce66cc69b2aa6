"""The kink of the capacity loss under scale-free optimisers: is it where theory says, and what does it tell?"""

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd

from continuum.analysis.agreement import balanced_accuracy, base_rate
from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.analysis.ranks import cluster_interval, partial_spearman, spearman
from continuum.exp.experiment import Tables

from .statistics import proportion

#: Columns that say where a number is from; of one integer; of one way to train.
INTEGER = ["task", "seed", "width"]
WAY = ["optimizer", "horizon"]
#: What the factor between the measured and the predicted slope may differ from 1 by.
MARGIN = 0.02
#: Standard errors from 0 of a gain whose sign is clear.
CLEAR = 2.0
#: Draws of a bootstrap over data.
DRAWS = 500
#: What else might tell what a unit saves, needing no slope: small where it saves much.
BASELINES = {"k": "width", "training loss": "fitted", "gap": "gap"}


def data_of(task: pd.Series) -> pd.Series:
    """The data that a task is made from: ``digits`` of ``digits/3/noise40``."""
    return task.str.split("/").str[0]


def kinks(tables: Tables) -> pd.DataFrame:
    """One row per optimiser, epsilon, gate and horizon: the factor between difference and predicted slope.

    ``factor`` is the mean over data of the slope of the line through 0; ``direct_factor`` the same for the first term
    of the prediction alone, without the response of the other weights. The verdict is that of two one-sided tests.
    """
    slopes = tables["slopes"].assign(data=lambda f: data_of(f["task"]))
    rows = []
    for key, part in slopes.groupby(["optimizer", "eps", "gate", "horizon"], sort=False):
        factors, direct = (
            [proportion(one["difference"], one[name]) for _, one in part.groupby("data")]
            for name in ("slope", "direct")
        )
        test = mean_equivalence(factors, 1.0, MARGIN)
        row = dict(zip(("optimizer", "eps", "gate", "horizon"), key, strict=True))
        row |= {"slope": part["slope"].mean(), "difference": part["difference"].mean(), "factor": test.estimate}
        row |= {"low": test.low, "high": test.high, "n": test.n, "power": test.power}
        row |= {"verdict": outcome(test.p_within, test.p_beyond), "direct_factor": pd.Series(direct).mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def integers(tables: Tables) -> pd.DataFrame:
    """One row per way to train and integer: the slope with epsilon 0, what a unit saves other starts, what is known."""
    slopes = tables["slopes"].query("eps == 0")
    known = slopes.groupby([*WAY, *INTEGER], sort=False)[["slope", "training", "validation"]].mean()
    gains = tables["saved"].groupby([*WAY, *INTEGER], sort=False)["gain"].agg(gain="mean", error="sem")
    single = slopes.assign(negative=slopes["single"] < 0).groupby([*WAY, *INTEGER], sort=False)["negative"].mean()
    frame = known.join(gains).join(single).reset_index()
    helps = frame["gain"] < 0
    return frame.assign(
        data=data_of(frame["task"]),
        helps=helps,
        says=frame["slope"] < 0,
        single_right=frame["negative"].where(helps, 1 - frame["negative"]),
        clear=frame["gain"].abs() > CLEAR * frame["error"],
        fitted=-frame["training"],
        gap=frame["validation"] - frame["training"],
    )


def kink_summary(tables: Tables) -> pd.DataFrame:
    """One row per optimiser and horizon; intervals of a bootstrap that draws whole data anew.

    ``balanced`` is the balanced accuracy of the slope's sign against that of the gain, ``balanced_clear`` where the
    gain is clear of 0, ``single_right`` the share of right signs of one start, ``separated`` the area under the curve
    at any threshold; ``rank`` is the rank correlation of slope and gain over the integers of a task, ``given_k`` and
    ``given_training`` what is left of it where these are known; ``separated_k``, ``rank_k`` and so on are those of what
    needs no slope.
    """
    return pd.DataFrame(_rows(integers(tables)))


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, object]]:
    for key, part in frame.groupby(WAY, sort=False):
        row: dict[str, object] = dict(zip(WAY, key, strict=True))
        row |= {"integers": len(part), "data": part["data"].nunique(), "base_rate": base_rate(part["helps"])}
        row |= {"helps": part["helps"].mean(), "says": part["says"].mean()}
        row |= {"right": (part["says"] == part["helps"]).mean(), "single_right": part["single_right"].mean()}
        row |= _ends("balanced", part, lambda f: balanced_accuracy(f["helps"], f["says"]))
        clear = part[part["clear"]]
        row |= {"clear": len(clear), "balanced_clear": balanced_accuracy(clear["helps"], clear["says"])}
        row |= _ends("separated", part, lambda f: separation(f["helps"], f["slope"]))
        row |= {f"separated_{name.split()[0]}": separation(part["helps"], part[on]) for name, on in BASELINES.items()}
        ranks = ranked(part)
        row |= _ends("rank", ranks, lambda f: spearman(f["slope"], f["gain"]))
        row |= _ends("given_k", ranks, lambda f: partial_spearman(f["slope"], f["gain"], f["width"]))
        row |= _ends("given_training", ranks, lambda f: partial_spearman(f["slope"], f["gain"], f["fitted"]))
        row |= {f"rank_{name.split()[0]}": spearman(ranks[on], ranks["gain"]) for name, on in BASELINES.items()}
        yield row


def separation(helps: pd.Series, value: pd.Series) -> float:
    """Share of the pairs of a helpful and a harmful integer in which the helpful one has the lower value (ties half).

    >>> separation(pd.Series([True, True, False]), pd.Series([1.0, 3.0, 2.0]))
    0.5
    """
    ranks, count = value.rank(), int(helps.sum())
    pairs = count * (len(helps) - count)
    below = ranks[~helps].sum() - (len(helps) - count) * (len(helps) - count + 1) / 2
    return float(below / pairs) if pairs else float("nan")


def ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Ranks over the integers of a task and split."""
    columns = ["slope", "gain", *BASELINES.values()]
    return frame.groupby(["task", "seed"])[columns].rank().assign(data=frame["data"])


def _ends(name: str, frame: pd.DataFrame, statistic: Callable[[pd.DataFrame], float]) -> dict[str, Any]:
    """A statistic and its interval."""
    ends = cluster_interval(frame, "data", statistic, DRAWS)
    return {name: ends.mean, f"{name}_low": ends.low, f"{name}_high": ends.high}
