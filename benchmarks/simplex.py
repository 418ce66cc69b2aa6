"""Projection on the capped simplex against a root finder of scipy, row by row."""

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import torch
from scipy.optimize import brentq

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio
from continuum.arithmetic import single_thread
from continuum.compiled import compiled
from continuum.widths import project

ROWS, UNITS, TOTAL = 1000, 512, 100.0
#: Precision, and whether by compiled kernels.
VARIANTS = {
    "simplex": (torch.float32, False),
    "simplex_float64": (torch.float64, False),
    "simplex_compiled": (torch.float32, True),
    "simplex_compiled_float64": (torch.float64, True),
}


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratios of rates, in rows a second."""
    scores = torch.randn(ROWS, UNITS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    works = {"scipy": Work(lambda: row_by_row(scores.numpy()), ROWS)}
    for name in names:
        dtype, fast = VARIANTS[name]
        works[name] = _projection(scores.to(dtype), fast)
    with single_thread():
        speeds = rates(works, repetitions=3 if quick else 15)
    return [ratio(name, task, speeds[name], speeds["scipy"]) for name in names]


def _projection(scores: torch.Tensor, fast: bool) -> Work:
    total = torch.full((ROWS,), TOTAL, dtype=scores.dtype)

    def run() -> None:
        with compiled() if fast else nullcontext():
            for _ in range(10):
                project(scores, total)

    return Work(run, 10 * ROWS)


def row_by_row(scores: np.ndarray) -> np.ndarray:
    """The same by a threshold for each row."""

    def excess(threshold: float, row: np.ndarray) -> float:
        return float(np.clip(row - threshold, 0, 1).sum() - TOTAL)

    roots = [brentq(excess, row.min() - 1, row.max(), args=(row,)) for row in scores]
    return np.clip(scores - np.array(roots)[:, None], 0, 1)
