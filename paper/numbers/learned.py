"""learned_width: the width of one run against the oracle's, its start, its score, its cost."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from continuum_experiments.learned_width.fits import SKLEARN_UNITS
from continuum_experiments.learned_width.statistics import Oracle, paired
from continuum_experiments.learned_width.targets import by_task, ratios, spread
from scipy.stats import spearmanr

from paper.number import Number, count, fixed, percent
from paper.results import Results

NAME = "learned_width"
#: The run beside the peers, which has their targets.
PEERS = "learned_width_peers"
Tasks = Mapping[str, tuple[pd.DataFrame, Oracle]]
KINDS = (("Classes", "classification"), ("Values", "regression"))
EXACT = (("Digits", "digits"), ("Spirals", "two_spirals"))
NOISY = (("NoisyFirst", "noisy_3"), ("NoisySecond", "noisy_4"))
OURS, TWIN, SKLEARN = "graded", "same_width", "mlp_steps"


def numbers(results: Results) -> Iterator[Number]:
    """Verdicts first, then what stands behind them."""
    tasks = by_task(results.table(NAME, "results"))
    yield from _verdicts(results)
    yield from _tasks(results, tasks)
    yield from _starts(results, tasks)
    yield from _oracles(results, tasks)
    yield from _scores(results, tasks)
    yield from _times(results, tasks)


def _verdicts(results: Results) -> Iterator[Number]:
    targets = results.table(NAME, "targets")
    source = results.source(NAME, "targets", "column verdict")
    run = targets[targets["verdict"] != "not run"]
    if PEERS in results.runs:
        peers = results.table(PEERS, "targets")
        run = pd.concat([run, peers[peers["target"].str.startswith("peers")]])
    yield Number("learnedTargets", count(len(run)), source)
    yield Number("learnedTargetsMissed", count((run["verdict"] != "held").sum()), source)


def _tasks(results: Results, tasks: Tasks) -> Iterator[Number]:
    rows = results.table(NAME, "results")
    source = results.source(NAME, "results", "distinct tasks")
    heads = [rows.iloc[0] for rows, _ in tasks.values()]
    yield Number("learnedTasks", count(len(tasks)), source)
    yield Number("learnedTuned", count(sum(bool(head["tuned"]) for head in heads)), source)
    for name, kind in KINDS:
        yield Number(f"learned{name}", count(sum(head["kind"] == kind for head in heads)), source)
    widths = rows.loc[rows["method"] == "fixed", "units"]
    yield Number("learnedGrid", count(widths.nunique()), results.source(NAME, "results", "method fixed, units"))
    yield Number("learnedWidest", count(widths.max()), results.source(NAME, "results", "method fixed, units"))
    starts = [f"{start:g}" for start in sorted(rows.loc[rows["method"] == OURS, "start"].unique())]
    shown = " and ".join([", ".join(starts[:-1]), starts[-1]]) if len(starts) > 1 else starts[0]
    yield Number("learnedStarts", shown, results.source(NAME, "results", "method graded, start"))


def _starts(results: Results, tasks: Tasks) -> Iterator[Number]:
    for name, kind in KINDS:
        spreads = [spread(rows) for rows, _ in tasks.values() if rows["kind"].iloc[0] == kind]
        source = results.source(NAME, "results", f"{kind}, graded, mean width by start, range over mean")
        yield Number(f"learnedSpread{name}", percent(float(np.median(spreads)) if spreads else np.nan, 1), source)
        yield Number(f"learnedMost{name}", percent(max(spreads, default=np.nan), 1), source)
    routes = list(_routes(tasks))
    source = results.source(NAME, "results", "other routes, median over tasks of the same range over mean")
    yield Number("learnedRoutes", count(len(routes)), source)
    yield Number("learnedRouteLow", percent(min(routes, default=np.nan)), source)
    yield Number("learnedRouteHigh", percent(max(routes, default=np.nan)), source)


def _routes(tasks: Tasks) -> Iterator[float]:
    """Median over tasks of the spread of each other method that ran from several starts."""
    rows = pd.concat([rows for rows, _ in tasks.values()])
    rows = rows[rows["start"].notna() & rows["width"].notna() & ~rows["method"].isin([OURS, TWIN, "fixed"])]
    for _, method_rows in rows.groupby("method", sort=False):
        means = method_rows.groupby(["task", "start"])["width"].mean().unstack("start").dropna()
        if means.shape[1] > 1 and len(means):
            yield float(((means.max(axis=1) - means.min(axis=1)) / means.mean(axis=1)).median())


def _oracles(results: Results, tasks: Tasks) -> Iterator[Number]:
    pairs = [(float(_ours(rows)["width"].mean()), oracle) for rows, oracle in tasks.values()]
    source = results.source(NAME, "results", "graded, mean width; fixed, one-standard-error rule with bootstrap range")
    inside = sum(oracle.low <= width <= oracle.high for width, oracle in pairs)
    factors = [width / oracle.width for width, oracle in pairs]
    yield Number("learnedInside", count(inside), source)
    yield Number("learnedFactor", fixed(float(np.exp(np.log(factors).mean())), 2), source)
    yield Number("learnedFactorLow", fixed(min(factors), 2), source)
    yield Number("learnedFactorHigh", fixed(max(factors), 2), source)
    widths = [width for width, _ in pairs]
    rank = spearmanr(widths, [oracle.width for _, oracle in pairs]).statistic if len(pairs) > 2 else np.nan
    yield Number("learnedRank", fixed(float(rank), 2), source)
    for name, task in NOISY:
        ratio = factors[list(tasks).index(task)] if task in tasks else np.nan
        yield Number(f"learned{name}", fixed(ratio, 2), results.source(NAME, "results", f"{task}, width / oracle"))


def _scores(results: Results, tasks: Tasks) -> Iterator[Number]:
    good = sum(float(_ours(rows)["score"].mean()) >= oracle.enough for rows, oracle in tasks.values())
    source = results.source(NAME, "results", "graded, mean score; fixed, best mean less a standard error")
    yield Number("learnedGood", count(good), source)
    gaps = [paired(_ours(rows), rows[rows["method"] == TWIN]) for rows, _ in tasks.values()]
    source = results.source(NAME, "results", "graded less same_width, corrected resampled t interval")
    yield Number("learnedTwinLow", fixed(min(gap.low for gap in gaps), 3), source)
    yield Number("learnedTwinBetter", count(sum(gap.low > 0 for gap in gaps)), source)
    yield Number("learnedTwinWorse", count(sum(gap.high < 0 for gap in gaps)), source)
    other = [paired(_ours(rows), peer) for rows, _ in tasks.values() if len(peer := rows[rows["method"] == SKLEARN])]
    source = results.source(NAME, "results", f"graded less {SKLEARN}, corrected resampled t interval")
    yield Number("learnedSklearnUnits", count(SKLEARN_UNITS), "experiments/learned_width/fits.py, SKLEARN_UNITS")
    yield Number("learnedSklearnBetter", count(sum(gap.low > 0 for gap in other)), source)
    yield Number("learnedSklearnWorse", count(sum(gap.high < 0 for gap in other)), source)
    for name, task in EXACT:
        ours = _ours(tasks[task][0]) if task in tasks else pd.DataFrame({"score": [np.nan], "units": [np.nan]})
        source = results.source(NAME, "results", f"{task}, graded")
        yield Number(f"learned{name}Score", fixed(float(ours["score"].mean()), 3), source)
        yield Number(f"learned{name}Units", fixed(float(ours["units"].mean()), 1), source)


def _times(results: Results, tasks: Tasks) -> Iterator[Number]:
    clock = results.table(NAME, "clock")
    each = [ratios(rows, tasks[str(task)][1].width) for task, rows in clock.groupby("task", sort=False)]
    source = results.source(NAME, "clock", "wall, medians of turns, graded over fixed")
    for name, what in (("Wide", "64 units"), ("Oracle", "the oracle's width")):
        values = [ratio[what] for ratio in each]
        yield Number(f"learnedTime{name}", fixed(float(np.median(values)), 2), source)
        yield Number(f"learnedTime{name}Most", fixed(max(values), 2), source)
    loop = [ratio["64 units, PyTorch loop"] for ratio in each]
    yield Number("learnedTimeLoop", fixed(float(np.median(loop)), 2), source)
    digits = clock[(clock["task"] == "digits") & (clock["what"] == OURS)]
    yield Number("learnedSeconds", fixed(float(digits["wall"].median()), 2), f"{source}, digits")


def _ours(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["method"] == OURS]
