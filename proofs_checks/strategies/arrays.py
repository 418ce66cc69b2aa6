"""Vectors and tensors of data, in float64."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from proofs_checks.strategies.scalars import numbers


def tensors(*shape: int, low: float = -2.0, high: float = 2.0) -> st.SearchStrategy[Tensor]:
    """Tensors of a fixed shape; entries are multiples of 1/64, so that sums of a few are exact."""
    grid = st.integers(round(64 * low), round(64 * high)).map(lambda step: step / 64)
    return arrays("float64", shape, elements=grid, fill=st.nothing()).map(torch.from_numpy)


def vectors(low: float, high: float, least: int = 1, most: int = 8) -> st.SearchStrategy[Tensor]:
    """Vectors of ``least`` to ``most`` entries, any floats in [low, high], subnormal ones among them."""
    return st.lists(numbers(low, high, subnormal=True), min_size=least, max_size=most).map(_double)


def ties(most: int = 6, largest: int = 2) -> st.SearchStrategy[Tensor]:
    """Vectors of multiples of 1/2 up to ``largest``, whose entries often tie or differ by 1."""
    steps = st.integers(-2 * largest, 2 * largest)
    return st.lists(steps, min_size=1, max_size=most).map(lambda twice: _double(twice) / 2)


def _double(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)
