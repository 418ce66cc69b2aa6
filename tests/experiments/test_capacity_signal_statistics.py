"""capacity_signal: its statistics, and its tasks by name."""

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments.capacity_signal.measurements import rises_again
from continuum_experiments.capacity_signal.rows import data_of, parsed, rows_of, task_of
from continuum_experiments.capacity_signal.statistics import clustered, coin, near, order, proportion, separation

from continuum.data import load
from continuum.errors import BadInput


def test_verdicts_are_shown_when_right_and_refuted_when_wrong() -> None:
    """Shares of verdicts at 5 %: of what lies at the edge of the margin near 5 % is shown, of the middle its power."""
    draws = np.random.default_rng(0).standard_normal((400, 16))
    for shift, low, high in ((0.0, 0.93, 1.0), (1.0, 0.01, 0.09), (3.0, 0.0, 0.0)):  # standard errors are 1/4
        share = np.mean([near("", "", 0.0, row + shift, margin=1.0).p_within < 0.05 for row in draws])
        assert low <= share <= high, shift
    assert np.mean([near("", "", 0.0, row + 3, margin=1.0).p_beyond < 0.05 for row in draws]) > 0.99
    assert near("", "", 0.0, draws[0], margin=1.0).power == pytest.approx(0.98, abs=0.03)
    heads = np.random.default_rng(1).random(4000)
    assert coin("", "", heads < 0.5, margin=0.04).p_within < 0.05 < coin("", "", heads < 0.56, margin=0.04).p_within
    assert coin("", "", heads[:16] < 0.5, margin=0.04).power == 0  # too few to show anything


def test_independent_are_the_data_sources() -> None:
    """Copies within a source are no new evidence: the interval stays as wide."""

    def mean(frame: pd.DataFrame) -> float:
        return float(frame["x"].mean())

    x = np.random.default_rng(1).standard_normal(8)
    once = pd.DataFrame({"data": range(8), "x": x})
    copied = once.loc[once.index.repeat(5)]
    widths = [t.high - t.low for t in (clustered("", "", 0.0, f, mean, 0.5) for f in (once, copied))]
    assert widths[1] == pytest.approx(widths[0], rel=1e-12)
    alone = clustered("", "", 0.0, copied.assign(data=range(40)), mean, 0.5)
    assert alone.high - alone.low < 0.6 * widths[0]


def test_separation_needs_no_threshold() -> None:
    helps, estimate = np.array([True, True, False, False]), np.array([-3.0, 1.0, 1.0, 2.0])
    assert separation(helps, estimate) == separation(helps, np.exp(estimate)) == 0.875
    assert separation(helps, -estimate) == 0.125
    assert separation(helps, np.array([-3.0, np.nan, 1.0, 2.0])) == 1.0
    assert np.isnan(separation(helps[:2], estimate[:2]))


def test_orders_and_proportions() -> None:
    a = np.array([0.01, 0.02, 0.04])
    assert order(a, -3 * a**1.5) == pytest.approx(1.5)
    assert np.isnan(order(a, [0.0, 1.0, 2.0]))
    assert proportion(2 * a, a) == pytest.approx(2)


def test_rising_again() -> None:
    def curve_of(*means: float) -> pd.DataFrame:
        noise = (-0.1, 0.0, 0.1)
        rows = [(t, s, mean + e * t) for t, mean in enumerate(means) for s, e in enumerate(noise)]
        return pd.DataFrame(rows, columns=["horizon", "start", "slope"])

    assert rises_again(curve_of(1.0, -2.0, 0.0))
    assert not rises_again(curve_of(1.0, 0.0, -1.0))
    assert not rises_again(curve_of(1.0, -0.01, 0.0))


def test_first_classes_of_a_task() -> None:
    assert task_of("digits/3").class_names == load("digits").class_names[:3]


def test_harder_tasks_by_name() -> None:
    """Noise moves targets between rows and keeps the sizes of classes; few rows are those of training alone."""
    plain, hard = load("wine"), task_of("wine/noise40/rows30")
    assert np.array_equal(np.bincount(plain.target), np.bincount(hard.target))
    assert 0.2 < np.mean(plain.target != hard.target) < 0.4  # of 40 %, some are given the class that they had
    rows, all_rows = rows_of(hard, 0, 300), rows_of(task_of("wine/noise40"), 0, 300)
    assert rows["train"].x.shape[1] == 30
    assert torch.equal(rows["train"].x, all_rows["train"].x[:, :30])
    assert torch.equal(rows["validation"].x, all_rows["validation"].x)
    assert data_of("digits/3/noise40/rows30") == "digits"
    assert parsed("./wine.csv/rows20").base == "./wine.csv"


@pytest.mark.parametrize("source", ["wine/noise", "wine/noise0", "wine/noise101", "wine/rows1", "digits/1", "wine/x"])
def test_bad_conditions(source: str) -> None:
    with pytest.raises(BadInput, match="NAME"):
        task_of(source)
