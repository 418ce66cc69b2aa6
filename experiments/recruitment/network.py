"""Many networks of one hidden layer on the same rows: their losses, and their gradients in closed form."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from .tasks import Rows

#: Standard deviation of the product of a drawn incoming weight with inputs of unit variance.
GAIN = 1.5


class Gradient(NamedTuple):
    """Mean loss of each network, and its gradient.

    ``density`` is <F', y_i>, what the outgoing weights of unit i would receive behind an open gate; the gradient of
    the weights themselves is that times the gate, and it is 0 for a closed one.
    """

    loss: Float[Tensor, " members"]
    density: Float[Tensor, "members units outputs"]
    incoming: Float[Tensor, "members units inputs"]
    bias: Float[Tensor, "members outputs"]


@dataclass
class Networks:
    r"""M networks :math:`z = b + \sum_i m_i \tanh(V_i \cdot (x, 1))\, W_i`."""

    incoming: Float[Tensor, "members units inputs"]
    outgoing: Float[Tensor, "members units outputs"]
    bias: Float[Tensor, "members outputs"]

    def narrow(self, units: int) -> "Networks":
        """The first units alone; the memory is shared."""
        return Networks(self.incoming[:, :units], self.outgoing[:, :units], self.bias)

    def some(self, members: slice) -> "Networks":
        """Some of the networks; the memory is shared."""
        return Networks(self.incoming[members], self.outgoing[members], self.bias[members])

    def features(self, x: Float[Tensor, "rows inputs"]) -> Float[Tensor, "members units rows"]:
        """tanh(V (x, 1)): one product for all units of all networks."""
        members, units, inputs = self.incoming.shape
        return (self.incoming.reshape(-1, inputs) @ x.T).tanh_().reshape(members, units, len(x))

    def outputs(
        self, y: Float[Tensor, "members units rows"], gates: Float[Tensor, "members units"]
    ) -> Float[Tensor, "members outputs rows"]:
        """Outputs from features."""
        return torch.baddbmm(self.bias.unsqueeze(-1), (gates.unsqueeze(-1) * self.outgoing).mT, y)

    def gradient(self, rows: Rows, gates: Float[Tensor, "members units"]) -> Gradient:
        """Mean loss over the rows, and its gradient behind these gates."""
        y = self.features(rows.x)
        loss, slope = loss_of(self.outputs(y, gates), rows)
        density = y @ slope.mT
        before = ((gates.unsqueeze(-1) * self.outgoing) @ slope).mul_(1 - y.square())
        incoming = before.reshape(-1, len(rows.x)) @ rows.x
        return Gradient(loss, density, incoming.reshape(self.incoming.shape), slope.sum(-1))

    def density(self, rows: Rows, gates: Float[Tensor, "members units"]) -> Float[Tensor, "members units outputs"]:
        """The gradient density alone."""
        y = self.features(rows.x)
        return y @ loss_of(self.outputs(y, gates), rows)[1].mT


def loss_of(z: Float[Tensor, "members outputs rows"], rows: Rows) -> tuple[Float[Tensor, " members"], Tensor]:
    """Half squared error or cross-entropy in nats, mean over rows, with its slope in the outputs."""
    count = len(rows.x)
    if not rows.classes:
        off = z - rows.target.T
        return off.square().sum((1, 2)) / (2 * count), off / count
    logs = z.log_softmax(1)
    hot = one_hot(rows.target, rows.classes).T.to(z)
    return -(logs * hot).sum((1, 2)) / count, (logs.exp() - hot) / count


def draw(
    members: int, units: int, inputs: int, outputs: int, *, seed: int, spread: float, dtype: torch.dtype
) -> Networks:
    """Copies of one network: V of standard deviation GAIN / sqrt(inputs), W of standard deviation ``spread``."""
    generator = torch.Generator().manual_seed(seed)
    incoming = torch.randn(units, inputs + 1, generator=generator, dtype=dtype) * GAIN / inputs**0.5
    outgoing = torch.randn(units, outputs, generator=generator, dtype=dtype) * spread
    bias = torch.zeros(members, outputs, dtype=dtype)
    return Networks(incoming.expand(members, -1, -1).clone(), outgoing.expand(members, -1, -1).clone(), bias)
