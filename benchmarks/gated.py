"""A training step of networks with gates against the same plain network, by CPU time.

Values are times: ours / plain; a step is the forward and backward pass and fused Adam. The batch has 256 rows. The
compiled perceptron is built first, where there is a compiler; ``CONTINUUM_NATIVE=0`` measures the general form.
"""

import os
import sys
from collections.abc import Callable, Sequence

import torch
from torch import nn

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio
from continuum.arithmetic import single_thread
from continuum.compiled import NotBuilt
from continuum.data import load
from continuum.ensemble import Stream
from continuum.nn import MLP, native
from continuum.nn.native import library
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport, Width

BATCH, UNITS = 256, (64, 128, 256, 512)
LAWS: dict[str, Callable[[int], Width]] = {
    "gated_interval": lambda units: Interval(units, gamma=units - 0.5),
    "gated_fuzzy": lambda units: Fuzzy(units, cardinality=units - 0.5),
    "gated_soft": lambda units: SoftSupport(units, Affine(gamma=units - 0.5), kappa=10.0),
    "gated_concrete": lambda units: Concrete(units, temperature=0.5),
}
#: A width near 8 in 512 units against a plain network of 16.
ACTIVE = {"gamma": 8.5, "units": 512, "plain": 16}


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """For every row the worst ratio over the numbers of units."""
    x, y, outputs = _rows(task)
    if not quick:
        _build()
    measurements = []
    with single_thread():
        for name in names:
            pairs = _pairs(name, x.shape[1], outputs, UNITS[:1] if quick else UNITS)
            each = [_compared(name, task, ours, plain, (x, y), quick) for ours, plain in pairs]
            measurements.append(max(each, key=lambda measured: measured.value))
    return measurements


def _build() -> None:
    if os.environ.get(library.SWITCH) == "0" or native.extension() is not None:
        return
    try:
        print(f"compiled: {native.build()}", file=sys.stderr)
    except NotBuilt as error:
        print(error, file=sys.stderr)


def _pairs(name: str, inputs: int, outputs: int, units: Sequence[int]) -> list[tuple[nn.Module, nn.Module]]:
    if name == "gated_active":
        ours = MLP(inputs, outputs, [Interval(int(ACTIVE["units"]), gamma=ACTIVE["gamma"])])
        return [(ours, plain(inputs, int(ACTIVE["plain"]), outputs))]
    return [(MLP(inputs, outputs, [LAWS[name](size)]), plain(inputs, size, outputs)) for size in units]


def plain(inputs: int, units: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, units), nn.Tanh(), nn.Linear(units, outputs))


def _compared(
    name: str, task: str, ours: nn.Module, baseline: nn.Module, batch: tuple[torch.Tensor, torch.Tensor], quick: bool
) -> Measured:
    steps = 5 if quick else 40
    works = {key: Work(steps_of(model, *batch, steps), steps) for key, model in (("ours", ours), ("plain", baseline))}
    speeds = rates(works, repetitions=3 if quick else 25)
    return ratio(name, task, 1 / speeds["ours"], 1 / speeds["plain"])  # of times


def steps_of(model: nn.Module, x: torch.Tensor, y: torch.Tensor, steps: int) -> Callable[[], None]:
    """Some training steps on one batch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, fused=True)

    def run() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()

    return run


def _rows(task: str) -> tuple[torch.Tensor, torch.Tensor, int]:
    stream = Stream.of(load(task), seed=0)
    x, y = (torch.as_tensor(values[:BATCH]) for values in (stream.train.x, stream.train.y))
    return x.float(), y, stream.outputs
