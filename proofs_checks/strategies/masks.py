"""Masks of units, and the logits of laws that draw them."""

import torch
from hypothesis import strategies as st
from torch import Tensor

from proofs_checks.strategies.arrays import tensors


def grades(units: int) -> st.SearchStrategy[Tensor]:
    """Membership grades in [0, 1]."""
    return tensors(units, low=0, high=1)


def coarse_grades(units: int, parts: int = 8) -> st.SearchStrategy[Tensor]:
    """Grades that are multiples of 1/parts, so that all their random samples can be enumerated."""
    return st.lists(st.integers(0, parts), min_size=units, max_size=units).map(
        lambda steps: torch.tensor(steps, dtype=torch.float64) / parts
    )


def shares(units: int) -> st.SearchStrategy[Tensor]:
    """Points of the simplex, its corners and faces among them; entries are multiples of 1/64."""
    cuts = st.lists(st.integers(0, 64), min_size=units - 1, max_size=units - 1)
    return cuts.map(lambda cut: torch.tensor([0, *sorted(cut), 64], dtype=torch.float64).diff() / 64)


def logits(units: int) -> st.SearchStrategy[Tensor]:
    """Logits of a categorical law over ``units`` outcomes, or of as many Bernoulli laws."""
    return tensors(units, low=-3, high=3)
