"""Scores clipped at the threshold where they add up to a total, for whole batches at once."""

import math
import sys
from bisect import bisect_left, bisect_right
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor

from continuum import compiled
from continuum.compiled import kernels


def clipped(scores: Float[Tensor, "*batch units"], total: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch units"]:
    r"""Grades :math:`g_i = \mathrm{clip}(p_i - \tau, 0, 1)` of sum c, without a graph; all 0 or all 1 beyond [0, N].

    The threshold comes from Newton's method on a piecewise linear function, inside a shrinking bracket; on the right
    piece its step is exact. For large scores it is too coarse to hold the sum: what is missing then goes to the
    free grades, those strictly between 0 and 1.

    >>> clipped(torch.tensor([2.0, 0.5, 0.25, -1.0]), torch.tensor(1.5))
    tensor([1.0000, 0.3750, 0.1250, 0.0000])
    """
    units = scores.shape[-1]
    if compiled.wanted() and scores.dtype in NUMPY and scores.device.type == "cpu":
        grades = kernels.clip_rows(scores.reshape(-1, units).numpy(), total.reshape(-1).numpy())
        return torch.from_numpy(grades).reshape(scores.shape)
    if scores.numel() > FEW * units or scores.dtype not in NUMPY or scores.device.type != "cpu":
        return _clipped_rows(scores.reshape(-1, units), total.reshape(-1, 1)).reshape(scores.shape)
    if scores.dim() == 1:
        return torch.from_numpy(_clipped_row(scores.numpy(), total.item()))
    return torch.stack([clipped(*row) for row in zip(scores, total, strict=True)]) if len(scores) else scores.clone()


#: As long as there are not more rows, one row after the other in NumPy beats the overhead of operations on all.
FEW = 8
#: Types of numbers that NumPy has, too.
NUMPY = {torch.float32, torch.float64}

#: Grades that are computed together: a few MB, which stay in the cache from one step to the next.
MOST_AT_ONCE = 2**19
#: Rows whose sums are mended together, which bounds the memory for their free grades.
ROWS = 128
#: Far more than a bracket of float64 needs.
MOST_STEPS = 1000


def _clipped_rows(scores: Float[Tensor, "rows units"], total: Float[Tensor, "rows 1"]) -> Float[Tensor, "rows units"]:
    """The same for rows, block by block, in the memory of the grades: new memory would cost more than the steps."""
    grades, rows = torch.empty_like(scores), max(1, MOST_AT_ONCE // max(1, scores.shape[-1]))
    for start in range(0, len(scores), rows):
        here = slice(start, start + rows)
        _clip_block(scores[here], total[here], grades[here])
    return grades


def _clip_block(
    scores: Float[Tensor, "rows units"], total: Float[Tensor, "rows 1"], grades: Float[Tensor, "rows units"]
) -> None:
    units = scores.shape[-1]
    low, high = torch.full_like(total, -torch.inf), torch.full_like(total, torch.inf)
    threshold = _newton(scores, total, scores.mean(-1, keepdim=True) - total / units, low, high, grades)
    threshold = threshold.masked_fill(total <= 0, torch.inf).masked_fill(total >= units, -torch.inf)
    missing = total.clamp(0, units) - _clip(scores, threshold, grades).sum(-1, keepdim=True)
    if not bool((missing.abs() <= units * torch.finfo(scores.dtype).eps).all()):  # NaN goes on to all of its row
        for start in range(0, len(grades), ROWS):
            part = grades[start : start + ROWS]
            free = part.frac().ceil_()
            part.addcmul_(free, missing[start : start + ROWS] / free.sum(-1, keepdim=True).clamp(min=1)).clamp_(0, 1)


def _clip(scores: Tensor, threshold: Tensor, out: Tensor) -> Tensor:
    return torch.sub(scores, threshold, out=out).clamp_(0, 1)


def _newton(
    scores: Float[Tensor, "rows units"],
    total: Float[Tensor, "rows 1"],
    threshold: Float[Tensor, "rows 1"],
    low: Float[Tensor, "rows 1"],
    high: Float[Tensor, "rows 1"],
    memory: Float[Tensor, "rows units"],
) -> Float[Tensor, "rows 1"]:
    """Thresholds of all rows, from a guess and a bracket; ``memory`` is written over."""
    units, precision = scores.shape[-1], 2 * torch.finfo(scores.dtype).eps
    for _ in range(MOST_STEPS):
        part = _clip(scores, threshold, memory)
        gap = part.sum(-1, keepdim=True) - total
        slope = part.frac_().ceil_().sum(-1, keepdim=True)  # free units; a sum of Booleans is ten times slower
        open_rows = gap.abs() > precision * (units + slope * threshold.abs())  # NaN closes its row
        unfinished = int(open_rows.count_nonzero())
        if not unfinished:
            break
        above = gap >= 0
        low, high = torch.where(above, threshold, low), torch.where(above, high, threshold)
        step = threshold + gap / slope
        astray = open_rows & ~((step > low) & (step < high))
        if bool(astray.any()):
            low = low.maximum(scores.amin(-1, keepdim=True) - 1)
            high = high.minimum(scores.amax(-1, keepdim=True))
            step = torch.where(astray, (low + high) / 2, step)
        threshold = torch.where(open_rows, step, threshold)
        if 2 * unfinished < len(scores):  # go on with the other rows alone
            rows = open_rows.squeeze(-1).nonzero().squeeze(-1)
            threshold[rows] = _newton(
                scores[rows], total[rows], threshold[rows], low[rows], high[rows], memory[: len(rows)]
            )
            break
    return threshold


def _clipped_row(scores: NDArray[Any], total: float) -> NDArray[Any]:
    threshold = _root(np.sort(scores).tolist(), total)
    # In float64, where the threshold of float32 scores is fine enough.
    grades: NDArray[Any] = np.minimum(np.maximum(scores.astype(np.float64) - threshold, 0), 1)
    if not (-2 < threshold < 2 or math.isinf(threshold)):
        free = (grades > 0) & (grades < 1)
        grades = np.clip(grades + free * ((total - grades.sum()) / max(free.sum(), 1)), 0, 1)
    return grades.astype(scores.dtype)


def _root(scores: list[float], total: float) -> float:
    """Threshold of one row of scores in increasing order, whose free units are found by two binary searches."""
    units, precision = len(scores), 2 * sys.float_info.epsilon
    if (total <= 0 or total >= units) and not math.isnan(scores[-1]):  # NaN comes last
        return math.inf if total <= 0 else -math.inf
    low, high = scores[0] - 1, scores[-1]
    threshold = (sum(scores) - total) / units
    for _ in range(MOST_STEPS):
        if not low < threshold < high:
            threshold = low / 2 + high / 2
            if not low < threshold < high:  # neighbouring numbers, or NaN
                return threshold
        start = bisect_right(scores, threshold)
        stop = bisect_left(scores, threshold + 1, lo=start)
        slope = stop - start
        gap = sum(scores[start:stop]) - slope * threshold + (units - stop) - total
        if not abs(gap) > precision * (units + slope * abs(threshold)):
            return threshold + 0 * gap  # which hands on NaN
        low, high = (threshold, high) if gap >= 0 else (low, threshold)
        threshold = threshold + gap / slope if slope else math.inf
    return threshold
