"""Numbers of the page: of as many digits as a picture needs."""

from collections.abc import Iterable

import numpy as np


def shortened(values: Iterable[float], digits: int = 6) -> list[float | None]:
    """Values of so many significant digits; None where there is no number.

    >>> shortened([1 / 3, float("nan")]), shortened([1 / 3], digits=2)
    ([0.333333, None], [0.33])
    """
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values]
