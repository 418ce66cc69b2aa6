"""The mean of what rows that count for several show, and its standard error."""

import numpy as np
from jaxtyping import Float64

Table = Float64[np.ndarray, "*batch rows"]


def mean_and_error(
    table: Table, weights: Float64[np.ndarray, " rows"]
) -> tuple[Float64[np.ndarray, "*batch"], Float64[np.ndarray, "*batch"]]:
    r"""Mean along the last axis, and its standard error; a row of weight w counts for w rows.

    With weights :math:`w_i` of sum :math:`W` the squared error is
    :math:`\sum_i w_i (s_i - \bar s)^2 / (W (W - 1))`, without bound where all rows together stand for no more than one.

    >>> mean, error = mean_and_error(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    >>> float(mean), float(error) == float(np.std([1.0, 1.0, 4.0], ddof=1) / np.sqrt(3))
    (2.0, True)
    """
    share = weights / weights.sum()
    mean = table @ share
    variance = np.square(table - mean[..., None]) @ share
    freedom = float(weights.sum()) - 1
    return mean, np.sqrt(variance / freedom) if freedom > 0 else np.full_like(mean, np.inf)
