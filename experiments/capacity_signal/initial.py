"""Fresh initialisations of capacity_signal, and their mirror images."""

from zlib import crc32

import numpy as np
import torch
from torch import Tensor

from .rows import TaskRows

#: Incoming weights V, outgoing weights W and biases b of the members, by these letters.
MemberWeights = dict[str, Tensor]


def start_seed(task: str, seed: int, use: str) -> int:
    """Seed of the starts of a task and split: other tasks, and other uses, draw others.

    Tasks of equal shape would else begin with the same outgoing weights, and their coins fall together.

    >>> start_seed("wine", 0, "gain") == start_seed("iris", 0, "gain")
    False
    """
    return crc32(f"{task} {seed} {use}".encode())


def initial_weights(seed: int, starts: int, units: int, rows: TaskRows) -> MemberWeights:
    """Normal initial weights of that many members; their law knows ``units``, not gamma, as the theory asks."""
    random = np.random.default_rng([seed, units])
    inputs, outputs = len(rows.x), len(rows.target)
    hidden = random.standard_normal((starts, units, inputs)) / np.sqrt(inputs - 1)
    readout = random.standard_normal((starts, units, outputs)) / np.sqrt(units)
    return {
        "V": torch.from_numpy(hidden),
        "W": torch.from_numpy(readout),
        "b": torch.zeros(starts, outputs, dtype=torch.float64),
    }


def mirrored(weights: MemberWeights) -> MemberWeights:
    """The same with -W_k for W_k, the last unit: as likely as the original."""
    flip = torch.ones(weights["W"].shape[-2], 1, dtype=torch.float64)
    flip[-1] = -1
    return weights | {"W": weights["W"] * flip}
