"""Features that are sums of rectifiers of columns, as plain layers."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float64
from scipy.sparse import csr_array
from torch import nn


@dataclass(frozen=True, eq=False)
class Rectifiers:
    r"""Features :math:`e(x) = A\,\mathrm{relu}(B x + b) + c` of columns x.

    A layer :math:`W e + d` behind them becomes :math:`(W A)\,\mathrm{relu}(B x + b) + (W c + d)`: so an encoding in
    front of a network is one layer and a ReLU more (:meth:`before`, :meth:`behind`).

    Args:
        weight: B, (rectifiers, columns).
        bias: b, (rectifiers,).
        mixing: A, (features, rectifiers), sparse.
        shift: c, (features,).

    >>> absolute = Rectifiers(np.array([[1.0], [-1.0]]), np.zeros(2), csr_array([[1.0, 1.0]]), np.array([0.5]))
    >>> absolute(np.array([[3.0], [-2.0]])).tolist()
    [[3.5], [2.5]]
    >>> layers = nn.Sequential(absolute.before(), nn.ReLU(), absolute.behind(nn.Linear(1, 4)))
    >>> layers(torch.ones(1, 1, dtype=torch.float64)).shape
    torch.Size([1, 4])
    """

    weight: Float64[np.ndarray, "rectifiers columns"]
    bias: Float64[np.ndarray, " rectifiers"]
    mixing: csr_array
    shift: Float64[np.ndarray, " features"]

    def __call__(self, x: Float64[np.ndarray, "rows columns"]) -> Float64[np.ndarray, "rows features"]:
        """The features of rows."""
        return np.asarray((self.mixing @ np.maximum(self.weight @ x.T + self.bias[:, None], 0.0)).T + self.shift)

    def of_scaled(
        self, scale: Float64[np.ndarray, " columns"], centre: Float64[np.ndarray, " columns"]
    ) -> "Rectifiers":
        """The same features of columns x whose ``scale * (x - centre)`` these are features of."""
        weight = self.weight * scale
        return Rectifiers(weight, self.bias - weight @ centre, self.mixing, self.shift)

    def scaled(self, scale: Float64[np.ndarray, " features"], shift: Float64[np.ndarray, " features"]) -> "Rectifiers":
        """Features ``scale * e + shift``."""
        return Rectifiers(self.weight, self.bias, csr_array(self.mixing * scale[:, None]), scale * self.shift + shift)

    def before(self) -> nn.Linear:
        """The layer Bx + b, in float64; an ``nn.ReLU`` comes behind it."""
        return linear(self.weight, self.bias)

    def behind(self, layer: nn.Linear) -> nn.Linear:
        """A layer of the features as the same layer of the rectifiers, in float64: W A and W c + d."""
        weight = np.asarray(layer.weight.detach().cpu().double().numpy())
        bias = 0.0 if layer.bias is None else layer.bias.detach().cpu().double().numpy()
        return linear(np.asarray((self.mixing.T @ weight.T).T), weight @ self.shift + bias)


def linear(weight: Float64[np.ndarray, "outputs inputs"], bias: Float64[np.ndarray, " outputs"]) -> nn.Linear:
    """A layer with these numbers, in float64.

    >>> linear(np.array([[2.0]]), np.array([1.0]))(torch.tensor([[3.0]], dtype=torch.float64)).item()
    7.0
    """
    layer = nn.Linear(1, 1)  # one without outputs PyTorch would not make without a warning
    layer.out_features, layer.in_features = weight.shape
    parts = (np.array(part, np.float64, order="C") for part in (weight, bias))  # products have the bits of this order
    layer.weight, layer.bias = (nn.Parameter(torch.from_numpy(part)) for part in parts)
    return layer
