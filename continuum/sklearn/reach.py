"""What to say of rows so far from those of training that a network has no finite answer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from continuum.errors import BadInput
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense

if TYPE_CHECKING:
    from continuum.sklearn.table.standardiser import Standardiser


def beyond(numbers: Numbers, outputs: EstimatorTable, inputs: "Standardiser", names: Sequence[str]) -> BadInput:
    """The error that names the number which is farthest from those of training, in the first row without an answer."""
    row = int(np.flatnonzero(~np.isfinite(outputs).all(axis=1))[0])
    values = dense(numbers[[row]])[0]
    with np.errstate(over="ignore"):
        far = np.abs(values / 2 - inputs.mean / 2) * inputs.inverse
    column = int(np.argmax(far))
    seen = f"about {inputs.mean[column]:.3g}, spread {inputs.scale[column]:.3g}"
    return BadInput(
        "X",
        expected=f"numbers of which the network's outputs are finite, like those of training ({seen})",
        came=f"{values[column]:.3g} in row {row} of {names[column]}",
        remedy="look at the unit of this column, or remove the row",
    )
