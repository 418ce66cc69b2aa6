"""Linear layers of many networks at once, with a forward and a backward product each, on persistent memory."""

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.ensemble.kernels import product
from continuum.ensemble.layout import Bucket, Layout


class SharedLinear:
    """First layers: Z = W X' for every stream, all members' rows in one product.

    Args:
        weight: (streams, rows, features), biases in the last feature's column.
        inputs: (streams, columns, features), a column of ones last.
        output: (streams, rows, columns).
        weight_gradient, output_gradient: memory of the same shapes.
    """

    def __init__(
        self,
        weight: Float[Tensor, "streams rows features"],
        inputs: Float[Tensor, "streams columns features"],
        output: Float[Tensor, "streams rows columns"],
        weight_gradient: Float[Tensor, "streams rows features"],
        output_gradient: Float[Tensor, "streams rows columns"],
    ) -> None:
        self.forward = product(weight, inputs.mT, output)
        self.backward = product(output_gradient, inputs, weight_gradient)


class GroupedLinear:
    """Later layers: each member's z = b + sum_i m_i h_i W_i, in buckets of equal shape.

    The gates are folded into the outgoing weights (:meth:`fold`), which costs one pass over weights instead of one
    over activations.

    Args:
        layout, layer: where the weights lie.
        parameters: the flat buffer, and that of its gradient.
        inputs, output: activations h and z, (streams, rows, columns), each with memory for its gradient.
    """

    def __init__(
        self,
        layout: Layout,
        layer: int,
        parameters: tuple[Tensor, Tensor],
        inputs: tuple[Tensor, Tensor],
        output: tuple[Tensor, Tensor],
    ) -> None:
        flat, gradient = parameters
        self.weight, self.bias = layout.area(flat, layer), layout.area(flat, layer, bias=True)
        self.weight_gradient = layout.area(gradient, layer)
        self.bias_gradient = layout.area(gradient, layer, bias=True)
        self.gated = torch.empty_like(self.weight)
        self.output, self.output_gradient = output
        self._forward, self._to_weights, self._to_inputs = [], [], []
        for bucket in layout.buckets(layer):
            h, to_h = (_rows(x, bucket.row_in, bucket.members, bucket.fan_in) for x in inputs)
            z, to_z = (_rows(x, bucket.row_out, bucket.members, bucket.fan_out) for x in output)
            w, to_w = (_block(x, bucket) for x in (self.gated, self.weight_gradient))
            self._forward.append(product(w.mT, h, z))
            self._to_weights.append(product(h, to_z.mT, to_w))
            self._to_inputs.append(product(w, to_z, to_h))

    def fold(self, gates: Float[Tensor, "streams weights"]) -> None:
        """Take the current weights times the gates of the units that feed them."""
        self.gates = gates
        torch.mul(self.weight, gates, out=self.gated)

    def forward(self) -> None:
        """Activations to outputs."""
        for multiply in self._forward:
            multiply()
        self.output.add_(self.bias.unsqueeze(-1))

    def backward(self) -> None:
        """Output gradient to those of inputs, biases and gated weights."""
        for multiply in self._to_weights:
            multiply()
        for multiply in self._to_inputs:
            multiply()
        torch.sum(self.output_gradient, -1, out=self.bias_gradient)

    def unfold(self) -> None:
        """Turn the gradient of the gated weights, in place, into that of the weights."""
        self.weight_gradient.mul_(self.gates)


def _rows(x: Tensor, start: int, members: int, rows: int) -> Tensor:
    return x[:, start : start + members * rows].view(len(x), members, rows, -1)


def _block(flat: Tensor, bucket: Bucket) -> Tensor:
    size = bucket.members * bucket.fan_in * bucket.fan_out
    blocks = flat[:, bucket.weight : bucket.weight + size]
    return blocks.view(len(flat), bucket.members, bucket.fan_in, bucket.fan_out)
