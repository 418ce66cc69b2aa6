"""A law of width as a layer."""

from jaxtyping import Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.widths import Width


class Gate(nn.Module):
    r"""Multiply every hidden unit by its gate: :math:`y_i \mapsto m_i\, y_i`.

    Put it after an activation (before it, an unbounded later weight could undo a soft gate, and a bias would
    leak through a closed one).

    Args:
        width: the law. With batch shape ``*batch`` the input is (*batch, rows, units); with an empty one it may
            have any shape with the units on ``axis``.
        axis: where the units lie: the last axis, or 1 for the channels of (batch, channels, height, width). A batch
            of widths takes the last axis only.

    >>> import torch
    >>> from continuum.widths import Interval
    >>> net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), Gate(Interval(8, gamma=2.5)), nn.Linear(8, 1))
    >>> net(torch.zeros(5, 3)).shape
    torch.Size([5, 1])
    >>> net[2]
    Gate(
      (width): Interval(units=8, exponent=1, side='right')
    )
    """

    def __init__(self, width: Width, axis: int = -1) -> None:
        super().__init__()
        self.width, self.axis = width, axis

    def forward(self, hidden: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Gate the units of ``hidden``, which lie on ``axis``."""
        return self.gated(hidden, self.width.gates())

    def gated(self, hidden: Float[Tensor, "*shape"], gates: Float[Tensor, "*batch units"]) -> Float[Tensor, "*shape"]:
        """The same with gates that are there already: one sample of them, say."""
        behind = self._axes_behind(hidden)
        if gates.dim() == 1:
            return hidden * gates.reshape(-1, *[1] * behind)
        batch = gates.shape[:-1]
        if behind:
            raise BadInput(
                "Gate axis", expected="-1 for a batch of widths", came=self.axis, remedy="move the units last"
            )
        if hidden.shape[:-2] != batch or hidden.dim() < 2:
            raise BadInput(
                "Gate input",
                expected=f"shape ({', '.join(map(str, batch))}, rows, {self.width.units})",
                came=f"shape {tuple(hidden.shape)}",
                remedy="give one set of rows per width of the batch",
            )
        return hidden * gates.unsqueeze(-2)

    def _axes_behind(self, hidden: Tensor) -> int:
        """Number of axes behind that of the units."""
        place = self.axis % hidden.dim() if -hidden.dim() <= self.axis < hidden.dim() else None
        if place is None or hidden.shape[place] != self.width.units:
            raise BadInput(
                "Gate input",
                expected=f"{self.width.units} units on {'the last axis' if self.axis == -1 else f'axis {self.axis}'}",
                came=f"shape {tuple(hidden.shape)}",
                remedy="give the layer before the gate as many outputs as the width has units",
            )
        return hidden.dim() - 1 - place

    def extra_repr(self) -> str:
        return "" if self.axis == -1 else f"axis={self.axis}"
