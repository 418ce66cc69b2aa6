"""Fresh initialisations of capacity_signal, and their mirror images."""

import numpy as np
import torch
from torch import Tensor

from .rows import TaskRows

#: Incoming weights V, outgoing weights W and biases b of the members, by these letters.
MemberWeights = dict[str, Tensor]


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
