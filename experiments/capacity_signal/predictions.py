"""The predictions of capacity_signal with their margins, and whether the run shows or refutes them."""

from collections.abc import Iterator
from functools import partial

import pandas as pd

from continuum.analysis.equivalence import outcome
from continuum.exp.experiment import Tables

from .ranks import SCOPES, TELLERS, correlation, integers, ranked
from .statistics import Finding, clustered, coin, near
from .tables import by_data, clear_order, final, kappa
from .visibility import balanced, separated, visibility

#: Level of each verdict, unadjusted, as its power is stated: estimates stand beside all of them.
LEVEL = 0.05
#: Margins: of coins, of Adam's order in a, of rank correlations, of balanced accuracies, of what is known least.
COIN_MARGINS = {"immediate": 0.03, "exact": 0.05}
ORDER_MARGIN = 0.05
RANK_MARGIN, SCORE_MARGIN, WIDE_MARGIN = 0.3, 0.15, 0.2
#: Rank correlations with what a unit saves, of tasks as they are: teller, what is known, prediction.
CORRELATIONS = (
    ("-k", (), 0.75),
    ("mean square of r", ("fewer",), 0.0),
    ("|G|^2", ("fewer",), 0.0),
    ("mean square of r", ("training",), 0.0),
    ("|G|^2", ("training",), 0.0),
)
#: What is known, in words.
WORDS = {"fewer": "k", "training": "the training loss"}
#: Balanced accuracies: parametrisation, method, prediction.
SCORES = (
    ("root", "immediate", 0.5),
    ("root", "direct", 0.75),
    ("root", "unrolled", 0.6),
    ("root", "difference", 0.7),
    ("linear", "difference", 0.6),
)
#: The best estimate of the pilot, against the gap between training and validation loss.
BEST = ("root", "direct")


def predictions(tables: Tables) -> pd.DataFrame:
    """One row per prediction.

    ``verdict``: "shown" if the value lies within the margin, "refuted" if it lies beyond (p at most LEVEL), else
    "undecided"; ``close`` is whether the estimate itself is within the margin.
    """
    findings = pd.DataFrame([finding for test in TESTS for finding in test(tables)], columns=Finding._fields)
    pairs = zip(findings["p_within"], findings["p_beyond"], strict=True)
    close = (findings["measured"] - findings["predicted"]).abs() <= findings["margin"]
    return findings.drop(columns="expected").assign(close=close, verdict=[outcome(*pair, LEVEL) for pair in pairs])


def fair_coins(tables: Tables) -> Iterator[Finding]:
    """Predictions 1 and 2: what single starts say under the linear gate."""
    immediate = tables["starts"]["immediate"]
    yield coin("P(immediate gradient < 0) at k+, one start", "all starts", immediate < 0, COIN_MARGINS["immediate"])
    exact = tables["results"].query("method == 'unrolled' and geometry == 'linear'")["single"]
    yield coin(
        "P(exact hypergradient < 0) at k+, linear gate, one start", "all starts", exact < 0, COIN_MARGINS["exact"]
    )


def order_with_adam(tables: Tables) -> Iterator[Finding]:
    """Prediction 3: of the assumptions that are dropped the one whose loss ends the order 2 of the linear gate."""
    rises = tables["variants"].query("variant == 'adam' and geometry == 'linear'")
    values = by_data(rises, clear_order)
    yield near("order of C_T(k+a) - C_T(k), linear, adam", "tasks", 1.0, values, ORDER_MARGIN)


def ranking(tables: Tables) -> Iterator[Finding]:
    """Prediction 4."""
    every = integers(tables)
    frame = ranked(every[every["scope"] == SCOPES[0]])
    for teller, given, predicted in CORRELATIONS:
        known = f" given {' and '.join(WORDS[name] for name in given)}" if given else ""
        statistic = partial(correlation, column=TELLERS[teller], given=given)
        claim = f"rank correlation of {teller} with what a unit saves{known}"
        yield clustered(claim, "integers of a task", predicted, frame, statistic, RANK_MARGIN)


def signs(tables: Tables) -> Iterator[Finding]:
    """Predictions 5 and 6."""
    frame = visibility(tables)
    for name, method, predicted in SCORES:
        part = frame.query("geometry == @name and method == @method")
        claim = f"balanced accuracy of the sign, {method}, {name}"
        yield clustered(claim, "integers of all tasks", predicted, part, balanced, SCORE_MARGIN)
    best = (frame["geometry"] == BEST[0]) & (frame["method"] == BEST[1])
    both = frame[best | (frame["method"] == "smaller gap")]
    claim = f"area under the curve, {BEST[1]} ({BEST[0]}) less that of the gap"
    yield clustered(claim, "integers of all tasks", 0.0, both, _lead_over_the_gap, WIDE_MARGIN)


def _lead_over_the_gap(frame: pd.DataFrame) -> float:
    gap = frame["method"] == "smaller gap"
    return separated(frame[~gap]) - separated(frame[gap])


def sign_of_kappa(tables: Tables) -> Iterator[Finding]:
    """Prediction 7: it is positive at T = 0, always."""
    last = final(kappa(tables))
    negative = by_data(last, lambda part: float(part.groupby(["task", "seed", "width"])["slope"].mean().lt(0).mean()))
    yield near("share of integers with kappa_T < 0 at the last T", "tasks", 0.7, negative, WIDE_MARGIN)


#: In the order of the predictions.
TESTS = (fair_coins, order_with_adam, ranking, signs, sign_of_kappa)
