"""Forward and backward pass of a chunk of networks over a fixed number of rows of data."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from continuum.ensemble.activations import Map, activation
from continuum.ensemble.layers import GroupedLinear, SharedLinear
from continuum.ensemble.layout import Layout
from continuum.ensemble.losses import Loss
from continuum.ensemble.parts import StackedRows
from continuum.ensemble.settings import Settings


class Pass:
    """Networks of a layout on ``columns`` rows of data at a time; all memory is taken once.

    Args:
        layout: where the parameters lie in ``flat``; gradients are written to ``gradient``.
        columns: rows of data, which are the columns of the activations: a unit is a row there.
    """

    def __init__(
        self, layout: Layout, flat: Tensor, gradient: Tensor, columns: int, settings: Settings, loss: Loss
    ) -> None:
        def memory(*shape: int) -> Tensor:
            # Not zeroed: every number is written before it is read.
            return torch.empty(layout.streams, *shape, dtype=flat.dtype, device=flat.device)

        self.columns, self.loss = columns, loss
        self.inputs = memory(columns, layout.columns)
        self.target = memory(1, layout.outputs, columns)
        self._target_rows = memory(columns, layout.outputs)
        #: Weight of every column in the loss.
        self.share = torch.zeros(columns, dtype=flat.dtype, device=flat.device)
        self._weighting = 0, 0.0
        # Activations and their gradients, layer by layer; the last pair holds the outputs.
        self.hidden = [(memory(total, columns), memory(total, columns)) for total in layout.totals]
        first, first_gradient = self.hidden[0]
        self.shared = SharedLinear(layout.area(flat, 0), self.inputs, first, layout.area(gradient, 0), first_gradient)
        self.grouped = [
            GroupedLinear(layout, layer, (flat, gradient), self.hidden[layer - 1], self.hidden[layer])
            for layer in range(1, layout.depth + 1)
        ]
        self.maps: list[Map] = [activation(settings.activation) for _ in self.grouped]
        self._per_output = (layout.streams, layout.positions, layout.outputs, columns)

    @property
    def logits(self) -> Float[Tensor, "streams members outputs columns"]:
        """Outputs of the last forward pass."""
        return self.hidden[-1][0].view(self._per_output)

    def load(self, data: StackedRows, index: Int[Tensor, "streams columns"], used: int, weight: float) -> None:
        """Take rows of data; only the first ``used`` columns count, each with ``weight`` in the loss."""
        flat_index = index.flatten()
        torch.index_select(data.inputs, 0, flat_index, out=self.inputs.flatten(0, 1))
        torch.index_select(data.target, 0, flat_index, out=self._target_rows.flatten(0, 1))
        self.target.squeeze(1).copy_(self._target_rows.mT)
        if self._weighting != (used, weight):  # which is so in the last batch of an epoch, and after it
            self.share.zero_()[:used] = weight
            self._weighting = used, weight

    def fold(self, gates: list[Tensor]) -> None:
        """Take the current weights, gated."""
        for layer, factors in zip(self.grouped, gates, strict=True):
            layer.fold(factors)

    def forward(self) -> None:
        """Inputs to logits."""
        self.shared.forward()
        for apply, layer, (hidden, _) in zip(self.maps, self.grouped, self.hidden, strict=False):
            apply.forward(hidden)
            layer.forward()

    def backward(self) -> None:
        """Gradient of the weighted loss in all parameters; in gated weights, until they are unfolded."""
        output_gradient = self.hidden[-1][1].view(self._per_output)
        self.loss.residual(self.logits, self.target, output_gradient).mul_(self.share)
        for apply, layer, (hidden, gradient) in zip(
            reversed(self.maps), reversed(self.grouped), reversed(self.hidden[:-1]), strict=True
        ):
            layer.backward()
            apply.backward(gradient, hidden)
        self.shared.backward()

    def unfold(self) -> None:
        """Turn gradients in gated weights into gradients in weights."""
        for layer in self.grouped:
            layer.unfold()
