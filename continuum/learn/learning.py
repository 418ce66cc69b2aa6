"""Learn the width of a network in one run: a real number, and a plain network of so many units."""

from collections.abc import Iterable
from typing import cast, overload

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from continuum.arithmetic import engine_arithmetic
from continuum.learn.loss import LossChoice
from continuum.learn.methods.registry import learn_by_name
from continuum.learn.modules.batches import Data
from continuum.learn.modules.losses import ModuleLoss
from continuum.learn.modules.run import learn_module, refuse_tensor_options
from continuum.learn.path import WidthPath, checked_prices, frontier
from continuum.learn.result import WidthResult
from continuum.learn.settings import PRICES, LearnConfig
from continuum.learn.start import started
from continuum.learn.task import Validation, checked_task
from continuum.progress import Progress

InputTensor = Float[Tensor, "rows features"]
TargetTensor = Shaped[Tensor, "rows *targets"]
RowWeights = Float[Tensor, " rows"]


@overload
def learn_width(
    x: InputTensor,
    y: TargetTensor,
    loss: LossChoice,
    config: LearnConfig | None = None,
    *,
    sample_weight: RowWeights | None = None,
    validation: Validation | None = None,
    progress: Progress | None = None,
    initial: nn.Sequential | None = None,
    classes: int | None = None,
) -> WidthResult: ...


@overload
def learn_width(
    x: nn.Module,
    y: Data,
    loss: ModuleLoss | None = None,
    config: LearnConfig | None = None,
    *,
    progress: Progress | None = None,
) -> WidthResult: ...


def learn_width(
    x: InputTensor | nn.Module,
    y: TargetTensor | Data,
    loss: LossChoice | ModuleLoss | None = None,
    config: LearnConfig | None = None,
    *,
    sample_weight: RowWeights | None = None,
    validation: Validation | None = None,
    progress: Progress | None = None,
    initial: nn.Sequential | None = None,
    classes: int | None = None,
) -> WidthResult:
    r"""Learn weights and width together, then leave ceil(width) whole units.

    Every unit has a linear gate :math:`a_i \in [0, 1]`, and its weights the norm of :math:`L_2(E)`. With
    :math:`v_i = a_i W_i` (or :math:`\sqrt{a_i} W_i`, with square-root gates and plain weight decay)

    .. math:: \min_{v, a}\; \frac1n \sum_{\text{rows}} \ell + \sum_i \frac{\lambda |v_i|^2}{2 a_i} + \rho\, a_i,
        \qquad \gamma = \sum_i a_i ,\qquad \rho = \text{price} / n

    where n is the number of rows; of weighted rows it is the sum of the weights, and the mean is weighted.

    The gates are eliminated in closed form (:func:`continuum.widths.reverse_huber`; of another power than 2,
    :class:`continuum.widths.Perspective`), so that each gradient step on the plain loss is followed by that penalty's
    exact proximal operator, unit by unit. Silent units are given fresh directions now and then; those that are on lie
    packed, so that the cost of a step follows their number. Then units are removed one by one with the least change of
    the function, while training goes on without a price.

    Training happens on one thread of the CPU, where networks of this size are fastest.

    That is the method "graded". Other methods stand beside it for comparison, with the same loss, decay, price, steps,
    Adam under a cosine and, in the end, the same rounding; only what gives the gates differs. None of them calibrates
    a price: None is ``DEFAULT_PRICE`` to them, unless said otherwise.

    ================= ==================================================================================================
    method            gates
    ================= ==================================================================================================
    "interval"        clip(gamma - i, 0, 1)^p, gamma by gradient, Euclidean weight decay; with the exponent p = 0.5, the
                      square-root gate, that is the geometry of L2(E)
    "soft_support"    of f(u) = gamma - u, ever sharper, in the norm of L2(E)
    "fuzzy"           square roots of grades that share out a sum, which is learned: for given activations the problem
                      of "graded", by gradient alone
    "concrete"        sampled from a distribution over widths, ever colder; the price is on the mean width
    "hypergradient"   square-root gates, gamma by the hypergradient of a held-out loss (``validation``, or a fifth of
                      the rows) over a few steps of training; None is no price
    "path"            as "graded", at the price that one standard error picks from :func:`width_path`; takes no price
    ================= ==================================================================================================

    **A module of your own** may stand in the place of x, and its data in that of y: ``learn_width(module, data)``. It
    is one function because it is one question, answered by the same penalty, price and rounding; the first argument
    says which network. The module is an ``nn.Sequential`` of Linear, Conv1d and Conv2d, BatchNorm, elementwise
    activations, Dropout, Flatten and pooling, in any order in which units can be followed. Its hidden layers are as
    wide as they may become; they begin with its weights, and all of them are on. It stays as it is: a copy is trained,
    in the float type and on the device of its weights, and ``result.network`` is that copy with fewer units. A unit is
    a row of a Linear or an output channel; its weights v are what it multiplies in the next layer: a column, a slice of
    input channels, or, through Flatten, one column per place. Scales that have no price are fixed, so that no unit
    escapes through them: incoming weights have length 1 where all up to the next layer is positively homogeneous (at
    most 2 for GELU and its like, free where it is bounded), and behind BatchNorm its scale and shift take their part.
    Inputs should be standardised. Its data are (x, y), a ``Dataset`` of pairs, or a ``DataLoader``, whose batches are
    taken as they come; its loss may be any function of outputs and targets, too, the mean over rows, in nats, and None
    is cross-entropy of whole numbers, squared error of others. Of ``config`` a module leaves price, steps, batch, lr,
    decay, seed and resolution open; a price of None is ``DEFAULT_PRICE``, for nothing is calibrated.

    Args:
        x: standardised inputs, float32 or float64; the arithmetic follows their type.
        y: class indices (long), or targets (rows,) or (rows, outputs); those of squared error standardised, too,
            those of independent labels 0 or 1.
        loss: "cross_entropy", "binary_cross_entropy" (of independent labels), "squared_error" or a
            :class:`Likelihood`.
        config: see :class:`LearnConfig`.
        sample_weight: of the rows; a row of weight 2 counts like two rows, one of weight 0 like none. So the scale of
            the weights matters: weights of sum 1 make all the data worth one row, and the price too high for it.
        validation: held-out rows (x, y) or (x, y, sample_weight) that calibrate the price, instead of two halves of
            the training rows; of the other methods "hypergradient" and "path" can use them.
        progress: called as ``progress(steps_done, steps_total, width)`` now and then, over calibration, the
            graded phase and rounding together. The width is that of the network trained just now: one that
            calibrates, then the one that is learned, which rounding leaves as it was. A true answer ends the
            calibration, at the default price, or the graded phase, and lowers the total; rounding goes on to
            its end, where both are equal. "path" tells of its path first, which a true answer ends at the points so
            far, the first one at least.
        initial: a network such as an earlier result has, whose units the graded method starts from; a reserve of
            fresh ones stands behind them.
        classes: how many there are, where not all of them need be among the rows.

    Raises:
        BadInput: before any training.
        Diverged: where numbers left the range of floats on the way.

    References: M. Pilanci et al., "Sparse learning via Boolean relaxations", 2015 (the penalty); F. Bach, "Breaking the
    curse of dimensionality with convex neural networks", 2017 (units as groups); B. Hassibi & D. Stork, "Second order
    derivatives for network pruning", 1993 (removal).

    >>> import torch
    >>> x = torch.linspace(-2, 2, 64).unsqueeze(1)
    >>> result = learn_width(x, x.abs() - 1, "squared_error", LearnConfig(price=20.0, steps=300))
    >>> result.network[0].out_features == result.units[0], result.units[0] >= result.widths[0]
    (True, True)
    >>> module = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 1))
    >>> result = learn_width(module, (x, x.abs() - 1), config=LearnConfig(price=20.0, steps=300))
    >>> result.network[0].out_features == result.units[0], module[0].out_features
    (True, 32)
    """
    if isinstance(x, nn.Module):
        refuse_tensor_options(sample_weight=sample_weight, validation=validation, initial=initial, classes=classes)
        return learn_module(x, cast("Data", y), loss, config, progress=progress)
    y, loss = cast("Tensor", y), cast("LossChoice", loss)
    task = checked_task((x, y, sample_weight), validation, loss, LearnConfig() if config is None else config, classes)
    with engine_arithmetic():
        return learn_by_name(task if initial is None else started(task, initial), progress, x)


