"""What the laws of soft_vs_fuzzy are tried on: a readout of fixed features, and whole networks."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy

from continuum.ensemble import Stream

#: Incoming weights of a teacher's unit have this length: long enough to bend over normal inputs.
GAIN = 1.5
#: Standard deviation of the noise of a target, and test rows of a teacher.
NOISE, TEST_ROWS = 0.1, 1000


class Problem(Protocol):
    """Many networks with a gated hidden layer, S problems times R members that share the data of a problem."""

    readout: Float[Tensor, "problems members units outputs"]
    others: list[Tensor]

    def advance(self) -> None:
        """Take the next minibatch."""

    def loss(self, gates: Float[Tensor, "problems members units"]) -> Float[Tensor, "problems members"]:
        """Loss on the present minibatch, in nats or half squared errors."""

    def whole(self) -> "Problem":
        """The same networks on all training rows."""


@dataclass
class Readout:
    r"""Fixed features and a learned readout: :math:`\frac12 v^T C v - b^T v + c_0`, :math:`v = m \odot W`.

    ``moments`` is C, ``cross_moments`` is b (feature times target), ``constant`` is c_0, half the target's mean square.
    """

    moments: Float[Tensor, "problems units units"]
    cross_moments: Float[Tensor, "problems units"]
    constant: Float[Tensor, " problems"]
    readout: Float[Tensor, "problems members units 1"]
    others: list[Tensor]

    def advance(self) -> None:
        """All rows are in the moments."""

    def loss(self, gates: Float[Tensor, "problems members units"]) -> Float[Tensor, "problems members"]:
        """Half mean squared error, from the second moments."""
        v = gates * self.readout.squeeze(-1)
        return (v * (v @ self.moments / 2 - self.cross_moments.unsqueeze(1))).sum(-1) + self.constant.unsqueeze(1)

    def whole(self) -> "Readout":
        """All rows are in the moments."""
        return self


def readout_moments(
    needed: int, units: int, rows: int, seed: int, *, shuffled: bool, dtype: torch.dtype
) -> list[Tensor]:
    """Moments of one problem: of ``units`` features tanh(GAIN x_i) of independent inputs the target uses ``needed``.

    The target is their sum with random signs and a little noise. The needed features come first, or anywhere.
    """
    rng = np.random.default_rng([seed, needed, units])
    features = np.tanh(GAIN * rng.standard_normal((rows, units)))
    signs = rng.choice([-1.0, 1.0], size=needed)
    target = features[:, :needed] @ signs + NOISE * rng.standard_normal(rows)
    if shuffled:
        features = features[:, rng.permutation(units)]
    moments = (features.T @ features / rows, features.T @ target / rows, np.mean(target**2) / 2)
    return [torch.as_tensor(value, dtype=dtype) for value in moments]


class Networks:
    """Tanh networks with one gated hidden layer, one minibatch per problem that its members share."""

    def __init__(self, streams: list[Stream], members: int, units: int, *, batch: int, seed: int) -> None:
        self.kind, self.batch, self.units = streams[0].kind, batch, units
        self.generator = Generator().manual_seed(seed)
        self.train = _stacked([(s.train.x, s.train.y) for s in streams])
        self.test = _stacked([(s.test.x, s.test.y) for s in streams if s.test is not None])
        d, outputs = self.train[0].shape[-1], streams[0].outputs if self.kind == "classification" else 1
        drawn = [_weights(d, units, outputs, stream.seed) for stream in streams]  # alike for all members of a problem
        first, second = (
            torch.stack(parts).unsqueeze(1).expand(-1, members, -1, -1) for parts in zip(*drawn, strict=True)
        )
        self.incoming = first.permute(0, 2, 1, 3).reshape(len(streams), d + 1, members * units).clone().requires_grad_()
        self.readout = second.clone().requires_grad_()
        self.bias = torch.zeros(len(streams), members, 1, outputs).requires_grad_()
        self.others = [self.incoming, self.bias]
        self.rows = self.train

    def advance(self) -> None:
        """Draw rows with replacement, so that all problems have equally large minibatches."""
        x, y = self.train
        chosen = torch.randint(x.shape[1], (x.shape[0], self.batch), generator=self.generator)
        problems = torch.arange(x.shape[0]).unsqueeze(-1)
        self.rows = x[problems, chosen], y[problems, chosen]

    def outputs(self, x: Tensor, gates: Tensor) -> Float[Tensor, "problems members rows outputs"]:
        """Outputs of the networks for the rows x of each problem."""
        hidden = torch.baddbmm(self.incoming[:, -1:], x, self.incoming[:, :-1]).tanh()
        hidden = hidden.reshape(*x.shape[:2], -1, self.units).transpose(1, 2)
        return hidden @ (gates.unsqueeze(-1) * self.readout) + self.bias

    def loss(self, gates: Float[Tensor, "problems members units"]) -> Float[Tensor, "problems members"]:
        """Mean over the present rows: half squared error, or cross-entropy in nats."""
        outputs, y = self.outputs(self.rows[0], gates), self.rows[1].unsqueeze(1).expand(-1, gates.shape[1], -1)
        if self.kind == "regression":
            return (outputs.squeeze(-1) - y).square().mean(-1) / 2
        return cross_entropy(outputs.flatten(0, 2), y.flatten(), reduction="none").reshape(y.shape).mean(-1)

    def whole(self) -> "Networks":
        """The same networks; their losses are those of all training rows from here on."""
        self.rows = self.train
        return self

    @torch.no_grad()
    def score(self, gates: Float[Tensor, "problems members units"]) -> Float[Tensor, "problems members"]:
        """Accuracy, or the share of the target's variance that is explained, on the test rows."""
        outputs, y = self.outputs(self.test[0], gates), self.test[1].unsqueeze(1)
        if self.kind == "classification":
            return (outputs.argmax(-1) == y).float().mean(-1)
        return 1 - (outputs.squeeze(-1) - y).square().mean(-1) / y.var(-1, correction=0)


def _stacked(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[Tensor, Tensor]:
    x, y = (np.stack(column) for column in zip(*parts, strict=True))
    return torch.as_tensor(x, dtype=torch.float32), torch.as_tensor(y, dtype=None if y.dtype == int else torch.float32)


def _weights(d: int, units: int, outputs: int, seed: int) -> tuple[Tensor, Tensor]:
    """Incoming weights with a row of biases, and a symmetric readout."""
    generator = Generator().manual_seed(seed)
    first = torch.randn(d + 1, units, generator=generator) * GAIN / d**0.5
    return first, torch.randn(units, outputs, generator=generator) / units**0.5
