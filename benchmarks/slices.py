"""The slice of one wide network against evaluating it at every width."""

from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.rows import Measured
from benchmarks.separate_widths import separate_curve
from benchmarks.timing import Work, rates, ratio
from continuum.arithmetic import single_thread
from continuum.compiled import compiled
from continuum.data import load
from continuum.ensemble import Member, Settings, Stream
from continuum.ensemble.initial import initial
from continuum.ensemble.slicing import slice_curve

UNITS, PER_UNIT = 256, 8


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratio of widths per second, over all rows of the task; the baseline evaluates evenly spaced ones only."""
    x, labels, outputs = _rows(Stream.of(load(task), seed=0))
    pairs = initial(Member(gamma=UNITS), Settings(units=UNITS, activation="relu"), x.shape[1], outputs)
    first, last = ((w.float(), b.float()) for w, b in pairs)
    gammas = torch.arange(1, UNITS * PER_UNIT + 1) / PER_UNIT
    target = torch.nn.functional.one_hot(labels, outputs).float()
    some = gammas[PER_UNIT - 1 :: 4 * PER_UNIT - 1]

    def together() -> None:
        hidden = torch.relu(x @ first[0].T + first[1])
        slice_curve(hidden, *last, target, gammas, "classification")

    def together_compiled() -> None:
        with compiled():
            together()

    works = {
        "slice": Work(together, len(gammas)),
        "slice_compiled": Work(together_compiled, len(gammas)),
        "separate": Work(lambda: separate_curve(x, labels, first, last, some), len(some)),
    }
    with single_thread(), torch.no_grad():
        speeds = rates(works, repetitions=5 if quick else 25)
    return [ratio(name, task, speeds[name], speeds["separate"]) for name in names]


def _rows(stream: Stream) -> tuple[torch.Tensor, torch.Tensor, int]:
    parts = [part for part in (stream.train, stream.validation, stream.test) if part is not None]
    x = torch.tensor(np.concatenate([part.x for part in parts]), dtype=torch.float32)
    return x, torch.tensor(np.concatenate([part.y for part in parts])), stream.outputs
