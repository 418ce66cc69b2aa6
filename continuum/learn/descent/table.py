"""What learning from a table leaves."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from continuum.learn.network import Array
from continuum.learn.result import WidthResult


@dataclass(frozen=True)
class TableResult(WidthResult):
    """A result whose number of units, inputs and price held-out rows chose.

    ``units`` are those of the network, and may be none where a straight line is all; ``rounding_gap`` is by how much
    the mean held-out loss of networks of so many units lies above that of graded ones, NaN where no rows were held out.

    Args:
        candidate: the name of the inputs that were chosen.
        held_out_scores: of every candidate, the mean held-out score behind each stage.
        held_out_outputs: of networks of so many units, for rows that they never saw; None where none were held out.
        held_out_targets: of these rows, as codes of classes, or as they are.
        held_out_weight: of these rows.
        settled_widths: of every layer, behind the steps of ``DescentConfig.settling``; empty where there were none.
    """

    candidate: str = ""
    held_out_scores: dict[str, Float64[np.ndarray, " stages"]] = field(default_factory=dict)
    held_out_outputs: Array | None = None
    held_out_targets: Array | None = None
    held_out_weight: Array | None = None
    settled_widths: tuple[float, ...] = ()
