"""How a held-out loss would change with the width if training went on: direct term and response."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from continuum.hypergrad import Bilevel, Outcome, Unrolled
from continuum.learn.loss import Likelihood
from continuum.learn.methods.interval import LEAST
from continuum.learn.rows import Rows
from continuum.learn.samples import Loss
from continuum.learn.weights import Weights

#: Steps that are looked ahead.
AHEAD = 5

#: Incoming weights, outgoing weights and biases of the active units.
Parameters = tuple[Tensor, list[Tensor], list[Tensor]]


@dataclass
class Lookahead:
    """Steps of gradient descent from where training stands, differentiated.

    Args:
        loss: as of ``learn_width``.
        activation: tanh or relu.
        decay: of the outgoing weights, in units of the loss.
        rate: of these steps; halved where the training loss rises along them.
    """

    loss: Loss
    activation: str
    decay: float
    rate: float = 0.1

    def __call__(self, weights: Weights, widths: list[float], train: Rows, held: Rows) -> list[Tensor] | None:
        """Derivative of the held-out loss in the widths; None where looking ahead went wrong for this time."""

        def inner(parameters: Parameters, gammas: list[Tensor]) -> Tensor:
            decay = sum((w.square().sum() for w in parameters[1]), torch.zeros(()))
            return self._mean(self._outputs(parameters, gammas, widths, train), train) + self.decay / 2 * decay

        def outer(parameters: Parameters, gammas: list[Tensor]) -> Tensor:
            return self._mean(self._outputs(parameters, gammas, widths, held), held)

        here = _trees(weights)
        gammas = [torch.tensor(width, dtype=here[0].dtype) for width in widths]
        found = Unrolled(AHEAD, self.rate)(Bilevel(inner, outer), here, gammas)
        if found.outcome >= Outcome.DIVERGED or not inner(found.parameters, gammas) <= inner(here, gammas):
            self.rate /= 2
            return None
        slopes: list[Tensor] = found.total
        return slopes

    def _outputs(self, parameters: Parameters, gammas: list[Tensor], widths: list[float], rows: Rows) -> Tensor:
        incoming, outgoing, biases = parameters
        act = torch.tanh if self.activation == "tanh" else torch.relu
        h = torch.from_numpy(rows.x) @ incoming.T
        for w, bias, gamma, width in zip(outgoing, biases, gammas, widths, strict=True):
            h = (act(h) * root_gates(gamma, width, len(w))) @ w + bias
        return h

    def _mean(self, outputs: Tensor, rows: Rows) -> Tensor:
        y = torch.from_numpy(rows.y)
        if isinstance(self.loss, Likelihood):
            return self.loss.loss(outputs, y)
        if self.loss == "cross_entropy":
            each = -(functional.log_softmax(outputs, 1) * y).sum(1)
        else:
            each = (outputs - y).square().sum(1) / 2
        return each.mean() if rows.importance is None else (each * torch.from_numpy(rows.importance[:, 0])).mean()


def root_gates(gamma: Float[Tensor, ""], width: float, units: int) -> Float[Tensor, " units"]:
    """Gates of the first units to the first order in gamma around ``width``; the slope stays finite at integers.

    >>> root_gates(torch.tensor(2.25), 2.25, 4)
    tensor([1.0000, 1.0000, 0.5000, 0.0000])
    """
    edge = min(math.floor(width), units - 1)
    places, fraction = torch.arange(units), width - edge
    slope = 0.5 / math.sqrt(max(fraction, LEAST))
    return (places < edge) + (places == edge) * (math.sqrt(fraction) + slope * (gamma - width))


def _trees(weights: Weights) -> Parameters:
    outgoing, biases = ([torch.tensor(array) for array in arrays] for arrays in (weights.outgoing, weights.biases))
    return torch.tensor(weights.incoming), outgoing, biases
