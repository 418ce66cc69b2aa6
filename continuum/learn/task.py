"""What is to be learned, from which rows."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from continuum.errors import BadInput
from continuum.learn.loss import Likelihood, LossChoice, objective
from continuum.learn.network import NetworkWeights
from continuum.learn.pool import new_pool
from continuum.learn.rows import TrainingRows, check_tensor, training_rows
from continuum.learn.run import GradedRun
from continuum.learn.settings import DEFAULT_PRICE, LearnConfig, activation_for

#: Held-out rows (x, y), or (x, y, sample_weight).
Validation = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]
#: One row in so many is held out where a method needs rows for that and has none.
HELD_OUT_SHARE = 5


@dataclass(frozen=True, eq=False)
class Task:
    """Training rows, held-out rows or None, the loss, how a width is learned, and the units it starts from."""

    rows: TrainingRows
    held_out: TrainingRows | None
    loss: LossChoice
    config: LearnConfig
    initial: NetworkWeights | None = None

    @property
    def activation(self) -> str:
        """tanh or relu."""
        return activation_for(self.config.activation, self.rows.features)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Features, hidden layers and outputs of the network."""
        outputs = self.loss.outputs if isinstance(self.loss, Likelihood) else self.rows.y.shape[1]
        return self.rows.features, self.config.hidden_layers, outputs

    def split(self) -> tuple[TrainingRows, TrainingRows]:
        """Rows to train on, and rows held out: a fifth of all, drawn by the seed, where none are."""
        if self.held_out is not None:
            return self.rows, self.held_out
        if len(self.rows) < 2:
            expected, remedy = "at least 2 rows to hold one out", "give validation"
            raise BadInput("x", expected=expected, came=len(self.rows), remedy=remedy)
        order = np.random.default_rng([self.config.seed, 19]).permutation(len(self.rows))
        cut = max(len(order) // HELD_OUT_SHARE, 1)
        return self.rows.part(order[cut:]), self.rows.part(order[:cut])

    def graded_run(self, rows: TrainingRows, steps: int, price: float, variance: float | None = None) -> GradedRun:
        """A new network, to be trained on these rows in so many graded steps; of squared errors of this variance."""
        pool = new_pool(self.shape, self.config, self.activation, rows.x.dtype, self.initial)
        return GradedRun(rows, objective(self.loss, variance), self.config, steps, price, pool)

    def calibration_run(self, rows: TrainingRows, steps: int) -> GradedRun:
        """Such a network at the default price, as it is born by default.

        What is calibrated must not depend on the start, nor on the pool.
        """
        start = min(LearnConfig.start, self.config.max_units)
        born = replace(self.config, start=start, pool=LearnConfig.pool, directions=None)
        return replace(self, config=born, initial=None).graded_run(rows, steps, DEFAULT_PRICE)


def checked_task(
    rows: tuple[Tensor, Tensor, Tensor | None],
    validation: Validation | None,
    loss: LossChoice,
    config: LearnConfig,
    classes: int | None = None,
) -> Task:
    """The task of these tensors; raises ``BadInput``."""
    if not isinstance(config, LearnConfig):
        remedy = "give LearnConfig(price=..., steps=...)"
        raise BadInput("config", expected="a LearnConfig", came=repr(config), remedy=remedy)
    training = training_rows(rows[0], rows[1], loss, rows[2], classes)
    held_out = None if validation is None else _held_out_rows(training, validation, loss)
    if isinstance(loss, Likelihood):
        _try_loss(loss, training, config)
    return Task(training, held_out, loss, config)


def _try_loss(loss: Likelihood, rows: TrainingRows, config: LearnConfig) -> None:
    """Try a user's loss on some rows before training, at outputs such as training may meet, which are not 0."""
    targets = rows.y[: config.batch]
    outputs = np.random.default_rng([config.seed, 31]).normal(size=(len(targets), loss.outputs)).astype(rows.x.dtype)
    slopes = objective(loss).gradient(outputs.copy(), targets)  # refuses what is no scalar that depends on the outputs
    value = loss.loss(torch.from_numpy(outputs), torch.from_numpy(targets)).item()
    if not (np.isfinite(slopes).all() and np.isfinite(value)):
        expected, remedy = "a finite value and slope at any outputs", "look at its logarithms, roots and quotients"
        raise BadInput("loss", expected=expected, came="NaN or inf", remedy=remedy)


def _held_out_rows(rows: TrainingRows, validation: Validation, loss: LossChoice) -> TrainingRows:
    x, y, weight = _tensors(validation)
    classes = rows.y.shape[1] if loss == "cross_entropy" else None
    if x.dim() == 2 and x.shape[1] != rows.features:
        came, expected = str(x.shape[1]), f"{rows.features} features"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    if classes is not None and y.dtype == torch.long and y.numel() and int(y.max()) >= classes:
        raise BadInput("validation", expected=f"classes below {classes}", came=int(y.max()), remedy="train on all")
    held_out = training_rows(x, y, loss, weight, classes)
    if held_out.y.shape[1:] != rows.y.shape[1:]:  # they would be broadcast in silence
        expected = f"targets of shape ({', '.join(['rows', *map(str, rows.y.shape[1:])])})"
        came = f"({', '.join(['rows', *map(str, held_out.y.shape[1:])])})"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    return held_out


def _tensors(validation: Validation) -> tuple[Tensor, Tensor, Tensor | None]:
    """Held-out rows, targets, and weights or None."""
    if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
        came = f"{len(validation)} tensors" if isinstance(validation, tuple | list) else type(validation).__name__
        expected = "(x, y) or (x, y, sample_weight)"
        raise BadInput("validation", expected=expected, came=came, remedy="give a tuple of tensors")
    x, y, weight = (*validation, None)[:3]
    for what, value in (("x", x), ("y", y), ("sample_weight", weight)):
        if value is not None or what != "sample_weight":
            check_tensor(f"validation {what}", value)
    return x, y, weight
