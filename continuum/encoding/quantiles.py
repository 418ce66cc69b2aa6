"""Distinct weighted quantiles of columns."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

#: Relative rounding of a sum of weights that does not push a quantile to the next value.
SLACK = 1e-12


def distinct_quantiles(
    x: Float64[np.ndarray, "rows columns"], bins: int, weight: Float64[np.ndarray, " rows"] | None = None
) -> Iterator[Float64[np.ndarray, " edges"]]:
    r"""Of each column the distinct quantiles at :math:`t / B` for t = 0, ..., B: values that occur among the rows.

    The quantile at p is the least value such that the rows up to it have p of the weight, so that weights are
    repetitions.

    >>> [edges.tolist() for edges in distinct_quantiles(np.array([[1.0], [2.0], [3.0], [9.0]]), 2)]
    [[1.0, 2.0, 9.0]]
    >>> weight = np.array([1.0, 1.0, 0.0, 6.0])
    >>> [edges.tolist() for edges in distinct_quantiles(np.array([[1.0], [2.0], [3.0], [9.0]]), 4, weight)]
    [[1.0, 2.0, 9.0]]
    """
    if weight is not None:
        x, weight = x[weight > 0], weight[weight > 0]
    levels = np.arange(bins + 1) / bins
    for column in x.T:
        if weight is None:
            ordered, share = np.sort(column), np.arange(1.0, len(column) + 1) / len(column)
        else:
            order = np.argsort(column, kind="stable")
            ordered, share = column[order], np.cumsum(weight[order] / weight.max())
            share /= share[-1]
        places = np.searchsorted(share, levels * (1 - SLACK))
        yield _apart(np.unique(ordered[np.minimum(places, len(ordered) - 1)]))


def _apart(edges: Float64[np.ndarray, " edges"]) -> Float64[np.ndarray, " apart"]:
    """Edges whose gaps are far enough from 0 to divide by."""
    with np.errstate(over="ignore"):
        return np.asarray(edges[np.append(True, np.diff(edges) > np.finfo(np.float64).tiny)])
