"""Intervals over what tables are drawn from, of one value per table."""

from collections.abc import Callable, Mapping

import numpy as np

from continuum.analysis.statistics import ConfidenceInterval

DRAWS, LEVEL = 2000, 0.95


def over_tables(
    values: Mapping[str, float], statistic: Callable[..., np.ndarray | np.floating] = np.mean
) -> ConfidenceInterval:
    """A statistic of the values, with the percentile interval of a bootstrap that draws tables anew.

    The same draws as those of ``cluster_interval`` with a table for a cluster, all at once; NaN counts as missing.

    >>> over_tables({"a": 1.0, "b": 3.0})
    ConfidenceInterval(mean=2.0, low=1.0, high=3.0)
    """
    known = np.array([value for value in values.values() if not np.isnan(value)])
    if not len(known):
        return ConfidenceInterval(np.nan, np.nan, np.nan)
    if len(known) == 1:
        return ConfidenceInterval(float(known[0]), np.nan, np.nan)
    places = np.random.default_rng(0).integers(len(known), size=(DRAWS, len(known)))
    low, high = np.quantile(statistic(known[places], axis=1), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return ConfidenceInterval(float(statistic(known)), float(low), float(high))
