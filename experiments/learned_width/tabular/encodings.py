"""How numbers enter a network of fixed width: as they are, or piecewise linear between quantiles."""

import numpy as np
from jaxtyping import Float64

from continuum.data.standard import Part, moments, standardise
from continuum.ensemble import Stream

from .parts import TableFold

#: Encodings of the grid, by the names that the estimators have for them.
ENCODINGS = ("raw", "piecewise")
#: Most pieces of a column.
PIECES = 8

Columns = Float64[np.ndarray, "rows columns"]


def stream_of(part: TableFold, encoding: str) -> Stream:
    """The fold as a stream of the engine, its columns encoded by the training rows and standardised."""
    stream = part.fold.stream
    if encoding == "raw":
        return stream
    train, test = pieces(part.standardised(), part.standardised("test"))
    mean, scale = moments(train)
    parts = [Part(standardise(x, mean, scale), y) for x, y in ((train, stream.train.y), (test, part.fold.test.y))]
    return Stream(stream.seed, stream.kind, stream.outputs, parts[0], None, parts[1], stream.scale)


def pieces(train: Columns, test: Columns, most: int = PIECES) -> tuple[Columns, Columns]:
    r"""Columns :math:`\mathrm{clip}((x - b_j)/(b_{j+1} - b_j), 0, 1)` between quantiles :math:`b_j` of the training
    rows; the first is not clipped below, nor the last above. A column of one piece stays as it is.

    Reference: Y. Gorishniy, I. Rubachev & A. Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022.

    >>> x = np.arange(5.0)[:, None]
    >>> pieces(x, np.array([[-1.0], [3.0], [9.0]]), most=2)[1]
    array([[-0.5,  0. ],
           [ 1. ,  0.5],
           [ 1. ,  3.5]])
    """
    coded: tuple[list[Columns], list[Columns]] = ([], [])
    for column, other in zip(train.T, test.T, strict=True):
        bounds = np.unique(np.quantile(column, np.linspace(0, 1, most + 1)))
        for values, made in zip((column, other), coded, strict=True):
            made.append(_coded(values, bounds) if len(bounds) > 2 else values[:, None])
    return np.hstack(coded[0]), np.hstack(coded[1])


def _coded(values: Float64[np.ndarray, " rows"], bounds: Float64[np.ndarray, " bounds"]) -> Columns:
    share = (values[:, None] - bounds[:-1]) / np.diff(bounds)
    low, high = np.zeros(len(bounds) - 1), np.ones(len(bounds) - 1)
    low[0], high[-1] = -np.inf, np.inf
    return np.asarray(np.clip(share, low, high))
