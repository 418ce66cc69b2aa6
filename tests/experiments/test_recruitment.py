"""recruitment: gradients and rules against autograd, the shadow against its formula, arms, statistics, a whole run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import recruitment
from continuum_experiments.recruitment import Config
from continuum_experiments.recruitment.arms import BELOW, LEARNING_RATES, METHODS, Arm, arms
from continuum_experiments.recruitment.estimates import differences, measured, needed_widths
from continuum_experiments.recruitment.gating import Gating, fractions
from continuum_experiments.recruitment.network import Networks, draw, loss_of
from continuum_experiments.recruitment.predictions import verdicts
from continuum_experiments.recruitment.shadow import Shadow
from continuum_experiments.recruitment.stepping import Stepper
from continuum_experiments.recruitment.tasks import Examples, Rows, examples, taught, teacher_units
from continuum_experiments.recruitment.training import Recipe, Trainer
from torch.testing import assert_close

from continuum.exp import main, presets, registry
from continuum.widths import Interval, gamma_derivative
from tests.experiments.tiny import Completed, complete

UNITS, DECAY = 5, 0.3
DTYPE = torch.float64


def rows_of(kind: str, count: int = 12) -> Rows:
    taught_rows = taught(2, 0, count, DTYPE).train
    if kind == "values":
        return taught_rows
    return Rows(taught_rows.x, (taught_rows.target[:, 0] > 0).long() + (taught_rows.target[:, 0] > 1).long(), 3)


def networks(members: int, outputs: int, seed: int = 0) -> Networks:
    generator = torch.Generator().manual_seed(seed)
    shapes = (members, UNITS, 9), (members, UNITS, outputs), (members, outputs)
    return Networks(*(0.5 * torch.randn(shape, generator=generator, dtype=DTYPE) for shape in shapes))


def arm(method: str, optimizer: str = "gd", batch: str = "full", start: float = 2.25, price: float = 0.01) -> Arm:
    return Arm(method, optimizer, 0.5, batch, "cold", start, price)  # type: ignore[arg-type]


ARMS = [arm(method) for method in METHODS]


def objective(nets: Networks, rows: Rows, gamma: torch.Tensor) -> torch.Tensor:
    """Loss + decay of every method, written out for autograd: decoupled decay is no part of it."""
    fraction = (gamma.unsqueeze(-1) - torch.arange(UNITS, dtype=DTYPE)).clamp(0, 1)
    names = [a.method for a in ARMS]
    totals = []
    for member, name in enumerate(names):
        gates = fraction[member].sqrt() if name == "square_root" else fraction[member]
        one = nets.some(slice(member, member + 1))
        loss, _ = loss_of(one.outputs(one.features(rows.x), gates.unsqueeze(0)), rows)
        squares = one.outgoing[0].square().sum(-1)
        weight = fraction[member] if name.startswith("l2") or name == "shadow" else (fraction[member] > 0).to(DTYPE)
        totals.append(loss[0] + (0.0 if name == "decoupled" else DECAY / 2) * (weight * squares).sum())
    return torch.stack(totals)


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_gradients_are_those_of_autograd(kind: str) -> None:
    """All to 1e-12; in the metric of L2(E) the gradient is divided by the gate, and a wrong gate is seen."""
    rows = rows_of(kind)
    nets = networks(len(ARMS), rows.classes or 1)
    tensors = {name: getattr(nets, name).requires_grad_() for name in ("incoming", "outgoing", "bias")}
    gamma = torch.full((len(ARMS),), 2.25, dtype=DTYPE, requires_grad=True)
    exact = torch.autograd.grad(objective(nets, rows, gamma).sum(), (*tensors.values(), gamma))
    with torch.no_grad():
        gating = Gating.of(ARMS, DECAY)
        fraction, gates = fractions(gamma, UNITS), gating.gates(gamma, UNITS)
        found = nets.gradient(rows, gates)
        outgoing = gating.weight_gradient(fraction, fraction > 0, found.density, nets.outgoing)
        slopes = gating.slopes(torch.full((len(ARMS),), 2), gamma - 2, found.density, nets.outgoing)
        metric = torch.where(gating.density & (fraction > 0), fraction, 1.0).unsqueeze(-1)
    for computed, wanted in zip((found.incoming, outgoing * metric, found.bias, slopes), exact, strict=True):
        assert_close(computed, wanted, rtol=1e-11, atol=1e-12)
    assert_close(nets.density(rows, gates), found.density)
    with pytest.raises(AssertionError):
        assert_close(nets.gradient(rows, fraction.sqrt()).incoming, exact[0], rtol=1e-11, atol=1e-12)


def test_slopes_are_those_of_the_library() -> None:
    """The interval law of ``continuum.widths``, from the right, between integers and on one."""
    rows, nets = rows_of("values"), networks(len(ARMS), 1)
    gating = replace(Gating.of(ARMS, DECAY), l2=torch.zeros(len(ARMS), 1, dtype=torch.bool))
    for where in (2.25, 3.0):
        gamma = torch.full((len(ARMS),), where, dtype=DTYPE)
        found = nets.gradient(rows, gating.gates(gamma, UNITS))
        edge = gamma.floor()
        slopes = gating.slopes(edge.long(), gamma - edge, found.density, nets.outgoing)
        y = nets.features(rows.x).mT
        for member in range(len(ARMS)):
            width = Interval(UNITS, gamma[member], 0.5 if gating.root[member] else 1.0, learnable=False)
            z = (y[member] * width.gates()) @ nets.outgoing[member] + nets.bias[member]
            library = gamma_derivative(width, y[member], nets.outgoing[member], (z - rows.target) / 12, "right")
            if library.isfinite():  # the square root has an infinite slope at an integer, ours is bounded
                assert_close(slopes[member], library, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("optimizer", LEARNING_RATES)
def test_steps_are_those_of_torch(optimizer: str) -> None:
    nets = networks(2, 1)
    start = nets.outgoing.clone()
    plain = start.clone().requires_grad_()
    made = {"gd": torch.optim.SGD, "adam": torch.optim.Adam, "sign": torch.optim.SGD}[optimizer]([plain], lr=0.01)
    stepper = Stepper(nets, optimizer, 0.01, torch.tensor(0.01))  # type: ignore[arg-type]
    for step in range(4):
        gradient = torch.sin(start * (step + 3))
        stepper.step({"outgoing": gradient})
        plain.grad = gradient.sign() if optimizer == "sign" else gradient
        made.step()
    assert_close(nets.outgoing, plain.detach(), rtol=1e-12, atol=1e-14)
    with pytest.raises(AssertionError):
        assert_close(nets.outgoing, start, rtol=1e-12, atol=1e-14)
