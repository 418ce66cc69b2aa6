"""The layer that the page's slider moves: its gates, and a small example whose function the page computes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from continuum.data import Part
from continuum.ensemble import Member, Settings, Stream, TrainedEnsemble, train
from continuum.widths import expresses, width_of

from .page_numbers import shortened

#: Step of the slider, and about how many steps it has at most.
FINEST, MOST = 1 / 64, 1024
#: Most units and about the most networks of the example: more would make a heavy page, and no clearer picture.
UNITS, NETWORKS = 32, 256
#: Significant digits of its data and weights.
DIGITS = 5
#: Rows of the example, and how its networks are trained.
POINTS, EPOCHS, LR = 96, 300, 0.02


def layer(config: Mapping[str, Any], recorded: NDArray[np.float64]) -> dict[str, Any]:
    """Positions of the slider, and the gates of all units at each, as the law of the run has them."""
    positions = slider(recorded)
    law, units = config["law"], config["units"]
    with torch.no_grad():
        gates = width_of(law, units, torch.from_numpy(positions), kappa=config["kappa"]).gates().numpy()
    packed = [pack(row) for row in gates]
    return {"law": law, "units": units, "positions": positions.tolist(), "recorded": recorded.tolist(), "gates": packed}


def slider(recorded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Even steps from the least to the largest recorded width, moved onto recorded widths and integers nearby.

    >>> slider(np.array([0.99, 1.0, 1.05]))
    array([0.99    , 1.      , 1.02125 , 1.036875, 1.05    ])
    """
    low, high = recorded[0], recorded[-1]
    step = _step(high - low, FINEST, MOST)
    even = low + step * np.arange(int((high - low) / step) + 1)
    integers = np.arange(np.ceil(low), np.floor(high) + 1)
    anchors = np.union1d(recorded, integers)
    near = np.abs(even[:, None] - anchors[None, :]).min(1) < step / 2
    return np.union1d(even[~near], anchors)


def _step(length: float, finest: float, most: int) -> float:
    """``finest``, doubled until ``most`` steps cover the length."""
    return float(finest * 2.0 ** max(0, np.ceil(np.log2(max(length, finest) / finest / most))))


def pack(gates: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Number of leading gates of 1, then the others without the trailing ones of 0: most gates are one of both.

    >>> pack([1.0, 1.0, 0.3, 0.0])
    [2, 0.3]
    """
    rounded = [float(f"{gate:.6g}") for gate in gates]
    whole = next((place for place, gate in enumerate(rounded) if gate != 1), len(rounded))
    last = next((place for place in range(len(rounded), whole, -1) if rounded[place - 1]), whole)
    return [whole, *rounded[whole:last]]


def example(config: Mapping[str, Any], recorded: NDArray[np.float64]) -> dict[str, Any] | None:
    """Networks of one input, trained now at many widths with the law and activation of the run; None if none can be.

    They are no part of the run: they are small enough for the page to compute what they predict at the slider's gates.
    """
    units, law = min(config["units"], UNITS), config["law"]
    low, high = recorded[0], min(recorded[-1], units)
    step = _step(high - low, 1 / 16, NETWORKS)
    grid = step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)
    widths = [float(gamma) for gamma in np.union1d(grid, high) if expresses(law, units, float(gamma))]
    if not widths:
        return None
    x, y = data()
    settings = Settings(units, law=law, kappa=config["kappa"], activation=config["activation"], epochs=EPOCHS)
    stream = Stream(0, "regression", 1, Part(x[:, None], y))
    trained = train([stream], [Member(gamma, init=0, lr=LR) for gamma in widths], settings)
    networks = [_weights(trained, number, gamma) for number, gamma in enumerate(widths)]
    return {
        "x": shortened(x, DIGITS),
        "y": shortened(y, DIGITS),
        "activation": config["activation"],
        "units": units,
        "networks": [network for network, outcome in zip(networks, trained.outcome, strict=True) if outcome == "ok"],
        "note": f"A toy, trained for this page and no part of the run: {POINTS} noisy points of one input, "
        f"{EPOCHS} epochs of Adam with learning rate {LR:g}; law and activation are those of the run.",
    }


def data() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A few bumps with noise, standardised."""
    random = np.random.default_rng(0)
    x = np.sort(random.uniform(-2, 2, POINTS))
    y = np.sin(3 * x) + 0.5 * x + random.normal(0, 0.15, POINTS)
    return x, (y - y.mean()) / y.std()


def _weights(trained: TrainedEnsemble, number: int, gamma: float) -> dict[str, Any]:
    inner, outer = (module for module in trained.network(number) if isinstance(module, nn.Linear))
    named = {"w": inner.weight, "b": inner.bias, "v": outer.weight}
    numbers = {name: shortened(value.detach().flatten().numpy(), DIGITS) for name, value in named.items()}
    return {"gamma": gamma, **numbers, "c": shortened(outer.bias.detach().numpy(), DIGITS)[0]}
