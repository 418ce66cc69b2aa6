"""capacity_signal under Adam and signSGD: against autograd, torch's optimisers, shipped gates; what is made of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments.capacity_signal import density, kinks
from continuum_experiments.capacity_signal.initial import MemberWeights, initial_weights, mirrored
from continuum_experiments.capacity_signal.network import Network
from continuum_experiments.capacity_signal.parametrisations import PARAMETRISATIONS
from continuum_experiments.capacity_signal.rows import TaskRows, rows_of
from continuum_experiments.capacity_signal.scale_free import OPTIMIZERS, scale_free_tables
from torch import Tensor
from torch.testing import assert_close

from continuum.data import load

WIDTH, STEPS, GATE = 2, 6, 2.0**-20
SETTINGS = {"task": "wine", "seed": 0, "widths": (1, 2), "starts": 3, "steps": 6, "activation": "tanh"}


@pytest.fixture(scope="module", params=["classification", "regression"])
def rows(request: pytest.FixtureRequest) -> dict[str, TaskRows]:
    parts = rows_of(load("wine"), seed=0, at_most=30)
    if request.param == "classification":
        return parts
    return {name: TaskRows(part.x[1:], part.x[:1], "regression") for name, part in parts.items()}


@pytest.fixture(scope="module")
def start(rows: dict[str, TaskRows]) -> MemberWeights:
    return initial_weights(0, 3, WIDTH + 1, rows["train"])


def gates(value: float) -> Tensor:
    return torch.full((3,), value, dtype=torch.float64)


def network(rows: dict[str, TaskRows], activation: str = "tanh") -> Network:
    """Without decay, at the gates of the shipped law."""
    return Network(rows, WIDTH, PARAMETRISATIONS["linear"], 0.0, activation)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_densities_times_the_gate_are_gradients(
    activation: str, rows: dict[str, TaskRows], start: MemberWeights
) -> None:
    leaves = {name: w.clone().requires_grad_() for name, w in start.items()}
    loss = network(rows, activation).inner(leaves, WIDTH + gates(0.3))
    assert_close(density.losses(start, gates(0.3), rows["train"], activation), loss.detach(), rtol=1e-12, atol=1e-12)
    gradients = dict(zip(leaves, torch.autograd.grad(loss.sum(), list(leaves.values())), strict=True))
    made = density.densities(start, gates(0.3), rows["train"], activation)
    for name, gradient in gradients.items():
        factor = torch.ones_like(gradient)
        if name != "b":
            factor[:, -1] = 0.3
        assert_close(factor * made[name], gradient, rtol=1e-11, atol=1e-13)
        if name != "b":
            with pytest.raises(AssertionError):
                assert_close(made[name], gradient, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_is_that_of_torch(name: str, rows: dict[str, TaskRows], start: MemberWeights) -> None:
    def by_torch(eps: float) -> MemberWeights:
        leaves = {n: w.clone().requires_grad_() for n, w in start.items()}
        rule = OPTIMIZERS[name]
        optimizer = torch.optim.Adam(leaves.values(), lr=rule.lr, betas=rule.betas, eps=eps)
        for _ in range(STEPS):
            loss = network(rows).inner(leaves, WIDTH + gates(0.3)).sum()
            for leaf, gradient in zip(leaves.values(), torch.autograd.grad(loss, list(leaves.values())), strict=True):
                leaf.grad = gradient
            optimizer.step()
        return {n: leaf.detach() for n, leaf in leaves.items()}

    ours = density.trained(rows, start, gates(0.3), OPTIMIZERS[name], [STEPS], "tanh")[STEPS]
    for leaf, expected in by_torch(density.TINY).items():
        assert_close(ours[leaf], expected, rtol=1e-9, atol=1e-11)
    with pytest.raises(AssertionError):
        assert_close(ours["W"], by_torch(1e-2)["W"], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "eps"), [("adam", 0.0), ("adam", GATE / 50), ("sign", 0.0)])
def test_slope_is_the_difference(name: str, eps: float, rows: dict[str, TaskRows], start: MemberWeights) -> None:
    """Of single starts, with epsilon on the scale of the gate, too; the response is needed under Adam."""
    optimizer = replace(OPTIMIZERS[name], eps=eps, lr=0.05)
    ends = {a: density.trained(rows, start, gates(a), optimizer, [STEPS], "tanh")[STEPS] for a in (GATE, 0.0)}
    wide, narrow = (density.losses(end, gates(a), rows["validation"], "tanh") for a, end in ends.items())
    at = density.shadow(rows, start, optimizer, [STEPS], "tanh", eps / GATE)[STEPS]
    direct, response = density.slopes(at, rows["validation"], "tanh")
    assert_close((wide - narrow) / GATE, direct + response, rtol=1e-3, atol=1e-6)
    wrong = density.shadow(rows, start, optimizer, [STEPS], "tanh", 1.0)[STEPS]
    large = torch.stack(density.slopes(wrong, rows["validation"], "tanh")).sum(0)
    for falsified in (large, *([direct] if name == "adam" else [])):
        with pytest.raises(AssertionError):
            assert_close((wide - narrow) / GATE, falsified, rtol=2e-3, atol=2e-6)


def test_an_input_that_is_always_zero_moves_nothing(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    """Its weights have no gradient: 0/0 is 0, in the slope as in the step."""
    silent = {}
    for name, part in rows.items():
        x = part.x.clone()
        x[0] = 0
        silent[name] = replace(part, x=x)
    rule = OPTIMIZERS["adam"]
    weights, change = density.shadow(silent, start, rule, [STEPS], "tanh")[STEPS]
    assert torch.equal(weights["V"][..., 0], start["V"][..., 0])
    assert not change["V"][..., 0].any()
    ends = {a: density.trained(silent, start, gates(a), rule, [STEPS], "tanh")[STEPS] for a in (GATE, 0.0)}
    wide, narrow = (density.losses(end, gates(a), silent["validation"], "tanh") for a, end in ends.items())
    slope = torch.stack(density.slopes((weights, change), silent["validation"], "tanh")).sum(0)
    assert_close(slope, (wide - narrow) / GATE, rtol=1e-3, atol=1e-6)


def test_mirrored_starts_keep_the_kink(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    def slope(weights: MemberWeights) -> Tensor:
        return torch.stack(density.slopes(density.shadow(rows, weights, rule, [1], "tanh")[1], rows["train"], "tanh"))

    rule = OPTIMIZERS["adam"]
    both = slope(start) + slope(mirrored(start))
    assert (both.sum(0) < 0).all()  # one step along its density lowers the training loss, on average over the sign


def frame(slopes: list[float], gains: list[float]) -> dict[str, pd.DataFrame]:
    """Two integers of each of some data, one start."""
    count = len(slopes) // 2
    places = pd.DataFrame(
        {"task": [f"d{i // 2}" for i in range(2 * count)], "width": [1, 2] * count, "seed": 0, "optimizer": "adam"}
    ).assign(horizon=1, start=0)
    known = places.assign(slope=slopes, direct=slopes, difference=slopes, single=slopes, eps=0.0, gate=GATE)
    return {"slopes": known.assign(training=1.0, validation=2.0), "saved": places.assign(gain=gains)}


def test_what_is_said_of_the_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    """A constant answer scores one half, a right one 1; a factor of 1 is shown, one of 1.1 refuted."""
    monkeypatch.setattr(kinks, "DRAWS", 20)
    random = np.random.default_rng(0)
    gains = random.standard_normal(40).tolist()
    right, constant = (kinks.kink_summary(frame(said, gains)).iloc[0] for said in (gains, [-1.0] * 40))
    assert right["balanced"] == right["balanced_low"] == right["rank"] == 1
    assert constant["balanced"] == 0.5
    assert constant["base_rate"] == max(np.mean(np.less(gains, 0)), np.mean(np.greater(gains, 0)))
    tables = frame(gains, gains)
    assert kinks.kinks(tables)["verdict"].tolist() == ["shown"]
    noise = 1.1 + 0.01 * random.standard_normal(40)
    tables["slopes"]["difference"] *= noise
    assert kinks.kinks(tables)["verdict"].tolist() == ["refuted"]


def test_tables_hold_every_way_to_train() -> None:
    rows = rows_of(load("wine"), seed=0, at_most=30)
    tables = scale_free_tables(rows, SETTINGS)
    ways = tables["slopes"].groupby(["width", "optimizer", "eps", "gate", "horizon"]).size()
    assert (ways == 3).all()
    assert ways.groupby("width").size().to_dict() == {1: 3 * 2, 2: 3 * (2 + 4)}
    assert tables["saved"].groupby(["width", "optimizer", "horizon"]).size().to_dict() == {
        (k, name, t): 3 for k in (1, 2) for name in OPTIMIZERS for t in (1, 5, 6)
    }
    factors = kinks.kinks({"slopes": tables["slopes"].assign(task="wine", seed=0)})
    assert np.allclose(factors["factor"], 1, atol=0.02)
