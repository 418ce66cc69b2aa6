"""Optuna on the table, and the space as a dictionary."""

import json
import sys

import pytest

from continuum.benchmark import Lookup, Point, Request, config_space, objective_function
from continuum.errors import BadInput
from tests.benchmark.samples import TASK, TINY, tiny_table

optuna = pytest.importorskip("optuna")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def test_a_study_finds_what_the_table_holds() -> None:
    lookup = Lookup(tiny_table(), TASK, 0)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective_function(lookup), n_trials=30)
    point = Point(**study.best_params)
    values = lookup.objective.values(lookup.curves([Request(point, TINY.epochs)])[0])
    assert study.best_value == values.min()
    assert study.best_trial.user_attrs["epochs"] == TINY.epochs
    assert study.best_trial.intermediate_values == dict(enumerate(values, 1))


def test_a_pruned_trial_costs_what_it_was_trained() -> None:
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=-1.0))
    study.optimize(objective_function(Lookup(tiny_table(), TASK, 0)), n_trials=2)
    assert [(trial.state.name, trial.user_attrs["epochs"]) for trial in study.trials] == [("PRUNED", 1)] * 2


def test_off_the_grid_values_are_real() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(objective_function(Lookup(tiny_table(), TASK, 0, interpolate=True), on_grid=False), n_trials=3)
    assert all(trial.params["gamma"] not in TINY.gamma for trial in study.trials)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(BadInput, match=r"continuum-width\[search\]"):
        objective_function(Lookup(tiny_table(), TASK, 0))


def test_the_space_as_a_dictionary() -> None:
    on, off = config_space(TINY), config_space(TINY, on_grid=False)
    assert json.loads(json.dumps(on)) == on
    assert on["hyperparameters"][0]["sequence"] == list(TINY.gamma)
    assert (off["hyperparameters"][0]["lower"], off["hyperparameters"][0]["upper"]) == (0.5, 8.0)
