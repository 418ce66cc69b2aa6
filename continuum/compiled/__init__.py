"""Kernels in C++: what the pure forms compute, up to rounding, in less time; never unless asked for.

They need no package, but a compiler (``c++``, ``g++`` or ``clang++``) on the machine; the first use takes seconds to
build them for its processor. Rounding differs from that of the pure forms, so recorded runs never use this room, and
what a program computes does not depend on what happens to be installed.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from continuum.compiled.building import NotBuilt
from continuum.compiled.library import loaded

_wanted: ContextVar[bool] = ContextVar("compiled kernels", default=False)


def wanted() -> bool:
    """Whether compiled kernels are to be used here."""
    return _wanted.get()


@contextmanager
def compiled() -> Iterator[None]:
    """Use compiled kernels inside the block, on the CPU: in projections on the capped simplex and in the engine.

    A block reaches neither other threads nor worker processes. Where the kernels cannot be built it warns, and the pure
    forms do the work.

    >>> import torch
    >>> from continuum.widths import project
    >>> with compiled():
    ...     project(torch.tensor([2.0, 0.5, 0.25, -1.0]), 1.5)
    tensor([1.0000, 0.3750, 0.1250, 0.0000])
    """
    token = _wanted.set(_built())
    try:
        yield
    finally:
        _wanted.reset(token)


def _built() -> bool:
    try:
        loaded()
    except NotBuilt as error:
        warnings.warn(f"compiled(): {error}. The pure forms do the work.", stacklevel=4)
        return False
    return True


__all__ = ["NotBuilt", "compiled", "wanted"]
