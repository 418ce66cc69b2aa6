"""Training an ensemble against other ways to train the same networks, and against what the core can multiply."""

import dataclasses
from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import torch

from benchmarks.rows import Measured
from benchmarks.sklearn_loop import fit
from benchmarks.timing import Work, rates, ratio
from benchmarks.torch_loop import TorchLoop
from benchmarks.vmap_ensemble import Loss, VmapEnsemble, batch_major, unit_major
from benchmarks.workload import LOOP_WIDTHS, LR, SETTINGS, members, streams, useful_flop
from continuum.arithmetic import single_thread
from continuum.compiled import compiled
from continuum.ensemble import Stream, train

#: Side of the square matrices whose product shows what the core can do.
SIDE = 2048
VMAP = {"vmap": batch_major, "vmap_tuned": unit_major, "vmap_compiled": batch_major}


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratios of rates, in samples times networks per second (products: in floating-point operations)."""
    data = streams(task)
    works = {"engine": _engine(data)}
    if any(name.endswith("_compiled") for name in names):
        works["engine_compiled"] = _engine(data, fast=True)
    for name in names:
        works |= _baseline(name, data, 1 if quick else 2)
    with single_thread():
        speeds = rates(works, repetitions=2 if quick else 15)
    return [_row(name, task, data, speeds) for name in names]


def _row(name: str, task: str, data: list[Stream], speeds: dict[str, np.ndarray]) -> Measured:
    engine = speeds["engine_compiled" if name.endswith("_compiled") else "engine"]
    if not name.startswith("gemm"):
        return ratio(name, task, engine, speeds[name])
    inputs, outputs = data[0].train.x.shape[1], data[0].outputs
    flop = np.mean([useful_flop(member, inputs, outputs) for member in members()])
    ours = _later_epochs(data, speeds) if name == "gemm_epochs" else engine
    return ratio(name, task, ours * flop, np.maximum(speeds["numpy"], speeds["torch"]))


def _later_epochs(data: list[Stream], speeds: dict[str, np.ndarray]) -> np.ndarray:
    """Rate of all epochs but the first: what 20 epochs take more than one."""
    whole, first = (_samples(data, epochs) for epochs in (SETTINGS.epochs, 1))
    return (whole - first) / (whole / speeds["engine"] - first / speeds["first_epoch"])


def _engine(data: list[Stream], epochs: int = SETTINGS.epochs, fast: bool = False) -> Work:
    networks, settings = members(), dataclasses.replace(SETTINGS, epochs=epochs)

    def run() -> None:
        with compiled() if fast else nullcontext():
            train(data, networks, settings)

    return Work(run, _samples(data, epochs))


def _samples(data: list[Stream], epochs: int) -> int:
    return epochs * len(data[0].train.x) * len(members())


def _baseline(name: str, data: list[Stream], epochs: int) -> dict[str, Work]:
    if name in ("gemm", "gemm_compiled"):
        return _products()
    if name == "gemm_epochs":
        return _products() | {"first_epoch": _engine(data, epochs=1)}
    if name in VMAP:
        return {name: _vmap(data, VMAP[name], epochs)}
    if name == "sklearn":
        return {name: _sklearn(data[0])}
    return {name: _loop(data[0], name == "loop_fused", epochs)}


def _loop(data: Stream, fused: bool, epochs: int) -> Work:
    """Epochs cost the same from the first on, so a few of them do; building the networks is not counted."""
    loops = [TorchLoop(data, width, SETTINGS, LR, fused) for width in LOOP_WIDTHS]
    return Work(
        lambda: [loop.epoch(number) for loop in loops for number in range(epochs)],
        epochs * len(data.train.x) * len(loops),
    )


def _vmap(data: list[Stream], loss: Loss, epochs: int) -> Work:
    ensemble = VmapEnsemble(data, members(), SETTINGS, loss)
    return Work(
        lambda: [ensemble.epoch(number) for number in range(epochs)], epochs * len(data[0].train.x) * len(members())
    )


def _sklearn(data: Stream) -> Work:
    return Work(
        lambda: [fit(data, width, SETTINGS, LR) for width in LOOP_WIDTHS],
        SETTINGS.epochs * len(data.train.x) * len(LOOP_WIDTHS),
    )


def _products() -> dict[str, Work]:
    """The same product by both libraries: the faster one counts as what the core can do."""
    a, b, c = (torch.rand(SIDE, SIDE) for _ in range(3))
    flop = 2.0 * SIDE**3
    return {
        "numpy": Work(lambda: np.matmul(a.numpy(), b.numpy(), out=c.numpy()), flop),
        "torch": Work(lambda: torch.matmul(a, b, out=c), flop),
    }
