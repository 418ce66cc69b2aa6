"""Gated perceptrons with hostile widths: the quick form equals the plain one, and draws the same random numbers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from attacks.harness import Attack
from continuum.nn import MLP
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport, Width

#: Relative to the largest number of a tensor: sharp gates magnify the rounding of their arguments.
TOLERANCE = 1e-8


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """A network of one to three laws, at numbers that are edges of something."""
    torch.manual_seed(index)
    laws = [_law(generator) for _ in range(generator.integers(1, 4))]
    net = MLP(3, 2, laws, generator.choice(["tanh", "relu", "gelu"]).item()).double()
    for parameter in net.parameters():
        parameter.requires_grad_(bool(generator.random() < 0.9))
    net.train(bool(generator.random() < 0.9))
    x = torch.as_tensor(generator.normal(size=(4, 3)) * generator.choice([1.0, 1e3, 1e-3]))
    x.requires_grad_(bool(generator.random() < 0.3))
    wanted = [value for value in (*net.parameters(), x) if value.requires_grad]
    quick, plain = (_outcome(form, x, wanted) for form in (net, net.general))
    differing = [i for i, pair in enumerate(zip(quick, plain, strict=True)) if not _equal(*pair)]
    return f"{laws}: {differing} of outputs, gradients and state of the generator differ" if differing else None


def _outcome(form: Callable[[Tensor], Tensor], x: Tensor, wanted: list[Tensor]) -> list[Tensor | None]:
    torch.manual_seed(5)
    outputs = form(x)
    drawn = torch.random.get_rng_state().double()
    gradients: tuple[Tensor | None, ...] = ()
    if wanted and outputs.requires_grad:
        gradients = torch.autograd.grad(outputs.square().sum(), wanted, allow_unused=True)
    return [outputs.detach(), *gradients, drawn]


def _equal(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:  # no gradient is one of 0
        return all(value is None or not bool(value.any()) for value in (one, other))
    finite = other[other.isfinite()].abs()
    scale = max(1.0, finite.max().item() if finite.numel() else 0.0)
    return torch.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE * scale, equal_nan=True)


def _law(generator: np.random.Generator) -> Width:
    units = int(generator.choice([1, 2, 3, 5, 8, 17]))
    make = (_interval, _fuzzy, _soft_support, _concrete)[generator.integers(4)]
    return make(units, generator)


def _interval(units: int, generator: np.random.Generator) -> Width:
    exponent = float(generator.choice([1.0, 1.0, 0.5, 2.0, 1.5, 0.1]))
    law = Interval(units, _width(units, generator), exponent, side=generator.choice(["right", "left"]).item())
    beyond = [np.nan, np.inf, -np.inf, -1.0, units + 1.0, units + 0.5, 1e12, 1e30]
    _spoil(law.gamma, beyond, generator)
    return law


def _fuzzy(units: int, generator: np.random.Generator) -> Width:
    options = {"exponent": float(generator.choice([1.0, 0.5, 2.0])), "learnable": bool(generator.random() < 0.2)}
    law = Fuzzy(units, _width(units, generator), **options)  # type: ignore[arg-type]
    spread = float(generator.choice([0.0, 1e-8, 0.1, 1.0, 10.0, 1e3, 1e8]))
    with torch.no_grad():
        law.scores.add_(torch.as_tensor(spread * generator.normal(size=units)))
    _spoil(law.scores[:1], [np.nan], generator)
    return law


def _soft_support(units: int, generator: np.random.Generator) -> Width:
    zero, slope = generator.choice([0.0, 1.5, units, -3.0, 1e6]), generator.choice([1.0, 0.0, -1.0, 1e-8, 100.0])
    kappa, panels = generator.choice([0.01, 1.0, 10.0, 1e3, 1e6]), int(generator.choice([1, 1, 2]))
    law = SoftSupport(units, Affine(float(zero), float(slope)), float(kappa), panels=panels)
    _spoil(next(law.f.parameters()), [np.nan, np.inf, 1e38], generator)
    return law


def _concrete(units: int, generator: np.random.Generator) -> Width:
    logits = torch.as_tensor(generator.normal(size=units) * generator.choice([0.0, 1.0, 10.0, 1e3])).float()
    mode = generator.choice(["relaxed", "relaxed", "hard", "straight_through"]).item()
    law = Concrete(units, float(generator.choice([1e-4, 0.1, 0.5, 1.0, 10.0])), logits, mode=mode)
    _spoil(law.logits[-1:], [np.nan, np.inf, -np.inf], generator)
    return law


def _width(units: int, generator: np.random.Generator) -> float:
    edges = [
        0.0,
        -0.0,
        5e-324,
        1e-30,
        0.5,
        units - 1.0,
        units - 1e-9,
        units,
        np.nextafter(units, 0),
        generator.uniform(0, units),
    ]
    return float(min(max(edges[generator.integers(len(edges))], 0.0), units))


def _spoil(value: Tensor, by: list[float], generator: np.random.Generator) -> None:
    if generator.random() < 0.15:
        with torch.no_grad():
            value.fill_(float(generator.choice(by)))


attack = Attack("gated_networks", cases=4000, short=40, attempt=attempt)
