"""How the engine computes: on one thread, without autograd, and with overflow as a value rather than a warning."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from continuum.train.threads import single_thread


@contextmanager
def engine_arithmetic() -> Iterator[None]:
    """The state in which ensembles are trained and measured; a member that overflows is marked by its outcome."""
    with single_thread(), torch.no_grad(), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        yield
