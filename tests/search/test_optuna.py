"""Optuna is silent, told everything, and the same in every process."""

import random

import numpy as np
import optuna
import pytest

from continuum.benchmark import SPACE
from continuum.search import Report, make
from continuum.search.optuna_study import Axes
from continuum.search.unseen import Unseen
from tests.search.contract import play, proposed

NAMES = ["tpe", "gaussian_process", "cma_es", "bohb"]


@pytest.mark.parametrize("name", NAMES)
def test_it_logs_nothing_and_leaves_the_level_of_its_log_alone(name, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    searcher = make(name)
    searcher.tell([Report(p.id, p.epochs, 0.5) for p in searcher.ask(3, 300)])
    assert capfd.readouterr() == ("", "")
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_hangs_on_the_seed_and_on_no_random_state_of_the_process(name):
    def draws(seed, world):
        random.seed(world)
        np.random.seed(world)
        return [proposal.point for proposal in make(name, seed=seed).ask(8, 800)]

    assert draws(seed=3, world=0) == draws(seed=3, world=1)
    assert draws(seed=3, world=0) != draws(seed=4, world=0)


def test_nan_is_told_as_the_worst_and_no_trial_is_marked_as_failed():
    searcher = make("tpe")
    first, second, third = searcher.ask(3, 300)
    searcher.tell([Report(first.id, 100, 1.15), Report(second.id, 100, float("nan")), Report(third.id, 100, 0.3)])
    assert [trial.value for trial in searcher._study.trials] == [1.15, 1.15, 0.3]
    assert {trial.state for trial in searcher._study.trials} == {optuna.trial.TrialState.COMPLETE}


def test_a_point_that_was_proposed_is_replaced_with_its_nearest_neighbour():
    unseen = Unseen(SPACE, seed=0)
    point = unseen.take(SPACE.points()[7])
    near = unseen.near(point)
    assert near in unseen
    places = [Axes(SPACE).params(each) for each in (point, near)]
    assert sum(abs(places[0][name] - places[1][name]) for name in places[0]) == 1


@pytest.mark.parametrize("name", ["tpe", "cma_es"])
def test_the_whole_grid_can_be_spent_without_a_repetition(name):
    small = type(SPACE)(gamma=(1.0, 2.0, 4.0), lr=(0.01, 0.1), weight_decay=(0.0,), depth=(1, 2), epochs=10)
    proposals = proposed(play(make(name, small), 10_000))
    assert {proposal.point for proposal in proposals} == set(small.points())
    assert len(proposals) == small.size
