"""Partial correlations against their closed form, clusters against splits, base rates, and power."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, spearmanr, ttest_1samp

from continuum.analysis.agreement import balanced_accuracy, base_rate
from continuum.analysis.power import mean_power, share_power
from continuum.analysis.ranks import cluster_interval, partial_spearman, spearman, within_clusters


def test_partial_correlation_has_the_closed_form_and_forgets_what_is_given() -> None:
    random = np.random.default_rng(0)
    z = random.normal(size=200)
    x, y = z + random.normal(size=200), z + random.normal(size=200)
    xy, xz, yz = (spearmanr(*pair).statistic for pair in ((x, y), (x, z), (y, z)))
    closed = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    assert math.isclose(partial_spearman(x, y, z), closed, rel_tol=1e-9)
    assert math.isclose(spearman(x, y), xy, rel_tol=1e-12)
    # x and y share z alone: the plain correlation is about .5, the partial one 0 with a standard error of .07
    assert spearman(x, y) > 0.35
    assert abs(partial_spearman(x, y, z)) < 0.2
    assert math.isnan(partial_spearman(z, y, z))


def test_an_interval_over_clusters_is_not_fooled_by_rows() -> None:
    random = np.random.default_rng(1)
    task = np.repeat(np.arange(6), 50)
    value = random.normal(size=6)[task] + 0.01 * random.normal(size=300)
    frame = pd.DataFrame({"task": task, "value": value, "row": np.arange(300)})

    def mean(rows: pd.DataFrame) -> float:
        return float(rows["value"].mean())

    over_tasks, over_rows = (cluster_interval(frame, name, mean, draws=400) for name in ("task", "row"))
    assert over_tasks.mean == over_rows.mean
    assert over_tasks.high - over_tasks.low > 3 * (over_rows.high - over_rows.low)
    assert math.isnan(cluster_interval(frame[frame["task"] == 0], "task", mean).low)


def test_a_cluster_drawn_twice_counts_twice() -> None:
    frame = pd.DataFrame({"task": list("aaabbb"), "x": [1, 2, 3, 1, 2, 3], "y": [1, 2, 3, 3, 2, 1]})
    statistic = within_clusters(lambda rows: spearman(rows["x"], rows["y"]), "task")
    interval = cluster_interval(frame, "task", statistic, draws=400)
    assert interval == (0.0, -1.0, 1.0)


def test_balanced_accuracy_gives_a_constant_one_half() -> None:
    truth = np.array([True] * 70 + [False] * 5)
    assert math.isclose(base_rate(truth), 70 / 75)
    assert balanced_accuracy(truth, np.ones(75, dtype=bool)) == 0.5
    assert balanced_accuracy(truth, truth) == 1
    assert math.isnan(balanced_accuracy(np.ones(3, dtype=bool), truth[:3]))
    with pytest.raises(ValueError, match="one for each of 75"):
        balanced_accuracy(truth, truth[:3])


def test_power_is_the_share_of_tests_that_reject() -> None:
    random = np.random.default_rng(2)
    counts = random.binomial(40, 0.7, 3000)
    rejected = np.mean([binomtest(int(x), 40, 0.5).pvalue <= 0.05 for x in counts])
    assert abs(share_power(40, 0.5, 0.7) - rejected) < 0.03
    rows = random.normal(0.6, 1.0, (3000, 15))
    assert abs(mean_power(15, 0.6) - np.mean(ttest_1samp(rows, 0, axis=1).pvalue <= 0.05)) < 0.03
    assert mean_power(1, 5.0) == 0
    assert share_power(5, 0.5, 1.0) == 0, "five coins can never reject at 5 %, doubled"
    with pytest.raises(ValueError, match="side"):
        share_power(5, 0.5, 0.5, side="left")
