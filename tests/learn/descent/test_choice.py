"""What held-out rows choose among candidates and stages, with scores that are only pretended."""

from types import SimpleNamespace

import numpy as np
import pytest

from continuum.arithmetic import engine_arithmetic
from continuum.learn import LearnConfig
from continuum.learn.descent import choice as choice_module
from continuum.learn.descent.budget import Budget
from continuum.learn.descent.candidates import Candidate, Fold
from continuum.learn.descent.choice import Choice, Contestant, Judged, choose
from continuum.learn.descent.settings import DescentConfig
from continuum.progress import Meter

ROWS, RESOLUTION = 100, 0.1
#: Below it differences of scores do not count.
LEAST = RESOLUTION**2 / 2
RANDOM = np.random.default_rng(0)
NOISE = RANDOM.normal(size=ROWS)
NOISE -= NOISE.mean()

#: Mean scores of a candidate behind each stage; and how far single rows stray from them.
Means = list[float]


class Pretended(Judged):
    """A network that does not train: behind each stage its rows have the scores that were planned."""

    def __init__(self, means: Means, noise: float) -> None:
        held_out = SimpleNamespace(weights=lambda: np.ones(ROWS // 2))
        super().__init__(SimpleNamespace(), held_out)
        self.means, self.noise, self.steps = means, noise, []

    def advance(self, stage, meter):
        stages = len(self.scores)
        half = NOISE[: ROWS // 2] - NOISE[: ROWS // 2].mean()
        self.scores.append(self.means[stages] + self.noise * half * (1 + 0.1 * stages))
        self.snapshots.append(stages)
        self.steps.append(stage.steps)
        meter.done += stage.steps


def choice_of(
    monkeypatch: pytest.MonkeyPatch,
    plans: dict[str, Means | tuple[Means, float]],
    how: DescentConfig,
    least: int = 0,
) -> tuple[Choice | None, dict[str, Contestant], Budget]:
    born: dict[str, Contestant] = {}

    def of(candidate, folds):
        plan = plans[candidate.name]
        means, noise = plan if isinstance(plan, tuple) else (plan, 0.0)
        born[candidate.name] = Contestant(candidate, [Pretended(means, noise) for _ in folds])
        return born[candidate.name]

    monkeypatch.setattr(choice_module.Contestant, "of", of)
    task = SimpleNamespace(config=LearnConfig(resolution=RESOLUTION))
    fold = Fold(np.arange(ROWS // 2), np.arange(ROWS // 2))
    budget = Budget(how)
    candidates = [Candidate(name, task) for name in plans]
    with engine_arithmetic():
        chosen = choose(candidates, [fold, fold], how.schedule(), budget, Meter(), least)
    return chosen, born, budget


#: Seven falling prices and nothing more.
FALLING = DescentConfig(stage=10, doublings=0)
DOWN = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]


def lowered(means: Means, by: float) -> Means:
    return [mean - by for mean in means]


@pytest.mark.parametrize("better", [0, 1, 2])
def test_the_better_candidate_wins_at_its_best_stage(monkeypatch, better):
    plans = {name: lowered(DOWN, 0.2 * (k == better)) for k, name in enumerate("abc")}
    choice, _, _ = choice_of(monkeypatch, plans, FALLING)
    assert choice.winner.candidate.name == "abc"[better]
    assert choice.last == 6
    np.testing.assert_allclose(choice.means["abc"[better]], lowered(DOWN, 0.2))
    assert set(choice.means) == {"a", "b", "c"}


@pytest.mark.parametrize(("by", "winner"), [(0.0, "simple"), (0.9 * LEAST, "simple"), (1.1 * LEAST, "other")])
def test_the_first_one_is_kept_on_ties(monkeypatch, by, winner):
    """Within the resolution of the score; the scores have no noise."""
    plans = {"simple": DOWN, "other": lowered(DOWN, by)}
    assert choice_of(monkeypatch, plans, FALLING)[0].winner.candidate.name == winner


def test_the_first_one_is_kept_within_a_standard_error(monkeypatch):
    """Scores of single rows of the second candidate stray by 1: the error of the mean of 100 is a tenth."""
    winners = [
        choice_of(monkeypatch, {"simple": DOWN, "other": (lowered(DOWN, by), 1.0)}, FALLING)[0].winner.candidate.name
        for by in (0.05, 0.1, 0.5, 0.9)
    ]
    assert winners[0] == "simple"
    assert winners[-1] == "other"


def test_the_first_stage_that_ties_with_the_best_one_is_taken(monkeypatch):
    flat = [1.0, 0.5, 0.3, 0.3 - 0.9 * LEAST, 0.3, 0.31, 0.31]
    assert choice_of(monkeypatch, {"a": flat}, FALLING)[0].last == 2
    steep = [1.0, 0.5, 0.3, 0.3 - 1.1 * LEAST, 0.3, 0.31, 0.31]
    assert choice_of(monkeypatch, {"a": steep}, FALLING)[0].last == 3


def test_no_stage_before_the_price_that_was_given(monkeypatch):
    rising = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    for least in (0, 2, 5):
        assert choice_of(monkeypatch, {"a": rising}, FALLING, least)[0].last == least


def test_one_that_brings_nothing_rests_and_spends_nothing(monkeypatch):
    """Single rows of the second candidate stray so much that it is not clearly behind."""
    how = DescentConfig(stage=10, doublings=1)
    plans = {"good": [*DOWN, 0.3], "idle": ([0.5, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 3.0)}
    choice, born, budget = choice_of(monkeypatch, plans, how)
    assert choice.winner.candidate.name == "good"
    assert choice.last == 7
    assert len(born["good"].judged[0].scores) == 8
    assert len(born["idle"].judged[0].scores) == 7
    assert born["idle"].resting
    assert not born["idle"].dropped
    assert budget.spent == 2 * (7 * 10 + 20) + 2 * 7 * 10


def test_one_that_was_dropped_does_not_win(monkeypatch):
    how = DescentConfig(stage=10, doublings=1)
    plans = {"late": [1.2] * 7, "good": [*DOWN, 0.3]}
    choice, born, _ = choice_of(monkeypatch, plans, how)
    assert choice.winner.candidate.name == "good"
    assert born["late"].dropped


def test_one_that_is_clearly_behind_is_dropped_before_long_stages(monkeypatch):
    how = DescentConfig(stage=10, doublings=2)
    plans = {"good": [*DOWN, 0.3, 0.2], "behind": [*lowered(DOWN, -1), 1.3, 1.2]}
    _, born, _ = choice_of(monkeypatch, plans, how)
    assert len(born["good"].judged[0].scores) == 9
    assert len(born["behind"].judged[0].scores) == 7


def test_doublings_that_bring_nothing_are_not_taken(monkeypatch):
    how = DescentConfig(stage=10, doublings=3)
    choice, born, _ = choice_of(monkeypatch, {"a": [*DOWN, 0.4, 0.4, 0.4]}, how)
    assert len(born["a"].judged[0].scores) == 8
    assert choice.last == 6


def test_long_stages_are_those_of_one_fold(monkeypatch):
    how = DescentConfig(stage=60, doublings=2)  # of 60, 120 and 240 steps
    choice, born, budget = choice_of(monkeypatch, {"a": [*DOWN, 0.3, 0.2]}, how)
    first, second = born["a"].judged
    assert first.steps == [60] * 7 + [120, 240]
    assert second.steps == first.steps[:-1]
    assert choice.last == 8
    assert budget.spent == sum(first.steps) + sum(second.steps)


@pytest.mark.parametrize("steps", [1, 20, 109, 110, 300, 1000])
def test_choosing_takes_half_of_the_steps_at_most_and_leaves_what_is_needed(monkeypatch, steps):
    how = DescentConfig(stage=10, doublings=0, steps=steps)
    choice, born, budget = choice_of(monkeypatch, {"a": DOWN, "b": DOWN}, how)
    assert budget.spent <= steps / 2
    assert budget.spent == sum(sum(judged.steps) for one in born.values() for judged in one.judged)
    assert (choice is None) == (steps < 110)  # a stage of all is 40; a network of all rows takes 30, and 40 to round
    assert steps < 1000 or choice.last == 6


def test_steps_that_reach_no_choice_are_not_taken(monkeypatch):
    """Seven stages of two folds and candidates are 280 steps; a fifth of them is affordable."""
    how = DescentConfig(stage=10, doublings=0, steps=150)
    choice, _, budget = choice_of(monkeypatch, {"a": DOWN, "b": DOWN}, how, least=6)
    assert choice is None
    assert budget.spent == 0
    assert choice_of(monkeypatch, {"a": DOWN, "b": DOWN}, how, least=0)[0] is not None


def test_scores_that_are_no_numbers_are_not_chosen(monkeypatch):
    broken = [1.0, 0.9, np.inf, np.inf, np.inf, np.inf, np.inf]
    choice, _, _ = choice_of(monkeypatch, {"broken": [np.inf] * 7, "half": broken}, FALLING)
    assert choice.winner.candidate.name == "half"
    assert choice.last == 1
    assert choice_of(monkeypatch, {"broken": [np.inf] * 7}, FALLING)[0] is None
