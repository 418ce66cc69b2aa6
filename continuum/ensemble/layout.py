"""Where every weight of a chunk of networks lies: one flat buffer, rectangular over streams, ragged over members.

A chunk holds P members on each of S streams; position p has the same number of rows (computed units) on every
stream. For one stream the flat buffer holds, layer after layer,

* first layer: (R, columns), the rows of all members on top of each other, biases in column d: one product with the
  shared inputs serves all of them;
* each later layer: the blocks (fan-in, fan-out) of its members one after the other, then their biases. Runs of
  members with equal blocks form a bucket, a strided batch of small products.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, groupby
from operator import mul

import torch
from jaxtyping import Int
from torch import Tensor

Pairs = list[tuple[Tensor, Tensor]]


def input_columns(inputs: int) -> int:
    """Columns of the first layer: d weights, a bias, and zeros where they make products cheaper.

    A few columns below a multiple of 16, the last vector of a row is computed piece by piece: with 31 columns the
    gradient of the weights takes 1.8 times what it takes with 32; from 12 of 16 on it pays to fill up.

    >>> [input_columns(d) for d in (4, 13, 30, 64)]
    [5, 16, 32, 65]
    """
    used = inputs + 1
    return 16 * -(used // -16) if used % 16 >= 12 else used


@dataclass(frozen=True)
class Bucket:
    """A run of ``members`` with equal blocks (fan_in, fan_out), and where it starts among rows and weights."""

    members: int
    fan_in: int
    fan_out: int
    row_in: int
    row_out: int
    weight: int


@dataclass(frozen=True)
class Section:
    """A stretch of the flat buffer: the weights or biases of one layer, ``size`` numbers per stream."""

    layer: int
    bias: bool
    start: int
    size: int


class Layout:
    """Places of all parameters of S x P networks.

    Args:
        streams: S.
        rows: for each position p, its number of rows in every hidden layer.
        inputs: features d of a row of data.
        outputs: numbers that a network puts out.
    """

    def __init__(self, streams: int, rows: Sequence[tuple[int, ...]], inputs: int, outputs: int) -> None:
        self.streams, self.rows, self.inputs, self.outputs = streams, list(rows), inputs, outputs
        self.positions, self.columns = len(self.rows), input_columns(inputs)
        self.depth = len(self.rows[0])
        #: widths[l][p]: rows of position p in layer l; the last layer is the output.
        self.widths = [[r[layer] for r in self.rows] for layer in range(self.depth)] + [[outputs] * self.positions]
        self.starts = [[0, *accumulate(widths)] for widths in self.widths]
        self.totals = [starts[-1] for starts in self.starts]

    @cached_property
    def sections(self) -> list[Section]:
        """All stretches in the order of the buffer; the first layer's biases lie inside its weights."""
        sizes = [(0, False, self.totals[0] * self.columns)]
        for layer in range(1, self.depth + 1):
            sizes += [(layer, False, self._blocks[layer][-1]), (layer, True, self.totals[layer])]
        starts = accumulate((size * self.streams for *_, size in sizes), initial=0)
        return [Section(layer, bias, start, size) for (layer, bias, size), start in zip(sizes, starts, strict=False)]

    @property
    def size(self) -> int:
        """Length of the flat buffer."""
        last = self.sections[-1]
        return last.start + last.size * self.streams

    @cached_property
    def _blocks(self) -> list[list[int]]:
        """For every layer, where the blocks of its members start; the first layer has none."""
        fans = [[], *(map(mul, self.widths[layer - 1], self.widths[layer]) for layer in range(1, self.depth + 1))]
        return [[0, *accumulate(sizes)] for sizes in fans]

    def area(self, flat: Tensor, layer: int, *, bias: bool = False) -> Tensor:
        """View of a layer's weights, (S, R, columns) or (S, blocks), or of its biases, (S, rows)."""
        section = next(s for s in self.sections if (s.layer, s.bias) == (layer, bias))
        view = flat[section.start : section.start + section.size * self.streams].view(self.streams, section.size)
        return view if layer else view.view(self.streams, self.totals[0], self.columns)

    def buckets(self, layer: int) -> list[Bucket]:
        """Buckets of a layer behind the first."""
        blocks, buckets, p = self._blocks[layer], [], 0
        for (fan_in, fan_out), run in groupby(zip(self.widths[layer - 1], self.widths[layer], strict=True)):
            members = len(list(run))
            starts = self.starts[layer - 1][p], self.starts[layer][p], blocks[p]
            buckets.append(Bucket(members, fan_in, fan_out, *starts))
            p += members
        return buckets

    def split(self, flat: Tensor) -> list[Pairs]:
        """Views of every member's weights and biases, members in stream-major order.

        They are (rows, d) and (rows,) in the first layer, then (fan-in, fan-out) and (fan-out,).
        """
        first = self.area(flat, 0).view(-1, self.columns)
        rows = self.widths[0] * self.streams
        layers = [
            list(zip(torch.split(first[:, : self.inputs], rows), torch.split(first[:, self.inputs], rows), strict=True))
        ]
        for layer in range(1, self.depth + 1):
            fans = list(zip(self.widths[layer - 1], self.widths[layer], strict=True)) * self.streams
            blocks = torch.split(self.area(flat, layer).view(-1), [fan_in * fan_out for fan_in, fan_out in fans])
            weights = [block.view(shape) for block, shape in zip(blocks, fans, strict=True)]
            biases = torch.split(self.area(flat, layer, bias=True).view(-1), [fan_out for _, fan_out in fans])
            layers.append(list(zip(weights, biases, strict=True)))
        return [list(pairs) for pairs in zip(*layers, strict=True)]

    def join(self, flat: Tensor, members: Sequence[Pairs]) -> None:
        """Write every member's weights and biases, in the order and the shapes of :meth:`split`."""
        first = self.area(flat, 0).view(-1, self.columns)
        first[:, : self.inputs] = torch.cat([pairs[0][0] for pairs in members])
        first[:, self.inputs] = torch.cat([pairs[0][1] for pairs in members])
        for layer in range(1, self.depth + 1):
            weights = torch.cat([pairs[layer][0].flatten() for pairs in members])
            self.area(flat, layer).view(-1).copy_(weights)
            self.area(flat, layer, bias=True).view(-1).copy_(torch.cat([pairs[layer][1] for pairs in members]))

    def row_maps(self, layer: int) -> tuple[Int[Tensor, " rows"], Int[Tensor, " rows"]]:
        """For every row of a layer: the position of its member, and its unit there."""
        widths = torch.tensor(self.widths[layer])
        position = torch.repeat_interleave(torch.arange(self.positions), widths)
        return position, torch.arange(self.totals[layer]) - torch.tensor(self.starts[layer][:-1])[position]

    def feeders(self, layer: int) -> Int[Tensor, " weights"]:
        """For every weight of a layer behind the first: the row of the layer before that feeds it."""
        position, _ = self.row_maps(layer - 1)
        return torch.repeat_interleave(torch.arange(self.totals[layer - 1]), torch.tensor(self.widths[layer])[position])

    def owners(self) -> Int[Tensor, " parameters"]:
        """For every number of the flat buffer, its member as s * P + p."""
        owners = torch.empty(self.size, dtype=torch.long)
        offsets = (torch.arange(self.streams) * self.positions).unsqueeze(1)
        for section in self.sections:
            if section.layer == 0:
                position = self.row_maps(0)[0].repeat_interleave(self.columns)
            elif section.bias:
                position = self.row_maps(section.layer)[0]
            else:
                position = self.row_maps(section.layer - 1)[0][self.feeders(section.layer)]
            stop = section.start + section.size * self.streams
            owners[section.start : stop] = (offsets + position).flatten()
        return owners
