"""The drawn network as the shipped modules compute it: as an MLP of real width, and as a member of the engine."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from continuum.arithmetic import engine_arithmetic
from continuum.ensemble import Member, Settings
from continuum.ensemble.chunk import Chunk
from continuum.ensemble.parts import StackedRows
from continuum.ensemble.state import State
from continuum.nn import MLP
from continuum.widths import Width
from proofs_checks.network import ACTIVATIONS, Network


def mlp(network: Network, width: Width, compute: str = "active") -> MLP:
    """The network, without biases, as ``continuum.nn.MLP``."""
    features, outputs = network.inputs.shape[1], network.outgoing.shape[1]
    model = MLP(features, outputs, [width], _name(network), compute="all" if compute == "all" else "active").double()
    with torch.no_grad():
        for layer, weight in zip(linears(model), (network.incoming, network.outgoing), strict=True):
            layer.weight.copy_(weight.T)
            layer.bias.zero_()
    return model


def linears(net: MLP) -> list[nn.Linear]:
    """The linear layers of a network, in order."""
    return [layer for layer in net.layers if isinstance(layer, nn.Linear)]


def filled(net: MLP, values: Tensor) -> MLP:
    """The network with these weights and biases, in the order of its layers; values that are left over do nothing."""
    place = 0
    with torch.no_grad():
        for parameter in net.layers.parameters():
            parameter.copy_(values[place : place + parameter.numel()].reshape(parameter.shape))
            place += parameter.numel()
    return net


class Engine(NamedTuple):
    """One member of the engine on all rows of its data; the criterion is the squared error."""

    chunk: Chunk
    data: StackedRows

    @classmethod
    def of(
        cls, network: Network, gamma: float, *, lr: float = 0.0, gamma_lr: float = 0.0, exponent: float = 1.0
    ) -> "Engine":
        """The network at a width, to be trained by plain gradient descent in float64."""
        rows, units = len(network.inputs), network.units
        settings = Settings(
            units, _name(network), exponent=exponent, optimizer="sgd", momentum=0.0, batch=rows, dtype=torch.float64
        )
        incoming = network.incoming.T.clone(), torch.zeros(units, dtype=torch.float64)
        outgoing = network.outgoing.clone(), torch.zeros(network.outgoing.shape[1], dtype=torch.float64)
        width = torch.tensor([gamma], dtype=torch.float64)
        member = Member(gamma, lr=lr, gamma_lr=gamma_lr)
        state = State(0, member, (units,), {"weights": [incoming, outgoing]}, {"gamma": width, "best": width.clone()})
        data = StackedRows(network.inputs[None], network.targets[None])
        return cls(Chunk([[state]], data, "regression", settings), data)

    @property
    def gamma(self) -> Tensor:
        """Width, a number."""
        return self.chunk.gamma[0, 0].clone()

    @property
    def outgoing(self) -> Tensor:
        """Outgoing weights, (units, outputs)."""
        return self.chunk.unpack("weights")[0].slots["weights"][1][0]

    def loss(self) -> Tensor:
        """Mean loss over the rows."""
        with engine_arithmetic():
            return self.chunk.measure(self.data)[0][0]

    def derivatives(self) -> tuple[Tensor, Tensor]:
        """Left and right derivative of the mean loss in gamma."""
        with engine_arithmetic():
            left, right = self.chunk.gatings[0].one_sided(self.chunk.gate_gradients(self.data)[0])
        return left[0], right[0]

    def step(self) -> None:
        """One step of gradient descent on all rows."""
        with engine_arithmetic():
            self.chunk.step(torch.arange(self.data.rows)[None], self.data.rows, 1.0)


def _name(network: Network) -> str:
    return next(name for name, function in ACTIVATIONS.items() if function is network.activation)
