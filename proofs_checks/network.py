"""A network with one hidden layer of real width, small enough that every claim can be checked on it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]


def squared(output: Tensor, target: Tensor) -> Tensor:
    """Half the squared error, summed over outputs and averaged over rows."""
    return 0.5 * (output - target).square().sum(-1).mean()


def logistic(output: Tensor, target: Tensor) -> Tensor:
    """Convex and not quadratic: softplus(z) - t z."""
    return (torch.nn.functional.softplus(output) - target * output).sum(-1).mean()


#: Losses and activations by name.
LOSSES: dict[str, Loss] = {"squared": squared, "logistic": logistic}
ACTIVATIONS: dict[str, Activation] = {"tanh": torch.tanh, "relu": torch.relu}


@dataclass(frozen=True)
class Network:
    r"""z = sum_i m_i y_i W_i, with y = activation(x V).

    Attributes:
        inputs: x, (rows, features).
        incoming: V, (features, units).
        outgoing: W, (units, outputs).
        targets: (rows, outputs).
        activation: of the hidden units.
        criterion: loss F of output and target, averaged over rows.
    """

    inputs: Tensor
    incoming: Tensor
    outgoing: Tensor
    targets: Tensor
    activation: Activation = torch.tanh
    criterion: Loss = squared

    @property
    def units(self) -> int:
        """Number N of hidden units."""
        return self.outgoing.shape[0]

    def activations(self) -> Tensor:
        """y, (rows, units)."""
        return self.activation(self.inputs @ self.incoming)

    def contributions(self) -> Tensor:
        """c_i = y_i W_i, (units, rows, outputs)."""
        return torch.einsum("nu,uc->unc", self.activations(), self.outgoing)

    def output(self, gates: Tensor) -> Tensor:
        """Output z under gates m, (rows, outputs)."""
        return (self.activations() * gates) @ self.outgoing

    def loss(self, gates: Tensor) -> Tensor:
        """F(z) under gates m."""
        return self.criterion(self.output(gates), self.targets)

    def output_gradient(self, gates: Tensor) -> Tensor:
        """F'(z), the mean over rows included, so that <F', c> is a plain sum."""
        output = self.output(gates).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(self.criterion(output, self.targets), output)
        return gradient

    def with_outgoing(self, outgoing: Tensor) -> "Network":
        """The same network with other outgoing weights."""
        return replace(self, outgoing=outgoing)
