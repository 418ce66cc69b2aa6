"""Projection on the capped simplex against a root finder of scipy, row by row."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import brentq

from benchmarks.rows import Measured
from benchmarks.timing import Work, rates, ratio
from continuum.arithmetic import single_thread
from continuum.widths import project

ROWS, UNITS, TOTAL = 1000, 512, 100.0
DTYPES = {"simplex": torch.float32, "simplex_float64": torch.float64}


def measure(task: str, names: Sequence[str], quick: bool) -> list[Measured]:
    """Ratios of rates, in rows a second."""
    scores = torch.randn(ROWS, UNITS, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    works = {"scipy": Work(lambda: row_by_row(scores.numpy()), ROWS)}
    for name in names:
        works[name] = _projection(scores.to(DTYPES[name]))
    with single_thread():
        speeds = rates(works, repetitions=3 if quick else 15)
    return [ratio(name, task, speeds[name], speeds["scipy"]) for name in names]


def _projection(scores: torch.Tensor) -> Work:
    total = torch.full((ROWS,), TOTAL, dtype=scores.dtype)
    return Work(lambda: [project(scores, total) for _ in range(10)], 10 * ROWS)


def row_by_row(scores: np.ndarray) -> np.ndarray:
    """The same by a threshold for each row."""

    def excess(threshold: float, row: np.ndarray) -> float:
        return float(np.clip(row - threshold, 0, 1).sum() - TOTAL)

    roots = [brentq(excess, row.min() - 1, row.max(), args=(row,)) for row in scores]
    return np.clip(scores - np.array(roots)[:, None], 0, 1)
