"""How good predictions are: score, loss with its standard error over rows, and whether probabilities are right."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Float64, Int64

#: Least probability that a log-loss counts: trees give 0, which one row would make infinite.
FLOOR = 1e-6
#: Bins of equal width of the probability of the predicted class.
BINS = 15

Probabilities = Float64[np.ndarray, "rows classes"]


def of_classes(probabilities: Probabilities, y: Int64[np.ndarray, " rows"]) -> dict[str, float]:
    """Accuracy, mean log-loss in nats with its standard error over rows, and the Brier score.

    >>> round(of_classes(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0, 1]))["loss"], 3)
    0.347
    """
    sums = probabilities.sum(1, keepdims=True)
    p = probabilities / np.where(sums > 0, sums, 1)
    rows = -np.log(np.maximum(p[np.arange(len(y)), y], FLOOR))
    right = np.eye(p.shape[1])[y]
    return {
        "score": float((p.argmax(1) == y).mean()),
        "brier": float(np.square(p - right).sum(1).mean()),
        **_loss(rows),
    }


def of_values(
    predicted: Float64[np.ndarray, " rows"], y: Float64[np.ndarray, " rows"], scale: float
) -> dict[str, float]:
    """R2, RMSE in units of the target, and half the mean squared error; both arguments are standardised."""
    square = np.square(predicted - y)
    mean = float(square.mean())
    return {"score": 1 - mean / float(y.var()), "rmse": mean**0.5 * scale, **_loss(square / 2)}


def _loss(rows: Float64[np.ndarray, " rows"]) -> dict[str, float]:
    error = rows.std(ddof=1) / len(rows) ** 0.5 if len(rows) > 1 else np.nan
    return {"loss": float(rows.mean()), "loss_error": float(error)}


def believed(probabilities: Probabilities, y: Int64[np.ndarray, " rows"]) -> list[dict[str, float]]:
    """Rows, sum of confidences and right answers of every bin that holds a row.

    >>> believed(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))[0]
    {'bin': 11, 'rows': 1, 'confidence': 0.8, 'right': 0}
    """
    confidence, right = probabilities.max(1), probabilities.argmax(1) == y
    place = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return [
        {
            "bin": int(number),
            "rows": int((place == number).sum()),
            "confidence": float(confidence[place == number].sum()),
            "right": int(right[place == number].sum()),
        }
        for number in np.unique(place)
    ]


def calibration_error(bins: pd.DataFrame) -> float:
    r"""Expected calibration error: :math:`\sum_b |\text{right}_b - \text{confidence}_b| / n`, folds together.

    Reference: C. Guo et al., "On calibration of modern neural networks", ICML 2017.

    >>> calibration_error(pd.DataFrame({"bin": [3, 3], "rows": [2, 2], "confidence": [1.0, 1.0], "right": [2, 1]}))
    0.25
    """
    together = bins.groupby("bin")[["rows", "confidence", "right"]].sum()
    return float((together["right"] - together["confidence"]).abs().sum() / together["rows"].sum())


def aligned(
    probabilities: Float[np.ndarray, "rows known"], known: Int64[np.ndarray, " known"], classes: int
) -> Probabilities:
    """Columns for all classes; one that a fold has not trained on has probability 0.

    >>> aligned(np.array([[0.25, 0.75]]), np.array([0, 2]), 3)
    array([[0.25, 0.  , 0.75]])
    """
    whole = np.zeros((len(probabilities), classes))
    whole[:, known] = probabilities
    return whole


def named(rows: list[dict[str, float]], head: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The bins with what says whose they are."""
    return [{**head, **row} for row in rows]
