"""Learn the width of a network in one run: a real number, and a plain network of so many units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.train.arithmetic import engine_arithmetic
from continuum.train.width.calibrate import calibrated, falling
from continuum.train.width.network import sequential
from continuum.train.width.objective import Likelihood, objective
from continuum.train.width.path import WidthPath
from continuum.train.width.pool import newborn
from continuum.train.width.rows import Rows
from continuum.train.width.run import Progress, Run, graded, rounded, whole_units
from continuum.train.width.samples import Loss, outputs_of, rows_of
from continuum.train.width.settings import DEFAULT_PRICE, Learning, activation_for, steps_for

__all__ = ["DEFAULT_PRICE", "Learned", "Learning", "Likelihood", "WidthPath", "learn", "width_path"]

Inputs = Float[Tensor, "rows features"]
Targets = Shaped[Tensor, "rows *targets"]
HELD_SHARE = 5  # one row in so many is held out by a path without rows of its own for that
TINY = "fewer than 40 rows: the price is the default, uncalibrated"


@dataclass(frozen=True)
class Learned:
    """What a run found.

    Args:
        network: plain, of ``units`` whole units, in eval mode, on the device of the inputs.
        widths: the real width of every hidden layer.
        units: ceil(widths), at least 1: the units of ``network``.
        width_curve: (points, layers) during the graded phase, evenly spaced in steps.
        loss_curve: training loss at these points.
        steps: gradient steps in all, calibration and rounding included.
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


def learn(
    x: Inputs,
    y: Targets,
    loss: Loss,
    settings: Learning | None = None,
    *,
    sample_weight: Float[Tensor, " rows"] | None = None,
    validation: tuple[Tensor, Tensor] | None = None,
    progress: Progress | None = None,
) -> Learned:
    r"""Learn weights and width together, then leave ceil(width) whole units.

    Every unit has a gate :math:`a_i \in [0, 1]` in the geometry of :math:`L_2(E)`. With :math:`v_i = \sqrt{a_i} W_i`,

    .. math:: \min_{v, a}\; \frac1n \sum_{\text{rows}} \ell + \sum_i \frac{\lambda |v_i|^2}{2 a_i} + \rho\, a_i,
        \qquad \gamma = \sum_i a_i ,\qquad \rho = \text{price} / n .

    The gates are eliminated in closed form (:func:`continuum.widths.reverse_huber`), so that each gradient step on the
    plain loss is followed by that penalty's exact proximal operator, unit by unit. Silent units are given fresh
    directions now and then; those that are on lie packed, so that the cost of a step follows their number. Then units
    are removed one by one with the least change of the function, while training goes on without a price.

    Training happens on one thread of the CPU, where networks of this size are fastest.

    Args:
        x: standardised inputs, float32 or float64; the arithmetic follows their type.
        y: class indices (long), or targets (rows,) or (rows, outputs); those of squared error standardised, too.
        loss: "cross_entropy", "squared_error" or a :class:`Likelihood`.
        settings: see :class:`Learning`.
        sample_weight: of the rows.
        validation: held-out rows (x, y) that calibrate the price, instead of two halves of the training rows.
        progress: called with (steps done, steps in all, width); a true answer ends the graded phase early.

    Raises:
        BadInput: before any training.

    References: M. Pilanci et al., "Sparse learning via Boolean relaxations", 2015 (the penalty); F. Bach, "Breaking the
    curse of dimensionality with convex neural networks", 2017 (units as groups); B. Hassibi & D. Stork, "Second order
    derivatives for network pruning", 1993 (removal).

    >>> x = torch.linspace(-2, 2, 64).unsqueeze(1)
    >>> found = learn(x, x.abs() - 1, "squared_error", Learning(price=20.0, steps=300))
    >>> found.network[0].out_features == found.units[0], found.units[0] >= found.widths[0]
    (True, True)
    """
    settings = settings or Learning()
    rows = rows_of(x, y, loss, sample_weight)
    held = None if validation is None else _held(rows, validation, loss)
    _scalar(rows, loss)
    with engine_arithmetic():
        return _learn(rows, held, loss, settings, progress, x)


