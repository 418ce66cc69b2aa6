"""A straight line beside a network."""

from torch import Tensor, nn


class Skip(nn.Module):
    """Outputs body(x) + linear(x): what is linear in the inputs takes no hidden unit.

    Args:
        body: a network.
        linear: a layer of the same inputs and outputs.

    >>> import torch
    >>> body = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    >>> skip, x = Skip(body, nn.Linear(2, 1)), torch.ones(4, 2)
    >>> bool((skip(x) == body(x) + skip.linear(x)).all())
    True
    """

    def __init__(self, body: nn.Sequential, linear: nn.Linear) -> None:
        super().__init__()
        self.body, self.linear = body, linear

    def forward(self, x: Tensor) -> Tensor:
        """Body plus line."""
        outputs: Tensor = self.body(x) + self.linear(x)
        return outputs
