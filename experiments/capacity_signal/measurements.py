"""What capacity_signal measures where no theorem applies, with intervals, and what was expected beforehand."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from continuum.exp.experiment import Tables

from .methods import EDGE
from .statistics import Finding, described, order, ranked
from .tables import by_task, final, kappa, learned_gammas, per_seed
from .visibility import gains

#: Standard errors by which kappa_T must rise again to count as not monotone.
RISE = 2.0
#: Orders in a without an assumption, of the linear and of the square-root gate.
PLAIN_ORDERS = {"relu": (2.0, 1.0), "minibatches": (2.0, 1.0), "adam": (1.0, 0.5)}


def measurements(tables: Tables) -> pd.DataFrame:
    """One row per quantity and task."""
    return pd.DataFrame([finding for test in TESTS for finding in test(tables)], columns=Finding._fields)


def sign_of_kappa(tables: Tables) -> Iterator[Finding]:
    """kappa_T at the end, and of the mean over time."""
    curves = kappa(tables)
    for task, frame in by_task(final(curves)):
        yield described("kappa_T at the last T", task, frame.groupby("seed")["slope"].mean(), expected="< 0")
    for task, frame in by_task(final(curves)):
        yield described("kappa of the mean over time", task, frame.groupby("seed")["slope_mean"].mean(), expected="< 0")


def monotone(tables: Tables) -> Iterator[Finding]:
    """Share of (split, width) whose kappa_T rises again, by more than two standard errors, after its least value."""
    for task, frame in by_task(kappa(tables)):
        risen = [(seed, rises_again(part)) for (seed, _), part in frame.groupby(["seed", "width"])]
        values = pd.DataFrame(risen, columns=["seed", "risen"]).groupby("seed")["risen"].mean()
        yield described("share of kappa_T not monotone in T", task, values, expected="> 0")


def rises_again(frame: pd.DataFrame) -> bool:
    """Whether the curve of one split and width, a column per start, ends clearly above its least mean."""
    curve = frame.pivot(index="horizon", columns="start", values="slope")
    change = curve.iloc[-1] - curve.iloc[int(np.nanargmin(curve.mean(axis=1)))]
    error = change.std(ddof=1) / np.sqrt(len(change))
    return bool(change.mean() > RISE * error and change.mean() > 0)


def disagreement(tables: Tables) -> Iterator[Finding]:
    """Shares of mirrored starts, and of fresh features of an optimal readout."""
    answers = tables["results"].query("method == 'unrolled' and geometry == 'root'")
    wrong = answers.assign(wrong=(answers["direct_pair"] > 0) != (answers["pair"] > 0))
    for task, frame in by_task(wrong):
        yield described("direct and total differ in sign, root, trained", task, frame.groupby("seed")["wrong"].mean())
    optimal = tables["readout"].assign(wrong=lambda f: (f["direct"] > 0) != (f["total"] > 0))
    for task, frame in by_task(optimal):
        yield described(
            "direct and total differ in sign, root, optimal readout", task, frame.groupby("seed")["wrong"].mean()
        )


def offset(tables: Tables) -> Iterator[Finding]:
    """What a mirrored hypergradient under the linear gate is at k + EDGE, which stands for k+: 2 kappa_T EDGE."""
    answers = tables["results"].query("method == 'unrolled' and geometry == 'linear'")
    keys = ["task", "seed", "width", "start"]
    both = final(kappa(tables)).merge(answers[[*keys, "pair"]], on=keys)
    for task, frame in by_task(both.assign(claimed=2 * EDGE * both["slope"])):
        values = per_seed(frame, "pair", "claimed")
        yield described("mirrored exact hypergradient / (2 kappa_T EDGE), linear", task, values, predicted=1.0)


def dropped(tables: Tables) -> Iterator[Finding]:
    """Orders in a without smoothness, with Adam, with minibatches: predicted for ReLU and minibatches as before, for
    Adam 1 and 1/2, for it trains on the density of the gradient, whatever the gate."""
    rises = tables["variants"]
    for variant, task_frames in rises.groupby("variant", sort=False):
        for parametrisation, predicted in zip(("linear", "root"), PLAIN_ORDERS[str(variant)], strict=True):
            part = task_frames[task_frames["geometry"] == parametrisation]
            values = [typical_order(frame) for _, frame in part.groupby(["task", "seed"])]
            yield described(
                f"median order of C_T(k+a) - C_T(k) of a start, {parametrisation}, {variant}",
                "all tasks",
                values,
                predicted,
            )


def typical_order(rises: pd.DataFrame) -> float:
    """Median over starts of the order in a: evenness holds for each start, with its mirror image."""
    rows = final(rises).pivot(index="start", columns="a", values="rise")
    return float(np.nanmedian([order(rows.columns, row) for row in rows.to_numpy()]))


def carrier(tables: Tables) -> Iterator[Finding]:
    """Mean and mean square of the immediate gradient over starts, against the gain of a whole unit."""
    starts = tables["starts"].assign(square=lambda f: f["immediate"] ** 2)
    keys = ["task", "seed", "width"]
    means = (
        starts.groupby(keys, sort=False)[["immediate", "square", "score"]]
        .mean()
        .reset_index()
        .merge(gains(tables), on=keys)
    )
    clusters = means["task"] + " " + means["seed"].astype(str)
    for column, name in (("immediate", "mean"), ("square", "mean square"), ("score", "|G_k|^2")):
        for scope, values in (
            ("across tasks", means),
            ("within tasks", means.groupby("task")[[column, "gain"]].rank()),
        ):
            claim = f"rank correlation of less loss with the immediate gradient's {name}"
            yield ranked(claim, scope, values[column], -values["gain"], clusters)
    ratio = [frame["second_half"].sum() / frame["claimed"].sum() for _, frame in by_task(tables["readout"])]
    yield described("E r^2 / claim, half-way to the optimum", "all tasks", ratio, expected="not 1")


def leads(tables: Tables) -> Iterator[Finding]:
    """Rank correlation of learned gamma with the oracle width, over tasks and splits; whole tasks are redrawn."""
    if "lead" not in tables:
        return
    for gate, frame in learned_gammas(tables).groupby("gate", sort=False):
        cells = frame.groupby(["task", "seed"], sort=False)[["gamma", "oracle", "moved"]].mean().reset_index()
        for column, name in (("gamma", "learned gamma"), ("moved", "its distance from the start")):
            claim = f"rank correlation of the oracle width with {name}, {gate}"
            yield ranked(claim, "all tasks", cells[column], cells["oracle"], cells["task"], expected="> 0 (the source)")
        yield described(f"learned gamma - its start, {gate}", "all tasks", cells.groupby("task")["moved"].mean())


#: In the order of the table.
TESTS = (sign_of_kappa, monotone, disagreement, offset, dropped, carrier, leads)
