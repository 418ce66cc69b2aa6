"""A layer of fixed features under any penalty of gates and effective weights: its optimum, by quasi-Newton steps."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float64
from scipy.optimize import minimize
from torch import Tensor

from continuum.widths import ConvexDecay, Decay, Interval, perspective
from proofs_checks.readout import Readout

Point = Float64[np.ndarray, " numbers"]
#: The cost of each unit, of effective weights (units, outputs) and gates (units,) > 0.
Cost = Callable[[Tensor, Tensor], Tensor]
#: Grows exponentially, and is no power.
COSH = ConvexDecay(lambda r: torch.cosh(r) - 1, torch.sinh)


class Best(NamedTuple):
    """The smallest objective, the effective weights at which it is taken, and <F', y_i> there for every unit."""

    value: Tensor
    weights: Tensor
    pull: Tensor


def cost_of(decay: Decay) -> Cost:
    """The shipped perspective of a decay."""
    return lambda weights, gates: perspective(weights, gates, decay)


def best(readout: Readout, gates: Tensor, cost: Cost) -> Best:
    """min_v F(sum_i y_i v_i) + sum_i cost_i(v_i, a_i); units of gate 0 are absent.

    The scale sqrt(a) makes all gates alike. An error e of the gradient is one of e^2 in the value.
    """
    gates = gates.detach()
    on, outputs = gates > 0, readout.targets.shape[1]
    scale = gates[on].sqrt().unsqueeze(-1)

    def effective(flat: Tensor) -> Tensor:
        weights = torch.zeros(readout.units, outputs)
        weights[on] = scale * flat.view(-1, outputs)
        return weights

    def objective(point: Point) -> tuple[float, Point]:
        flat = torch.from_numpy(point).clone().requires_grad_()
        weights = effective(flat)
        value = readout.criterion(readout.features @ weights, readout.targets) + cost(weights[on], gates[on]).sum()
        (slope,) = torch.autograd.grad(value, flat)
        return float(value.detach()), slope.numpy()

    # Not 0, where a power has no second derivative.
    start = 0.1 * torch.ones(int(on.sum()) * outputs)
    if len(start):
        found = minimize(objective, start.numpy(), jac=True, method="BFGS", options={"gtol": 1e-10, "maxiter": 500})
        start = torch.from_numpy(found.x)
    weights = effective(start)
    value = readout.criterion(readout.features @ weights, readout.targets)
    if len(start):
        value = value + cost(weights[on], gates[on]).sum()
    slope, _ = readout.derivatives(readout.features @ weights)
    return Best(value, weights, readout.features.T @ slope)


def at(readout: Readout, gamma: float, decay: Decay) -> Tensor:
    """V of the shipped interval law with linear gates, under the perspective of a decay."""
    return best(readout, Interval(readout.units, gamma).gates(), cost_of(decay)).value
