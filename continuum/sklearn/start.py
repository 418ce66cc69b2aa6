"""What a fit begins with: nothing, or what an earlier one has learned."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from continuum.errors import BadInput
from continuum.learn.descent.settings import batch_for
from continuum.learn.settings import LEAST_PRICE, MOST_PRICE
from continuum.sklearn.parameters import EstimatorOptions
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Scales

if TYPE_CHECKING:
    from continuum.sklearn.training import Fitted

#: Times that a further batch is gone through.
EPOCHS = 4
#: Least steps of a further batch.
LEAST_STEPS = 50


@dataclass(frozen=True, eq=False)
class Start:
    """Where a fit goes on.

    Args:
        scales: how the table is standardised; None: as its own rows say.
        network: of whole units, between standardised features and logits or standardised targets; None: a fresh one.
        price: the price used so far.
        rows: how many rows have been seen.
        classes: how many classes there are, where not all of them need be among the rows.
    """

    scales: Scales | None = None
    network: nn.Sequential | None = None
    price: float | None = None
    rows: float = 0.0
    classes: int | None = None


#: Nothing to go on from.
AFRESH = Start()

#: Options of a fit that goes on, from those of the estimator, the start and the rows.
Adapted = Callable[[EstimatorOptions, Start, EstimatorRows], EstimatorOptions]


def again(start: Start) -> Start:
    """A start whose rows are forgotten: those to come take their place."""
    return replace(start, rows=0.0)


def checked_start(start: Start, rows: EstimatorRows, before: Mapping[str, Any], now: MutableMapping[str, Any]) -> Start:
    """The start for these rows, of an estimator with the attributes ``now``, which keeps its names of columns.

    Raises ``ValueError`` where the targets are others than ``before``.
    """
    labels = now.get("classes_")
    if start.network is None:
        return replace(start, classes=None if labels is None else len(labels))
    was = before.get("classes_")
    if labels is not None and (was is None or not np.array_equal(was, labels)):
        raise ValueError(
            "warm_start can only be used where `self.classes_` is the same as in the previous call to fit. "
            f"Previously got {was}, `y` has {labels}"
        )
    targets = None if start.scales is None else start.scales.targets
    if targets is not None and len(targets.mean) != (outputs := rows.y.shape[1]):
        raise BadInput("y", expected=f"{len(targets.mean)} outputs, as before", came=outputs, remedy="fit afresh")
    now.update({name: before[name] for name in ("feature_names_in_",) if name in before})
    return replace(start, classes=None if labels is None else len(labels))


def at_price(options: EstimatorOptions, start: Start, rows: EstimatorRows) -> EstimatorOptions:
    """Options at the price so far, which is not calibrated again, unless one is given.

    The price is what all rows together have to pay. A batch of m rows, of which n have been seen with it, pays its
    share m / n, so that the price of a unit per row falls as a stream goes on, and the width may grow.
    """
    price = start.price if options.config.price is None else options.config.price
    if price is not None and start.rows:
        price = max(price * total_of(rows) / (start.rows + total_of(rows)), LEAST_PRICE)
    return replace(options, config=replace(options.config, price=price))


def in_steps(options: EstimatorOptions, start: Start, rows: EstimatorRows) -> EstimatorOptions:
    r"""Options of a further batch: the price so far, and a few epochs besides rounding or ``max_iter`` steps in all.

    Of n rows seen, m of them in the batch, the learning rate is :math:`\sqrt{m / n}` times that of a fit: what a batch
    unlearns of those before must shrink, as in stochastic approximation (H. Robbins & S. Monro, 1951).
    """
    if options.early_stopping:
        remedy = "fit all rows at once, or go without"
        raise BadInput("early_stopping", expected="False with partial_fit", came="True", remedy=remedy)
    options = at_price(options, start, rows)
    size = len(rows) if options.full_batch else min(options.batch or batch_for(len(rows)), len(rows))
    steps = options.config.steps or ceil(1.5 * max(ceil(EPOCHS * len(rows) / size), LEAST_STEPS))
    descent = replace(options.descent, stage=ceil(steps / 6))  # four stages learn, which are two thirds
    lr = options.config.lr * sqrt(total_of(rows) / (start.rows + total_of(rows)))
    return replace(options, config=replace(options.config, steps=steps, lr=lr), descent=descent)


def next_start(fitted: "Fitted", start: Start) -> Start:
    """What a further fit can go on from; its price is again that of all rows seen."""
    seen = start.rows + fitted.rows
    price = min(fitted.result.price * seen / fitted.rows, MOST_PRICE)
    return Start(fitted.scales, fitted.result.network, price, seen)


def total_of(rows: EstimatorRows) -> float:
    """How many rows these stand for."""
    return float(len(rows) if rows.weight is None else rows.weight.sum())
