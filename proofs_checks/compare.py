"""Comparisons that raise ``AssertionError``, for the checks of witnesses."""

from torch import Tensor
from torch.testing import assert_close


def close(actual: Tensor, expected: Tensor, tolerance: float = 1e-12) -> None:
    """Raise ``AssertionError`` unless two tensors agree up to a tolerance, relative or absolute."""
    assert_close(actual, expected, rtol=tolerance, atol=tolerance)


def require(condition: bool, otherwise: str) -> None:
    """Raise ``AssertionError`` with a sentence unless a condition holds.

    >>> require(2 > 1, "never said")
    """
    if not condition:
        raise AssertionError(otherwise)
