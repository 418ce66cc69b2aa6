"""What the numbers of learned_width say: estimates with intervals, margins, power, and what a blind rule would score.

The targets were stated before the run and stand as they were stated; but "held" is no evidence where a rule that looks
at nothing holds, too, and "missed" says little where the truth itself would miss. Statements about tasks have intervals
over tasks, those about one task over its folds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float64
from scipy.special import ndtr, stdtrit

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.analysis.ranks import cluster_interval, spearman
from continuum.analysis.statistics import ConfidenceInterval, mean_interval, share_interval
from continuum.exp.experiment import Tables

from .peers import PEERS
from .statistics import Oracle, corrected, paired
from .targets import EXACT, SLOWER, SPREAD, WORSE, by_task, ratios
from .tasks import NOISY, known_units

TaskRows = Mapping[str, tuple[pd.DataFrame, Oracle]]
COLUMNS = "reading over estimate low high n margin power outcome blind rule".split()
#: Largest difference of scores that counts as the same, and largest ratio of a width to the one that is needed.
SCORE, FACTOR = 0.01, 2.0
#: The number of a rule that does not look at the task, and the rule.
Blind = tuple[float, str]
NONE: Blind = (np.nan, "")


def readings(tables: Tables) -> pd.DataFrame:
    """One row per statement; ``blind`` is the same number of a ``rule`` that does not look at the task."""
    tasks, clock = by_task(tables["results"]), tables.get("clock")
    parts = [_exact(tasks), _starts(tasks), _twins(tasks), _scores(tasks), _oracles(tasks), _known(tasks)]
    parts += [_times(clock, tasks)] if clock is not None else []
    return pd.DataFrame([row for part in [*parts, _peers(tasks)] for row in part], columns=COLUMNS)


def sign(interval: ConfidenceInterval) -> str:
    """Of "the value is above 0".

    >>> sign(ConfidenceInterval(1.0, 0.5, 1.5)), sign(ConfidenceInterval(1.0, -0.5, 2.5))
    ('shown', 'undecided')
    """
    return "shown" if interval.low > 0 else "refuted" if interval.high < 0 else "undecided"


def row(reading: str, over: str, interval: Sequence[float], said: str, blind: Blind = NONE) -> dict[str, Any]:
    """A row without a margin."""
    estimate, low, high = interval[:3]
    head = {"reading": reading, "over": over, "estimate": estimate, "low": low, "high": high}
    return head | {"outcome": said, "blind": blind[0], "rule": blind[1]}


def same(
    reading: str, values: Sequence[float], margin: float, blind: Blind = NONE, *, ratio: bool = False
) -> dict[str, Any]:
    """A row that tests whether a mean over tasks is 0 within a margin; of logarithms, shown as a ratio."""
    e = mean_equivalence(values, 0.0, math.log(margin) if ratio else margin)
    ends = tuple(map(math.exp, e[:3])) if ratio else e[:3]
    made = row(reading, "tasks", ends, outcome(e.p_within, e.p_beyond), blind)
    return made | {"n": e.n, "margin": margin, "power": e.power}


def _graded(rows: pd.DataFrame, method: str = "graded") -> pd.DataFrame:
    return rows[rows["method"] == method]


def _exact(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for name, (least, _) in EXACT.items():
        if name not in tasks:
            continue
        frame = tasks[name][0]
        means = {m: _graded(frame, m).groupby(["seed", "fold"])["score"].mean() for m in ("graded", "same_width")}
        overlap = float((frame["test_rows"] / frame["train_rows"]).mean())
        gap = corrected(means["graded"] - least, overlap)
        blind = float(means["same_width"].mean()) - least, "a fixed network of the same width"
        yield row(f"{name}: accuracy less {least:g}", "folds", gap, sign(gap), blind) | {"n": len(means["graded"])}


def _starts(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for kind, most in SPREAD.items():
        values = []
        for rows, _ in tasks.values():
            means = _graded(rows).groupby("start")["width"].mean()
            if rows["kind"].iloc[0] == kind and len(means) > 1:
                values.append(math.log(means.iloc[-1] / means.iloc[0]))
        if len(values) > 1:
            name = f"width from the last start over the first, one pool, {kind}"
            yield same(name, values, 1 + most, (1.0, "any constant width"), ratio=True)


def _twins(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    gaps = [paired(_graded(rows), _graded(rows, "same_width")) for rows, _ in tasks.values()]
    if len(gaps) > 1:
        folds = [_graded(rows).groupby(["seed", "fold"]).ngroups for rows, _ in tasks.values()]
        chance = math.prod(map(_above, gaps, folds))
        blind = chance, f"probability that all intervals lie above {WORSE:g} if both are alike"
        name = "score less that of a fixed network of the same width and steps"
        yield same(name, [gap.mean for gap in gaps], SCORE, blind)


def _above(gap: ConfidenceInterval, folds: int) -> float:
    """Probability that an interval as long as this one about a truth of 0 lies above ``WORSE``."""
    half = gap.mean - gap.low
    error = half / float(stdtrit(folds - 1, 0.975))
    return float(ndtr(-(WORSE + half) / error)) if error > 0 else 1.0


def _scores(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    if len(tasks) < 2:
        return
    gaps = [float(_graded(rows)["score"].mean()) - best.best for rows, best in tasks.values()]
    grids = [_graded(rows, "fixed").groupby("units")["score"].mean() for rows, _ in tasks.values()]
    losses = pd.DataFrame([grid - best.best for grid, (_, best) in zip(grids, tasks.values(), strict=True)])
    mean = losses.mean()
    blind = float(mean.max()), f"{mean.idxmax():g} units on every task"
    yield same("score less that of the best grid width", gaps, SCORE, blind)
    enough = [best.enough - best.best for _, best in tasks.values()]
    reached = int(np.sum(np.array(gaps) >= enough))
    shares = (losses.ge(enough, axis=0)).mean()
    blind = float(shares.max()), f"{shares.idxmax():g} units on every task"
    share = share_interval(reached, len(tasks))
    yield row("share of tasks with a score >= best - SE", "tasks", share, "", blind) | {"n": len(tasks)}


def _oracles(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    """The width over that of the oracle, and what the best constant of the other tasks would err."""
    if len(tasks) < 3:
        return
    ours = np.array([math.log(_graded(rows)["width"].mean()) for rows, _ in tasks.values()])
    needed = np.array([math.log(best.width) for _, best in tasks.values()])
    others = (needed.sum() - needed) / (len(needed) - 1)
    yield same("width over the oracle's", list(ours - needed), FACTOR, ratio=True)
    frame = pd.DataFrame({"task": list(tasks), "ours": ours, "needed": needed})
    error = cluster_interval(frame, "task", lambda rows: _typical(rows["ours"] - rows["needed"]))
    blind = _typical(others - needed), "the oracles' mean on the other tasks"
    yield row("typical factor between width and oracle", "tasks", error, "", blind) | {"n": len(tasks)}
    rank = cluster_interval(frame, "task", lambda rows: spearman(rows["ours"], rows["needed"]))
    made = row("rank correlation of width and oracle", "tasks", rank, sign(rank), (0.0, "any constant width"))
    yield made | {"n": len(tasks)}


def _typical(logarithms: Float64[np.ndarray, " tasks"] | pd.Series) -> float:
    """The factor of the root mean square of these logarithms."""
    return math.exp(math.sqrt(float(np.mean(np.square(logarithms)))))


def _known(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    """Made-up tasks one by one: a range on both sides, for width 0 is below every bound."""
    for name, (rows, best) in tasks.items():
        width, units = float(_graded(rows)["width"].mean()), known_units(name)
        if name in NOISY:
            ends = (width / best.width, width / best.high, width / best.low)
            made = row(f"{name}: width over the oracle's", "its range", ends, _within(*ends), (0.0, "width 0"))
            yield made | {"margin": FACTOR}
            fixed = _graded(rows, "fixed")
            gap = paired(_graded(rows), fixed[fixed["units"] == best.at])
            yield row(f"{name}: score less that of the best grid width", "folds", gap, sign(gap))
        elif not math.isnan(units):
            interval = mean_interval(_graded(rows).groupby(["seed", "fold"])["width"].mean() / units)
            blind = best.width / units, "the oracle of the grid"
            yield row(f"{name}: width over its units", "folds", interval, _within(*interval), blind) | {
                "margin": FACTOR
            }


def _within(estimate: float, low: float, high: float) -> str:
    """Of "within a factor of two on either side"."""
    if low >= 1 / FACTOR and high <= FACTOR:
        return "shown"
    return "refuted" if high < 1 / FACTOR or low > FACTOR else "undecided"


def _times(clock: pd.DataFrame, tasks: TaskRows) -> Iterator[dict[str, Any]]:
    each = [ratios(rows, tasks[str(name)][1].width) for name, rows in clock.groupby("task", sort=False)]
    for what, most in SLOWER.items():
        interval = mean_interval(np.log([ratio[what] for ratio in each]))
        said = (
            "shown" if interval.high < math.log(most) else "refuted" if interval.low > math.log(most) else "undecided"
        )
        ends = tuple(map(math.exp, interval))
        made = row(f"wall time over a fixed training of {what}", "tasks", ends, said)
        yield made | {"n": len(each), "margin": most}


def _peers(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for name, (rows, _) in tasks.items():
        ours = _graded(rows)
        for peer in PEERS:
            fits = rows[(rows["method"] == peer) & (rows["outcome"] == "ok")]
            if fits.empty:
                continue
            gap = paired(ours, fits)
            folds = fits.groupby(["seed", "fold"]).ngroups
            yield row(f"{name}: accuracy less that of {peer}", "folds", gap, sign(gap)) | {"n": folds}
            both = [frame.groupby(["seed", "fold"])["units"].mean() for frame in (ours, fits)]
            overlap = float((ours["test_rows"] / ours["train_rows"]).mean())
            less = ConfidenceInterval(*map(math.exp, corrected(np.log(both[0] / both[1]), overlap)))
            said = "shown" if less.high < 1 else "refuted" if less.low > 1 else "undecided"
            yield row(f"{name}: fewer units than {peer}", "folds", less, said) | {"n": folds}
