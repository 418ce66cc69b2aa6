"""Frozen features and an optimal readout: where the statements about optima, second moments and drift are theorems.

Squared loss of centred one-hot (or standardised) targets, k random tanh features, each of several fresh ones in turn.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.func import vmap

from continuum.hypergrad import Bilevel, Dense, Hypergradient, Implicit

from .gates import interval_gates
from .methods import EDGE
from .rows import TaskRows

#: Fresh outgoing weights for each fresh feature.
DRAWS = 64
#: Step in a of one-sided differences of optimal values.
STEP = 2.0**-10
#: Gate of the second difference, and the two horizons, of the drift of kappa_T.
GATE, LONG = 2.0**-13, (2**15, 2**16)


def readout_table(rows: Mapping[str, TaskRows], settings: Mapping[str, Any]) -> pd.DataFrame:
    """One row per fresh feature."""
    width, fresh, seed, decay = (settings[name] for name in ("width", "fresh", "seed", "decay"))
    columns, targets = features(rows, width, fresh, seed)
    values = {
        **moments(columns["train"], targets["train"], decay, (seed, width, len(rows["train"].x))),
        **hypergradients(columns, targets, decay),
        **drift(columns["train"], targets["train"], seed),
    }
    numbers = {name: value.numpy() for name, value in values.items()}
    return pd.DataFrame({"feature": np.arange(fresh), "draws": DRAWS, **numbers})


def features(
    rows: Mapping[str, TaskRows], width: int, fresh: int, seed: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Columns of k old and one fresh feature, (fresh, rows, k + 1), and targets (rows, outputs), of both parts."""
    random, inputs = np.random.default_rng([seed, width, 1]), len(rows["train"].x)
    weights = torch.from_numpy(random.standard_normal((width + fresh, inputs)) / np.sqrt(inputs - 1))
    mean = rows["train"].target.mean(1, keepdim=True)
    columns, targets = {}, {}
    for name, part in rows.items():
        activations = torch.tanh(weights @ part.x).mT
        old = activations[:, :width].expand(fresh, -1, -1)
        columns[name] = torch.cat([old, activations[:, width:].mT.unsqueeze(-1)], -1)
        targets[name] = (part.target - mean).mT
    return columns, targets


def gated(columns: Tensor, a: float, exponent: float) -> Tensor:
    """The features times their gates at the width k + a: the last one times a^p."""
    units = columns.shape[-1]
    gamma = torch.tensor(units - 1 + a, dtype=columns.dtype)
    return columns * interval_gates(units, gamma, exponent)


def optimum(columns: Tensor, target: Tensor, decay: float) -> Tensor:
    """The weights of the ridge regression with mean squares, (..., k + 1, outputs)."""
    gram = columns.mT @ columns / len(target) + decay * torch.eye(columns.shape[-1], dtype=columns.dtype)
    weights: Tensor = torch.linalg.solve(gram, columns.mT @ target / len(target))
    return weights


def optimal_value(columns: Tensor, target: Tensor, decay: float) -> Tensor:
    """V, the least penalised loss."""
    best = optimum(columns, target, decay)
    fit = (columns @ best - target).square().sum((-1, -2)) / (2 * len(target))
    return fit + decay / 2 * best.square().sum((-1, -2))


def slope(columns: Tensor, target: Tensor, decay: float) -> Tensor:
    """V'(k+) under the square-root gate, by one-sided differences of second order."""
    values = [optimal_value(gated(columns, a, 0.5), target, decay) for a in (0.0, STEP / 2, STEP)]
    return (4 * values[1] - values[2] - 3 * values[0]) / STEP


def moments(columns: Tensor, target: Tensor, decay: float, seed: Sequence[int]) -> dict[str, Tensor]:
    """E r^2 / s^2 over fresh weights at the inner optimum and half-way to it, and -2 decay V'(k+).

    The seed must be another for every width: the test adds up squares as independent.
    """
    best = optimum(gated(columns, 0.0, 0.5), target, decay)
    fresh = torch.from_numpy(np.random.default_rng([*seed, 2]).standard_normal((DRAWS, len(columns), target.shape[1])))
    squares = {}
    for name, share in (("second", 1.0), ("second_half", 0.5)):
        residual = gated(columns, 0.0, 0.5) @ (share * best) - target
        gradient = torch.einsum("fn,fnc->fc", columns[..., -1], residual) / len(target)
        squares[name] = (fresh * gradient).sum(-1).square().mean(0)
    return squares | {"claimed": -2 * decay * slope(columns, target, decay)}


