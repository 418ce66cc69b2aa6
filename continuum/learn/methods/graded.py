"""The recommended method: every unit has a gate of its own, which a penalty with an exact proximal step eliminates."""

from torch import Tensor

from continuum.learn.calibration import MIN_ROWS, Calibration, calibrate, calibration_pairs, calibration_steps
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
    calibrated = config.price is None or (config.noise == "held_out" and task.loss == "squared_error")
    pairs = calibration_pairs(rows, task.held_out, config.seed) if calibrated else []
    steps = steps_for(config.steps, rows.total)
    meter = Meter(progress, calibration_steps(pairs) + steps + rounding_steps(steps))
    said = calibrate(pairs, task.calibration_run, meter)
    price = config.price or said.price
    run = task.graded_run(rows, steps, price, _variance(task, said, price))
    train(run, meter)
    notes = _price_notes(price, calibrated=bool(pairs)) if config.price is None else ()
    return rounded_result(run, run, meter, like, notes)


def _variance(task: Task, said: Calibration, price: float) -> float | None:
    """The variance of held-out residuals where it is the noise, else None; scores are halves of squared errors."""
    score = said.score_at(price) if task.config.noise == "held_out" else None
    return None if score is None else 2 * score / task.shape[2]


def _price_notes(price: float, *, calibrated: bool) -> tuple[str, ...]:
    """What a user should know of a price that was not given."""
    if not calibrated:
        return (TOO_FEW_ROWS,)
    raised = f"held-out rows raised the price from {DEFAULT_PRICE:g} to {price:g} nats per unit"
    return (raised,) if price > DEFAULT_PRICE else ()
