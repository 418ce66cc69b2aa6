"""Estimators side by side on a small problem whose gradient is known: bias, spread and cost."""

import pandas as pd
import torch
from torch import Tensor

from continuum.estimators import Bernoulli, Concrete, Exact, Rebar, ScoreFunction

SAMPLES = 20_000
WEIGHTS = torch.tensor([0.9, -0.6, 0.4, 0.3, -0.2], dtype=torch.float64)


def loss(gates: Tensor) -> Tensor:
    """Squared error of a sum of gated contributions."""
    return (gates @ WEIGHTS - 0.5).square()


def estimators() -> pd.DataFrame:
    """One row per estimator of the gradient of E f in the logits of five independent gates, all of probability 1/2."""
    q = Bernoulli(torch.zeros(5, dtype=torch.float64))
    exact = Exact()(q, loss).gradient
    rows = [("`Exact`", 0.0, 0.0, "32")]
    tried = {
        "`ScoreFunction`": (ScoreFunction(SAMPLES), "1"),
        '`ScoreFunction(baseline="leave_one_out")`': (ScoreFunction(SAMPLES, baseline="leave_one_out"), "1"),
        "`Concrete(temperature=0.5)`": (Concrete(SAMPLES, temperature=0.5), "1, differentiable"),
        "`Rebar(temperature=0.5)`": (Rebar(SAMPLES, temperature=0.5), "3, differentiable"),
    }
    for name, (estimator, cost) in tried.items():
        estimate = estimator(q, loss, generator=torch.Generator().manual_seed(0))
        spread = estimate.gradients.std(0).square().sum().sqrt()
        error = (estimate.gradient - exact).norm()
        noise = spread / SAMPLES**0.5
        bias = 0.0 if error < 3 * noise else round(error.item(), 3)
        rows.append((name, bias, round(spread.item(), 3), cost))
    return pd.DataFrame(rows, columns=["estimator", "bias", "standard deviation", "evaluations of f"])
