"""A law of width as a layer."""

from jaxtyping import Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.widths import Width


class Gate(nn.Module):
    r"""Multiply every hidden unit by its gate: :math:`y_i \mapsto m_i\, y_i`.

    Put it after an activation (before it, an unbounded later weight could undo a soft gate, and a bias would
    leak through a closed one). The units lie on the last axis.

    Args:
        width: the law. With batch shape ``*batch`` the input is (*batch, rows, units); with an empty one it may
            have any leading shape.

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

    def __init__(self, width: Width) -> None:
        super().__init__()
        self.width = width

    def forward(self, hidden: Float[Tensor, "*rows units"]) -> Float[Tensor, "*rows units"]:
        """Gate the last axis of ``hidden``."""
        if hidden.shape[-1] != self.width.units:
            raise BadInput(
                "Gate input",
                expected=f"{self.width.units} units on the last axis",
                came=f"shape {tuple(hidden.shape)}",
                remedy="give the layer before the gate as many outputs as the width has units",
            )
        gates = self.width.gates()
        if gates.dim() == 1:
            return hidden * gates
        batch = gates.shape[:-1]
        if hidden.shape[:-2] != batch or hidden.dim() < 2:
            raise BadInput(
                "Gate input",
                expected=f"shape ({', '.join(map(str, batch))}, rows, {self.width.units})",
                came=f"shape {tuple(hidden.shape)}",
                remedy="give each width of the batch its own rows",
            )
        return hidden * gates.unsqueeze(-2)
