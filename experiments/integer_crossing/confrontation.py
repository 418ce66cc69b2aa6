"""The common shape of what is confronted: one row per network and quantity, with what was predicted and measured."""

from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

#: A number, an array or a tensor, one value per network.
Values = Any


def confront(part: str, task: str, setting: str, quantity: str, predicted: Values, measured: Values) -> pd.DataFrame:
    """Rows of one quantity; networks without a finite measurement are left out.

    >>> confront("rotation", "iris", "affine", "on", 0.5, np.array([0.4, np.nan])).to_dict("list")["measured"]
    [0.4]
    """
    values = _array(measured)
    frame = pd.DataFrame(
        {
            "part": part,
            "task": task,
            "setting": setting,
            "quantity": quantity,
            "member": np.arange(len(values)),
            "predicted": np.broadcast_to(_array(predicted), values.shape),
            "measured": values,
        }
    )
    finite: pd.DataFrame = frame[np.isfinite(values)]
    return finite


def _array(values: Values) -> np.ndarray:
    plain = values.detach().numpy() if isinstance(values, Tensor) else values
    return np.asarray(plain, dtype=np.float64)
