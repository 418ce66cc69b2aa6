"""Tables of numbers that are dense or sparse, of which only blocks are dense at once."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64
from scipy.sparse import csr_array

from continuum.errors import BadInput

#: Numbers of an array.
EstimatorTable = Float64[np.ndarray, "rows columns"]
#: Numbers of an array, or sparse ones.
Numbers = EstimatorTable | csr_array
#: Entries of a block that is made dense at once.
BLOCK = 1 << 22
#: Bytes of a table in single precision beyond which a sparse one is not made dense for training.
DENSE_BYTES = 2 << 30


def dense(numbers: Numbers) -> EstimatorTable:
    """All rows as an array."""
    return numbers if isinstance(numbers, np.ndarray) else np.asarray(numbers.toarray())


def row_blocks(rows: int, columns: int, most: int = 1 << 16) -> Iterator[slice]:
    """Slices of consecutive rows with at most ``BLOCK`` entries, or a single row, in each.

    >>> list(row_blocks(5, 1 << 21))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    size = max(1, min(most, BLOCK // max(1, columns)))
    return (slice(start, start + size) for start in range(0, rows, size))


def column_moments(
    numbers: Numbers, weight: Float64[np.ndarray, " rows"] | None
) -> tuple[Float64[np.ndarray, " columns"], Float64[np.ndarray, " columns"]]:
    """Mean and root mean square deviation of each column, to the bit the same of a sparse table and a dense one."""
    from continuum.data.standard import moments  # a room that takes long to import

    if isinstance(numbers, np.ndarray):
        return moments(numbers, weight)
    by_column, (rows, columns) = numbers.tocsc(), numbers.shape
    # Rows one behind the other, and two columns at least: numpy adds other arrays up in another order.
    ends = list(range(0, columns - 1, max(2, BLOCK // rows))) or [0]
    parts = [
        moments(by_column[:, start:stop].toarray(order="C"), weight)
        for start, stop in zip(ends, [*ends[1:], columns], strict=True)
    ]
    mean, scale = (np.concatenate(part) for part in zip(*parts, strict=True))
    return mean, scale


def check_room(rows: int, features: int) -> None:
    """Refuse more numbers than are trained on in memory."""
    if (size := 4 * rows * features) > DENSE_BYTES:
        raise BadInput(
            "X",
            expected=f"at most {DENSE_BYTES / 2**30:g} GiB of numbers in single precision, dense",
            came=f"{rows} rows of {features} features, {size / 2**30:.1f} GiB",
            remedy="put sklearn.decomposition.TruncatedSVD or sklearn.feature_selection.SelectKBest in front",
        )
