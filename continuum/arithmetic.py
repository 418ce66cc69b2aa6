"""How small networks compute: on one thread, without autograd, and with overflow as a value rather than a warning.

Their products are small, so a second BLAS thread costs more than it brings (on a busy machine a hundred times more),
and under a pool of processes threads would oversubscribe the cores. Use processes for more cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from threadpoolctl import ThreadpoolController


@contextmanager
def engine_arithmetic() -> Iterator[None]:
    """The state in which networks are trained and measured; one that overflows is marked by its outcome."""
    with single_thread(), torch.no_grad(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield


@contextmanager
def single_thread() -> Iterator[None]:
    """Limit BLAS, OpenMP and torch to one thread inside the block, and restore afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _controller().limit(limits=1):
            yield
    finally:
        torch.set_num_threads(before)


@cache
def _controller() -> ThreadpoolController:
    # Looking for the loaded libraries takes milliseconds; by now those of numpy and torch are there.
    return ThreadpoolController()
