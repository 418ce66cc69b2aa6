"""Adam on what has no price, and on blocks with one second moment each, so that the proximal step is exact."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from continuum.learn.modules.chain import Chain, HiddenLayer
from continuum.learn.modules.surgery import Part, keep
from continuum.learn.optimizer import EPSILON, FIRST, SECOND, Penalty
from continuum.widths import reverse_huber_prox


def shrink(layer: HiddenLayer, steps: float | Float[Tensor, " units"], penalty: Penalty) -> None:
    r"""The proximal step on every block of a layer, in place: that of :func:`continuum.widths.reverse_huber_prox`.

    Args:
        layer: whose blocks shrink.
        steps: :math:`\tau` of each unit, or one for all.
        penalty: decay and price per row, in units of the loss; with price 0 plain decay.
    """
    tau = torch.as_tensor(steps, dtype=layer.target.weight.dtype, device=layer.target.weight.device)
    if penalty.price > 0:
        # The operator is radial: what becomes of a length becomes of the block.
        norms = layer.norms().unsqueeze(1)
        shrunk = reverse_huber_prox(norms, tau, penalty.decay, penalty.price)
        factor = (shrunk / norms.clamp(min=torch.finfo(norms.dtype).tiny)).squeeze(1)
    else:
        factor = 1 / (1 + tau * penalty.decay)
    layer.blocks().mul_(factor.view(-1, 1))


def layer_gates(layer: HiddenLayer, penalty: Penalty) -> Float[Tensor, " units"]:
    """min(|v| / v0, 1) of every unit."""
    return (layer.norms() / penalty.full).clamp(max=1)


@dataclass
class Moments:
    """Of one parameter: the mean of its gradients, and of their squares, by weight or, of blocks, by unit."""

    mean: Tensor
    square: Tensor


class BlockAdam:
    """The optimiser of a chain whose units come and go.

    Args:
        chain: whose parameters it moves. Units may be taken away and added by ``keep`` alone.
    """

    def __init__(self, chain: Chain) -> None:
        self.chain, self.steps = chain, 0
        self.moments = {p: Moments(torch.zeros_like(p), torch.zeros_like(p)) for p in chain.module.parameters()}
        for layer in chain.layers:
            self.moments[layer.parameter].square = layer.parameter.new_zeros(layer.units)

    @torch.no_grad()
    def step(self, lr: float, penalty: Penalty) -> None:
        """One step along the gradients on everything, the proximal one on blocks; gradients are forgotten."""
        self.steps += 1
        first, second = 1 - FIRST**self.steps, 1 - SECOND**self.steps
        blocks = {layer.target.weight: layer for layer in self.chain.layers}
        for parameter, moments in self.moments.items():
            if parameter.grad is None:
                continue
            moments.mean.lerp_(parameter.grad, 1 - FIRST)
            if parameter in blocks:
                self._block(blocks[parameter], parameter.grad, moments, (lr, first, second), penalty)
            else:
                moments.square.mul_(SECOND).addcmul_(parameter.grad, parameter.grad, value=1 - SECOND)
                parameter.addcdiv_(moments.mean, (moments.square / second).sqrt_().add_(EPSILON), value=-lr / first)
            parameter.grad = None

    def _block(
        self, layer: HiddenLayer, gradient: Tensor, moments: Moments, scales: tuple[float, float, float], at: Penalty
    ) -> None:
        lr, first, second = scales
        squares = layer.heard(layer.blocks(gradient)).square()
        size = max(squares.shape[0] * squares.shape[2], 1)
        moments.square.lerp_(squares.sum((0, 2)) / size, 1 - SECOND)
        floor = max(at.slope, at.floor) / math.sqrt(size)
        tau = lr / ((moments.square / second).sqrt_() + floor).clamp_(min=EPSILON)
        layer.blocks().sub_(tau.view(-1, 1) / first * layer.blocks(moments.mean))
        shrink(layer, tau, at)

    def keep(self, layer: HiddenLayer, order: Int[Tensor, " kept"]) -> None:
        """Keep these units of a layer alone, with their moments."""
        units = layer.units
        for old, (new, part) in keep(layer, order).items():
            moments = self.moments.pop(old)
            self.moments[new] = Moments(
                part.taken(units, order, moments.mean), self._taken_squares(moments.square, part, (units, order))
            )

    def _taken_squares(self, square: Tensor, part: Part, taken: tuple[int, Int[Tensor, " kept"]]) -> Tensor:
        """Those of a target's weights are of its blocks: they follow their units, and no others."""
        if part.axis == 1:
            return square[taken[1]]
        by_block = part.name == "weight" and any(part.module is layer.target for layer in self.chain.layers)
        return square if by_block else part.taken(*taken, square)

    def forget(self, parameter: nn.Parameter, part: Part, units: int, new: Int[Tensor, " new"]) -> None:
        """No memory of these units in a tensor with entries of theirs."""
        moments = self.moments[parameter]
        part.by_unit(units, moments.mean)[new] = 0
        if part.axis == 0 and moments.square.shape == moments.mean.shape:
            part.by_unit(units, moments.square)[new] = 0
