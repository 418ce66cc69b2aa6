"""The interval against scipy's own, and its edges."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from continuum.analysis.statistics import holm, mean_interval, one_standard_error, share_interval, summarise

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30).filter(lambda xs: np.std(xs) > 1e-3)


@given(values, st.floats(0.01, 0.999))
def test_equals_the_interval_of_scipy(xs, level):
    mean, low, high = mean_interval(xs, level)
    expected = scipy.stats.t.interval(level, len(xs) - 1, np.mean(xs), scipy.stats.sem(xs))
    scale = max(abs(mean), high - low)
    assert [mean, low, high] == pytest.approx([np.mean(xs), *expected], rel=1e-10, abs=1e-12 * scale)


def test_missing_values_do_not_count():
    assert mean_interval([1.0, math.nan, 3.0]) == mean_interval([1.0, 3.0])


def test_too_few_values():
    assert mean_interval([2.0]).mean == 2.0
    assert all(map(math.isnan, mean_interval([2.0])[1:]))
    assert all(map(math.isnan, mean_interval([])))
    assert all(map(math.isnan, mean_interval([math.nan])))


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_level_is_a_probability(level):
    with pytest.raises(ValueError, match="level"):
        mean_interval([1.0, 2.0], level)


def test_coverage_is_the_level():
    """Of 4000 intervals at 90 %, the share that covers has standard error 0.0047: five of them are allowed."""
    draws = np.random.default_rng(0).normal(size=(4000, 4))
    covered = [low <= 0 <= high for _, low, high in (mean_interval(row, 0.9) for row in draws)]
    assert abs(np.mean(covered) - 0.9) < 0.024


def test_summarise_by_two_columns():
    frame = pd.DataFrame({"task": list("baab"), "gamma": [1.0, 2, 2, 1], "loss": [1.0, 2, 4, math.nan]})
    summary = summarise(frame, ["task", "gamma"], "loss")
    assert summary["task"].tolist() == ["a", "b"]
    assert summary["n"].tolist() == [2, 1]
    assert summary.loc[0, ["mean", "low", "high"]].tolist() == list(mean_interval([2.0, 4.0]))
    assert math.isnan(summary.loc[1, "low"])


@given(st.integers(0, 40), st.integers(0, 40))
def test_share_interval_is_that_of_the_beta_quantiles(hits, misses):
    n = hits + misses
    share, low, high = share_interval(hits, n)
    if n == 0:
        assert math.isnan(share)
        assert (low, high) == (0.0, 1.0)
        return
    assert share == hits / n
    assert low == pytest.approx(scipy.stats.beta.ppf(0.025, hits, misses + 1) if hits else 0.0, abs=1e-9)
    assert high == pytest.approx(scipy.stats.beta.ppf(0.975, hits + 1, misses) if misses else 1.0, abs=1e-9)


def test_share_interval_covers_and_the_normal_one_does_not():
    """Exact coverage at probability 0.02 of 50 trials, by enumeration."""
    n, p = 50, 0.02
    weights = scipy.stats.binom.pmf(np.arange(n + 1), n, p)

    def coverage(bounds):
        return sum(w for w, (low, high) in zip(weights, bounds, strict=True) if low <= p <= high)

    normal = [(h / n - 1.96 * s, h / n + 1.96 * s) for h in range(n + 1) for s in [math.sqrt(h * (n - h) / n**3)]]
    assert coverage([share_interval(h, n)[1:] for h in range(n + 1)]) >= 0.95
    assert coverage(normal) < 0.9


@pytest.mark.parametrize(("hits", "trials", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0)])
def test_share_interval_refuses(hits, trials, level):
    with pytest.raises(ValueError, match="expected"):
        share_interval(hits, trials, level)


def stepwise(p, level):
    """Which hypotheses Holm rejects, by the definition of the procedure."""
    rejected = np.zeros(len(p), dtype=bool)
    for i, place in enumerate(np.argsort(p, kind="stable")):
        if p[place] > level / (len(p) - i):
            break
        rejected[place] = True
    return rejected


@given(st.lists(st.floats(0, 1), max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_the_stepwise_procedure_rejects(p, level):
    adjusted = holm(p)
    decided = np.abs(adjusted - level) > 1e-12  # at a tie rounding decides
    assert ((adjusted <= level) == stepwise(np.array(p), level))[decided].all()
    assert (adjusted >= p).all()


def test_bonferroni_is_not_holm():
    p = np.array([0.004, 0.006])
    assert (holm(p) <= 0.01).all()
    assert not (2 * p <= 0.01).all()


def least_size_within(scores, errors, sizes) -> int:
    """The rule as a plain loop."""
    places = [place for place in range(len(scores)) if not math.isnan(scores[place])]
    best = max(places, key=lambda place: scores[place])
    margin = 0.0 if math.isnan(errors[best]) else errors[best]
    good = [place for place in places if scores[place] >= scores[best] - margin]
    return min(good, key=lambda place: (sizes[place], -scores[place]))


TENTHS = st.integers(-9, 9).map(lambda number: number / 10)
CANDIDATES = st.lists(st.tuples(TENTHS | st.just(math.nan), st.sampled_from([0.0, 0.2, math.nan]), st.integers(1, 4)))


@given(CANDIDATES.filter(lambda rows: any(not math.isnan(score) for score, *_ in rows)))
def test_one_standard_error_is_the_plain_loop(rows):
    assert one_standard_error(*zip(*rows, strict=True)) == least_size_within(*zip(*rows, strict=True))


@pytest.mark.parametrize(
    ("scores", "errors", "sizes", "place"),
    [
        ([0.0, 0.5, 0.75], 0.25, [1, 2, 4], 1),  # on the edge
        ([0.0, 0.4, 0.75], 0.25, [1, 2, 4], 2),
        ([0.0, 0.5, 0.75], [9.0, 9.0, 0.1], [1, 2, 4], 2),  # the error is that of the best
        ([0.75, 0.5, 0.0], 0.25, [4, 2, 1], 1),  # in any order
        ([0.5, 0.7, 0.75], 0.25, [2, 2, 4], 1),
        ([0.7, 0.7, 0.75], 0.25, [2, 2, 4], 0),
        ([0.5, 0.75], math.nan, [1, 2], 1),
        ([math.nan, 0.5, 0.75], 0.25, [1, 2, 4], 1),
    ],
)
def test_one_standard_error(scores, errors, sizes, place):
    assert one_standard_error(scores, errors, sizes) == place


def test_one_standard_error_compares_in_the_precision_of_the_scores():
    scores, error = np.array([0.1, 0.3], np.float32), np.array([0.2, 0.2], np.float32)
    assert (one_standard_error(scores, error, [1, 2]) == 0) == bool(scores[0] >= scores[1] - error[1])


def test_one_standard_error_of_no_score():
    with pytest.raises(ValueError, match="All-NaN"):
        one_standard_error([math.nan], [0.0], [1])