def width_path(
    x: Inputs,
    y: Targets,
    loss: Loss,
    settings: Learning | None = None,
    prices: Sequence[float] = (256.0, 128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0),
    *,
    validation: tuple[Tensor, Tensor] | None = None,
) -> WidthPath:
    """The frontier of score against width from one falling price, each network starting from the last one.

    Without ``validation`` a fifth of the rows is held out. The steps of the settings are shared by all prices. The
    scores are those of the graded networks.

    >>> x = torch.linspace(-2, 2, 64).unsqueeze(1)
    >>> path = width_path(x, x.abs() - 1, "squared_error", Learning(steps=600), prices=(100.0, 10.0, 1.0))
    >>> bool((path.widths.diff(dim=0) > 0).all()), path.one_standard_error() <= path.best()
    (True, True)
    """
    settings = settings or Learning()
    for price in prices:
        checks.positive("prices", price, remedy="without a price every unit is worth having")
    if not prices or list(prices) != sorted(set(prices), reverse=True):
        raise BadInput("prices", expected="falling prices", came=tuple(prices), remedy="sort them, highest first")
    rows = rows_of(x, y, loss)
    held = None if validation is None else _held(rows, validation, loss)
    _scalar(rows, loss)
    if held is None:
        order = np.random.default_rng([settings.seed, 19]).permutation(len(rows))
        cut = max(len(rows) // HELD_SHARE, 1)
        rows, held = rows.part(order[cut:]), rows.part(order[:cut])
    with engine_arithmetic():
        return _path(rows, held, loss, settings, list(prices))


def _path(rows: Rows, held: Rows, loss: Loss, settings: Learning, prices: list[float]) -> WidthPath:
    steps = max(steps_for(settings.steps, len(rows)) // len(prices), 1)
    run = _run(rows, loss, settings, steps, prices[0])
    widths, losses, scores = [], [], []
    for score in falling(run, held, prices):
        scores.append(score)
        widths.append(run.widths())
        losses.append(run.loss())
    table = torch.from_numpy(np.stack(scores))
    units = tuple(tuple(whole_units(width)) for width in widths)
    error = table.std(1) / math.sqrt(table.shape[1])
    return WidthPath(
        tuple(prices), torch.tensor(widths), units, torch.tensor(losses), -table.mean(1).float(), error.float()
    )


def _learn(
    rows: Rows, held: Rows | None, loss: Loss, settings: Learning, progress: Progress | None, like: Tensor
) -> Learned:
    def make(part: Rows, steps: int) -> Run:
        return _run(part, loss, settings, steps, DEFAULT_PRICE)

    found = calibrated(rows, held, make, settings.seed) if settings.price is None else (settings.price, 0)
    run = make(rows, steps_for(settings.steps, len(rows)))
    run.price = found[0]
    done = graded(run, progress)
    widths, before = run.widths(), run.loss()
    full = max(run.pool.counts()) >= settings.max_units
    network = sequential(run.pool.weights, run.pool.activation).to(like.device)
    units = whole_units(widths)
    done += rounded(run, units)
    return Learned(
        network=sequential(run.pool.weights, run.pool.activation).to(like.device),
        widths=tuple(widths),
        units=tuple(units),
        width_curve=torch.tensor(run.curves.widths, dtype=like.dtype),
        loss_curve=torch.tensor(run.curves.losses, dtype=like.dtype),
        steps=found[1] + done,
        graded=network,
        rounding_gap=run.loss() - before,
        saturated=full,
        notes=_notes(run, settings, full, held),
        price=run.price,
        activation=run.pool.activation,
    )


def _notes(run: Run, settings: Learning, full: bool, held: Rows | None) -> tuple[str, ...]:
    found = []
    if full:
        found.append(f"all of max_units={settings.max_units} were on: the width may be too small")
    if settings.price is None and run.price > DEFAULT_PRICE:
        found.append(f"held-out rows raised the price from {DEFAULT_PRICE:g} to {run.price:g} nats per unit")
    if settings.price is None and held is None and len(run.rows) < 40:
        found.append(TINY)
    return tuple(found)


def _run(rows: Rows, loss: Loss, settings: Learning, steps: int, price: float) -> Run:
    features = rows.x.shape[1] - 1
    activation = activation_for(settings.activation, features)
    shape = features, settings.hidden_layers, outputs_of(rows, loss)
    pool = newborn(shape, settings.start, activation, settings.max_units, settings.seed, rows.x.dtype)
    return Run(pool, rows, objective(loss), settings, steps, price)


def _held(rows: Rows, validation: tuple[Tensor, Tensor], loss: Loss) -> Rows:
    classes = rows.y.shape[1] if loss == "cross_entropy" else None
    x, y = validation
    if x.dim() == 2 and x.shape[1] != rows.x.shape[1] - 1:
        came, expected = x.shape[1], f"{rows.x.shape[1] - 1} features"
        raise BadInput("validation", expected=expected, came=came, remedy="prepare it like the training rows")
    if classes is not None and len(y) and int(y.max()) >= classes:
        raise BadInput("validation", expected=f"classes below {classes}", came=int(y.max()), remedy="train on all")
    return rows_of(x, y, loss, classes=classes)


def _scalar(rows: Rows, loss: Loss) -> None:
    """Try a loss of one's own on a row before training."""
    if isinstance(loss, Likelihood):
        objective(loss).gradient(np.zeros((1, loss.outputs), rows.x.dtype), rows.y[:1])
