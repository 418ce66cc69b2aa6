"""A gradient step in pieces that stay in the cache: products by BLAS, all else by compiled kernels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from continuum import compiled
from continuum.compiled import kernels
from continuum.ensemble.kernels import product, tanh_
from continuum.ensemble.layout import Layout
from continuum.ensemble.optimizer import BETAS, EPSILON, FlatOptimizer
from continuum.ensemble.passes import Pass
from continuum.ensemble.settings import Settings

#: Bytes of parameters, memories and activations in a piece: half of a second-level cache, or less.
PIECE = 2**19


def suits(layout: Layout, settings: Settings, columns: int) -> bool:
    """Whether compiled kernels are wanted, and there for such networks: on the CPU, with one hidden layer.

    The columns of data must fill whole vectors, as 16 do.
    """
    whole = whole_columns(columns, settings) == columns
    there = settings.device == "cpu" and layout.depth == 1 and settings.activation in ("relu", "tanh")
    return there and whole and compiled.wanted()


def whole_columns(columns: int, settings: Settings) -> int:
    """That many columns, or as few more as fill whole vectors.

    >>> whole_columns(21, Settings(units=4))
    32
    """
    lanes = kernels.VECTOR // settings.dtype.itemsize
    return lanes * -(-columns // lanes)


@dataclass(frozen=True)
class _Piece:
    """Neighbouring members of one stream: what is done to them, bound to the memory of their numbers."""

    hidden: Tensor
    forward: Callable[[], object]
    backward: Callable[[], object]
    readout: Callable[[NDArray[Any]], object]
    adam: Callable[[float, float], object]
    stream: int
    weights: slice


class FusedStep:
    """Gradient steps of a chunk, piece by piece: forward, backward, and Adam where it has one learning rate, no decay.

    Args:
        layout: where the parameters lie.
        optimizer: of their flat buffer.
        batch: the pass that takes the minibatches.
        settings, kind: activation, optimizer and loss.
    """

    def __init__(self, layout: Layout, optimizer: FlatOptimizer, batch: Pass, settings: Settings, kind: str) -> None:
        self._layout, self._optimizer, self._batch = layout, optimizer, batch
        self._tanh, self._classes = settings.activation == "tanh", kind == "classification"
        self._adapts = settings.optimizer == "adam" and isinstance(optimizer.lr, float)
        flat = optimizer.parameters
        self._memories = [flat, optimizer.gradient, *optimizer.slots.values()]
        cuts = self._cuts(flat.element_size() * (4 * layout.columns + batch.columns))
        rows = max(layout.starts[0][stop] - layout.starts[0][start] for start, stop in pairwise(cuts))
        self._hidden = flat.new_empty(rows, batch.columns)
        self._pieces = [self._piece(s, *span) for s in range(layout.streams) for span in pairwise(cuts)]
        self._adapt_readouts = self._adam([m[layout.area(flat, 0).numel() :] for m in self._memories])
        self._gates, self._gates_of_pieces = flat, [np.empty(0)]

    def _cuts(self, bytes_per_row: int) -> list[int]:
        """Positions at which a stream is cut: as many pieces as it takes, of about equal numbers of rows."""
        starts, positions = self._layout.starts[0], self._layout.positions
        pieces = min(positions, -(-starts[-1] * bytes_per_row // PIECE))
        goals = starts[-1] * np.arange(1, pieces) / pieces
        return sorted({0, *np.searchsorted(starts, goals).tolist(), positions})

    def _piece(self, stream: int, start: int, stop: int) -> _Piece:
        layout, batch, outputs = self._layout, self._batch, self._layout.outputs
        low, high = layout.starts[0][start], layout.starts[0][stop]
        hidden, inputs = self._hidden[: high - low], batch.inputs[stream]
        first = [layout.area(memory, 0)[stream, low:high] for memory in self._memories]
        weights, biases = slice(low * outputs, high * outputs), slice(start * outputs, stop * outputs)
        weight, bias = (
            tuple(layout.area(m, 1, bias=b)[stream, span].view(-1, outputs).numpy() for m in self._memories[:2])
            for b, span in ((False, weights), (True, biases))
        )
        readout = kernels.readout(
            hidden.numpy(),
            np.array(layout.starts[0][start : stop + 1]) - low,
            weight,
            bias,
            batch.target[stream, 0].numpy(),
            batch.share.numpy(),
            relu=not self._tanh,
            classes=self._classes,
        )
        products = product(first[0], inputs.T, hidden), product(hidden, inputs, first[1])
        return _Piece(hidden, *products, readout, self._adam(first), stream, weights)

    def _adam(self, memories: Sequence[Tensor]) -> Callable[[float, float], object]:
        if not self._adapts:
            return lambda step, correction: None
        return kernels.adam([memory.view(-1).numpy() for memory in memories], BETAS, EPSILON)

    def step(self, gates: Tensor, factor: float) -> None:
        """One step on the minibatch that the pass has loaded, with a gate per outgoing weight, (streams, weights)."""
        optimizer, size, correction = self._optimizer, 0.0, 0.0
        adapts = self._adapts and optimizer.decay is None
        if adapts:
            steps, (beta1, beta2) = optimizer.advance(), BETAS
            size, correction = optimizer.lr * factor / (1 - beta1**steps), 1 / sqrt(1 - beta2**steps)
        for piece, gate in zip(self._pieces, self._cut_gates(gates), strict=True):
            piece.forward()
            if self._tanh:
                tanh_(piece.hidden)
            piece.readout(gate)
            piece.backward()
            if adapts:
                piece.adam(size, correction)
        if adapts:
            self._adapt_readouts(size, correction)
        else:
            optimizer.step(factor)

    def _cut_gates(self, gates: Tensor) -> list[NDArray[Any]]:
        if gates is not self._gates:
            rows = gates.numpy()
            cut = [rows[piece.stream, piece.weights] for piece in self._pieces]
            self._gates, self._gates_of_pieces = gates, cut
        return self._gates_of_pieces
