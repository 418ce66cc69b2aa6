"""What an ensemble tells of its members afterwards, checked against autograd and finite differences."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.testing import assert_close

from benchmarks.plain_loop import loss_of, score_of, tensors
from continuum.ensemble import Member, Settings, TrainedEnsemble, train
from continuum.ensemble.initial import initial
from continuum.nn import Gate
from tests.ensemble.samples import stream

SETTINGS = Settings(units=8, batch=32, epochs=5, dtype=torch.float64)
GAMMAS = (0.0, 0.5, 1.0, 2.0, 2.25, 3.0, 7.75, 8.0)


@cache
def trained_on(kind: str, settings: Settings = SETTINGS) -> TrainedEnsemble:
    depth = len(settings.units)
    return train([stream(kind, 0)], [Member((g,) * depth) for g in GAMMAS], settings)


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_measure_is_that_of_the_network(kind: str, part: str) -> None:
    trained = trained_on(kind)
    losses, scores = trained.measure(part)
    x, y = tensors(stream(kind, 0), part, SETTINGS)
    for number in range(len(GAMMAS)):
        z = trained.network(number)(x).detach()
        assert losses[number] == pytest.approx(loss_of(stream(kind, 0), z, y).item(), rel=1e-12)
        assert scores[number] == pytest.approx(score_of(stream(kind, 0), z, y), rel=1e-12)


def test_the_right_derivative_is_that_of_a_unit_which_has_no_row() -> None:
    r"""At width 4 of 8 units 4 rows are trained; unit 4 is unborn: :math:`\sum_n \langle G_n, y_{n4} W_4\rangle`."""
    data = stream("classification", 0)
    member = Member(4.0)
    trained = train([data], [member], SETTINGS)
    (x, y), network = tensors(data, "train", SETTINGS), trained.network(0)
    assert network[0].out_features == 4
    z = network(x).detach().requires_grad_()
    (cotangent,) = torch.autograd.grad(loss_of(data, z, y), z)
    (incoming, bias), (outgoing, _) = initial(member, SETTINGS, 5, 3)
    activation = torch.tanh(x @ incoming[4] + bias[4])
    left, right = trained.gamma_derivatives("train")
    expected = (cotangent * activation[:, None] * outgoing[4]).sum().item()
    assert right[0, 0] == pytest.approx(expected, rel=1e-10)
    with pytest.raises(AssertionError):
        assert left[0, 0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_gamma_derivatives_are_one_sided_finite_differences(kind: str, depth: int) -> None:
    """One-sided second-order differences with step 1e-5 err by about 1e-9; tolerance 1e-7."""
    settings = dataclasses.replace(SETTINGS, units=(8,) * depth)
    trained = trained_on(kind, settings)
    left, right = trained.gamma_derivatives("validation")
    x, y = tensors(stream(kind, 0), "validation", settings)
    for number, gamma in enumerate(GAMMAS):
        network = trained.network(number)
        for layer, gate in enumerate(m for m in network if isinstance(m, Gate)):

            def loss(at: float, gate: Gate = gate, network: torch.nn.Module = network, here: float = gamma) -> float:
                gate.width.gamma.data.fill_(at)
                value = loss_of(stream(kind, 0), network(x), y).item()
                gate.width.gamma.data.fill_(here)
                return value

            for side, values in ((-1, left), (1, right)):
                h = 1e-5 * side
                if not 0 <= gamma + 2 * h <= 8:
                    assert values[number, layer] == 0  # the outward derivative at the ends
                    continue
                difference = (-3 * loss(gamma) + 4 * loss(gamma + h) - loss(gamma + 2 * h)) / (2 * h)
                assert values[number, layer] == pytest.approx(difference, abs=1e-7)


def test_sides_agree_off_the_integers_and_differ_at_them() -> None:
    left, right = trained_on("classification").gamma_derivatives("train")
    integers = np.array([0 < g < 8 and g % 1 == 0 for g in GAMMAS])
    inner = np.array([g % 1 != 0 for g in GAMMAS])
    assert_close(left[inner], right[inner], rtol=0, atol=0)
    assert (np.abs(left[integers] - right[integers]) > 1e-4).all()


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_slice_is_the_network_cut(kind: str) -> None:
    trained = trained_on(kind)
    widths = np.array([0.0, 0.3, 2.0, 7.9, 8.0])
    losses, scores = trained.slice(7, "test", widths)
    x, y = tensors(stream(kind, 0), "test", SETTINGS)
    network = trained.network(7)
    for width, loss, score in zip(widths, losses, scores, strict=True):
        network[2].width.gamma.fill_(width)
        z = network(x).detach()
        assert loss == pytest.approx(loss_of(stream(kind, 0), z, y).item(), rel=1e-12)
        assert score == pytest.approx(score_of(stream(kind, 0), z, y), rel=1e-12)


def test_widths_of_a_slice_may_be_any_sequence() -> None:
    trained = trained_on("classification")
    for widths in ([0, 2.5, 8], (0.0, 2.5, 8.0), np.array([0.0, 2.5, 8.0], dtype=np.float32)):
        assert_close(trained.slice(7, "test", widths), trained.slice(7, "test", np.array([0.0, 2.5, 8.0])))


def test_what_training_noted_down_can_be_read_only() -> None:
    trained = trained_on("classification")
    for array in (trained.best_epoch, trained.validation_loss, trained.validation_score):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert trained.gamma.flags.writeable  # made anew at each call


def test_parameters_in_use() -> None:
    counts = trained_on("classification").parameters_in_use()
    assert counts.tolist() == [3 + int(np.ceil(g)) * (5 + 1 + 3) for g in GAMMAS]


def test_a_diverged_member_never_touches_its_neighbours() -> None:
    settings = dataclasses.replace(SETTINGS, optimizer="sgd", dtype=torch.float32)
    sound = [Member(g, lr=0.05) for g in (1.5, 2.5, 3.0)]
    wild = [Member(g, lr=1e30) for g in (1.5, 2.5, 3.0)]
    mixed = train([stream("regression", 0)], [wild[0], sound[0], wild[1], sound[1], sound[2], wild[2]], settings)
    alone = train([stream("regression", 0)], sound, settings)
    assert mixed.outcome == ("diverged", "ok", "diverged", "ok", "ok", "diverged")
    assert_allclose(mixed.validation_loss[:, [1, 3, 4]], alone.validation_loss, rtol=0, atol=1e-6, equal_nan=False)
    losses, scores = mixed.measure("test")
    assert np.isnan(losses[[0, 2, 5]]).all()
    assert np.isnan(scores[[0, 2, 5]]).all()
    assert np.isfinite(losses[[1, 3, 4]]).all()


def test_divergence_is_seen_without_a_validation_part() -> None:
    data = dataclasses.replace(stream("regression", 0), validation=None)
    settings = dataclasses.replace(SETTINGS, optimizer="sgd")
    trained = train([data], [Member(2.5, lr=0.05), Member(2.5, lr=1e200)], settings)
    assert trained.outcome == ("ok", "diverged")
    assert trained.best_epoch.tolist() == [5, 0]


def test_a_fixed_width_is_safe_from_learning_neighbours() -> None:
    """With exponent 1/2 the slope at an integer is infinite, which must not reach a width that is fixed there."""
    settings = dataclasses.replace(SETTINGS, exponent=0.5)
    group = [Member(2.0), Member(2.5, gamma_lr=0.01), Member(3.0, gamma_lr=0.01)]
    mixed = train([stream("classification", 0)], group, settings)
    alone = train([stream("classification", 0)], group[:1], settings)
    assert mixed.outcome == ("ok", "ok", "ok")
    assert_allclose(mixed.validation_loss[:, 0], alone.validation_loss[:, 0], rtol=0, atol=1e-10, equal_nan=False)
    assert mixed.gamma[1, 0] != 2.5


def test_a_diverged_width_does_not_stop_others_from_growing() -> None:
    settings = Settings(units=8, epochs=3, batch=2, optimizer="sgd", activation="relu")
    group = [Member(1.2, gamma_lr=1.0, lr=1e38)] + [Member(3.9, gamma_lr=0.3, init=i) for i in range(12)]
    trained = train([stream("classification", 0)], group, settings)
    assert trained.outcome[0] == "diverged"
    assert np.isnan(trained.validation_score[-1, 0])
    assert np.isnan(trained.slice(0, "test", np.array([1.0]))[0]).all()


def test_progress_counts_gradient_steps() -> None:
    told: list[tuple[int, int, float]] = []
    members = [*(Member(g) for g in GAMMAS), Member(2.5, gamma_lr=0.1)]
    trained = train([stream("regression", 0)], members, SETTINGS, lambda *report: told.append(report))
    steps = len(members) * SETTINGS.epochs * 5  # 150 rows in batches of 32
    assert [total for _, total, _ in told] == [steps] * len(told)
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)
    assert told[0] == (0, steps, sum((*GAMMAS, 2.5)) / len(members))
    assert told[-1][0] == steps
    assert told[-1][2] != told[0][2]
    assert trained.outcome == ("ok",) * len(members)


def test_all_members_may_stop_early() -> None:
    settings = dataclasses.replace(SETTINGS, epochs=60, patience=2)
    trained = train([stream("classification", 0)], [Member(g, lr=0.3) for g in (4.0, 5.0)], settings)
    assert trained.outcome == ("stopped", "stopped")
    assert np.isnan(trained.validation_loss[-1]).all()


@pytest.mark.parametrize("law", ["soft_support", "fuzzy", "concrete"])
def test_derivatives_and_slices_of_the_smooth_laws(law: str) -> None:
    """The network's own law, moved by 1e-5 each way: central differences err by about 1e-9; tolerance 1e-7."""
    settings = dataclasses.replace(SETTINGS, law=law, kappa=3.0)
    trained = train([stream("classification", 0)], [Member(g) for g in (1.5, 2.0, 6.25)], settings)
    left, right = trained.gamma_derivatives("test")
    assert_close(left, right, rtol=0, atol=0)
    for number, gamma in enumerate((1.5, 2.0, 6.25)):
        widths = np.array([gamma - 1e-5, gamma + 1e-5, gamma])
        losses, scores = trained.slice(number, "test", widths)
        assert right[number, 0] == pytest.approx((losses[1] - losses[0]) / 2e-5, abs=1e-7)
        assert losses[2] == pytest.approx(trained.measure("test")[0][number], rel=1e-12)
        assert scores[2] == pytest.approx(trained.measure("test")[1][number], rel=1e-12)
    assert trained.parameters_in_use().tolist() == [8 * 6 + 9 * 3] * 3


def test_a_network_of_unequal_layers_is_the_one_that_was_measured() -> None:
    settings = dataclasses.replace(SETTINGS, units=(8, 8), epochs=1)
    trained = train([stream("regression", 0)], [Member((2.0, 7.0)), Member((7.0, 2.0))], settings)
    x, y = tensors(stream("regression", 0), "test", settings)
    for number, loss in enumerate(trained.measure("test")[0]):
        z = trained.network(number)(x).detach()
        assert loss == pytest.approx(loss_of(stream("regression", 0), z, y).item(), rel=1e-12)
