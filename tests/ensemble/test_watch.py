"""What is watched is what is measured, and changes nothing."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuum.ensemble import Member, Settings, Stream, train
from continuum.errors import BadInput
from tests.ensemble.samples import stream

MEMBERS = [Member((g,) * 2, lr=lr) for g in (0.5, 2.0, 2.5) for lr in (0.01, 1e30)]
SETTINGS = Settings(units=(3, 3), epochs=4)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_watching_changes_no_bit(kind: str) -> None:
    streams = [stream(kind, 0)]
    blind, watching = train(streams, MEMBERS, SETTINGS), train(streams, MEMBERS, SETTINGS, watch=("train", "test"))
    assert_array_equal(blind.validation_loss, watching.validation_loss)
    assert_array_equal(blind.validation_score, watching.validation_score)
    assert_array_equal(blind.measure("test"), watching.measure("test"))
    assert not blind.watched


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_watched_curves_are_those_of_shorter_trainings(kind: str) -> None:
    """After each epoch, the loss on the part; with a patience of its own, a curve ends where the network does."""
    streams, members = [stream(kind, 0)], MEMBERS[::2]
    trained = train(streams, members, SETTINGS, watch=("train", "test", "validation"))
    assert_allclose(trained.watched["validation"], (trained.validation_loss, trained.validation_score), rtol=0)
    places = np.arange(len(members))
    for part in ("train", "test"):
        loss, score = trained.watched[part]
        assert loss.shape == (5, len(members))
        measured = trained.measure(part)
        at_best = loss[trained.best_epoch, places], score[trained.best_epoch, places]
        assert_allclose(measured, at_best, rtol=1e-6)  # packed anew: sums of single precision in another order
        with pytest.raises(AssertionError):
            assert_allclose(measured[0], loss[trained.best_epoch - 1, places], rtol=1e-6)


def test_a_network_that_diverged_is_watched_no_more() -> None:
    trained = train([stream("regression", 0)], MEMBERS, SETTINGS, watch=("test",))
    loss, score = trained.watched["test"]
    lost = [outcome == "diverged" for outcome in trained.outcome]
    assert any(lost)
    assert np.isnan(score[-1, lost]).all()
    assert np.isnan(loss[-1, lost]).all()
    assert np.isfinite(loss[:, ~np.array(lost)]).all()
    assert not loss.flags.writeable


def test_what_cannot_be_watched_is_refused() -> None:
    full = stream("classification", 0)
    with pytest.raises(BadInput, match="test, train, validation"):
        train([full], [Member(1.0)], Settings(units=3), watch=("tset",))
    with pytest.raises(BadInput, match="leave it out"):
        train([Stream(0, full.kind, full.outputs, full.train)], [Member(1.0)], Settings(units=3), watch=("test",))
