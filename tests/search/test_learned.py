"""Searches that learn the width in one run: their price, their account, their answers."""

import dataclasses

import numpy as np
import pytest
import torch

from continuum.benchmark import Objective, Point, Space, stream
from continuum.errors import BadInput
from continuum.search.learned import Concrete, Graded, IntervalGradient, LearnedWidth
from continuum.search.learned.price import learner_price
from continuum.search.learned.retraining import retrained
from continuum.search.learned.search import Arm, _half_square

#: Short trainings, for tests.
SHORT = dataclasses.replace(Space(), epochs=20)
METHODS: list[type[LearnedWidth]] = [Graded, Concrete, IntervalGradient]


@pytest.mark.parametrize("method", METHODS)
def test_the_account_charges_learning_and_every_retraining(method: type[LearnedWidth]) -> None:
    rows = method(SHORT).search("iris", 130, seed=0).rows
    assert rows["cost"].iloc[0] == 40  # one run of 20 epochs, one retraining of 20
    assert set(rows["cost"].diff().dropna()) <= {20, 40}
    assert rows["cost"].iloc[-1] <= 130
    assert rows["id"].is_unique
    assert not rows.duplicated(["gamma", "lr", "weight_decay", "depth"]).any()


@pytest.mark.parametrize("method", METHODS)
def test_a_search_is_a_function_of_its_seed(method: type[LearnedWidth]) -> None:
    first, again, other = (method(SHORT).search("iris", 40, seed).rows for seed in (0, 0, 1))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_row_says_what_retraining_from_scratch_came_to() -> None:
    trace = Graded(SHORT).search("iris", 60, seed=1)
    row = trace.answer(40)
    assert row is not None
    curve = retrained(trace.point(row), 20, "iris", seed=1)
    values = Objective.of(stream("iris", 1)).values(curve)
    assert row["value"] == values[int(row["best_epoch"]) - 1] == values.min()
    other = retrained(trace.point(row), 20, "iris", seed=0)  # of another split it would be another value
    assert row["value"] != Objective.of(stream("iris", 0)).values(other).min()


def test_the_incumbent_is_the_least_so_far() -> None:
    rows = Graded(SHORT).search("wine", 120, seed=0).rows
    assert (rows["incumbent"] == (rows["value"] < rows["value"].cummin().shift(fill_value=np.inf))).all()


def test_the_learner_pays_the_price_of_the_objective() -> None:
    objective, rows, loss = Objective(constant=1.7, price=0.3), 230, 0.4
    sums = [rows * loss + learner_price(objective, rows) * units for units in (3, 11)]
    values = [rows * objective.constant * objective(loss, Point(units, 0.01)) for units in (3, 11)]
    assert sums == pytest.approx(values, rel=1e-12)
    wrong = [rows * loss + learner_price(objective, 1) * units for units in (3, 11)]
    assert wrong != pytest.approx(values, rel=1e-2)


@pytest.mark.parametrize("method", METHODS)
def test_a_dearer_unit_leads_to_fewer(method: type[LearnedWidth]) -> None:
    rows = stream("yacht", 0)
    space = dataclasses.replace(SHORT, epochs=40)
    cheap, dear = (method(space).learned(rows, Objective.of(rows, price), Arm(0.01), 0) for price in (0.02, 5.0))
    assert 0 < dear < cheap <= 64


def test_half_a_square_compares_each_row_with_its_own_target() -> None:
    outputs, targets = torch.tensor([[1.0], [3.0]]), torch.tensor([1.0, 2.0])
    assert _half_square(outputs, targets).item() == 0.25
    assert (outputs - targets).square().mean().item() / 2 != 0.25  # all rows with all targets


def test_the_price_of_a_regression_is_that_of_the_objective_whatever_the_noise() -> None:
    rows = stream("yacht", 0)
    objective = Objective.of(rows)
    free = Graded(SHORT).run(rows, objective, Arm(0.01), seed=0)
    assert free.price == pytest.approx(learner_price(objective, len(rows.train.x)))
    assert Graded().resolution(rows) == 1
    assert Graded().resolution(stream("iris", 0)) == 0


def test_answers_lie_in_the_box_and_use_a_smaller_space() -> None:
    space = Space(gamma=(1.0, 4.0), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=5)
    rows = Graded(space).search("wine", 40, seed=0).rows
    assert rows["gamma"].between(1, 4).all()
    assert set(rows["lr"]) == {0.01}


@pytest.mark.parametrize("budget", [0, 39, "many"])
def test_a_budget_below_a_run_and_a_retraining_is_refused(budget: int) -> None:
    with pytest.raises(BadInput, match="budget"):
        Graded(SHORT).search("iris", budget, seed=0)


def test_without_a_price_there_is_nothing_to_learn() -> None:
    with pytest.raises(BadInput, match="price"):
        Graded(price=0.0)
