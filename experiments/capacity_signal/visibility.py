"""Which method tells, under which parametrisation and at which cost, whether one more unit would help."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.analysis.agreement import balanced_accuracy, base_rate
from continuum.analysis.ranks import cluster_interval, spearman
from continuum.exp.experiment import Tables

from .ranks import KEYS, integers
from .statistics import RESAMPLES, Statistic, separation

#: An estimate below this share of the gain of a whole unit counts as silence: it does not say that the unit helps.
SILENT = 1e-3
#: Standard errors from 0 of a gain whose sign is clear.
CLEAR = 2.0
#: Answers that need no gradient in the width: what they go by, small where a unit should help.
BASELINES = {"always yes": "always", "fewer units": "width", "more training loss": "fitted", "smaller gap": "gap"}


def visibility(tables: Tables) -> pd.DataFrame:
    """One row per integer, parametrisation and method: the estimate, what it says, and whether that is right.

    ``helps`` is the truth: the mean gain of other starts is below 0. ``heard`` is the estimate, and 0 where it is
    silent: what is left beside the integer of a derivative that is 0 at it. ``needed`` is how many gradient evaluations
    tell the sign of the mean at 95 % (normal): mirrored pairs of starts, (1.96 spread / mean)^2 of them and one at
    least, at twice the price of a start.
    """
    columns = {
        "estimate": ("pair", "mean"),
        "spread": ("pair", "std"),
        "answered": ("pair", "count"),
        "starts": ("pair", "size"),
        "price": ("gradients", "first"),
    }
    estimates = tables["results"].groupby([*KEYS, "geometry", "method"], sort=False).agg(**columns).reset_index()
    frame = pd.concat([estimates.merge(integers(tables), on=KEYS), baselines(tables)], ignore_index=True)
    audible = frame["estimate"].abs() > SILENT * frame["gain"].abs()
    pairs = np.maximum(1.0, (1.96 * frame["spread"] / frame["estimate"]) ** 2)
    says, helps = audible & (frame["estimate"] < 0), frame["gain"] < 0
    return frame.assign(
        helps=helps,
        says=says,
        right=audible & (says == helps),
        silent=~audible,
        heard=frame["estimate"].where(audible | frame["estimate"].isna(), 0.0),
        clear=frame["gain"].abs() > CLEAR * frame["error"],
        needed=np.where(audible, pairs * 2 * frame["price"], np.inf),
    )


def baselines(tables: Tables) -> pd.DataFrame:
    """The answers that need no gradient in the width, at the same integers; all but the first have no threshold."""
    cells = tables["results"][KEYS].drop_duplicates()
    known = integers(tables).merge(cells, on=KEYS).assign(always=-1.0, fitted=lambda f: -f["training"])
    frames = [known.assign(geometry="none", method=name, estimate=known[on]) for name, on in BASELINES.items()]
    return pd.concat(frames, ignore_index=True).assign(spread=0.0, answered=1, starts=1, price=0)


def balanced(frame: pd.DataFrame) -> float:
    """Balanced accuracy of what is said; silence does not say that the unit helps."""
    return balanced_accuracy(frame["helps"], frame["says"])


def separated(frame: pd.DataFrame) -> float:
    """How well the estimates separate helpful from harmful, at any threshold; NaN where most are missing."""
    if frame["heard"].isna().mean() > 0.5:
        return float("nan")
    return separation(frame["helps"], frame["heard"])


def ranked_within(frame: pd.DataFrame) -> pd.DataFrame:
    """Ranks of estimate and gain within a task and split."""
    return frame.groupby(["task", "seed"])[["heard", "gain"]].rank().assign(data=frame["data"])


def rank_correlation(ranks: pd.DataFrame) -> float:
    """Of estimate and gain."""
    return spearman(ranks["heard"], ranks["gain"])


def summary(tables: Tables) -> pd.DataFrame:
    """One row per parametrisation and method; intervals of a bootstrap that draws whole data sources.

    ``right`` counts silence as wrong; ``base_rate`` is what the better constant answer scores, ``balanced`` the mean of
    the shares of right answers among helpful and harmful integers (silence says no), ``balanced_clear`` the same where
    the sign of the gain is clear, ``separated`` the area under the curve.
    """
    return pd.DataFrame(_rows(visibility(tables)))


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, object]]:
    for (parametrisation, method), part in frame.groupby(["geometry", "method"], sort=False):
        row: dict[str, object] = {"geometry": parametrisation, "method": method, "integers": len(part)}
        row |= {"harmful": int((~part["helps"]).sum()), "base_rate": base_rate(part["helps"])}
        row |= _signs(part) if parametrisation != "none" or method == "always yes" else {}
        row |= _ends("separated", part[["data", "helps", "heard"]], separated)
        row |= {"silent": part["silent"].mean(), "answered": part["answered"].sum() / part["starts"].sum()}
        row |= {"price": part["price"].iloc[0], "needed": part["needed"].median()}
        yield row | _ends("rank", ranked_within(part), rank_correlation)


def _signs(part: pd.DataFrame) -> dict[str, float]:
    """How often the sign is right."""
    right = part["says"] == part["helps"]
    return {
        "right": part["right"].mean(),
        **_ends("balanced", part[["data", "helps", "says"]], balanced),
        "balanced_clear": balanced(part[part["clear"]]),
        "right_helpful": right[part["helps"]].mean(),
        "right_harmful": right[~part["helps"]].mean(),
    }


def _ends(name: str, frame: pd.DataFrame, statistic: Statistic) -> dict[str, float]:
    """A statistic and its interval."""
    ends = cluster_interval(frame, "data", statistic, draws=RESAMPLES)
    return {name: ends.mean, f"{name}_low": ends.low, f"{name}_high": ends.high}
