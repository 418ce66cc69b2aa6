"""Baseline: the ensemble as one vectorised function in torch, all members padded to the allocated units."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import grad, vmap
from torch.nn import functional as F

from continuum.ensemble import Member, Settings, Stream
from continuum.ensemble.initial import initial
from continuum.ensemble.stream import order

Parameters = tuple[Float[Tensor, "units d"], Float[Tensor, " units"], Float[Tensor, "units c"], Float[Tensor, " c"]]
Loss = Callable[[Parameters, Tensor, Tensor, Tensor], Tensor]


def batch_major(parameters: Parameters, gates: Float[Tensor, " units"], x: Tensor, y: Int[Tensor, " b"]) -> Tensor:
    """The loss of one network, as one writes it."""
    w1, b1, w2, b2 = parameters
    return F.cross_entropy((torch.relu(F.linear(x, w1, b1)) * gates) @ w2 + b2, y)


def unit_major(parameters: Parameters, gates: Float[Tensor, " units"], x: Tensor, y: Int[Tensor, " b"]) -> Tensor:
    """The same loss in the form that was fastest under vmap: units are rows, gates on weights, one-hot targets."""
    w1, b1, w2, b2 = parameters
    hidden = torch.relu(w1 @ x.T + b1.unsqueeze(1))
    logits = (w2 * gates.unsqueeze(1)).T @ hidden + b2.unsqueeze(1)
    target = (y == torch.arange(len(b2)).unsqueeze(1)).to(logits.dtype)
    return -(torch.log_softmax(logits, 0) * target).sum() / len(x)


class VmapEnsemble:
    """Members on streams of equal length, by ``vmap(vmap(grad(loss)))`` and one fused Adam over the stacked tensors.

    The members of a stream share each minibatch by ``in_dims``.

    Args:
        streams: data.
        members: one hidden layer each, one learning rate, as many on every stream.
        settings: allocated units, batch and dtype.
        loss: of one network.
    """

    def __init__(
        self, streams: Sequence[Stream], members: Sequence[Member], settings: Settings, loss: Loss = batch_major
    ) -> None:
        self._streams, self._batch = streams, settings.batch
        self._x = torch.tensor(np.stack([s.train.x for s in streams]), dtype=settings.dtype)
        self._y = torch.tensor(np.stack([s.train.y for s in streams]))
        by_stream = [[m for m in members if m.stream == number] for number in range(len(streams))]
        units = torch.arange(settings.units[0])
        gammas = torch.tensor([[m.gamma[0] for m in row] for row in by_stream], dtype=settings.dtype)
        self._gates = (gammas.unsqueeze(-1) - units).clamp(0, 1)
        #: Weights and biases of both layers, (streams, members, ...).
        self.parameters = [
            torch.nn.Parameter(values.to(settings.dtype), requires_grad=False)
            for values in _stacked(by_stream, settings, self._x.shape[-1], streams[0].outputs)
        ]
        self._gradients = vmap(vmap(grad(loss), in_dims=(0, 0, None, None)))
        self._optimizer = torch.optim.Adam(self.parameters, lr=members[0].lr, fused=True)

    def epoch(self, number: int) -> None:
        """One pass over the rows of every stream."""
        rows = self._x.shape[1]
        orders = torch.from_numpy(np.stack([order(s.seed, number, rows) for s in self._streams]))
        stream = torch.arange(len(self._streams)).unsqueeze(1)
        for index in orders.split(self._batch, 1):
            self._step(self._x[stream, index], self._y[stream, index])

    def _step(self, x: Tensor, y: Tensor) -> None:
        gradients = self._gradients(tuple(self.parameters), self._gates, x, y)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient
        self._optimizer.step()


def _stacked(by_stream: list[list[Member]], settings: Settings, inputs: int, outputs: int) -> list[Tensor]:
    starts = [
        [[t for pair in initial(member, settings, inputs, outputs) for t in pair] for member in row]
        for row in by_stream
    ]
    return [torch.stack([torch.stack([start[i] for start in row]) for row in starts]) for i in range(4)]
