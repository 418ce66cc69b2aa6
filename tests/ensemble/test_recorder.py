"""What training notes down: which members got better, which have ended and why, and how far all are."""

import dataclasses

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal

from continuum.ensemble import Member, Settings
from continuum.ensemble.parts import Parts
from continuum.ensemble.recorder import Recorder
from continuum.ensemble.state import State
from continuum.ensemble.trained import in_units
from tests.ensemble.samples import stream

NAN = float("nan")


def recorder(kind: str = "classification", count: int = 2, **options: int) -> Recorder:
    settings = Settings(2, **{"epochs": 4, "batch": 32, **options})
    streams = [stream(kind, 0), dataclasses.replace(stream(kind, 1, rows=97), scale=0.5)]
    members = [Member(1.0, stream=number % 2) for number in range(count)]
    return Recorder(streams, members, settings, Parts(streams, settings))


def note(made: Recorder, epoch: int, *losses: float, score: float = 0.25) -> tuple[list[bool], list[bool]]:
    loss = torch.tensor(losses, dtype=torch.float64)
    better, ended = made.record(list(range(len(losses))), epoch, loss, torch.full_like(loss, score))
    return better.tolist(), ended.tolist()


def test_the_least_loss_is_the_best() -> None:
    made = recorder()
    assert note(made, 0, 3.0, 3.0) == ([True, True], [False, False])
    assert note(made, 1, 2.0, 3.0) == ([True, False], [False, False])
    assert note(made, 2, 2.5, 1.0) == ([False, True], [False, False])
    assert made.best_epoch.tolist() == [1, 2]
    assert_array_equal(made.validation_loss[:, 0], [3.0, 2.0, 2.5, NAN, NAN])
    assert made.outcome == ["ok", "ok"]


def test_a_loss_that_is_not_finite_ends_a_member() -> None:
    made = recorder()
    note(made, 0, 3.0, 3.0)
    assert note(made, 1, NAN, 2.0) == ([False, True], [True, False])
    assert note(made, 2, 1.0, float("inf")) == ([False, False], [True, True])
    assert made.outcome == ["diverged", "diverged"]
    assert made.best_epoch.tolist() == [0, 1]
    assert_array_equal(made.validation_loss[:, 0], [3.0, NAN, NAN, NAN, NAN])
    assert_array_equal(made.validation_score[:, 0], [0.25, NAN, NAN, NAN, NAN])
    assert_array_equal(made.validation_score[:, 1], [0.25, 0.25, NAN, NAN, NAN])


def test_patience_counts_the_epochs_since_the_best() -> None:
    made = recorder(patience=2)
    for epoch, losses in enumerate([(3.0, 3.0), (2.0, 4.0), (2.0, 4.0)]):
        _, ended = note(made, epoch, *losses)
    assert ended == [False, True]
    assert note(made, 3, 2.0, 1.0) == ([False, False], [True, True])
    assert made.outcome == ["stopped", "stopped"]
    assert made.best_epoch.tolist() == [1, 0]


def test_none_is_stopped_in_the_last_epoch_or_without_patience() -> None:
    for made in (recorder(patience=4), recorder(patience=0)):
        for epoch in range(5):
            _, ended = note(made, epoch, 1.0 + epoch, 1.0 + epoch)
        assert ended == [False, False]
        assert made.outcome == ["ok", "ok"]


def test_without_a_validation_part_the_last_finite_weights_are_the_best() -> None:
    made = recorder()
    for epoch, finite in enumerate([(True, True), (True, False), (True, True)]):
        better, ended = made.record_blind([0, 1], epoch, torch.tensor(finite))
    assert (better.tolist(), ended.tolist()) == ([True, False], [False, True])
    assert made.best_epoch.tolist() == [2, 0]
    assert made.outcome == ["ok", "diverged"]
    assert np.isnan(made.validation_loss).all()


def test_places_are_the_members_of_a_chunk() -> None:
    made = recorder("regression", count=4)
    made.record([3, 0], 0, torch.tensor([2.0, 1.0]), torch.tensor([4.0, 9.0]))
    assert_array_equal(made.validation_loss[0], [1.0, NAN, NAN, 2.0])
    assert_array_equal(made.validation_score[0], [3 * 2.5, NAN, NAN, 2 * 0.5])


@pytest.mark.parametrize(("kind", "scores"), [("classification", [0.25, 0.25]), ("regression", [1.25, 0.25])])
def test_scores_are_in_units_of_the_reader(kind: str, scores: list[float]) -> None:
    made = recorder(kind)
    assert in_units(made.streams, made.members, np.array([0.25, 0.25])).tolist() == scores


def test_steps_are_those_of_all_networks() -> None:
    """150 rows make 5 steps of 32, 97 make 4; one that has ended has done its own, which are 4 epochs."""
    made = recorder()
    assert made.steps() == (0, 36)
    note(made, 1, 1.0, 1.0)
    assert made.steps() == (9, 36)
    note(made, 2, NAN, 1.0)
    assert made.steps() == (28, 36)
    note(made, 4, 1.0, 1.0)
    assert made.steps() == (36, 36)


def test_finished_is_frozen_and_in_the_order_of_the_members() -> None:
    made = recorder()
    for number in (1, 0):
        best = {"best": [(torch.zeros(1), torch.zeros(1))], "weights": []}
        width = {"gamma": torch.tensor([9.0]), "best": torch.tensor([number + 0.5])}
        made.store([State(number, made.members[number], (2,), best, width)])
    trained = made.finished()
    assert trained.gamma.tolist() == [[0.5], [1.5]]
    assert trained.gamma.dtype == np.float64
    assert trained.outcome == ("ok", "ok")
    for name in ("gamma", "outcome", "validation_loss", "best_epoch", "members"):
        with pytest.raises(AttributeError):
            setattr(trained, name, None)
    assert "validation_loss" not in repr(trained)
