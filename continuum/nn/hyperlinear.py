"""A linear layer that follows hyperparameters, and the same response for layers of any kind."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear
from torch.utils._pytree import tree_leaves

from continuum import checks
from continuum.errors import BadInput


class HyperLinear(nn.Module):
    r"""A linear layer with weights that move with hyperparameters, each row of them in its own direction.

    With a change :math:`\lambda` of the hyperparameters the layer computes

    .. math:: y = W x + b + (V\lambda) \odot (W' x) + (C\lambda) \odot b',

    which is :math:`W(\lambda)\,x + b(\lambda)` for :math:`W(\lambda) = W + (V\lambda) \odot_{\mathrm{row}} W'`: to
    scale a row of the weights is to scale a preactivation. So every example of a batch may have its own
    :math:`\lambda` at the cost of two products, and no weights are built. A row moves along one direction only, which
    restricts nothing with one hyperparameter, and with several leaves a response of rank one in each row.

    Against ``nn.Linear`` it has :math:`2 + 2h/(i+1)` times the parameters, for i inputs and h hyperparameters: about
    twice as many only while h is far below i. V and C start at 0, so that the layer starts as a plain one.

    Args:
        inputs: i, features.
        outputs: rows of the weights.
        hyperparameters: h, how many there are.

    Reference: M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, "Self-Tuning Networks", 2019.

    >>> layer = HyperLinear(3, 2, hyperparameters=1)
    >>> layer(torch.ones(5, 3), torch.zeros(1)).shape, layer(torch.ones(5, 3), torch.zeros(5, 1)).shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    >>> sum(p.numel() for p in layer.parameters()) / sum(p.numel() for p in nn.Linear(3, 2).parameters())
    2.5
    """

    def __init__(self, inputs: int, outputs: int, hyperparameters: int) -> None:
        super().__init__()
        self.inputs = checks.whole("inputs", inputs, at_least=1)
        self.outputs = checks.whole("outputs", outputs, at_least=1)
        self.hyperparameters = checks.whole("hyperparameters", hyperparameters, at_least=1)
        # nn.Linear knows how to start; a response that starts at 0 on both factors would never move.
        plain, moving = nn.Linear(inputs, outputs), nn.Linear(inputs, outputs)
        self.weight, self.bias = plain.weight, plain.bias
        self.weight_direction, self.bias_direction = moving.weight, moving.bias
        self.weight_scale = nn.Parameter(torch.zeros(outputs, hyperparameters))
        self.bias_scale = nn.Parameter(torch.zeros(outputs, hyperparameters))

    def forward(
        self, x: Float[Tensor, "*rows inputs"], change: Float[Tensor, "*some hyperparameters"]
    ) -> Float[Tensor, "*rows outputs"]:
        """Preactivations for one change of the hyperparameters, shape (h,), or for one per row, (*rows, h)."""
        self._check(x, change)
        moved = linear(change, self.weight_scale) * linear(x, self.weight_direction)
        return linear(x, self.weight, self.bias) + moved + linear(change, self.bias_scale) * self.bias_direction

    def plain(self) -> dict[str, Tensor]:
        """W and b, by the names that ``nn.Linear`` gives them."""
        return {"weight": self.weight, "bias": self.bias}

    def slopes(self) -> dict[str, tuple[Tensor, Tensor]]:
        """(V, W') and (C, b'), as :func:`row_scaled` takes them."""
        return {
            "weight": (self.weight_scale, self.weight_direction),
            "bias": (self.bias_scale, self.bias_direction),
        }

    def extra_repr(self) -> str:
        return f"inputs={self.inputs}, outputs={self.outputs}, hyperparameters={self.hyperparameters}"

    def _check(self, x: Tensor, change: Tensor) -> None:
        if x.dim() == 0 or x.shape[-1] != self.inputs:
            expected, remedy = f"{self.inputs} features on the last axis", "give as many as the layer has inputs"
            raise BadInput("HyperLinear input", expected=expected, came=f"shape {tuple(x.shape)}", remedy=remedy)
        allowed = [(self.hyperparameters,), (*x.shape[:-1], self.hyperparameters)]
        if tuple(change.shape) not in allowed:
            expected = " or ".join(f"shape {shape}" for shape in dict.fromkeys(allowed))
            remedy = "give one change of the hyperparameters, or one per row"
            raise BadInput("change", expected=expected, came=f"shape {tuple(change.shape)}", remedy=remedy)


def row_scaled(slopes: Any, change: Any) -> Any:
    r"""Change of the parameters, :math:`(V\lambda) \odot_{\mathrm{row}} W'` for each pair (V, W').

    The response of a :class:`HyperLinear`, as a function of two pytrees. Rows are the first axis of W': for a
    convolution, its output channels.

    Args:
        slopes: dict, by the names of the parameters, of pairs (V, W'), V of shape (rows, h); dicts may be nested.
        change: of the hyperparameters, h numbers in tensors of any shape.

    >>> slopes = {"weight": (torch.tensor([[1.0], [2.0]]), torch.ones(2, 3))}
    >>> row_scaled(slopes, torch.tensor(0.5))
    {'weight': tensor([[0.5000, 0.5000, 0.5000],
            [1.0000, 1.0000, 1.0000]])}
    """
    vector = torch.cat([leaf.reshape(-1) for leaf in tree_leaves(change)])
    return _scaled(slopes, vector)


def _scaled(slopes: Any, vector: Float[Tensor, " hyperparameters"]) -> Any:
    if isinstance(slopes, dict):
        return {name: _scaled(value, vector) for name, value in slopes.items()}
    scale, direction = slopes
    if scale.shape != (direction.shape[0], len(vector)):
        expected = f"a scale of shape {(direction.shape[0], len(vector))}"
        remedy = "give one weight per row and hyperparameter"
        raise BadInput("slopes", expected=expected, came=f"shape {tuple(scale.shape)}", remedy=remedy)
    return (scale @ vector).reshape(-1, *[1] * (direction.dim() - 1)) * direction
