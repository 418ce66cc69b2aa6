r"""The immediate gradient at the gate of a fresh unit: four predictions with a number.

A unit with contribution c = y W, W symmetric and independent of the rest, and a squared loss. The derivative of the
loss in its gate m at the pass with that gate has the mean :math:`E\,m\,|c|^2`, because what is linear in W drops out:
0 for an interval that ends in front of it, g |c|^2 for a sampled gate of grade g that passes its gradient straight
through. The derivative of the expected loss, :math:`E[L|m=1] - E[L|m=0]`, has the mean :math:`\frac12 |c|^2`: every
fresh unit looks harmful to it, whatever the task.
"""

import pandas as pd
import torch
from torch import Generator, Tensor

from continuum.widths import Fuzzy, Interval, Width

#: The gates that are compared.
CASES = ("interval at an integer", "bernoulli", "systematic", "bernoulli, exact")


def immediate_gradients(needed: int, units: int, draws: int, seed: int, grade: float = 0.5) -> pd.DataFrame:
    """One row per case: mean of (derivative - prediction) / |c|^2 over draws of W, its standard error, both parts."""
    generator = Generator().manual_seed(seed)
    target = torch.randn(64, 1, generator=generator, dtype=torch.float64)
    y = torch.randn(64, units, generator=generator, dtype=torch.float64).tanh()
    weights = torch.randn(draws, units, 1, generator=generator, dtype=torch.float64) / units**0.5
    rows = []
    for case in CASES:
        torch.manual_seed(seed)
        if "exact" in case:
            gradients = _exact(y, weights, target, needed, grade)
        else:
            gradients = _gradient(_law(case, needed, units, draws, grade), y, weights, target, needed)
        size = y[:, needed].square().mean() * weights[:, needed].square().sum(-1)
        factor = {"interval at an integer": 0.0, "bernoulli, exact": 0.5}.get(case, grade)
        rows.append(_row(case, gradients, size, factor))
    return pd.DataFrame(rows)


def _row(case: str, gradients: Tensor, size: Tensor, factor: float) -> dict[str, object]:
    scale = size.mean()
    off = (gradients - factor * size) / scale
    error = off.std() / len(off) ** 0.5
    row = {"predicted": factor, "measured": float(gradients.mean() / scale), "off": float(off.mean())}
    return {"case": case, **row, "error": float(error), "draws": len(off)}


def _law(case: str, needed: int, units: int, draws: int, grade: float) -> Width:
    if case.startswith("interval"):
        return Interval(units, torch.full((draws,), float(needed), dtype=torch.float64))
    grades = torch.full((draws, units), grade, dtype=torch.float64)
    return Fuzzy(units, grades.sum(-1), grades, mode="systematic" if case == "systematic" else "bernoulli")


def _loss(gates: Tensor, y: Tensor, weights: Tensor, target: Tensor) -> Tensor:
    return (y @ (gates.unsqueeze(-1) * weights) - target).square().mean((-2, -1)) / 2


def _gradient(law: Width, y: Tensor, weights: Tensor, target: Tensor, unit: int) -> Tensor:
    gates = law.gates().detach().requires_grad_()
    (slopes,) = torch.autograd.grad(_loss(gates, y, weights, target).sum(), gates)
    return slopes[:, unit]


def _exact(y: Tensor, weights: Tensor, target: Tensor, unit: int, grade: float) -> Tensor:
    """E[L | on] - E[L | off] with one sample of the other gates: unbiased for the derivative of E L in the grade."""
    gates = _law("bernoulli", unit, y.shape[-1], len(weights), grade).gates().detach()
    on, off = gates.clone(), gates.clone()
    on[:, unit], off[:, unit] = 1.0, 0.0
    return _loss(on, y, weights, target) - _loss(off, y, weights, target)
