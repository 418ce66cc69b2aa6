"""The training rows of a run, from tensors, and the order in which minibatches take them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.loss import LOSSES, Likelihood, LossChoice

#: Rows on which curves and Gram matrices are measured.
PROBE = 512
#: Most numbers of the targets of classes, a column each.
MOST_CODES = 1 << 29
#: Least weight, as a share of the greatest: in single precision sums of rows that are lighter still would be 0.
LIGHTEST = 1e-30
#: Sums of weights between which a price per row is a number in single precision.
LEAST_SUM, MOST_SUM = 1e-20, 1e20
#: Largest input and largest target with which single and double precision can reckon: their squares, and sums and
#: products of these.
LARGEST = {torch.float32: (1e12, 1e15), torch.float64: (1e100, 1e120)}
#: Weight of the mean row below which a user is told that the scale of weights matters.
LIGHT = 0.1


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows, each of which counts for as many as it weighs.

    Args:
        x: inputs with a last column of ones.
        y: targets with one row per sample.
        importance: weight of each row as a multiple of the mean one; None where all weigh the same.
        weight: mean weight of a row.
    """

    x: Float[np.ndarray, "rows features"]
    y: Float[np.ndarray, "rows targets"]
    importance: Float[np.ndarray, "rows 1"] | None = None
    weight: float = 1.0

    def __len__(self) -> int:
        return len(self.x)

    @property
    def features(self) -> int:
        """Inputs of a row, without the column of ones."""
        return int(self.x.shape[1]) - 1

    @property
    def total(self) -> float:
        """The weight of all rows together: the number of rows that they stand for."""
        return self.weight * len(self)

    def weights(self) -> Float[np.ndarray, " rows"]:
        """The weight of each row, in double precision."""
        even = np.full(len(self), self.weight)
        return even if self.importance is None else even * self.importance[:, 0]

    def part(self, index: Int[np.ndarray, " part"]) -> "TrainingRows":
        """These rows alone, with their share of the weight."""
        rows = self._take(index)
        if rows.importance is None:
            return rows
        mean = float(rows.importance.mean(dtype=np.float64))
        importance = rows.importance / rows.importance.dtype.type(mean)
        return replace(rows, importance=importance, weight=self.weight * mean)

    def probe(self, seed: int) -> "TrainingRows":
        """At most 512 rows, the same ones at every call."""
        if len(self) <= PROBE:
            return self
        return self.part(np.sort(np.random.default_rng([seed, 7]).choice(len(self), PROBE, replace=False)))

    def batches(self, size: int, random: np.random.Generator) -> Iterator["TrainingRows"]:
        """Minibatches without end: permutations of the rows, one behind the other, cut into equal pieces."""
        if size >= len(self):
            while True:
                yield self
        queue = np.empty(0, np.int64)
        while True:
            while len(queue) < size:
                queue = np.concatenate([queue, random.permutation(len(self))])
            yield self._take(queue[:size])
            queue = queue[size:]

    def _take(self, index: Int[np.ndarray, " part"]) -> "TrainingRows":
        """These rows with the importance they have among all: so gradients of minibatches have no bias."""
        importance = None if self.importance is None else self.importance.take(index, 0)
        return TrainingRows(self.x.take(index, 0), self.y.take(index, 0), importance, self.weight)


def training_rows(
    x: Tensor, y: Tensor, loss: LossChoice, sample_weight: Tensor | None = None, classes: int | None = None
) -> TrainingRows:
    """Inputs with a column of ones, one-hot or real targets, and weights; rows of weight 0 are left out.

    ``classes`` is the number of classes where other rows decide it. Raises ``BadInput``.
    """
    if not isinstance(loss, Likelihood):
        checks.one_of("loss", loss, LOSSES, plural="losses")
    _check_inputs(x)
    _check_targets(x, y, loss, checked=classes is None)
    if classes is not None:
        checks.whole("classes", classes, at_least=1)
        if len(x) * classes > MOST_CODES:
            expected, remedy = f"at most {MOST_CODES} rows times classes", "count only the classes that occur"
            raise BadInput("classes", expected=expected, came=f"{len(x)} times {classes}", remedy=remedy)
    if classes is not None and loss == "cross_entropy" and int(y.max()) >= classes:
        remedy = "count them all"
        raise BadInput("y", expected=f"classes below {classes}", came=int(y.max()), remedy=remedy)
    numbers = x.detach().cpu().numpy()
    inputs = np.concatenate([numbers, np.ones_like(numbers[:, :1])], 1)
    targets = _coded_targets(y, loss, numbers.dtype, classes)
    if sample_weight is None:
        return TrainingRows(inputs, targets)
    weights = _checked_weights(x, sample_weight, loss)
    counted = weights[:, 0] > 0
    inputs, targets, weights = inputs[counted], targets[counted], weights[counted]
    weights = np.maximum(weights, LIGHTEST * weights.max())
    mean = float(weights.mean())
    return TrainingRows(inputs, targets, (weights / mean).astype(inputs.dtype), mean)


def too_light(total: float, rows: int) -> str | None:
    """What a user should know of weights of this sum on so many rows, None where there is nothing to say.

    >>> too_light(50.0, 100) is None
    True
    >>> too_light(1.0, 100)
    'the weights of 100 rows sum to 1, and the price counts them as so many rows: it may be too high'
    """
    if total >= LIGHT * rows:
        return None
    return f"the weights of {rows} rows sum to {total:g}, and the price counts them as so many rows: it may be too high"


