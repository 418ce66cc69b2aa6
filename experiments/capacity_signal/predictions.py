"""The predictions of capacity_signal, under their assumptions, and their tests; stated before anything was run."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.analysis.statistics import holm
from continuum.exp.experiment import Tables

from .statistics import Finding, coin, near, positive, variance
from .tables import by_task, exponents, final, kappa, per_seed

#: Level of the whole family.
FAMILY = 0.01
#: What finite differences and the finite a of an exponent may be off by; and what counts as 0, relative.
MARGIN, EXPONENT_MARGIN, ZERO_MARGIN = 0.01, 0.02, 1e-4
#: Orders in a of C_T(k + a) - C_T(k): 2p for plain steps, whatever the penalty; 1 where W_k steps by lr / a.
EXPONENTS = {"linear": 2.0, "root": 1.0, "penalty": 2.0, "metric": 1.0, "both": 1.0}
#: Descent has converged where less than this is left of its slowest mode.
CONVERGED = 1e-3


def predictions(tables: Tables) -> pd.DataFrame:
    """One row per prediction and task, adjusted by Holm over all of them.

    ``verdict``: "failed" if the adjusted p is at most FAMILY; else "held", with "(outside 95 %)" where the plain p is
    below 0.05; "open" where it could not be tested.
    """
    findings = pd.DataFrame([finding for test in TESTS for finding in test(tables)], columns=Finding._fields)
    tested = findings["p"].notna()
    findings["holm"] = np.nan
    findings.loc[tested, "holm"] = holm(findings.loc[tested, "p"])
    failed, outside = findings["holm"] <= FAMILY, findings["p"] < 0.05
    findings["verdict"] = np.select([~tested, failed, outside], ["open", "failed", "held (outside 95 %)"], "held")
    return findings


def fair_coin(tables: Tables) -> Iterator[Finding]:
    """Prediction 1."""
    for task, frame in by_task(tables["starts"]):
        yield coin("P(immediate gradient < 0) at k+, one start", task, frame["immediate"] < 0)


def fair_coin_of_total(tables: Tables) -> Iterator[Finding]:
    """Prediction 2, single starts."""
    answers = tables["results"].query("method == 'unrolled' and geometry == 'linear'")
    for task, frame in by_task(answers):
        yield coin("P(exact hypergradient < 0) at k+, linear mask, one start", task, frame["single"] < 0)


def silence(tables: Tables) -> Iterator[Finding]:
    """Prediction 2: over W_k and -W_k, direct part plus response vanish where the squared gate has no slope at 0."""
    answers = tables["results"].query("method == 'unrolled'")
    for parametrisation in ("linear", "penalty"):
        for task, frame in by_task(answers[answers["geometry"] == parametrisation]):
            shares = [part["pair"].abs().sum() / part["single"].abs().sum() for _, part in frame.groupby("seed")]
            yield near(
                f"exact hypergradient at k+, mirrored / single, {parametrisation}", task, 0.0, shares, ZERO_MARGIN
            )


def orders_in_a(tables: Tables) -> Iterator[Finding]:
    """Prediction 3."""
    for parametrisation in tables["rises"]["geometry"].unique():
        for task, frame in by_task(tables["rises"]):
            values = exponents(frame, parametrisation)
            yield near(
                f"order of C_T(k+a) - C_T(k), {parametrisation}",
                task,
                EXPONENTS[parametrisation],
                values,
                EXPONENT_MARGIN,
            )


def curvature_at_start(tables: Tables) -> Iterator[Finding]:
    """Prediction 4."""
    for task, frame in by_task(kappa(tables).query("horizon == 0")):
        yield near("kappa_0 / (E<c, F''c>/2)", task, 1.0, per_seed(frame, "slope", "curvature"), MARGIN)
        yield positive("kappa_0 > 0", task, frame.groupby("seed")["slope"].mean())


def unrolled_is_the_slope(tables: Tables) -> Iterator[Finding]:
    """Prediction 5."""
    answers = tables["results"].query("method == 'unrolled'")
    for parametrisation in (g for g in answers["geometry"].unique() if EXPONENTS[g] == 1):
        both = final(kappa(tables, parametrisation)).merge(
            answers[answers["geometry"] == parametrisation][["task", "seed", "width", "start", "pair"]],
            on=["task", "seed", "width", "start"],
        )
        for task, frame in by_task(both):
            yield near(
                f"unrolled hypergradient / slope of C_T, {parametrisation}",
                task,
                1.0,
                per_seed(frame, "pair", "slope"),
                MARGIN,
            )


def first_step(tables: Tables) -> Iterator[Finding]:
    """Prediction 6: after one step of lr / a the slope is -lr <G_1 (validation), G_0 (training)>, without noise."""
    for parametrisation in ("metric", "both"):
        for task, frame in by_task(kappa(tables, parametrisation).query("horizon == 1")):
            yield near(
                f"C_1 slope / (-lr <G_1, G_0>), {parametrisation}",
                task,
                1.0,
                per_seed(frame, "slope", "first_step"),
                MARGIN,
            )


def second_moment(tables: Tables) -> Iterator[Finding]:
    """Prediction 7."""
    for task, frame in by_task(tables["readout"]):
        squares = (frame["draws"] * frame["second"] / frame["claimed"]).sum()
        yield variance("E r^2 / (-2 decay s^2 V'(k+)), optimal readout", task, squares, int(frame["draws"].sum()))


def long_drift(tables: Tables) -> Iterator[Finding]:
    """Prediction 8."""
    for task, frame in by_task(tables["readout"]):
        done = frame[frame["unfinished"] < CONVERGED]
        values = per_seed(done, "drift", "drift_claimed")
        yield near("kappa_T per step / (-lr |G|^2), frozen features", task, 1.0, values, MARGIN)


#: In the order of the predictions.
TESTS = (
    fair_coin,
    fair_coin_of_total,
    silence,
    orders_in_a,
    curvature_at_start,
    unrolled_is_the_slope,
    first_step,
    second_moment,
    long_drift,
)
