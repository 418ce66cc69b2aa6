"""Plain networks from the weights of a run."""

import torch
from torch import nn

from continuum.learn.weights import Weights


@torch.no_grad()
def sequential(weights: Weights, activation: str) -> nn.Sequential:
    """Linear layers with the activation between them, in eval mode."""
    layers: list[nn.Module] = []
    incoming, bias = weights.incoming[:, :-1], weights.incoming[:, -1]
    maps = [(incoming, bias), *((b.T, c) for b, c in zip(weights.outgoing, weights.biases, strict=True))]
    for weight, bias in maps:
        w, b = torch.from_numpy(weight.copy()), torch.from_numpy(bias.copy())
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype)
        linear.weight.copy_(w)
        linear.bias.copy_(b)
        layers += [linear, nn.Tanh() if activation == "tanh" else nn.ReLU()]
    return nn.Sequential(*layers[:-1]).eval()
