"""How numbers enter a network of fixed width: as they are, or as the estimators encode them by pieces."""

import numpy as np
from jaxtyping import Float64

from continuum.data.standard import Part
from continuum.ensemble import Stream
from continuum.sklearn.inputs import scales_of
from continuum.sklearn.rows import EstimatorRows

from .parts import TableFold

#: Encodings of the grid, by the names that the estimators have for them.
ENCODINGS = ("raw", "piecewise")

Columns = Float64[np.ndarray, "rows columns"]


def stream_of(part: TableFold, encoding: str) -> Stream:
    """The fold as a stream of the engine, its columns encoded by the training rows."""
    stream = part.fold.stream
    if encoding == "raw":
        return stream
    train, test = pieces(part.standardised(), part.standardised("test"))
    parts = [Part(x, y) for x, y in ((train, stream.train.y), (test, part.fold.test.y))]
    return Stream(stream.seed, stream.kind, stream.outputs, parts[0], None, parts[1], stream.scale)


def pieces(train: Columns, test: Columns) -> tuple[Columns, Columns]:
    r"""Columns and their bins between quantiles of the training rows, such as the estimators give their networks.

    Reference: Y. Gorishniy, I. Rubachev & A. Babenko, "On embeddings for numerical features in tabular deep learning",
    NeurIPS 2022.

    >>> x = np.arange(5.0)[:, None]
    >>> pieces(x, np.array([[-1.0], [3.0], [9.0]]))[1].shape
    (3, 5)
    """
    scales = scales_of(EstimatorRows(train, np.zeros((len(train), 1))), "squared_error", "piecewise")
    features = next(iter(scales.values())).inputs
    return np.asarray(features(train)), np.asarray(features(test))
