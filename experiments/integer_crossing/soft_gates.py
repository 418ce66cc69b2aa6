"""Soft gates at an integer: where gamma rests, the gate of the fresh neuron there, and the time until it is free."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from jaxtyping import Float
from scipy.special import roots_legendre
from torch import Tensor

from .chatter import UNITS, K, at_kink, fresh_gradient
from .confrontation import confront
from .motion import Motion, first_time
from .network import Networks, examples_of

#: Sharpnesses at which gates rest, and at which they free their neuron.
KAPPAS, SLOW = (5.0, 10.0, 20.0, 40.0), (10.0, 20.0)
#: Predicted numbers of steps until the pinned point is gone: the slower W, the closer gamma follows.
LENGTHS = (1000, 2000)
#: A network that takes this many times its prediction is not waited for.
LONGEST = 3
#: Steps after which gamma rests.
SETTLE = 300
#: Name: loss, and whether the neurons but K - 1 and K are silent (W = 0), as the theorem has it.
SETTINGS = {
    "affine, two neurons": ("affine", True),
    "affine, all neurons": ("affine", False),
    "squared, all neurons": ("squared", False),
}


def gate(left: Tensor, right: Tensor, kappa: Tensor) -> Tensor:
    """log((1 + |l|/r) / (1 + e^-kappa)) / kappa.

    >>> round(float(gate(*torch.tensor([1.0, 0.5, 10.0]))), 6)
    0.109857
    """
    return (torch.log1p(left / right) - torch.log1p((-kappa).exp())) / kappa


def duration(rho: Float[Tensor, " members"], kappa: Float[Tensor, " members"]) -> Float[Tensor, " members"]:
    """alpha |G|^2 t* / |l|: the integral of 1 / m_k over r / |l| from e^-kappa to rho, in t = log(1 + |l|/r).

    >>> round(float(duration(torch.tensor([0.75]).double(), torch.tensor([32.0]).double())) / 32, 5)
    0.56386
    """
    nodes, weights = (torch.from_numpy(part) for part in roots_legendre(64))
    low, high = torch.log1p(1 / rho).unsqueeze(-1), torch.log1p(kappa.exp()).unsqueeze(-1)
    t = (low + high) / 2 + (high - low) / 2 * nodes
    share, gates = 1 / torch.expm1(t), (t - torch.log1p((-kappa).exp()).unsqueeze(-1)) / kappa.unsqueeze(-1)
    return ((high - low) / 2 * weights * share * (1 + share) / gates).sum(-1)


def place(rho: Tensor, kappa: Tensor) -> Tensor:
    """gamma - k at rest."""
    small = (-kappa).exp()
    return torch.log((1 - rho * small) / (rho - small)) / kappa


def run(task: str, kind: str | None, rows: int, members: int, seed: int) -> pd.DataFrame:
    """The gate at rest for all settings and sharpnesses, and the time for the theorem's own setting."""
    examples, tables = examples_of(task, kind, rows), []
    for number, (setting, (loss, alone)) in enumerate(SETTINGS.items()):
        networks, left, right = at_kink(examples, members, loss, [seed, 7, number])
        if alone:
            networks.outgoing[:, : K - 1] = 0
        for kappa, ratio in _rest(networks, left, right).items():
            tables.append(confront("soft", task, f"{setting}, kappa = {kappa:g}", "gate / law", 1.0, ratio))
        for kappa, (short, long) in _steps(networks, left, right).items() if alone else ():
            label = f"{setting}, kappa = {kappa:g}"
            tables.append(confront("soft", task, label, f"steps / law, law = {LENGTHS[-1]}", 1.0, long))
            tables.append(confront("soft", task, label, "steps / law, extrapolated", 1.0, 2 * long - short))
    return pd.concat(tables)


def _copies(count: int, values: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Members, once for each of the values, and their values."""
    return torch.arange(count).repeat(len(values)), torch.tensor(values).double().repeat_interleave(count)


def _eta(left: Tensor, right: Tensor, kappa: Tensor) -> Tensor:
    return 1 / (kappa * (left + right))  # the derivative in gamma changes by at most kappa (|l| + r) / 4 per unit


def _rest(networks: Networks, left: Tensor, right: Tensor) -> dict[float, np.ndarray]:
    """Gate of the fresh neuron where descent on gamma comes to rest, over its law, for every kappa."""
    members, kappa = _copies(len(left), KAPPAS)
    left, right = left[members], right[members]
    lr = {"gamma": _eta(left, right, kappa)}
    motion = Motion(networks.take(members), torch.full_like(left, float(K)), lr, kappa=kappa)
    for _ in range(SETTLE):
        motion.step()
    ratio = (motion.law.gates().detach()[:, K] / gate(left, right, kappa)).numpy()
    return dict(zip(KAPPAS, np.split(ratio, len(KAPPAS)), strict=True))


def _steps(networks: Networks, left: Tensor, right: Tensor) -> dict[float, np.ndarray]:
    """Steps until r = |l| e^-kappa over their law, (lengths, members) for every kappa; gamma starts where it rests."""
    members, code = _copies(len(left), range(len(SLOW) * len(LENGTHS)))
    kappa = torch.tensor(SLOW).double()[code.long() // len(LENGTHS)]
    length = torch.tensor(LENGTHS).double()[code.long() % len(LENGTHS)]
    running, left, right = networks.take(members), left[members], right[members]
    rho, square = right / left, fresh_gradient(running).square().sum((1, 2))
    alpha = left * duration(rho, kappa) / (length * square)
    fresh = (torch.arange(UNITS) == K).view(1, -1, 1)
    lr = {"gamma": _eta(left, right, kappa), "outgoing": alpha.view(-1, 1, 1) * fresh}
    motion = Motion(running, K + place(rho, kappa), lr, kappa=kappa)
    limit = left * (-kappa).exp()
    steps = first_time(motion, lambda gradient: gradient.gates[:, K] <= limit, LONGEST * length)
    ratio = (steps / length.numpy()).reshape(len(SLOW), len(LENGTHS), -1)
    return dict(zip(SLOW, ratio, strict=True))
