"""Ranks over tasks against scipy and published numbers; intervals over tasks against intervals over runs."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare, wilcoxon

from continuum.analysis.comparison import (
    bootstrap_mean,
    cliques,
    critical_difference,
    friedman,
    improvement,
    wilcoxon_holm,
)
from continuum.analysis.rank_figure import rank_figure
from continuum.analysis.statistics import holm
from continuum.errors import BadInput

#: Errors (1 - AUC) of C4.5, with its parameter m, cf, and both tuned, on 14 data sets: Demsar (2006), table 6.
C45 = pd.DataFrame(
    {
        "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        "m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        "cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
        "m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
    }
).rsub(1)


def test_friedman_is_demsars_example_and_scipys() -> None:
    test = friedman(C45)
    # The paper: these mean ranks, and 9.28 for a chi2 that is not corrected for ties, as scipy's and ours are.
    assert np.allclose(test.ranks, [3.143, 2.000, 2.893, 1.964], atol=2e-3)
    chi = friedmanchisquare(*(C45[name] for name in C45)).statistic
    assert test.statistic == pytest.approx(13 * chi / (14 * 3 - chi), rel=1e-9)
    assert 12 * 14 / 20 * float((test.ranks**2).sum() - 25) == pytest.approx(9.28, abs=0.01)
    assert chi > 9.28
    assert test.p < 0.05
    greater = friedman(-C45)  # the wrong side: 1 must be the best rank
    assert np.allclose(greater.ranks, 5 - test.ranks)


def test_friedman_without_an_effect_rejects_as_often_as_it_says() -> None:
    random = np.random.default_rng(0)
    rejected = np.mean([friedman(pd.DataFrame(random.normal(size=(12, 4)))).p <= 0.05 for _ in range(600)])
    assert abs(rejected - 0.05) < 0.03  # three standard errors of .009
    assert friedman(pd.DataFrame(np.ones((5, 3)))).p == 1
    same = pd.DataFrame(np.tile([1.0, 2.0, 3.0], (5, 1)))
    assert friedman(same).p == 0
    assert math.isinf(friedman(same).statistic)


@pytest.mark.parametrize(("methods", "q"), [(2, 1.960), (4, 2.569), (5, 2.728), (10, 3.164)])
def test_critical_difference_has_the_published_quantiles(methods: int, q: float) -> None:
    difference = critical_difference(methods, tasks=14)
    assert difference == pytest.approx(q * math.sqrt(methods * (methods + 1) / (6 * 14)), abs=1.5e-3)
    assert difference < critical_difference(methods, tasks=7)


def test_bars_join_what_is_close() -> None:
    ranks = pd.Series({"a": 1.5, "b": 3.4, "c": 2.0, "d": 3.5})
    assert cliques(ranks, 1.0) == [(1.5, 2.0), (3.4, 3.5)]
    assert cliques(ranks, 9.0) == [(1.5, 3.5)]
    assert cliques(ranks, 0.05) == []
    figure = rank_figure(ranks, 1.0)
    assert {text.get_text().strip() for text in figure.axes[0].texts} >= {"a (1.5)", "d (3.5)"}


def test_wilcoxon_is_scipys_and_few_tasks_never_pass() -> None:
    random = np.random.default_rng(1)
    values = pd.DataFrame(random.normal(size=(12, 4)), columns=list("abcd")).assign(a=lambda f: f["d"] - 1)
    table = wilcoxon_holm(values, "d")
    p = [wilcoxon(values[name] - values["d"]).pvalue for name in "abc"]
    assert np.allclose(table["p"], p)
    assert np.allclose(table["adjusted"], holm(p))
    assert table.loc[0, ["wins", "losses"]].tolist() == [12, 0]
    many = {f"m{i}": np.arange(8.0) + 1 for i in range(11)}
    few = wilcoxon_holm(pd.DataFrame({"control": np.arange(8.0) * 3 + 9, **many}), "control")
    assert (few["wins"] == 8).all()
    assert few["p"].iloc[0] == pytest.approx(2 / 2**8)
    assert few["adjusted"].min() > 0.05, "11 methods that win on all of 8 tasks"


def test_improvement_is_over_tasks_not_over_runs() -> None:
    random = np.random.default_rng(2)
    shift = dict(zip("abcdef", [-3, -3, -3, 3, 3, -3], strict=True))
    one = {task: random.normal(at, 1, 40) for task, at in shift.items()}
    other = {task: random.normal(0, 1, 40) for task in shift}
    interval = improvement(one, other)
    assert interval.mean == pytest.approx(4 / 6, abs=0.03)
    assert interval.high - interval.low > 0.5  # 240 runs would say .12
    assert improvement(one, one).mean == pytest.approx(0.5)
    assert improvement(other, one).mean == pytest.approx(1 - interval.mean)


def test_bootstrap_covers() -> None:
    random = np.random.default_rng(3)
    hits = [(lambda i: i.low <= 0 <= i.high)(bootstrap_mean(random.normal(size=20), 300, seed)) for seed in range(300)]
    assert 0.88 < np.mean(hits) < 0.98  # the percentile interval of 20 values is a little short
    assert math.isnan(bootstrap_mean([1.0]).low)
    assert math.isnan(bootstrap_mean([]).mean)


def test_what_cannot_be_ranked_is_refused() -> None:
    with pytest.raises(BadInput, match="2 tasks"):
        friedman(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    with pytest.raises(BadInput, match="NaN in"):
        friedman(pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 1.0]}))
    with pytest.raises(BadInput, match="2 methods"):
        critical_difference(1, 12)
