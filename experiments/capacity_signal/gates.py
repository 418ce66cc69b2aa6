"""The gates that are measured: those of the shipped ``Interval``, as a function of gamma."""

from functools import cache

from torch import Tensor
from torch.func import functional_call

from continuum.widths import Interval


def interval_gates(units: int, gamma: Tensor, exponent: float) -> Tensor:
    r"""Gates of ``Interval`` for any batch of widths, shape (\*batch, units).

    The module is called with ``gamma`` in the place of its own, so that derivatives of any order and ``vmap`` go
    through.

    >>> import torch
    >>> interval_gates(3, torch.tensor([1.25, 2.0]), exponent=0.5)
    tensor([[1.0000, 0.5000, 0.0000],
            [1.0000, 1.0000, 0.0000]])
    """
    gates: Tensor = functional_call(_interval(units, exponent), {"gamma": gamma}, ())
    return gates


@cache
def _interval(units: int, exponent: float) -> Interval:
    return Interval(units, gamma=0.0, exponent=exponent, learnable=False)