def width_path(
    x: InputTensor,
    y: TargetTensor,
    loss: LossChoice,
    config: LearnConfig | None = None,
    prices: Iterable[float] = PRICES,
    *,
    sample_weight: RowWeights | None = None,
    validation: Validation | None = None,
    progress: Progress | None = None,
) -> WidthPath:
    """The frontier of score against width from one falling price, each graded network starting from the last one.

    A graded width is no number of units: the units of a layer of width 0.1 may be five, each of them almost off. So
    at every price a copy is rounded to ceil(width) units, as :func:`learn_width` does it, and scored on held-out rows.
    The price of a point is what :func:`learn_width` should be given to get such a network, trained for longer.

    Args:
        x: as of :func:`learn_width`.
        y: as of :func:`learn_width`.
        loss: as of :func:`learn_width`.
        config: whose price and method are not used, for the path is that of the graded method; its steps are shared
            by all prices.
        prices: falling, in nats of the whole training set per unit of width.
        sample_weight: of the rows, each of which counts like so many rows.
        validation: held-out rows (x, y) or (x, y, sample_weight) that score; without them a fifth of the rows.
        progress: called as ``progress(steps_done, steps_total, width)``, as by :func:`learn_width`; the steps are
            those of all prices, rounding included. A true answer ends the path before the price just begun, except for
            the first, which is always learned to its end.

    Raises:
        BadInput: before any training.
        Diverged: where numbers left the range of floats on the way.

    >>> import torch
    >>> x = torch.linspace(-2, 2, 64).unsqueeze(1)
    >>> path = width_path(x, x.abs() - 1, "squared_error", LearnConfig(steps=600), prices=(100.0, 10.0, 1.0))
    >>> bool((path.widths.diff(dim=0) > 0).all()), path.one_standard_error() <= path.best()
    (True, True)
    """
    falling = checked_prices(prices)
    task = checked_task((x, y, sample_weight), validation, loss, LearnConfig() if config is None else config)
    with engine_arithmetic():
        return frontier(task, falling, progress)
