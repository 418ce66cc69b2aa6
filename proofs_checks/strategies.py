"""Hypothesis strategies for widths, masks, networks and data; they shrink to small, round examples."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from proofs_checks.network import ACTIVATIONS, LOSSES, Network

Strategy = st.SearchStrategy


def numbers(low: float, high: float) -> Strategy[float]:
    """Finite floats in [low, high], without subnormal ones."""
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)


def tensors(*shape: int, low: float = -2.0, high: float = 2.0) -> Strategy[Tensor]:
    """float64 tensors of a fixed shape; entries are multiples of 1/64, so that sums of a few are exact."""
    grid = st.integers(round(64 * low), round(64 * high)).map(lambda step: step / 64)
    return arrays("float64", shape, elements=grid, fill=st.nothing()).map(torch.from_numpy)


def gammas(units: int) -> Strategy[float]:
    """Real widths in [0, units], integers among them."""
    return st.one_of(st.integers(0, units).map(float), numbers(0, units))


def interior(units: int, margin: float = 1 / 64) -> Strategy[float]:
    """Real widths inside a tile, at least ``margin`` away from both integers."""
    return st.builds(lambda tile, part: tile + part, st.integers(0, units - 1), numbers(margin, 1 - margin))


def fractions(margin: float = 1 / 64) -> Strategy[float]:
    """A gate strictly between 0 and 1."""
    return numbers(margin, 1 - margin)


def grades(units: int) -> Strategy[Tensor]:
    """Membership grades in [0, 1]."""
    return tensors(units, low=0, high=1)


def logits(units: int) -> Strategy[Tensor]:
    """Logits of a categorical law over ``units`` outcomes, or of as many Bernoulli laws."""
    return tensors(units, low=-3, high=3)


@st.composite
def networks(
    draw: st.DrawFn,
    units: int = 4,
    *,
    rows: int = 3,
    features: int = 2,
    outputs: int | None = None,
    activations: Sequence[str] = ("tanh", "relu"),
    losses: Sequence[str] = ("squared", "logistic"),
) -> Network:
    """Networks with one hidden layer, random data and random weights; one or two outputs if it is not said."""
    width = outputs or draw(st.integers(1, 2))
    return Network(
        inputs=draw(tensors(rows, features)),
        incoming=draw(tensors(features, units)),
        outgoing=draw(tensors(units, width)),
        targets=draw(tensors(rows, width)),
        activation=ACTIVATIONS[draw(st.sampled_from(activations))],
        criterion=LOSSES[draw(st.sampled_from(losses))],
    )
