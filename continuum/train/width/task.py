"""What is to be learned, from which rows."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from continuum.errors import BadInput
from continuum.train.width.objective import Likelihood, objective
from continuum.train.width.pool import newborn
from continuum.train.width.rows import Rows
from continuum.train.width.run import Run
from continuum.train.width.samples import Loss, outputs_of, rows_of
from continuum.train.width.settings import DEFAULT_PRICE, Learning, activation_for

#: Held-out rows (x, y), or (x, y, sample_weight).
Validation = tuple[Tensor, Tensor] | tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True, eq=False)
class Task:
    """Training rows, held-out rows or None, the loss, and how a width is learned."""

    rows: Rows
    held: Rows | None
    loss: Loss
    settings: Learning

    def run(self, rows: Rows, steps: int, price: float) -> Run:
        """A newborn network, to be trained on these rows in so many graded steps."""
        return self._born(self.settings.start, rows, steps, price)

    def calibration(self, rows: Rows, steps: int) -> Run:
        """Such a network at the default price, from the default start: the price must not depend on the start."""
        return self._born(min(Learning.start, self.settings.max_units), rows, steps, DEFAULT_PRICE)

    def _born(self, start: float, rows: Rows, steps: int, price: float) -> Run:
        settings, features = self.settings, rows.x.shape[1] - 1
        activation = activation_for(settings.activation, features)
        shape = features, settings.hidden_layers, outputs_of(rows, self.loss)
        pool = newborn(shape, start, activation, settings.max_units, settings.seed, rows.x.dtype)
        return Run(pool, rows, objective(self.loss), settings, steps, price)


def task_of(
    rows: tuple[Tensor, Tensor, Tensor | None], validation: Validation | None, loss: Loss, settings: Learning
) -> Task:
    """Checked; raises ``BadInput``."""
    found = rows_of(rows[0], rows[1], loss, rows[2])
    held = None if validation is None else _held(found, validation, loss)
    if isinstance(loss, Likelihood):  # try a loss of one's own on a row before training
        objective(loss).gradient(np.zeros((1, loss.outputs), found.x.dtype), found.y[:1])
    return Task(found, held, loss, settings)


def _held(rows: Rows, validation: Validation, loss: Loss) -> Rows:
    if len(validation) not in (2, 3):
        expected, came = "(x, y) or (x, y, sample_weight)", f"{len(validation)} tensors"
        raise BadInput("validation", expected=expected, came=came, remedy="give a tuple of tensors")
    classes = rows.y.shape[1] if loss == "cross_entropy" else None
    x, y, weight = (*validation, None)[:3]
    if x.dim() == 2 and x.shape[1] != rows.x.shape[1] - 1:
        came, expected = str(x.shape[1]), f"{rows.x.shape[1] - 1} features"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    if classes is not None and len(y) and int(y.max()) >= classes:
        raise BadInput("validation", expected=f"classes below {classes}", came=int(y.max()), remedy="train on all")
    return rows_of(x, y, loss, weight, classes)
