"""The predictions, as they stood before the run, confronted with the matched runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.analysis.statistics import holm

from .estimates import SCORE_MARGIN, WIDTH_MARGIN, by_task, differences, regimes

#: The dearer price of the recorded run.
HIGH_PRICE = "full, middle gamma lr, price 0.01"
#: Error probability of the whole family, in either direction.
FAMILY_LEVEL = 0.05


@dataclass(frozen=True)
class Prediction:
    """One claim about matched runs in a regime.

    ``equal``: the mean over tasks lies within the margin of 0. ``more``: it exceeds the margin. Of widths the
    quantity is the log of the ratio, its margin log 1.1; of scores the difference, margin .005.
    """

    claim: str
    regime: str
    method: str
    reference: str
    kind: Literal["equal", "more"]
    quantity: Literal["width", "score"] = "width"


PREDICTIONS: tuple[Prediction, ...] = (
    Prediction("square-root gates end wider", "from below", "square_root", "linear", "more"),
    Prediction("L2(E) ends wider", "from below", "l2_metric", "linear", "more"),
    Prediction("L2(E) scores better", "from below", "l2_metric", "linear", "more", "score"),
    Prediction("descent: square-root gates end wider", "gd", "square_root", "linear", "more"),
    Prediction("descent: L2(E) ends wider", "gd", "l2_metric", "linear", "more"),
    Prediction("descent: the penalty without the metric does not", "gd", "l2_penalty", "linear", "equal"),
    Prediction("Adam: the penalty of L2(E) does", "adam", "l2_penalty", "linear", "more"),
    Prediction("Adam: the metric adds nothing", "adam", "l2_metric", "l2_penalty", "equal"),
    Prediction("Adam: decoupled decay ends narrower", "adam", "linear", "decoupled", "more"),
    Prediction("a shadow ends wider", "from below", "shadow", "linear", "more"),
    Prediction("a shadow scores better", "from below", "shadow", "linear", "more", "score"),
    Prediction("a shadow is the metric without the coin", "from below", "shadow", "l2_metric", "equal"),
    Prediction("at a high price geometry is not seen", HIGH_PRICE, "square_root", "linear", "equal"),
    Prediction("from above geometry is not seen", "from above", "square_root", "linear", "equal"),
)
#: Of a run in which gamma steps by Adam.
ADAPTIVE: tuple[Prediction, ...] = (
    Prediction("minibatches hide the square root", "adam, minibatch", "square_root", "linear", "equal"),
    Prediction("minibatches hide L2(E)", "adam, minibatch", "l2_metric", "linear", "equal"),
    Prediction("all rows show the square root", "adam, full, warm", "square_root", "linear", "more"),
    Prediction("all rows show L2(E)", "adam, full, warm", "l2_metric", "linear", "more"),
    Prediction("descent of the weights shows L2(E)", "gd", "l2_metric", "linear", "more"),
)


def verdicts(runs: pd.DataFrame) -> pd.DataFrame:
    """One row per prediction: estimate and interval over tasks, and whether it is shown, refuted or undecided.

    ``power`` is that of showing equality if the two were equal, at 5 % before Holm; it says nothing of "more".
    """
    table = pd.DataFrame([_tested(prediction, part) for prediction, part in _selected(runs)])
    if not len(table):
        return table
    adjusted = holm(table["p_shown"].fillna(1.0)), holm(table["p_refuted"].fillna(1.0))
    return table.assign(verdict=[outcome(*pair, FAMILY_LEVEL) for pair in zip(*adjusted, strict=True)])


def _selected(runs: pd.DataFrame) -> Iterator[tuple[Prediction, pd.Series]]:
    """Each prediction that the runs can speak to, with the values of the tasks."""
    frames = dict(regimes(runs))
    for prediction in ADAPTIVE if "gamma_optimizer" in runs else PREDICTIONS:
        if prediction.regime not in frames:
            continue
        part = differences(frames[prediction.regime], prediction.method, prediction.reference)
        column = {"width": "width_ratio", "score": "score_difference"}[prediction.quantity]
        if len(part):
            yield prediction, by_task(part, column)


def _tested(prediction: Prediction, values: pd.Series) -> dict[str, object]:
    """Equivalence, or one-sided tests at the margin; widths are printed as ratios."""
    margin = float(np.log(WIDTH_MARGIN)) if prediction.quantity == "width" else SCORE_MARGIN
    equal = mean_equivalence(values, 0.0, margin)
    shown, refuted = equal.p_within, equal.p_beyond
    if prediction.kind == "more" and len(values) > 1:
        shown, refuted = (float(ttest_1samp(values, margin, alternative=side).pvalue) for side in ("greater", "less"))
    numbers = np.array(equal[:3])
    estimate, low, high = np.exp(numbers) if prediction.quantity == "width" else numbers
    row: dict[str, object] = {"claim": prediction.claim, "regime": prediction.regime, "method": prediction.method}
    row |= {"reference": prediction.reference, "quantity": prediction.quantity, "predicted": prediction.kind}
    row |= {"measured": estimate, "low": low, "high": high, "tasks": equal.n, "power": equal.power}
    return row | {"p_shown": shown, "p_refuted": refuted}
