"""What the numbers of learned_width say: verdicts that can fail, and blind rules beside them."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from continuum_experiments.learned_width import readings as module
from continuum_experiments.learned_width.readings import SCORE, readings
from continuum_experiments.learned_width.statistics import paired

from continuum.analysis.ranks import cluster_interval

TASKS = (
    ("digits", "classification"),
    ("noisy_3", "classification"),
    ("yacht", "regression"),
    ("teacher_4", "regression"),
)
KEYS = ["seed", "fold"]


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of the bootstrap are nothing that these tests ask about."""
    monkeypatch.setattr(module, "cluster_interval", partial(cluster_interval, draws=20))


def made_up(wins: float = 0.0, *, width: float = 4.0, spread: float = 0.0) -> pd.DataFrame:
    """Four tasks whose oracle has 4 units; the graded method beats its twin by ``wins``, more or less."""
    parts = []
    for place, (task, kind) in enumerate(TASKS):
        fixed = [(f, 0, u, s + 0.001 * f) for u, s in ((1, 0.5), (4, 0.9), (16, 0.9001)) for f in range(5)]
        grid = pd.DataFrame(fixed, columns=[*KEYS[::-1], "units", "score"]).assign(method="fixed")
        twin = grid[grid["units"] == 4].assign(method="same_width", start=1.0)
        twins = pd.concat([twin, twin.assign(start=8.0)])
        own = wins + 0.001 * (place - 1.5)
        graded = twins.assign(method="graded", width=width * np.exp(spread * (twins["start"] == 8)))
        graded["score"] += own
        frame = pd.concat([grid, twins, graded], ignore_index=True)
        parts.append(frame.assign(task=task, kind=kind, tuned=False, train_rows=80, test_rows=20, outcome="ok"))
    return pd.concat(parts, ignore_index=True)


def said(rows: pd.DataFrame) -> pd.DataFrame:
    return readings({"results": rows}).set_index("reading")


TWIN = "score less that of a fixed network of the same width and steps"


def test_equal_is_shown_and_better_is_not_equal() -> None:
    equal, better = (said(made_up(wins)).loc[TWIN] for wins in (0.0, 0.05))
    assert (equal["outcome"], better["outcome"]) == ("shown", "refuted")
    assert better["estimate"] == pytest.approx(0.05)
    assert equal["margin"] == SCORE
    assert equal["n"] == len(TASKS)


def test_a_width_near_0_is_not_held_for_a_good_one() -> None:
    """A bound on one side would pass it; the range on both sides does not, nor 60 units where 4 are known to do."""
    low, good, wide = (said(made_up(width=width)) for width in (0.3, 4.0, 60.0))
    noisy, known = "noisy_3: width over the oracle's", "teacher_4: width over its units"
    assert [table.loc[noisy, "outcome"] for table in (low, good, wide)] == ["refuted", "shown", "refuted"]
    assert [table.loc[known, "outcome"] for table in (low, good, wide)] == ["refuted", "shown", "refuted"]
    assert low.loc[noisy, "blind"] == 0
    with pytest.raises(AssertionError):  # as the target was stated
        assert low.loc[noisy, "estimate"] > 2


def test_starts_are_compared_within_a_margin() -> None:
    name = "width from the last start over the first, one pool, regression"
    same, apart = (said(made_up(spread=spread)).loc[name] for spread in (0.02, 0.3))
    assert (same["outcome"], apart["outcome"]) == ("shown", "refuted")
    assert apart["estimate"] == pytest.approx(np.exp(0.3))


def test_blind_rules_are_computed_from_the_grid() -> None:
    rows = said(made_up(-0.1))
    share = rows.loc["share of tasks with a score >= best - SE"]
    assert (share["estimate"], share["blind"]) == (0, 1)
    assert share["rule"] == "4 units on every task"
    best = rows.loc["score less that of the best grid width"]
    assert best["blind"] == pytest.approx(0)
    assert best["estimate"] == pytest.approx(-0.1001)


def test_the_chance_that_all_intervals_lie_above_a_bound() -> None:
    """Of differences of mean 0 as wide as those seen, in 4000 draws of each task's mean."""
    rows = made_up()
    noise = np.random.default_rng(0).normal(0, 0.004, len(rows))
    rows["score"] += noise * (rows["method"] == "graded")
    stated = said(rows).loc[TWIN, "blind"]
    draws = np.random.default_rng(1).standard_normal((4000, len(TASKS)))
    above = np.ones(4000, dtype=bool)
    for place, (task, _) in enumerate(TASKS):
        frame = rows[rows["task"] == task]
        gap = paired(frame[frame["method"] == "graded"], frame[frame["method"] == "same_width"])
        half = gap.mean - gap.low
        above &= draws[:, place] * half / 2.776 - half > -SCORE  # Student's 97.5 % quantile of 4 degrees of freedom
    assert stated == pytest.approx(above.mean(), abs=4 * 0.5 / np.sqrt(4000))
    assert 0.05 < stated < 0.95
