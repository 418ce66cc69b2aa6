"""How a held-out loss would change with the width if training went on: direct term and response."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.hypergrad import Bilevel, Outcome, Unrolled
from continuum.learn.loss import Likelihood, LossChoice, row_losses
from continuum.learn.methods.interval import LEAST
from continuum.learn.network import NetworkWeights
from continuum.learn.rows import TrainingRows

#: Steps of descent that are looked ahead.
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
        lr: of these steps; halved where the training loss rises along them.
    """

    loss: LossChoice
    activation: str
    decay: float
    lr: float = 0.1

    def __call__(
        self, weights: NetworkWeights, widths: list[float], training: TrainingRows, held_out: TrainingRows
    ) -> list[Tensor] | None:
        """Derivative of the held-out loss in the widths; None where looking ahead went wrong for this time."""

        def inner(parameters: Parameters, gamma: list[Tensor]) -> Tensor:
            decay = sum((w.square().sum() for w in parameters[1]), torch.zeros(()))
            return self._mean(self._outputs(parameters, gamma, widths, training), training) + self.decay / 2 * decay

        def outer(parameters: Parameters, gamma: list[Tensor]) -> Tensor:
            return self._mean(self._outputs(parameters, gamma, widths, held_out), held_out)

        start = _tensors(weights)
        gamma = [torch.tensor(width, dtype=start[0].dtype) for width in widths]
        hypergradient = Unrolled(AHEAD, self.lr)(Bilevel(inner, outer), start, gamma)
        fell = inner(hypergradient.parameters, gamma) <= inner(start, gamma)
        if hypergradient.outcome >= Outcome.DIVERGED or not fell:
            self.lr /= 2
            return None
        derivatives: list[Tensor] = hypergradient.total
        return derivatives

    def _outputs(self, parameters: Parameters, gamma: list[Tensor], widths: list[float], rows: TrainingRows) -> Tensor:
        incoming, outgoing, biases = parameters
        act = torch.tanh if self.activation == "tanh" else torch.relu
        h = torch.from_numpy(rows.x) @ incoming.T
        for w, bias, one, width in zip(outgoing, biases, gamma, widths, strict=True):
            h = (act(h) * square_root_gates(one, width, len(w))) @ w + bias
        return h

    def _mean(self, outputs: Tensor, rows: TrainingRows) -> Tensor:
        y = torch.from_numpy(rows.y)
        if isinstance(self.loss, Likelihood):
            return self.loss.loss(outputs, y)
        each = row_losses(self.loss, outputs, y)
        return each.mean() if rows.importance is None else (each * torch.from_numpy(rows.importance[:, 0])).mean()


def square_root_gates(gamma: Float[Tensor, ""], width: float, units: int) -> Float[Tensor, " units"]:
    """Gates of the first units to the first order in gamma around ``width``; the slope stays finite at integers.

    >>> square_root_gates(torch.tensor(2.25), 2.25, 4)
    tensor([1.0000, 1.0000, 0.5000, 0.0000])
    """
    edge = min(math.floor(width), units - 1)
    places, fraction = torch.arange(units), width - edge
    slope = 0.5 / math.sqrt(max(fraction, LEAST))
    return (places < edge) + (places == edge) * (math.sqrt(fraction) + slope * (gamma - width))


def _tensors(weights: NetworkWeights) -> Parameters:
    outgoing, biases = ([torch.tensor(array) for array in arrays] for arrays in (weights.outgoing, weights.biases))
    return torch.tensor(weights.incoming), outgoing, biases
