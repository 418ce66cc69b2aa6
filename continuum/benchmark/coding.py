r"""Curves as whole numbers of 16 bits: small on disk, and the same for a table and for what is trained now.

A loss L is kept as :math:`c = \mathrm{round}(\ln L / s)` with s = 0.002, so it is read back to within 0.1 %; an
accuracy as the number of rows that were right, exactly. The RMSE of a regression follows from its loss; it is not kept.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int16

from continuum.benchmark.curves import PARTS, Curves
from continuum.ensemble.parts import PartName

#: Step of the logarithm of a loss.
STEP = 0.002
#: What stands for a loss that is not finite.
LOST = -(2**15)
#: What stands for a score that is not finite.
UNSCORED = -1
#: Losses by their codes, read as whole numbers without a sign.
_LOSSES = np.exp(np.arange(2**16, dtype=np.uint16).view(np.int16) * STEP)
_LOSSES[np.uint16(2**15)] = np.nan
#: Whole numbers by the name of their column: train_loss, validation_score, ...
Codes = Mapping[str, Int16[np.ndarray, "..."]]


def code_losses(loss: Float[np.ndarray, "*shape"]) -> Int16[np.ndarray, "*shape"]:
    """Losses as codes; what is not finite is ``LOST``, and 0 the least that there is.

    >>> code_losses(np.array([1.0, np.nan]))
    array([     0, -32768], dtype=int16)
    """
    with np.errstate(over="ignore"):
        loss = loss.astype(np.float32).astype(np.float64)  # tables of cells are kept in single precision
    finite = np.isfinite(loss)
    logarithm = np.log(np.clip(np.where(finite, loss, 1.0), 1e-300, None))
    codes = np.clip(np.round(logarithm / STEP), LOST + 1, -LOST - 1)
    return np.where(finite, codes, LOST).astype(np.int16)


def losses(codes: Int16[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Codes as losses.

    >>> losses(np.array([0, LOST], dtype=np.int16))
    array([ 1., nan])
    """
    return np.asarray(_LOSSES[codes.view(np.uint16)])


def coded(curves: Curves, kind: str, sizes: Mapping[PartName, int]) -> dict[str, Int16[np.ndarray, "points epochs"]]:
    """The columns of some curves; ``sizes`` holds the rows of each part."""
    columns = {f"{part}_loss": code_losses(curves.loss[part]) for part in PARTS}
    if kind == "classification":
        for part in PARTS:
            score = curves.score[part].astype(np.float64)
            counts = np.round(np.where(np.isfinite(score), score * sizes[part], UNSCORED))
            columns[f"{part}_score"] = counts.astype(np.int16)
    return columns


def scores(
    codes: Codes, part: PartName, loss: Float[np.ndarray, "..."], size: int, scale: float
) -> Float[np.ndarray, "..."]:
    """Scores of a part: shares of its ``size`` rows, or, where none are kept, RMSE of the loss times ``scale``."""
    if (kept := codes.get(f"{part}_score")) is None:
        return np.asarray(scale * np.sqrt(2 * loss))
    return np.asarray(np.where(kept == UNSCORED, np.nan, kept / size))
