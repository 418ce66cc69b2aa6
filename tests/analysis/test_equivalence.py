"""Two one-sided tests: levels and power as claimed, and the verdicts that few data cannot reach."""

import math

import numpy as np
import pytest
from scipy.stats import binom, ttest_1samp

from continuum.analysis.equivalence import mean_equivalence, outcome, share_equivalence

DRAWS = 3000  # of which a share of 5 % has a standard error of .4 %: an error of 1.3 points is seen


def shown(rows: np.ndarray, target: float, margin: float) -> float:
    return float(np.mean([mean_equivalence(row, target, margin).p_within <= 0.05 for row in rows]))


def test_p_values_are_those_of_one_sided_student_tests() -> None:
    x = np.random.default_rng(0).normal(0.1, 1.0, 30)
    answer = mean_equivalence(x, target=0.0, margin=0.5)
    low = ttest_1samp(x, -0.5, alternative="greater").pvalue
    high = ttest_1samp(x, 0.5, alternative="less").pvalue
    assert math.isclose(answer.p_within, max(low, high), rel_tol=1e-12)
    far = mean_equivalence(x, target=2.0, margin=0.5)
    assert math.isclose(far.p_beyond, 2 * ttest_1samp(x, 1.5, alternative="less").pvalue, rel_tol=1e-12)


def test_at_the_margin_a_prediction_is_shown_at_the_level_and_power_is_as_claimed() -> None:
    random = np.random.default_rng(1)
    edge = random.normal(0.5, 1.0, (DRAWS, 20))
    assert abs(shown(edge, 0.0, 0.5) - 0.05) < 0.013
    exact = random.normal(0.0, 1.0, (DRAWS, 20))
    unit = exact[0] / exact[0].std(ddof=1)  # power takes the sample's deviation for the true one, here 1
    for margin, most in ((0.7, 1.0), (0.3, 0.02)):  # twenty values cannot show a margin of .3 deviations
        claimed = mean_equivalence(unit, 0.0, margin).power
        assert claimed < most
        assert abs(shown(exact, 0.0, margin) - claimed) < 0.025


@pytest.mark.parametrize(("trials", "target", "margin"), [(50, 0.5, 0.1), (200, 0.5, 0.1), (40, 0.95, 0.1)])
def test_shares_are_shown_with_the_claimed_power_and_never_above_the_level(
    trials: int, target: float, margin: float
) -> None:
    counts = np.arange(trials + 1)
    p = np.array([share_equivalence(int(x), trials, target, margin).p_within for x in counts])
    for end in (target - margin, target + margin):
        if 0 < end < 1:
            assert binom.pmf(counts, trials, end)[p <= 0.05].sum() <= 0.05
    power = share_equivalence(trials // 2, trials, target, margin).power
    assert math.isclose(power, binom.pmf(counts, trials, target)[p <= 0.05].sum(), rel_tol=1e-12)


def test_few_coins_decide_nothing_and_many_refute() -> None:
    verdicts = {outcome(*share_equivalence(x, 16, 0.5, 0.05)[4:6]) for x in range(5, 12)}
    assert verdicts == {"undecided"}
    assert share_equivalence(8, 16, 0.5, 0.05).power == 0
    assert outcome(*share_equivalence(620, 1000, 0.5, 0.05)[4:6]) == "refuted"


def test_a_constant_is_shown_or_refuted_at_once_and_one_value_says_nothing() -> None:
    assert outcome(*mean_equivalence([1.0, 1.0], 1.0, 0.1)[4:6]) == "shown"
    assert outcome(*mean_equivalence([2.0, 2.0], 1.0, 0.1)[4:6]) == "refuted"
    assert outcome(*mean_equivalence([1.0], 1.0, 0.1)[4:6]) == "undecided"
    assert outcome(*share_equivalence(0, 0, 0.5, 0.1)[4:6]) == "undecided"


def test_no_margin_is_refused() -> None:
    with pytest.raises(ValueError, match="margin: expected a number > 0"):
        mean_equivalence([1.0, 2.0], 1.0, 0.0)
    with pytest.raises(ValueError, match="margin"):
        share_equivalence(1, 2, 0.5, -0.1)
