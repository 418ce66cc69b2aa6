"""Modules of every supported kind, and rows for them."""

from itertools import pairwise

import torch
from torch import nn


def perceptron(activation=nn.ReLU, widths=(6, 5), dtype=torch.float64):
    torch.manual_seed(1)
    sizes, layers = (4, *widths), []
    for first, last in pairwise(sizes):
        layers += [nn.Linear(first, last, dtype=dtype), activation()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 3, dtype=dtype)), torch.randn(40, 4, dtype=dtype)


def convolutional(dtype=torch.float64):
    """Conv, BatchNorm, pooling, a place-wise Flatten with BatchNorm behind it, dropout and a nested sequence."""
    torch.manual_seed(2)
    body = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    neck = [nn.Conv2d(4, 5, 3, padding="same", bias=False), nn.BatchNorm2d(5), nn.GELU(), nn.Flatten()]
    head = [nn.BatchNorm1d(80), nn.Linear(80, 6), nn.PReLU(6), nn.Dropout(0.2), nn.Linear(6, 3)]
    net = nn.Sequential(body, *neck, *head).to(dtype)
    x = torch.randn(40, 1, 8, 8, dtype=dtype)
    for _ in range(3):
        net(x)  # statistics that are not those of birth
    return net, x


def sequence(dtype=torch.float64):
    torch.manual_seed(3)
    maps = [
        nn.Conv1d(2, 4, 3, stride=2, padding=2, dilation=2, padding_mode="circular"),
        nn.LeakyReLU(),
        nn.AvgPool1d(2),
    ]
    net = nn.Sequential(*maps, nn.Conv1d(4, 3, 2), nn.SiLU(), nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(6, 3))
    return net.to(dtype), torch.randn(40, 2, 16, dtype=dtype)


CHAINS = {
    "relu": perceptron,
    "tanh": lambda: perceptron(nn.Tanh),
    "gelu": lambda: perceptron(nn.GELU, (6, 5, 4)),
    "convolutional": convolutional,
    "sequence": sequence,
}
