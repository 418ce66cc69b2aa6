"""The training loop around chunks: minibatches, schedules, and what is checked before."""

import dataclasses
from math import cos, pi

import pytest
import torch
from numpy.testing import assert_allclose
from torch.testing import assert_close

from continuum.ensemble import Member, Settings, train
from continuum.ensemble.training import _filled, _Training
from tests.ensemble.samples import stream

SETTINGS = Settings(units=4, epochs=4, batch=32)


@pytest.mark.parametrize(
    ("columns", "expected"), [(3, [1, 2, 3]), (4, [1, 2, 3, 1]), (6, [1, 2, 3, 1, 2, 3]), (8, [1, 2, 3, 1, 2, 3, 1, 2])]
)
def test_a_short_batch_is_filled_by_its_own_rows(columns: int, expected: list[int]) -> None:
    assert _filled(torch.tensor([[1, 2, 3], [1, 2, 3]]), columns).tolist() == [expected] * 2


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_schedules(schedule: str) -> None:
    training = _Training(
        [stream("regression", 0)], [Member(1.0)], dataclasses.replace(SETTINGS, schedule=schedule), None
    )
    factors = [training._factor(step, 5) for step in range(20)]
    expected = [1.0] * 20 if schedule == "constant" else [(1 + cos(pi * step / 20)) / 2 for step in range(20)]
    assert factors == pytest.approx(expected)


def test_rows_of_stacked_streams_lie_behind_each_other() -> None:
    streams = [stream("regression", seed) for seed in range(3)]
    training = _Training(streams, [Member(1.0)], SETTINGS, None)
    rows = training._rows([2, 0], 150, epoch=1)
    assert rows.shape == (2, 150)
    assert rows[0].sort().values.tolist() == list(range(150))
    assert rows[1].sort().values.tolist() == list(range(150, 300))
    alone = training._rows([0], 150, epoch=1)
    assert_close(rows[1] - 150, alone[0], rtol=0, atol=0)


def test_one_in_eight_that_ended_is_put_aside() -> None:
    """Seven sound members and one that diverges at once: the chunk is packed anew without it, and none else is lost."""
    members = [*(Member(2.0, init=init) for init in range(7)), Member(2.0, lr=1e30)]
    settings = dataclasses.replace(SETTINGS, optimizer="sgd")
    trained = train([stream("regression", 0)], members, settings)
    assert trained.outcome == ("ok",) * 7 + ("diverged",)
    alone = train([stream("regression", 0)], members[:7], settings)
    assert_allclose(trained.validation_loss[:, :7], alone.validation_loss, rtol=1e-5, atol=0, equal_nan=False)


def test_widths_of_diverged_members_count_as_they_last_were() -> None:
    widths: list[float] = []
    members = [Member(2.0), Member(1.0, lr=1e30, gamma_lr=1e30)]
    settings = dataclasses.replace(SETTINGS, optimizer="sgd")
    train([stream("regression", 0)], members, settings, lambda done, total, width: widths.append(width))
    assert widths[0] == 1.5
    assert all(1.0 <= width <= 3.0 for width in widths)


def test_the_answer_of_progress_is_ignored() -> None:
    whole = train([stream("regression", 0)], [Member(2.0)], SETTINGS)
    trained = train([stream("regression", 0)], [Member(2.0)], SETTINGS, lambda *_: True)
    assert_allclose(trained.validation_loss, whole.validation_loss, rtol=0, atol=0, equal_nan=False)


def test_the_width_that_is_told_is_the_sum_over_hidden_layers() -> None:
    widths: list[float] = []
    settings = dataclasses.replace(SETTINGS, units=(4, 4))
    members = [Member((2.0, 1.5)), Member((1.0, 0.5))]
    train([stream("regression", 0)], members, settings, lambda done, total, width: widths.append(width))
    assert set(widths) == {2.5}


def test_a_width_moves_at_any_rate() -> None:
    """At rate 0 it stays; at 1, a rate like any other, it does not."""
    members = [Member(2.5), Member(2.5, gamma_lr=0.01), Member(2.5, gamma_lr=1.0)]
    blind = dataclasses.replace(stream("regression", 0), validation=None)
    still, slow, fast = train([blind], members, SETTINGS).gamma[:, 0]
    assert still == 2.5
    assert slow != 2.5
    assert fast != 2.5