def hypergradients(columns: Mapping[str, Tensor], targets: Mapping[str, Tensor], decay: float) -> dict[str, Tensor]:
    """Direct part and total of the validation loss just right of k, square-root gate, and the gain of a whole unit."""
    a = torch.tensor(EDGE, dtype=torch.float64)
    start = optimum(gated(columns["train"], EDGE, 0.5), targets["train"], decay)

    def one(train: Tensor, validation: Tensor, weights: Tensor) -> Hypergradient:
        problem = Bilevel(
            inner=lambda w, a: _loss(train, targets["train"], w, a) + decay / 2 * w.square().sum(),
            outer=lambda w, a: _loss(validation, targets["validation"], w, a),
        )
        return Implicit(Dense())(problem, weights, a)

    result = vmap(one)(columns["train"], columns["validation"], start)
    outer = []
    for whole in (0.0, 1.0):
        best = optimum(gated(columns["train"], whole, 1.0), targets["train"], decay)
        outer.append(_fit(gated(columns["validation"], whole, 1.0) @ best - targets["validation"]))
    return {"direct": result.direct, "total": result.total, "gain": outer[1] - outer[0]}


def _loss(columns: Tensor, target: Tensor, weights: Tensor, a: Tensor) -> Tensor:
    """Loss at the width k + a under the square-root gate, for one fresh feature."""
    units = columns.shape[-1]
    gates = interval_gates(units, units - 1 + a, 0.5)
    return (columns @ (gates[:, None] * weights) - target).square().sum() / (2 * len(target))


def drift(columns: Tensor, target: Tensor, seed: int) -> dict[str, Tensor]:
    r"""(kappa_2T - kappa_T) / T without decay, the claim -lr |G_T|^2, and what is left of the slowest mode at T.

    Descent on a quadratic has a closed form in the eigenbasis, so that T may be long.
    """
    count, size = len(target), columns.shape[-1]
    start = torch.from_numpy(np.random.default_rng([seed, 3]).standard_normal((size, target.shape[1]))) / size**0.5
    old = torch.linalg.eigvalsh(columns[..., :-1].mT @ columns[..., :-1] / count)
    lr = 1 / torch.linalg.eigvalsh(columns.mT @ columns / count)[..., -1]
    flip = torch.ones(size, 1, dtype=torch.float64)
    flip[-1] = -1
    on, off = gated(columns, GATE, 1.0), gated(columns, 0.0, 1.0)
    kappas = []
    for steps in LONG:
        ends = [descended(on, target, sign * start, lr, steps) for sign in (1, flip)]
        base = descended(off, target, start, lr, steps)
        kappas.append(((_fit(ends[0]) + _fit(ends[1])) / 2 - _fit(base)) / GATE**2)
    gradient = torch.einsum("fn,fnc->fc", columns[..., -1], descended(off, target, start, lr, LONG[1])) / count
    return {
        "drift": (kappas[1] - kappas[0]) / (LONG[1] - LONG[0]),
        "drift_claimed": -lr * gradient.square().sum(-1),
        "unfinished": (1 - lr * old[..., 0]) ** LONG[0],
    }


def descended(columns: Tensor, target: Tensor, start: Tensor, lr: Tensor, steps: int) -> Tensor:
    """Residuals after that many steps of descent, each feature at its own learning rate."""
    values, vectors = torch.linalg.eigh(columns.mT @ columns / len(target))
    left = (1 - lr[:, None] * values).clamp(-1, 1) ** steps
    gained = torch.where(values > 1e-12, (1 - left) / values.clamp_min(1e-12), steps * lr[:, None])
    initial, force = vectors.mT @ start, vectors.mT @ (columns.mT @ target) / len(target)
    weights: Tensor = vectors @ (left.unsqueeze(-1) * initial + gained.unsqueeze(-1) * force)
    return columns @ weights - target


def _fit(residual: Tensor) -> Tensor:
    """Half the mean square."""
    return residual.square().sum((-1, -2)) / (2 * residual.shape[-2])
