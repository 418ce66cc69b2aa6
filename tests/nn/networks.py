"""Networks for the tests, with statistics and parameters that are nothing special."""

import torch
from torch import Tensor, nn

from continuum.nn import Gate
from continuum.widths import Interval, Width


class Given(Width):
    """Gates as given."""

    def __init__(self, gates: list[float]) -> None:
        super().__init__(len(gates))
        self.register_buffer("values", torch.tensor(gates))

    def gates(self, generator: torch.Generator | None = None) -> Tensor:
        return self.values


def chain(*layers: nn.Module) -> nn.Sequential:
    model = nn.Sequential(*layers)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) and layer.running_mean is not None:
            layer.running_mean.normal_()
            layer.running_var.uniform_(0.5, 2)
            if layer.affine:
                nn.init.normal_(layer.weight)
                nn.init.normal_(layer.bias)
    return model.eval()


def dense(gate: Gate, behind: list[nn.Module], before: list[nn.Module]) -> nn.Sequential:
    return chain(nn.Linear(3, 6), *before, gate, *behind, nn.Linear(6, 2))


def conv(gate: Gate, behind: list[nn.Module], before: list[nn.Module], padding: int = 0) -> nn.Sequential:
    tail = [nn.Conv2d(6, 3, 3, padding=padding), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 2)]
    return chain(nn.Conv2d(1, 6, 3), *before, gate, *behind, *tail)


def interval(gamma: float, units: int = 6) -> Interval:
    return Interval(units, gamma=gamma)
