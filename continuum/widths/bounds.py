"""Checks of widths that are tensors."""

from torch import Tensor

from continuum.errors import BadInput


def within(what: str, values: Tensor, units: int, *, remedy: str) -> Tensor:
    """Return ``values`` if all of them lie in [0, units], else raise ``BadInput`` with the first that does not.

    >>> import torch
    >>> within("gamma", torch.tensor([0.5, 2.0]), 2, remedy="lower it")
    tensor([0.5000, 2.0000])
    """
    inside = (values >= 0) & (values <= units)  # False for NaN
    if not bool(inside.all()):
        raise BadInput(
            what, expected=f"widths in [0, {units}]", came=values[~inside].flatten()[0].item(), remedy=remedy
        )
    return values
