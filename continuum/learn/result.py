"""What a run found, gathered from its phases."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.learn.calibration import FEWEST, calibrated, judged, steps_of
from continuum.learn.network import sequential
from continuum.learn.progress import Meter, Progress
from continuum.learn.run import Run, graded
from continuum.learn.samples import too_light
from continuum.learn.settings import DEFAULT_PRICE, steps_for
from continuum.learn.task import Task
from continuum.learn.whole import rounded, rounding_steps, whole_units

TINY = f"fewer than {FEWEST} rows, by number or by weight: the price is the default, uncalibrated"


@dataclass(frozen=True)
class WidthResult:
    """What a run found.

    Args:
        network: plain, of ``units`` whole units, in eval mode, on the device of the inputs.
        widths: the real width of every hidden layer.
        units: ceil(widths), at least 1: the units of ``network``.
        width_curve: (points, layers) during the graded phase, evenly spaced in steps.
        loss_curve: training loss at these points.
        steps: gradient steps taken, calibration and rounding included.
        graded: the network before rounding, with every unit that is on.
        rounding_gap: training loss after minus before rounding and its annealing, on at most 512 rows.
        saturated: whether all of ``max_units`` were on in some layer: its width may be too small.
        notes: what a reader should know.
        price: nats of the whole training set per unit of width, as given or calibrated.
        activation: tanh or relu.
    """

    network: nn.Sequential
    widths: tuple[float, ...]
    units: tuple[int, ...]
    width_curve: Float[Tensor, "points layers"]
    loss_curve: Float[Tensor, " points"]
    steps: int
    graded: nn.Sequential
    rounding_gap: float
    saturated: bool
    notes: tuple[str, ...]
    price: float
    activation: str


def learned(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Calibrate the price, learn the width, round; ``like`` has the device and the type of the results."""
    settings, rows = task.settings, task.rows
    pairs = judged(rows, task.held, settings.seed) if settings.price is None else []
    steps = steps_for(settings.steps, rows.total)
    meter = Meter(progress, steps_of(pairs) + steps + rounding_steps(steps))
    price = settings.price or calibrated(pairs, task.calibration, meter)
    run = task.run(rows, steps, price)
    graded(run, meter)
    return _rounded(run, _notes(task, run, calibrated=bool(pairs)), meter, like)


def _rounded(run: Run, notes: tuple[str, ...], meter: Meter, like: Tensor) -> WidthResult:
    def network() -> nn.Sequential:
        return sequential(run.pool.weights, run.pool.activation).to(like.device)

    widths, before, full, found = run.widths(), run.loss(), _saturated(run), network()
    units = whole_units(widths)
    rounded(run, units, meter)
    return WidthResult(
        network=network(),
        widths=tuple(widths),
        units=tuple(units),
        width_curve=torch.tensor(run.curves.widths, dtype=like.dtype),
        loss_curve=torch.tensor(run.curves.losses, dtype=like.dtype),
        steps=meter.done,
        graded=found,
        rounding_gap=run.loss() - before,
        saturated=full,
        notes=notes,
        price=run.price,
        activation=run.pool.activation,
    )


def _saturated(run: Run) -> bool:
    return max(run.pool.counts()) >= run.settings.max_units


def _notes(task: Task, run: Run, *, calibrated: bool) -> tuple[str, ...]:
    found, most = [], task.settings.max_units
    if light := too_light(task.rows.total, len(task.rows)):
        found.append(light)
    if _saturated(run):
        found.append(f"all of max_units={most} were on: the width may be too small")
    if calibrated and run.price > DEFAULT_PRICE:
        found.append(f"held-out rows raised the price from {DEFAULT_PRICE:g} to {run.price:g} nats per unit")
    if task.settings.price is None and not calibrated:
        found.append(TINY)
    return tuple(found)
