"""Steps on flat buffers against torch's optimisers, with one learning rate and with one per number."""

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.ensemble import Settings
from continuum.ensemble.optimizer import FlatOptimizer

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
START = torch.linspace(-1, 1, 6, dtype=torch.float64)
LR = torch.tensor([0.1, 0.1, 0.02, 0.02, 0.3, 0.0], dtype=torch.float64)
FACTORS = (1.0, 0.5, 0.25, 1.0)
PLAIN = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "sgd": torch.optim.SGD}


def gradient(parameters: Tensor) -> Tensor:
    return 3 * parameters - torch.linspace(0, 1, 6, dtype=torch.float64)


def plain(name: str, lr: list[float], momentum: float, decay: float) -> Tensor:
    """The same steps by torch, each number in a group of its own."""
    numbers = [torch.nn.Parameter(value.clone()) for value in START]
    more = {"momentum": momentum} if name == "sgd" else {}
    groups = [{"params": [number], "lr": rate} for number, rate in zip(numbers, lr, strict=True)]
    optimizer = PLAIN[name](groups, lr=0.0, weight_decay=decay, **more)
    for factor in FACTORS:
        pulls = gradient(torch.stack([number.detach() for number in numbers]))
        for number, group, rate, pull in zip(numbers, optimizer.param_groups, lr, pulls, strict=True):
            group["lr"], number.grad = rate * factor, pull.clone()
        optimizer.step()
    return torch.stack([number.detach() for number in numbers])


@pytest.mark.parametrize("decay", [0.0, 0.2])
@pytest.mark.parametrize("lr", [0.1, LR])
@pytest.mark.parametrize(
    ("name", "momentum"), [("adam", 0.9), ("adamw", 0.9), ("sgd", 0.9), ("sgd", 0.5), ("sgd", 0.0)]
)
def test_steps_are_those_of_torch(name: str, momentum: float, lr: float | Tensor, decay: float) -> None:
    settings = Settings(1, optimizer=name, momentum=momentum, dtype=torch.float64)
    parameters, memory = START.clone(), torch.empty_like(START)
    ours = FlatOptimizer(parameters, memory, settings, lr)
    ours.decay = torch.full_like(START, decay) if decay else None
    for factor in FACTORS:
        memory.copy_(gradient(parameters))
        ours.step(factor)
    rates = [lr] * 6 if isinstance(lr, float) else lr.tolist()
    assert_close(parameters, plain(name, rates, momentum, decay), **CLOSE)


def test_memories_are_named_as_torch_names_them() -> None:
    names = {
        name: list(FlatOptimizer(START.clone(), START.clone(), Settings(1, optimizer=name), 0.1).slots)
        for name in ("adam", "adamw", "sgd")
    }
    adam = ["exp_avg", "exp_avg_sq"]
    assert names == {"adam": adam, "adamw": adam, "sgd": ["momentum_buffer"]}
    assert FlatOptimizer(START, START, Settings(1, optimizer="sgd", momentum=0.0), 0.1).slots == {}


@pytest.mark.parametrize("lr", [0.1, LR])
def test_steps_are_taken_up_where_they_were_left(lr: float | Tensor) -> None:
    """Adam corrects its bias by the number of steps, so that a fresh count would step too far."""
    settings = Settings(1, dtype=torch.float64)
    whole, memory = START.clone(), torch.empty_like(START)
    first = FlatOptimizer(whole, memory, settings, lr)
    later = START.clone()
    for step in range(4):
        if step == 2:
            later.copy_(whole)
            second = FlatOptimizer(later, memory, settings, lr, steps=2)
            for name, values in first.slots.items():
                second.slots[name].copy_(values)
        memory.copy_(gradient(whole))
        first.step()
        if step >= 2:
            second.step()
    assert_close(later, whole, **CLOSE)
