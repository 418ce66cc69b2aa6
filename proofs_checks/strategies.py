"""Hypothesis strategies for widths, masks, networks and data; they shrink to small, round examples."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import Tensor

from continuum.problems import Quadratic, QuadraticBilevel
from proofs_checks.bilevel import Curved
from proofs_checks.network import ACTIVATIONS, LOSSES, Network
from proofs_checks.readout import Readout

Strategy = st.SearchStrategy
Problem = TypeVar("Problem", bound=Quadratic)


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


def crossings(units: int, most: int = 3, apart: int = 1) -> Strategy[list[float]]:
    """Increasing places off the integers: odd multiples of 1/8, at least ``apart`` quarters from each other."""
    steps = st.lists(st.integers(0, 4 * units - 1), min_size=1, max_size=most, unique=True).map(sorted)
    spread = steps.filter(lambda all_: all(after - before >= apart for before, after in pairwise(all_)))
    return spread.map(lambda all_: [(2 * step + 1) / 8 for step in all_])


def slopes(least: float = 0.5, most: float = 4.0) -> Strategy[float]:
    """Slopes of both signs, bounded away from 0."""
    return st.builds(lambda size, sign: sign * size, numbers(least, most), st.sampled_from([1, -1]))


def coarse_grades(units: int, parts: int = 8) -> Strategy[Tensor]:
    """Grades that are multiples of 1/parts, so that all their random samples can be enumerated."""
    return st.lists(st.integers(0, parts), min_size=units, max_size=units).map(
        lambda steps: torch.tensor(steps, dtype=torch.float64) / parts
    )


def shares(units: int) -> Strategy[Tensor]:
    """Points of the simplex, its corners and faces among them; entries are multiples of 1/64."""
    cuts = st.lists(st.integers(0, 64), min_size=units - 1, max_size=units - 1)
    return cuts.map(lambda cut: torch.tensor([0, *sorted(cut), 64], dtype=torch.float64).diff() / 64)


@st.composite
def readouts(
    draw: st.DrawFn,
    units: int = 4,
    *,
    rows: int = 3,
    outputs: int | None = None,
    losses: Sequence[str] = ("squared", "logistic"),
) -> Readout:
    """Layers of fixed features with a ridge penalty on the outgoing weights; one or two outputs if it is not said."""
    width = outputs or draw(st.integers(1, 2))
    return Readout(
        features=draw(tensors(rows, units)),
        targets=draw(tensors(rows, width)),
        decay=draw(st.sampled_from([1.0, 0.25, 0.5, 2.0])),
        criterion=LOSSES[draw(st.sampled_from(losses))],
    )


@st.composite
def curved(draw: st.DrawFn, parameters: int = 3, hyperparameters: int = 2) -> Curved:
    """Bilevel problems with a curved best response."""
    return Curved(
        shift=draw(tensors(parameters)),
        slopes=draw(tensors(parameters, hyperparameters)),
        bends=draw(tensors(parameters, hyperparameters, low=-1, high=1)),
        factor=draw(tensors(parameters, parameters, low=-1, high=1)),
        target=draw(tensors(parameters)),
        coupling=draw(tensors(hyperparameters, parameters)),
    )


def regressions(kind: type[Problem], rows: int = 4, features: int = 3, **options: float) -> Strategy[Problem]:
    """Regressions with a hyperparameter: ``kind`` of rows to train on, their targets, rows to validate on, theirs."""
    data = [tensors(*shape) for shape in ((rows, features), (rows,), (rows, features), (rows,))]
    return st.builds(kind, *data, **{name: st.just(value) for name, value in options.items()})


@st.composite
def quadratics(draw: st.DrawFn, parameters: int = 3, hyperparameters: int = 2) -> QuadraticBilevel:
    """Quadratic inside and outside; the eigenvalues of the inner Hessian lie between 1 and 4."""
    factor = draw(tensors(parameters, parameters, low=-0.5, high=0.5))
    shape = (parameters, hyperparameters)
    return QuadraticBilevel(
        a=torch.eye(parameters, dtype=factor.dtype) + factor @ factor.mT,
        b=draw(tensors(parameters)),
        slope=draw(tensors(*shape)),
        target=draw(tensors(parameters)),
        cross=draw(tensors(*shape)),
    )
