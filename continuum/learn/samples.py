"""From tensors to the rows of a run, refused before anything is computed."""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.loss import LOSSES, Likelihood
from continuum.learn.rows import Rows

Loss = str | Likelihood
#: Weight of the mean row below which a user is told that the scale of weights matters.
LIGHT = 0.1


def rows_of(x: Tensor, y: Tensor, loss: Loss, sample_weight: Tensor | None = None, classes: int | None = None) -> Rows:
    """Inputs with a column of ones, one-hot or real targets, and weights; rows of weight 0 are left out."""
    if not isinstance(loss, Likelihood):
        checks.one_of("loss", loss, LOSSES, plural="losses")
    _inputs(x)
    _targets(x, y, loss, checked=classes is None)
    numbers = x.detach().cpu().numpy()
    inputs = np.concatenate([numbers, np.ones_like(numbers[:, :1])], 1)
    coded = _coded(y, loss, numbers.dtype, classes)
    if sample_weight is None:
        return Rows(inputs, coded)
    weights = _weights(x, sample_weight, loss)
    counted = weights[:, 0] > 0
    inputs, coded, weights = inputs[counted], coded[counted], weights[counted]
    mean = float(weights.mean())
    return Rows(inputs, coded, (weights / mean).astype(inputs.dtype), mean)


def outputs_of(rows: Rows, loss: Loss) -> int:
    """Outputs of the network."""
    return loss.outputs if isinstance(loss, Likelihood) else rows.y.shape[1]


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


def _coded(y: Tensor, loss: Loss, dtype: "np.dtype[np.generic]", classes: int | None) -> np.ndarray:
    target = y.detach().cpu().numpy()
    if loss == "cross_entropy":
        return np.asarray(np.eye(classes or int(target.max()) + 1, dtype=dtype)[target])
    if isinstance(loss, Likelihood):
        return np.asarray(target)
    return np.asarray(target.reshape(len(target), -1), dtype)


def tensor(what: str, value: object) -> None:
    """Refuse what is no tensor."""
    if not isinstance(value, Tensor):
        make = "torch.from_numpy" if isinstance(value, np.ndarray) else "torch.tensor"
        came, remedy = type(value).__name__, f"give {make}({what.split()[-1]})"
        raise BadInput(what, expected="a tensor", came=came, remedy=remedy)


def _weights(x: Tensor, sample_weight: Tensor, loss: Loss) -> Float[np.ndarray, "rows 1"]:
    if isinstance(loss, Likelihood):
        remedy = "weigh the rows inside of the loss"
        raise BadInput("sample_weight", expected="none with a loss of one's own", came="weights", remedy=remedy)
    tensor("sample_weight", sample_weight)
    if sample_weight.shape != (len(x),):
        expected, came = f"{len(x)} weights", f"shape {tuple(sample_weight.shape)}"
        raise BadInput("sample_weight", expected=expected, came=came, remedy="give one a row")
    if sample_weight.is_complex():
        raise BadInput("sample_weight", expected="real numbers", came=sample_weight.dtype, remedy="convert it")
    weights = sample_weight.detach().cpu().double()
    if not bool(weights.isfinite().all() and (weights >= 0).all() and weights.sum() > 0):
        remedy = "remove rows that do not count"
        raise BadInput("sample_weight", expected="finite weights >= 0, not all 0", came="others", remedy=remedy)
    if not bool(weights.sum().isfinite()):
        remedy = "divide them by their mean"
        raise BadInput("sample_weight", expected="weights of a finite sum", came="sum inf", remedy=remedy)
    return np.asarray(weights.numpy()[:, None])


def _inputs(x: Tensor) -> None:
    tensor("x", x)
    if x.dtype not in (torch.float32, torch.float64):
        raise BadInput("x", expected="float32 or float64", came=x.dtype, remedy="convert it")
    if x.dim() != 2 or 0 in x.shape:
        raise BadInput("x", expected="shape (rows, features)", came=tuple(x.shape), remedy="give one row a sample")
    if not bool(x.isfinite().all()):
        raise BadInput("x", expected="finite values", came="NaN or inf", remedy="impute what is missing")


def _targets(x: Tensor, y: Tensor, loss: Loss, *, checked: bool) -> None:
    tensor("y", y)
    if y.dim() == 0 or len(y) != len(x):
        came = "a number" if y.dim() == 0 else len(y)
        raise BadInput("y", expected=f"{len(x)} targets", came=came, remedy="give one a row")
    if loss == "squared_error":
        _numbers(y)
        y = y.to(x.dtype)  # in which it must be finite, too
    if y.is_floating_point() and not bool(y.isfinite().all()):
        raise BadInput("y", expected="finite targets", came="NaN or inf", remedy="remove or mend these rows")
    if loss == "cross_entropy":
        _classes(y, checked)


def _numbers(y: Tensor) -> None:
    if y.dim() > 2 or 0 in y.shape or y.is_complex():
        came, remedy = f"{y.dtype} of shape {tuple(y.shape)}", "flatten outputs, and split complex numbers"
        raise BadInput("y", expected="real targets, (rows,) or (rows, outputs)", came=came, remedy=remedy)


def _classes(y: Tensor, enough: bool) -> None:
    if y.dtype != torch.long or y.dim() != 1 or bool((y < 0).any()):
        came = f"{y.dtype} of shape {tuple(y.shape)}"
        raise BadInput("y", expected="class indices >= 0, long, one a row", came=came, remedy="encode the labels")
    classes = int(y.max()) + 1
    if enough and len(y) < classes:
        raise BadInput("y", expected=f"at least {classes} rows for {classes} classes", came=len(y), remedy="add rows")
