"""What capacity_signal measures without a prediction, with intervals over tasks, and what was expected beforehand."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from continuum.analysis.ranks import partial_spearman, spearman
from continuum.exp.experiment import Tables

from .methods import EDGE
from .rows import data_of
from .statistics import Finding, described, order, resampled
from .tables import by_data, clear_order, factor, final, kappa, learned_gammas

#: Standard errors by which kappa_T must rise again to count as not monotone.
RISE = 2.0
#: Orders in a of C_T(k + a) - C_T(k): 2p for plain steps, whatever the penalty; 1 where W_k steps by lr / a.
EXPONENTS = {"linear": 2.0, "root": 1.0, "penalty": 2.0, "metric": 1.0, "both": 1.0}
#: The same of single starts without an assumption: evenness and smoothness outlive minibatches; the kinks of ReLU and
#: the scale-free steps of Adam leave nothing that a formula gives for every a.
PLAIN_ORDERS = {("minibatches", "linear"): 2.0, ("minibatches", "root"): 1.0}
#: Variants of the inner training, each under the linear and the square-root gate.
VARIANTS = [(variant, gate) for variant in ("relu", "minibatches", "adam") for gate in ("linear", "root")]


def measurements(tables: Tables) -> pd.DataFrame:
    """One row per quantity."""
    findings = pd.DataFrame([finding for test in TESTS for finding in test(tables)], columns=Finding._fields)
    return findings[["claim", "where", "predicted", "measured", "low", "high", "n", "expected"]]


def identities(tables: Tables) -> Iterator[Finding]:
    """What the code gives whatever the data are, but for rounding and a finite a: numbers to know, not evidence."""
    answers = tables["results"].query("method == 'unrolled'")
    mirrored = answers[answers["geometry"] == "linear"]
    shares = by_data(mirrored, lambda part: part["pair"].abs().sum() / part["single"].abs().sum())
    yield described("exact hypergradient at k+, mirrored / single, linear", "tasks", shares, 0.0)
    both = final(kappa(tables)).merge(mirrored[["task", "seed", "width", "start", "pair"]])
    offsets = by_data(both.assign(claimed=2 * EDGE * both["slope"]), factor("pair", "claimed"))
    yield described("mirrored exact hypergradient / (2 kappa_T EDGE), linear", "tasks", offsets, 1.0)
    for name, rises in tables["rises"].groupby("geometry", sort=False):
        orders = by_data(rises, clear_order)
        yield described(f"order of C_T(k+a) - C_T(k), {name}", "tasks", orders, EXPONENTS[str(name)])
    start = kappa(tables).query("horizon == 0")
    yield described("kappa_0 / (E<c, F''c>/2)", "tasks", by_data(start, factor("slope", "curvature")), 1.0)
    first = kappa(tables, "metric").query("horizon == 1")
    yield described("C_1 slope / (-lr <G_1, G_0>), metric", "tasks", by_data(first, factor("slope", "first_step")), 1.0)
    ratio = by_data(tables["readout"], lambda part: part["second"].sum() / part["claimed"].sum())
    yield described("E r^2 / (-2 decay s^2 V'(k+)), optimal readout", "tasks", ratio, 1.0)
    half = by_data(tables["readout"], lambda part: part["second_half"].sum() / part["claimed"].sum())
    yield described("E r^2 / claim, half-way to the optimum", "tasks", half, expected="not 1")


def curves(tables: Tables) -> Iterator[Finding]:
    """kappa_T at the end, of the mean over time, and whether it rises again after its least value."""
    last = final(kappa(tables))
    for column, name in (("slope", "kappa_T at the last T"), ("slope_mean", "kappa of the mean over time")):
        sizes = last.assign(data=last["task"].map(data_of)).groupby("data", sort=False)[column].mean()
        yield described(name, "tasks", sizes, expected="< 0")
    yield described(
        "share of kappa_T not monotone in T", "tasks", by_data(kappa(tables), _share_rising), expected="> 0"
    )


def _share_rising(curves_of_a_task: pd.DataFrame) -> float:
    return float(np.mean([rises_again(part) for _, part in curves_of_a_task.groupby(["task", "seed", "width"])]))


def rises_again(frame: pd.DataFrame) -> bool:
    """Whether the curve of one split and width, a column per start, ends clearly above its least mean."""
    curve = frame.pivot(index="horizon", columns="start", values="slope")
    change = curve.iloc[-1] - curve.iloc[int(np.nanargmin(curve.mean(axis=1)))]
    error = change.std(ddof=1) / np.sqrt(len(change))
    return bool(change.mean() > RISE * error and change.mean() > 0)


def disagreement(tables: Tables) -> Iterator[Finding]:
    """Shares of mirrored starts, and of fresh features of an optimal readout."""
    answers = tables["results"].query("method == 'unrolled' and geometry == 'root'")
    trained = by_data(answers, lambda part: ((part["direct_pair"] > 0) != (part["pair"] > 0)).mean())
    yield described("direct and total differ in sign, root, trained", "tasks", trained)
    optimal = by_data(tables["readout"], lambda part: ((part["direct"] > 0) != (part["total"] > 0)).mean())
    yield described("direct and total differ in sign, root, optimal readout", "tasks", optimal)


def dropped(tables: Tables) -> Iterator[Finding]:
    """Orders in a of single starts without smoothness, with minibatches, with Adam."""
    for variant, gate in VARIANTS:
        rises = tables["variants"].query("variant == @variant and geometry == @gate")
        claim = f"median order of C_T(k+a) - C_T(k) of a start, {gate}, {variant}"
        yield described(claim, "tasks", by_data(rises, typical_order), PLAIN_ORDERS.get((variant, gate), np.nan))


def typical_order(rises: pd.DataFrame) -> float:
    """Median over starts of the order in a: evenness holds for each start, with its mirror image."""
    rows = final(rises).pivot(index=["task", "seed", "width", "start"], columns="a", values="rise")
    return float(np.nanmedian([order(rows.columns, row) for row in rows.to_numpy()]))


def leads(tables: Tables) -> Iterator[Finding]:
    """Learned gamma against the oracle width, over tasks and splits; beside what needs no training of gamma."""
    if "lead" not in tables:
        return
    for gate, frame in learned_gammas(tables).groupby("gate", sort=False):
        runs = frame.assign(data=frame["task"].map(data_of))
        means = runs.groupby(["data", "task", "seed"], sort=False)[["gamma", "oracle", "outputs"]].mean().reset_index()
        claim = "rank correlation of the oracle width with learned gamma"
        yield resampled(f"{claim}, {gate}", "all tasks", means, _against("gamma", "oracle"), "> 0 (the source)")
        known = partial(_partial, x="gamma", y="oracle", given="outputs")
        yield resampled(f"{claim} given the number of outputs, {gate}", "all tasks", means, known)
        start = "rank correlation of learned gamma with its start"
        yield resampled(f"{start}, {gate}", "all runs", runs, _against("gamma", "start"))
        moved = runs.groupby("data")["moved"].mean()
        yield described(f"learned gamma - its start, {gate}", "tasks", moved)
    outputs = "rank correlation of the oracle width with the number of outputs"
    yield resampled(outputs, "all tasks", means, _against("outputs", "oracle"))


def _against(x: str, y: str) -> partial[float]:
    return partial(_plain, x=x, y=y)


def _plain(frame: pd.DataFrame, x: str, y: str) -> float:
    return spearman(frame[x], frame[y])


def _partial(frame: pd.DataFrame, x: str, y: str, given: str) -> float:
    return partial_spearman(frame[x], frame[y], frame[given])


#: In the order of the table.
TESTS = (identities, curves, disagreement, dropped, leads)
