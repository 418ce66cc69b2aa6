"""A task small enough to train in a blink."""

import torch
from torch import Tensor


def ring(rows: int = 200, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Two classes, inside and outside of a circle, in two dimensions."""
    x = torch.randn(rows, 2, generator=torch.Generator().manual_seed(3), dtype=dtype)
    return x, (x.norm(dim=1) > 1.2).long()
