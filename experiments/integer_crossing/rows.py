"""The common shape of what is confronted: one row a network and quantity, with what was predicted and measured."""

from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

Values = Any  # a number, an array or a tensor, one value a network

COLUMNS = ("part", "task", "setting", "quantity", "member", "predicted", "measured")


def confront(part: str, task: str, setting: str, quantity: str, predicted: Values, measured: Values) -> pd.DataFrame:
    """Rows of one quantity; networks without a finite measurement are left out.

    >>> confront("rotation", "iris", "affine", "on", 0.5, np.array([0.4, np.nan])).to_dict("list")["measured"]
    [0.4]
    """
    found = _array(measured)
    frame = pd.DataFrame(
        {
            "part": part,
            "task": task,
            "setting": setting,
            "quantity": quantity,
            "member": np.arange(len(found)),
            "predicted": np.broadcast_to(_array(predicted), found.shape),
            "measured": found,
        }
    )
    kept: pd.DataFrame = frame[np.isfinite(found)]
    return kept


def _array(values: Values) -> np.ndarray:
    plain = values.detach().numpy() if isinstance(values, Tensor) else values
    return np.asarray(plain, dtype=np.float64)
