"""What is to be learned, from which rows."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from continuum.errors import BadInput
from continuum.learn.loss import Likelihood, objective
from continuum.learn.pool import newborn
from continuum.learn.rows import Rows
from continuum.learn.run import Run
from continuum.learn.samples import Loss, outputs_of, rows_of, tensor
from continuum.learn.settings import DEFAULT_PRICE, LearnConfig, activation_for

#: Held-out rows (x, y), or (x, y, sample_weight).
Validation = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Task:
    """Training rows, held-out rows or None, the loss, and how a width is learned."""

    rows: Rows
    held: Rows | None
    loss: Loss
    settings: LearnConfig

    def run(self, rows: Rows, steps: int, price: float) -> Run:
        """A newborn network, to be trained on these rows in so many graded steps."""
        return self._born(self.settings.start, rows, steps, price)

    def calibration(self, rows: Rows, steps: int) -> Run:
        """Such a network at the default price, from the default start: the price must not depend on the start."""
        return self._born(min(LearnConfig.start, self.settings.max_units), rows, steps, DEFAULT_PRICE)

    def _born(self, start: float, rows: Rows, steps: int, price: float) -> Run:
        settings, features = self.settings, rows.x.shape[1] - 1
        activation = activation_for(settings.activation, features)
        shape = features, settings.hidden_layers, outputs_of(rows, self.loss)
        pool = newborn(shape, start, activation, settings.max_units, settings.seed, rows.x.dtype)
        return Run(pool, rows, objective(self.loss), settings, steps, price)


def task_of(
    rows: tuple[Tensor, Tensor, Tensor | None], validation: Validation | None, loss: Loss, settings: LearnConfig
) -> Task:
    """Checked; raises ``BadInput``."""
    if not isinstance(settings, LearnConfig):
        remedy = "give LearnConfig(price=..., steps=...)"
        raise BadInput("settings", expected="a LearnConfig", came=repr(settings), remedy=remedy)
    found = rows_of(rows[0], rows[1], loss, rows[2])
    held = None if validation is None else _held(found, validation, loss)
    if isinstance(loss, Likelihood):
        _tried(loss, found, settings)
    return Task(found, held, loss, settings)


def _tried(loss: Likelihood, rows: Rows, settings: LearnConfig) -> None:
    """Try a loss of one's own on some rows before training, at outputs such as training may meet, which are not 0."""
    some = rows.y[: settings.batch]
    outputs = np.random.default_rng([settings.seed, 31]).normal(size=(len(some), loss.outputs)).astype(rows.x.dtype)
    slopes = objective(loss).gradient(outputs.copy(), some)  # refuses what is no scalar that depends on the outputs
    value = loss.loss(torch.from_numpy(outputs), torch.from_numpy(some)).item()
    if not (np.isfinite(slopes).all() and np.isfinite(value)):
        expected, remedy = "a finite value and slope at any outputs", "look at its logarithms, roots and quotients"
        raise BadInput("loss", expected=expected, came="NaN or inf", remedy=remedy)


def _held(rows: Rows, validation: Validation, loss: Loss) -> Rows:
    x, y, weight = _tensors(validation)
    classes = rows.y.shape[1] if loss == "cross_entropy" else None
    if x.dim() == 2 and x.shape[1] != rows.x.shape[1] - 1:
        came, expected = str(x.shape[1]), f"{rows.x.shape[1] - 1} features"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    if classes is not None and y.dtype == torch.long and y.numel() and int(y.max()) >= classes:
        raise BadInput("validation", expected=f"classes below {classes}", came=int(y.max()), remedy="train on all")
    held = rows_of(x, y, loss, weight, classes)
    if held.y.shape[1:] != rows.y.shape[1:]:  # they would be broadcast in silence
        expected = f"targets of shape ({', '.join(['rows', *map(str, rows.y.shape[1:])])})"
        came = f"({', '.join(['rows', *map(str, held.y.shape[1:])])})"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    return held


def _tensors(validation: Validation) -> tuple[Tensor, Tensor, Tensor | None]:
    """Held-out rows, targets, and weights or None."""
    if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
        came = f"{len(validation)} tensors" if isinstance(validation, tuple | list) else type(validation).__name__
        expected = "(x, y) or (x, y, sample_weight)"
        raise BadInput("validation", expected=expected, came=came, remedy="give a tuple of tensors")
    x, y, weight = (*validation, None)[:3]
    for what, value in (("x", x), ("y", y), ("sample_weight", weight)):
        if value is not None or what != "sample_weight":
            tensor(f"validation {what}", value)
    return x, y, weight
