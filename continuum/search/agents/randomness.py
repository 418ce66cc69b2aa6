"""Random numbers of libraries that know the global generators alone."""

import random
from types import TracebackType
from typing import Any

import numpy as np
import torch


class Randomness:
    """Within it the global generators of Python, NumPy and torch are those of an agent; outside they are untouched.

    Two agents in one process, or an agent and its user, so draw independently of each other, and a replay is exact.

    >>> mine, before = Randomness(0), torch.get_rng_state()
    >>> with mine: a = torch.rand(1)
    >>> bool((torch.get_rng_state() == before).all())
    True
    """

    def __init__(self, seed: int) -> None:
        self._others: tuple[Any, ...] = ()
        self._mine = self._states()
        with self:
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002  the replay buffer of the library draws from this one
            torch.default_generator.manual_seed(seed)

    @staticmethod
    def _states() -> tuple[Any, ...]:
        return random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002

    @staticmethod
    def _restore(states: tuple[Any, ...]) -> None:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        torch.set_rng_state(states[2])

    def __enter__(self) -> None:
        self._others = self._states()
        self._restore(self._mine)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mine = self._states()
        self._restore(self._others)
