"""Baseline of the slice: a forward pass of the gated network for every width."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def separate_curve(
    x: Float[Tensor, "rows d"],
    labels: Int[Tensor, " rows"],
    first: tuple[Float[Tensor, "units d"], Float[Tensor, " units"]],
    last: tuple[Float[Tensor, "units c"], Float[Tensor, " c"]],
    gammas: Float[Tensor, " widths"],
) -> tuple[Float[Tensor, " widths"], Float[Tensor, " widths"]]:
    """Loss and accuracy at every width, in plain PyTorch."""
    (w1, b1), (w2, b2) = first, last
    units = torch.arange(len(w1))
    losses, accuracies = [], []
    for gamma in gammas:
        gates = (gamma - units).clamp(0, 1)
        logits = (torch.relu(x @ w1.T + b1) * gates) @ w2 + b2
        losses.append(torch.nn.functional.cross_entropy(logits, labels).item())
        accuracies.append((logits.argmax(1) == labels).double().mean().item())
    return torch.tensor(losses, dtype=torch.float64), torch.tensor(accuracies, dtype=torch.float64)
