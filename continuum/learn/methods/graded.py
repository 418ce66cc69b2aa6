"""The recommended method: every unit has a gate of its own, which a penalty with an exact proximal step eliminates."""

from torch import Tensor

from continuum.learn.calibration import MIN_ROWS, calibrated_price, calibration_pairs, calibration_steps
from continuum.learn.result import WidthResult, rounded_result
from continuum.learn.run import train
from continuum.learn.settings import DEFAULT_PRICE, rounding_steps, steps_for
from continuum.learn.task import Task
from continuum.progress import Meter, Progress

#: Said where a price could not be calibrated.
TOO_FEW_ROWS = f"fewer than {MIN_ROWS} rows, by number or by weight: the price is the default, uncalibrated"


def graded(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Method "graded": calibrate the price, learn the width, round."""
    config, rows = task.config, task.rows
    pairs = calibration_pairs(rows, task.held_out, config.seed) if config.price is None else []
    steps = steps_for(config.steps, rows.total)
    meter = Meter(progress, calibration_steps(pairs) + steps + rounding_steps(steps))
    price = config.price or calibrated_price(pairs, task.calibration_run, meter)
    run = task.graded_run(rows, steps, price)
    train(run, meter)
    notes = _price_notes(price, calibrated=bool(pairs)) if config.price is None else ()
    return rounded_result(run, run, meter, like, notes)


def _price_notes(price: float, *, calibrated: bool) -> tuple[str, ...]:
    """What a user should know of a price that was not given."""
    if not calibrated:
        return (TOO_FEW_ROWS,)
    raised = f"held-out rows raised the price from {DEFAULT_PRICE:g} to {price:g} nats per unit"
    return (raised,) if price > DEFAULT_PRICE else ()
