"""Small networks with one gated layer, with their data."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from hypothesis import strategies as st
from torch import Tensor

from proofs_checks.network import ACTIVATIONS, LOSSES, Network
from proofs_checks.readout import Readout
from proofs_checks.strategies.arrays import tensors
from proofs_checks.strategies.scalars import seeds
from proofs_checks.strategies.widths import interior


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


@dataclass(frozen=True)
class Layer:
    """Sizes of a layer, or of a batch of layers, the seed of its data, and its widths, off the integers."""

    units: int
    batch: tuple[int, ...]
    rows: int
    outputs: int
    seed: int
    gamma: Tensor


@st.composite
def layers(draw: st.DrawFn, most: int = 7, margin: float = 0.01) -> Layer:
    """Layers of up to ``most`` units, alone or in batches of any shape."""
    units, batch = draw(st.integers(1, most)), draw(st.sampled_from([(), (1,), (3,), (2, 2)]))
    sizes = {"rows": draw(st.integers(1, 6)), "outputs": draw(st.integers(1, 4)), "seed": draw(seeds())}
    count = torch.Size(batch).numel()
    gamma = draw(st.lists(interior(units, margin), min_size=count, max_size=count))
    return Layer(units, batch, gamma=torch.tensor(gamma, dtype=torch.float64).reshape(batch), **sizes)
