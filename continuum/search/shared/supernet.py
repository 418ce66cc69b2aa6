r"""One set of weights for the networks of every width and depth of a space."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import prod, sqrt

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from continuum.benchmark.space import Space
from continuum.ensemble import Stream


@dataclass(frozen=True)
class Rows:
    """Inputs and targets: classes as whole numbers, or standardised values in one column."""

    x: Float[Tensor, "rows features"]
    y: Tensor


@dataclass(frozen=True)
class Layers:
    """Views into the flat vector of weights: (weight, bias) of each hidden layer, and of the head of each depth."""

    hidden: tuple[tuple[Tensor, Tensor], ...]
    heads: tuple[tuple[Tensor, Tensor], ...]


@dataclass(frozen=True)
class Supernet:
    r"""Networks that share their weights: of each hidden layer the prefix of gamma units, a fraction of the last one.

    .. math:: h_l = \tanh\big(b_l + (m(\gamma) \odot h_{l-1}) W_l\big), \qquad
              z_d = c_d + (m(\gamma) \odot h_d) V_d, \qquad m_i = \operatorname{clip}(\gamma - i, 0, 1) .

    Networks of depth d = 1, 2, ... share the layers that they have in common; each depth has a head V_d of its own.

    Args:
        inputs, outputs: features, and classes (1 in regression).
        kind: ``"classification"`` or ``"regression"``.
        units: allocated in each hidden layer.
        depth: of the deepest network.

    Reference: J. Yu et al., "Slimmable neural networks", 2019.

    >>> net = Supernet(inputs=4, outputs=3, kind="classification", units=8, depth=2)
    >>> weights = net.initial(torch.Generator().manual_seed(0))
    >>> net.logits(weights, torch.zeros(5, 4), net.gates([2.5, 8.0]), depths=[1, 2]).shape
    torch.Size([2, 5, 3])
    """

    inputs: int
    outputs: int
    kind: str
    units: int
    depth: int

    @classmethod
    def of(cls, stream: Stream, space: Space) -> "Supernet":
        """The net that holds every network of a space."""
        return cls(stream.train.x.shape[1], stream.outputs, stream.kind, int(-(-space.gamma[-1] // 1)), space.depth[-1])

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of all weights and biases, in their order in the flat vector."""
        fans = [self.inputs, *[self.units] * (self.depth - 1)]
        hidden: list[tuple[int, ...]] = [shape for fan in fans for shape in ((fan, self.units), (self.units,))]
        return hidden + [(self.units, self.outputs), (self.outputs,)] * self.depth

    def initial(self, generator: torch.Generator) -> Float[Tensor, " size"]:
        """Normal weights of standard deviation gain / sqrt(fan-in), the biases of heads 0."""
        gain, pieces = 5 / 3, []
        for number, shape in enumerate(self.shapes):
            head = number >= 2 * self.depth
            fan = shape[0] if len(shape) == 2 else self.shapes[number - 1][0]
            scale = (0.0 if len(shape) == 1 else 1.0) if head else gain
            pieces.append(torch.randn(prod(shape), generator=generator) * scale / sqrt(fan))
        return torch.cat(pieces)

    def decayed(self) -> Bool[Tensor, " size"]:
        """Which numbers are weights, on which decay acts, not biases."""
        return torch.cat([torch.full((prod(shape),), len(shape) == 2) for shape in self.shapes])

    def layers(self, weights: Float[Tensor, " size"]) -> Layers:
        """The weights by layers."""
        pieces = torch.split(weights, [prod(shape) for shape in self.shapes])
        views = [piece.view(shape) for piece, shape in zip(pieces, self.shapes, strict=True)]
        pairs = tuple(zip(views[::2], views[1::2], strict=True))
        return Layers(pairs[: self.depth], pairs[self.depth :])

    def gates(self, gammas: Sequence[float]) -> Float[Tensor, "networks units"]:
        """m(gamma), one row per network."""
        return (torch.tensor(gammas)[:, None] - torch.arange(self.units)).clamp(0, 1)

    def logits(
        self,
        weights: Float[Tensor, " size"],
        x: Float[Tensor, "rows features"],
        gates: Float[Tensor, "networks units"],
        depths: Sequence[int],
    ) -> Float[Tensor, "networks rows outputs"]:
        """Outputs of several networks; of gates that are no prefixes, too."""
        layers, places = self.layers(weights), sorted(range(len(depths)), key=lambda place: depths[place])
        gates = gates[places]
        weight, bias = layers.hidden[0]
        hidden = torch.tanh(torch.addmm(bias, x, weight))[None]
        answers, done, level = [], 0, 1
        for depth, group in groupby(places, key=lambda place: depths[place]):
            while level < depth:
                weight, bias = layers.hidden[level]
                hidden = torch.tanh(hidden * gates[:, None] @ weight + bias)
                level += 1
            count = len(list(group))
            weight, bias = layers.heads[depth - 1]
            here = hidden if len(hidden) == 1 else hidden[:count]
            answers.append((here * gates[:count, None]) @ weight + bias)
            gates, hidden, done = gates[count:], hidden if len(hidden) == 1 else hidden[count:], done + count
        back = torch.tensor(sorted(range(len(places)), key=lambda index: places[index]))
        return torch.cat(answers)[back] if done > 1 else answers[0]

    def losses(
        self, weights: Float[Tensor, " size"], rows: Rows, gates: Float[Tensor, "networks units"], depths: Sequence[int]
    ) -> Float[Tensor, " networks"]:
        """Mean loss of each network: nats, or half the squared error."""
        return self.loss(self.logits(weights, rows.x, gates, depths), rows.y)

    def loss(self, logits: Float[Tensor, "networks rows outputs"], y: Tensor) -> Float[Tensor, " networks"]:
        """Mean loss of outputs."""
        if self.kind == "regression":
            return (logits[..., 0] - y).square().mean(-1) / 2
        chosen = torch.log_softmax(logits, -1).gather(-1, y.expand(len(logits), -1)[..., None])
        return -chosen[..., 0].mean(-1)
