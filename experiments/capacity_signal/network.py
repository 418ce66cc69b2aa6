r"""The networks of capacity_signal: many small ones at once, of width :math:`k + a`, whose unit k is fresh.

A network computes :math:`z = b + \sum_{i \le k} m_i(\gamma)\,\sigma(V_i x)\,W_i` with the gates of the interval law to
a power. Tensors have any batch axes in front, the members.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .gates import interval_gates
from .initial import MemberWeights
from .parametrisations import Parametrisation
from .rows import TaskRows

ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


@dataclass(frozen=True)
class Network:
    r"""Losses of members of width k + a, as functions of their weights and of gamma, one gamma per member.

    Where there is an ``anchor``, W_k = anchor + U / sqrt(a), and U stands in the place of W_k: an ordinary step of U is
    one of lr / a in W_k, and U starts at 0 for every a, so that training can be differentiated in a.
    """

    rows: Mapping[str, TaskRows]
    width: int
    parametrisation: Parametrisation
    decay: float
    activation: str = "tanh"
    anchor: Tensor | None = None

    def anchored(self, start: MemberWeights) -> tuple["Network", MemberWeights]:
        """Itself and the start as they are trained: under a metric with W_k as anchor and U = 0."""
        if not self.parametrisation.metric:
            return self, start
        zero = torch.zeros_like(_fresh(start["W"]))
        return replace(self, anchor=_fresh(start["W"])), start | {"W": _with_fresh(start["W"], zero)}

    def plain(self, weights: MemberWeights, gamma: Tensor) -> tuple["Network", MemberWeights]:
        """The same network and weights without an anchor; what a metric does to steps is forgotten."""
        if self.anchor is None:
            return self, weights
        fresh = self.anchor + _fresh(weights["W"]) / self._fraction(gamma).sqrt()
        parametrisation = replace(self.parametrisation, metric=False)
        network = replace(self, anchor=None, parametrisation=parametrisation)
        return network, weights | {"W": _with_fresh(weights["W"], fresh)}

    def gates(self, gamma: Tensor) -> Tensor:
        """Gates of the k + 1 units, shape (*members, k + 1); their slopes at an integer are the right ones."""
        return interval_gates(self.width + 1, gamma, self.parametrisation.exponent)

    def hidden(self, weights: MemberWeights, x: Tensor) -> Tensor:
        """Activations of the hidden units, (*members, k + 1, rows)."""
        return ACTIVATIONS[self.activation](weights["V"] @ x)

    def output(self, weights: MemberWeights, gamma: Tensor, part: str) -> Tensor:
        """z, (*members, outputs, rows)."""
        gated = self._gated(weights["W"], gamma)
        return gated.mT @ self.hidden(weights, self.rows[part].x) + weights["b"].unsqueeze(-1)

    def penalty(self, weights: MemberWeights, gamma: Tensor) -> Tensor:
        """Weight decay of the outgoing weights, in the norm of the parametrisation."""
        readout = weights["W"]
        if self.anchor is not None:  # a |W_k|^2 = |U + sqrt(a) anchor|^2
            fresh = _fresh(readout) + self._fraction(gamma).sqrt() * self.anchor
            squares = _with_fresh(readout, fresh).square().sum(-1)
        else:
            squares = readout.square().sum(-1)
            if self.parametrisation.decayed == "fraction":
                squares = self.gates(gamma) * squares
        kept = squares[..., :-1].sum(-1)
        return self.decay / 2 * (kept if self.parametrisation.decayed == "none" else kept + squares[..., -1])

    def inner(self, weights: MemberWeights, gamma: Tensor) -> Tensor:
        """What a step descends on: training loss and penalty, one value per member."""
        return self.loss(weights, gamma, "train") + self.penalty(weights, gamma)

    def loss(self, weights: MemberWeights, gamma: Tensor, part: str) -> Tensor:
        """Mean loss on a part without the penalty, one value per member."""
        return self.rows[part].loss(self.output(weights, gamma, part))

    def _gated(self, readout: Tensor, gamma: Tensor) -> Tensor:
        """Outgoing weights times their gates."""
        if self.anchor is None:
            return self.gates(gamma).unsqueeze(-1) * readout
        a = self._fraction(gamma)
        return _with_fresh(readout, a.sqrt() * _fresh(readout) + a * self.anchor)

    def _fraction(self, gamma: Tensor) -> Tensor:
        """a, the gate of the fresh unit at exponent 1, (*members, 1)."""
        return interval_gates(self.width + 1, gamma, 1.0)[..., -1:]


def _fresh(readout: Tensor) -> Tensor:
    """Outgoing weights of the last unit, (*members, outputs)."""
    return readout[..., -1, :]


def _with_fresh(readout: Tensor, fresh: Tensor) -> Tensor:
    """The outgoing weights with others for the last unit."""
    return torch.cat([readout[..., :-1, :], fresh.unsqueeze(-2)], -2)
