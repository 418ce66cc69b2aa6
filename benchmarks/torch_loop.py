"""Baseline: one network at a time, as PyTorch's tutorials write it."""

import torch
from torch import nn

from continuum.ensemble import Member, Settings, Stream
from continuum.ensemble.initial import initial
from continuum.ensemble.stream import order


class TorchLoop:
    """A network of ``width`` units; starts and minibatches are those of the engine's member of that width.

    Args:
        stream: data.
        width: units, a whole number, so that no gate is needed.
        settings: batch and dtype.
        lr: learning rate of Adam.
        fused: use the fused kernel of torch's Adam (not the default on the CPU).
    """

    def __init__(self, stream: Stream, width: int, settings: Settings, lr: float, fused: bool = False) -> None:
        self._seed, self._batch = stream.seed, settings.batch
        self._x, self._y = torch.tensor(stream.train.x, dtype=settings.dtype), torch.tensor(stream.train.y)
        inputs = self._x.shape[1]
        self.network = nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, stream.outputs))
        (w1, b1), (w2, b2) = initial(Member(width, init=stream.seed), settings, inputs, stream.outputs)
        with torch.no_grad():
            for parameter, start in zip(
                self.network.parameters(), (w1[:width], b1[:width], w2[:width].T, b2), strict=True
            ):
                parameter.copy_(start)
        self._optimizer = torch.optim.Adam(self.network.parameters(), lr=lr, fused=fused)

    def epoch(self, number: int) -> None:
        """One pass over the rows."""
        for index in torch.from_numpy(order(self._seed, number, len(self._x))).split(self._batch):
            self._optimizer.zero_grad()
            nn.functional.cross_entropy(self.network(self._x[index]), self._y[index]).backward()
            self._optimizer.step()
