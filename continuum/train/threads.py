"""One thread for linear algebra.

The engine's products are small, so a second BLAS thread costs more than it brings (on a busy machine a hundred times
more), and under a pool of processes threads would oversubscribe the cores. Use processes for more cores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController


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
