"""A width that chatters at an integer while the fresh weight behind its gate is trained by signSGD."""

from collections.abc import Callable
from math import ceil

import numpy as np
import torch

from continuum.widths import Interval
from proofs_checks.compare import require
from proofs_checks.scale_free import TINY

#: Steps after which an integer counts as never left.
LONGEST = 5000
Centre = Callable[[float, float, float, float], float]  # left slope, right slope, alpha |G|, eta -> steps


def steps_until_free(
    left: float,
    right: float,
    pull: float,
    *,
    lr: float,
    eta: float,
    phase: float,
    decay: float = 0.0,
    price: float = 0.0,
) -> tuple[int, int]:
    """Steps until the slope ahead of the integer, price included, is not positive; those of them at an open gate.

    The loss is affine, with slope -left below 1 and -pull W above; the gates are the shipped ones.
    """
    weight = torch.tensor([-right / pull], dtype=torch.float64)
    signs = torch.optim.AdamW([weight.requires_grad_()], lr=lr, betas=(0.0, 0.0), eps=TINY, weight_decay=decay)
    gamma, opened = 1 + eta * phase, 0
    for step in range(LONGEST):
        slope = -pull * float(weight.detach()) + price
        if slope <= 0:
            return step, opened
        gate = float(Interval(2, gamma).gates()[1].detach())
        gamma -= eta * (slope if gamma >= 1 else price - left)
        if gate > 0:
            opened += 1
            weight.grad = torch.full_like(weight, -pull * gate)
            signs.step()
    return LONGEST, opened


def both_sides(left: float, right: float, moved: float, eta: float) -> float:
    """m + sum_{j<m} r_j / l."""
    count = ceil(right / moved)
    return count + sum(right - j * moved for j in range(count)) / left


def open_alone(left: float, right: float, moved: float, eta: float) -> float:
    """As if the gate were always open."""
    return ceil(right / moved)


def of_descent(left: float, right: float, moved: float, eta: float) -> float:
    """As N1.3 has it: over eta."""
    return right * (2 * left + right) / left**2 / (moved * eta)


def lasts(centre: Centre, seed: int, power: int) -> None:
    """The number of steps is within 1 + r_0/l of the formula, at a rate eta of 2^-power; no orbit meets the integer."""
    random = np.random.default_rng(seed)
    left, right, pull, price, phase = random.uniform((0.25, 0.25, 0.5, 0, -0.24), (1, 0.75, 1, 0.25, 0.24)).tolist()
    lr, eta = 1 / 128, 2.0**-power
    steps, _ = steps_until_free(left + price, right, pull, lr=lr, eta=eta, phase=phase, price=price)
    expected = centre(left, right + price, lr * pull, eta)
    require(abs(steps - expected) < 1 + (right + price) / left, f"free after {steps} steps, not {expected:.1f}")


def decayed_lifetimes() -> dict[str, float]:
    """G = -1, decay 1/2, rate 1/4, a slope of 1 ahead with the price: open steps until it is gone, or whether it is."""
    runs = {
        price: steps_until_free(3.0, 1 - price, 1.0, lr=0.25, eta=1 / 64, phase=0.3, decay=0.5, price=price)
        for price in (1.5, 2.5)
    }
    return {"open steps at price 1.5": float(runs[1.5][1]), "free at price 2.5": float(runs[2.5][0] < LONGEST)}