def check_tensor(what: str, value: object) -> None:
    """Refuse what is no tensor."""
    if not isinstance(value, Tensor):
        make = "torch.from_numpy" if isinstance(value, np.ndarray) else "torch.tensor"
        came, remedy = type(value).__name__, f"give {make}({what.split()[-1]})"
        raise BadInput(what, expected="a tensor", came=came, remedy=remedy)
    if value.layout != torch.strided or value.is_quantized or value.device.type == "meta":
        came, remedy = f"one of layout {value.layout}, {value.dtype}, on {value.device}", "give x.to_dense()"
        raise BadInput(what, expected="a dense tensor with numbers", came=came, remedy=remedy)


def _coded_targets(y: Tensor, loss: LossChoice, dtype: "np.dtype[np.generic]", classes: int | None) -> np.ndarray:
    target = y.detach().cpu().numpy()
    if loss == "cross_entropy":
        hot = np.zeros((len(target), classes or int(target.max()) + 1), dtype)
        hot[np.arange(len(target)), target] = 1
        return hot
    if isinstance(loss, Likelihood):
        return np.asarray(target)
    return np.asarray(target[:, None] if target.ndim == 1 else target, dtype)


def _checked_weights(x: Tensor, sample_weight: Tensor, loss: LossChoice) -> Float[np.ndarray, "rows 1"]:
    if isinstance(loss, Likelihood):
        expected, remedy = "none with a loss of your own", "weigh the rows inside of the loss"
        raise BadInput("sample_weight", expected=expected, came="weights", remedy=remedy)
    check_tensor("sample_weight", sample_weight)
    if sample_weight.shape != (len(x),):
        expected, came = f"{len(x)} weights", f"shape {tuple(sample_weight.shape)}"
        raise BadInput("sample_weight", expected=expected, came=came, remedy="give one weight per row")
    if sample_weight.is_complex():
        raise BadInput("sample_weight", expected="real numbers", came=sample_weight.dtype, remedy="convert it")
    weights = sample_weight.detach().cpu().double()
    if not bool(weights.isfinite().all() and (weights >= 0).all() and weights.sum() > 0):
        remedy = "remove rows that do not count"
        raise BadInput("sample_weight", expected="finite weights >= 0, not all 0", came="others", remedy=remedy)
    if not LEAST_SUM <= (total := float(weights.sum())) <= MOST_SUM:
        came, remedy = f"sum {total:g}", "divide them by their mean"
        expected = f"weights of a finite sum, between {LEAST_SUM:g} and {MOST_SUM:g}"
        raise BadInput("sample_weight", expected=expected, came=came, remedy=remedy)
    return np.asarray(weights.numpy()[:, None])


def _check_inputs(x: Tensor) -> None:
    check_tensor("x", x)
    if x.dtype not in (torch.float32, torch.float64):
        raise BadInput("x", expected="float32 or float64", came=x.dtype, remedy="convert it")
    if x.dim() != 2 or 0 in x.shape:
        remedy = "give one row per sample"
        raise BadInput("x", expected="shape (rows, features)", came=tuple(x.shape), remedy=remedy)
    if not bool(x.isfinite().all()):
        raise BadInput("x", expected="finite values", came="NaN or inf", remedy="impute what is missing")
    _check_size("x", x, LARGEST[x.dtype][0])


def _check_targets(x: Tensor, y: Tensor, loss: LossChoice, *, checked: bool) -> None:
    check_tensor("y", y)
    if y.dim() == 0 or len(y) != len(x):
        came = "a number" if y.dim() == 0 else len(y)
        raise BadInput("y", expected=f"{len(x)} targets", came=came, remedy="give one target per row")
    if loss in ("squared_error", "binary_cross_entropy"):
        if y.dim() > 2 or 0 in y.shape or y.is_complex():
            came, remedy = f"{y.dtype} of shape {tuple(y.shape)}", "flatten outputs, and split complex numbers"
            raise BadInput("y", expected="real targets, (rows,) or (rows, outputs)", came=came, remedy=remedy)
        y = y.to(x.dtype)  # in which it must be finite, too
    if y.is_floating_point() and not bool(y.isfinite().all()):
        raise BadInput("y", expected="finite targets", came="NaN or inf", remedy="remove or mend these rows")
    if loss == "squared_error":
        _check_size("y", y, LARGEST[x.dtype][1])
    if loss == "cross_entropy":
        _check_classes(y, enough_rows=checked)
    if loss == "binary_cross_entropy" and not bool(((y >= 0) & (y <= 1)).all()):
        came, remedy = f"{y.min():g} to {y.max():g}", "code each label as 0 or 1"
        raise BadInput("y", expected="numbers in [0, 1]", came=came, remedy=remedy)


def _check_size(what: str, values: Tensor, most: float) -> None:
    """Refuse numbers that were not standardised, and are too large to learn from."""
    if (largest := float(values.detach().abs().max())) > most:
        remedy = "subtract the mean of each column, and divide by its deviation"
        raise BadInput(what, expected=f"standardised values, within {most:g}", came=f"{largest:.3g}", remedy=remedy)


def _check_classes(y: Tensor, *, enough_rows: bool) -> None:
    if y.dtype != torch.long or y.dim() != 1 or bool((y < 0).any()):
        came, expected = f"{y.dtype} of shape {tuple(y.shape)}", "class indices >= 0, long, one per row"
        raise BadInput("y", expected=expected, came=came, remedy="encode the labels")
    classes = int(y.max()) + 1
    if enough_rows and len(y) < classes:
        raise BadInput("y", expected=f"at least {classes} rows for {classes} classes", came=len(y), remedy="add rows")
