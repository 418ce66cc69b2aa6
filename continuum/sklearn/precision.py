"""Networks in fewer digits, and how far their outputs move by that."""

import copy
import warnings
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float64
from scipy.special import expit, softmax
from torch import nn

from continuum.errors import BadInput
from continuum.sklearn.folding import centred
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense
from continuum.sklearn.table.standardiser import Standardiser

#: By how much outputs may move unsaid: probabilities, or values in units of their spread.
UNSAID = 1e-3
#: The same in units of the resolution of types that resolve less than single precision.
RESOLUTIONS = 32
#: Rows on which that is measured.
PROBE = 512
#: Most numbers of these rows together.
ENTRIES = 1 << 18
#: Most columns for which a layer that centres them is tried; it has the square of that number of weights.
CENTRED = 1024


def probe(numbers: Numbers) -> EstimatorTable:
    """At most 512 rows, evenly spaced; fewer of very many columns."""
    rows, columns = numbers.shape
    count = min(PROBE, max(1, ENTRIES // columns))
    return dense(numbers[np.unique(np.linspace(0, rows - 1, count).round().astype(int))])


def in_precision(
    exact: nn.Sequential,
    dtype: torch.dtype,
    rows: EstimatorTable,
    inputs: Standardiser,
    names: Sequence[str],
    *,
    loss: str,
) -> nn.Sequential:
    """A copy of a network of float64 in another type.

    Where outputs move on ``rows``, the columns are centred by a layer of their own, if that helps. A ``UserWarning``
    names the columns where they still do, and ``BadInput`` where they are no finite numbers.

    Args:
        exact: of raw numbers.
        dtype: a floating-point type.
        rows: numbers of training.
        inputs: their mean and spread.
        names: of the columns.
        loss: which says whether outputs are logits, of classes or of labels.
    """
    network = copy.deepcopy(exact).to(dtype)
    if dtype == torch.float64 or (gap := moved(exact, network, rows, loss=loss)) <= _unsaid(dtype):
        return network
    if rows.shape[1] <= CENTRED:
        apart = centred(exact, inputs).to(dtype)
        better = moved(exact, apart, rows, loss=loss)
        if better < gap / 2 or not np.isfinite(gap):
            network, gap = apart, better
    _say(gap, dtype, _culprits(rows, inputs, names, dtype))
    return network


@torch.no_grad()
def moved(exact: nn.Sequential, network: nn.Sequential, rows: EstimatorTable, *, loss: str) -> float:
    """The most that a probability, or a value in units of its spread, differs on these rows; NaN if not finite."""
    dtype = next(network.parameters()).dtype
    right = exact(torch.from_numpy(rows)).cpu().numpy()
    other = network(torch.from_numpy(rows).to(dtype)).double().cpu().numpy()
    if not np.isfinite(other).all():
        return float("nan")
    if loss == "cross_entropy":
        return float(np.abs(softmax(right, axis=1) - softmax(other, axis=1)).max(initial=0.0))
    if loss == "binary_cross_entropy":
        return float(np.abs(expit(right) - expit(other)).max(initial=0.0))
    return float((np.abs(right - other).max(axis=0, initial=0.0) / _spread(right)).max())


def _spread(values: Float64[np.ndarray, "rows outputs"]) -> Float64[np.ndarray, " outputs"]:
    """Root mean square deviation; of constant values their size."""
    largest = np.abs(values).max(axis=0, initial=0.0)
    unit = np.where(largest > 0, largest, 1.0)
    deviation = (values / unit).std(axis=0) * unit if len(values) else unit
    return np.asarray(np.where(deviation > 0, deviation, unit))


def _unsaid(dtype: torch.dtype) -> float:
    return max(UNSAID, RESOLUTIONS * torch.finfo(dtype).eps)


def _culprits(rows: EstimatorTable, inputs: Standardiser, names: Sequence[str], dtype: torch.dtype) -> str:
    """The columns whose spread is least resolved."""
    info = torch.finfo(dtype)
    largest, spread = np.abs(rows).max(axis=0, initial=0.0), inputs.scale
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        lost = np.where(spread > 0, largest / spread * info.eps, 0.0)
    lost[(largest > info.max) | ((spread > 0) & (spread < info.tiny))] = np.inf
    worst = [k for k in np.argsort(-lost, kind="stable")[:3] if lost[k] > _unsaid(dtype) / 10]
    return " (look at " + ", ".join(names[k] for k in worst) + ")" if worst else ""


def _say(gap: float, dtype: torch.dtype, culprits: str) -> None:
    remedy = "export with dtype=torch.float64"
    if not np.isfinite(gap):
        expected, came = f"a type in which outputs are finite{culprits}", str(dtype)
        raise BadInput("dtype", expected=expected, came=came, remedy=remedy)
    if gap > _unsaid(dtype):
        text = f"in {dtype} outputs move by {gap:.2g} from those of predict on rows of training{culprits}; {remedy}"
        warnings.warn(text, UserWarning, stacklevel=4)
