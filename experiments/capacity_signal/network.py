r"""The networks of capacity_signal: many small ones at once, of width :math:`k + a`, whose unit k is fresh.

A network computes :math:`z = b + \sum_{i \le k} m_i(\gamma)\,\sigma(V_i x)\,W_i` with the gates of the interval law to
a power, clip(gamma - i, 0, 1)^p. Tensors have any batch axes in front, the members.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import Tensor
from torch.func import functional_call

from continuum.widths import Interval

from .rows import Rows, Weights

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


@dataclass(frozen=True)
class Geometry:
    """How the fresh unit is gated, and what its outgoing weights pay and step.

    ``exponent`` is p. ``decayed`` is the weight of ``|W_k|^2`` in the penalty: 1, the fraction a (the norm of L2(E)),
    or 0. With ``metric`` the step of W_k is the learning rate over a; a penalty a ``|W_k|^2`` then shrinks W_k as an
    ordinary one does, while an ordinary one would shrink it by lr * decay / a, without bound as a goes to 0.
    """

    exponent: float = 1.0
    decayed: str = "one"
    metric: bool = False


GEOMETRIES = {
    "linear": Geometry(),
    "root": Geometry(exponent=0.5),
    "penalty": Geometry(decayed="fraction"),
    "metric": Geometry(decayed="none", metric=True),
    "both": Geometry(decayed="fraction", metric=True),
}


@dataclass(frozen=True)
class Network:
    r"""Losses of members of width k + a, as functions of their weights and of gamma, one gamma a member.

    Where there is an ``anchor``, W_k = anchor + U / sqrt(a), and U stands in the place of W_k: an ordinary step of U is
    one of lr / a in W_k, and U starts at 0 for every a, so that training can be differentiated in a.
    """

    rows: Mapping[str, Rows]
    width: int
    geometry: Geometry
    decay: float
    activation: str = "tanh"
    anchor: Tensor | None = None

    def anchored(self, start: Weights) -> tuple["Network", Weights]:
        """Itself and the start as they are trained: if the geometry has a metric, with W_k as anchor and U = 0."""
        if not self.geometry.metric:
            return self, start
        none = torch.cat([start["W"][..., :-1, :], torch.zeros_like(start["W"][..., -1:, :])], -2)
        return replace(self, anchor=start["W"][..., -1, :]), start | {"W": none}

    def plain(self, weights: Weights, gamma: Tensor) -> tuple["Network", Weights]:
        """The same network and weights without an anchor; what a metric does to steps is forgotten."""
        if self.anchor is None:
            return self, weights
        fresh = self.anchor + weights["W"][..., -1, :] / self._fraction(gamma).sqrt()
        whole = weights | {"W": torch.cat([weights["W"][..., :-1, :], fresh.unsqueeze(-2)], -2)}
        return replace(self, anchor=None, geometry=replace(self.geometry, metric=False)), whole

    def gates(self, gamma: Tensor) -> Tensor:
        """Gates of the k + 1 units, shape (*members, k + 1); their slopes at an integer are the right ones."""
        return interval_gates(self.width + 1, gamma, self.geometry.exponent)

    def hidden(self, weights: Weights, x: Tensor) -> Tensor:
        """What the hidden units say, (*members, k + 1, rows)."""
        return ACTIVATIONS[self.activation](weights["V"] @ x)

    def output(self, weights: Weights, gamma: Tensor, part: str) -> Tensor:
        """z, (*members, outputs, rows)."""
        gated = self._gated(weights["W"], gamma)
        return gated.mT @ self.hidden(weights, self.rows[part].x) + weights["b"].unsqueeze(-1)

    def _gated(self, readout: Tensor, gamma: Tensor) -> Tensor:
        if self.anchor is None:
            return self.gates(gamma).unsqueeze(-1) * readout
        a = self._fraction(gamma)
        fresh = a.sqrt() * readout[..., -1, :] + a * self.anchor
        return torch.cat([readout[..., :-1, :], fresh.unsqueeze(-2)], -2)

    def _fraction(self, gamma: Tensor) -> Tensor:
        """a, the gate of the fresh unit at exponent 1, (*members, 1)."""
        return interval_gates(self.width + 1, gamma, 1.0)[..., -1:]

    def penalty(self, weights: Weights, gamma: Tensor) -> Tensor:
        """Weight decay of the outgoing weights, in the norm of the geometry."""
        readout = weights["W"]
        if self.anchor is not None:  # a |W_k|^2 = |U + sqrt(a) anchor|^2
            fresh = readout[..., -1, :] + self._fraction(gamma).sqrt() * self.anchor
            squares = torch.cat([readout[..., :-1, :], fresh.unsqueeze(-2)], -2).square().sum(-1)
        else:
            squares = readout.square().sum(-1)
            if self.geometry.decayed == "fraction":
                squares = self.gates(gamma) * squares
        kept = squares[..., :-1].sum(-1)
        return self.decay / 2 * (kept if self.geometry.decayed == "none" else kept + squares[..., -1])

    def inner(self, weights: Weights, gamma: Tensor) -> Tensor:
        """What a step descends on: training loss and penalty, one for each member."""
        return self.loss(weights, gamma, "train") + self.penalty(weights, gamma)

    def loss(self, weights: Weights, gamma: Tensor, part: str) -> Tensor:
        """Mean loss on a part without the penalty, one for each member."""
        return self.rows[part].loss(self.output(weights, gamma, part))


def interval_gates(units: int, gamma: Tensor, exponent: float) -> Tensor:
    r"""Gates of the shipped ``Interval``, (\*members, units), as a function of gamma.

    Its module is called with gamma in the place of its own, so that derivatives of any order and ``vmap`` go through.

    >>> interval_gates(3, torch.tensor([1.25, 2.0]), exponent=0.5)
    tensor([[1.0000, 0.5000, 0.0000],
            [1.0000, 1.0000, 0.0000]])
    """
    gates: Tensor = functional_call(_interval(units, exponent), {"gamma": gamma}, ())
    return gates


@cache
def _interval(units: int, exponent: float) -> Interval:
    return Interval(units, gamma=0.0, exponent=exponent, learnable=False)
