"""Small data for the tests of the engine."""

import shutil
from functools import cache

import numpy as np
import pytest

from continuum.data import Part
from continuum.ensemble import Stream

needs_compiler = pytest.mark.skipif(shutil.which("c++") is None, reason="needs a C++ compiler")


@cache
def stream(kind: str, seed: int, rows: int = 150) -> Stream:
    """Random rows with a target that a small network can partly learn; 150 rows make the last minibatch short."""
    rng = np.random.default_rng(seed)

    def part(n: int) -> Part:
        x = rng.standard_normal((n, 5))
        value = np.sin(x[:, 0] * 2) + x[:, 1] * x[:, 2]
        return Part(x, np.digitize(value, [-0.5, 0.5]) if kind == "classification" else value)

    outputs = 3 if kind == "classification" else 1
    return Stream(seed, kind, outputs, part(rows), part(70), part(40), scale=2.5)
