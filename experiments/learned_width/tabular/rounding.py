"""What rounding to whole units costs: on test rows, beside the same net left graded."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .standings import Standing
from .variants import GRADED, OURS

ROUNDED_TO_WIDTH = "ours_rounded_to_width"


def rounding_table(judged: Mapping[str, Standing]) -> pd.DataFrame:
    """One row per table where both were run.

    The loss is the mean over all rows when they are test rows; its standard error is that of the graded net over these
    rows. ``gap`` is what the estimator itself says, on the rows that it held out.
    """
    rows = []
    for name, table in judged.items():
        whole, graded = table.of(OURS), table.of(GRADED)
        if whole.empty or len(graded) < len(whole):
            continue
        error = _error_of(graded)
        lost = table.gap(OURS, GRADED, "loss")
        row = {"task": name, "graded units": table.mean(GRADED, "units"), "units": table.mean(OURS, "units")}
        row |= {"graded loss": table.mean(GRADED, "loss"), "loss": table.mean(OURS, "loss")}
        row |= {"lost": lost.mean, "low": lost.low, "high": lost.high, "standard error": error}
        row |= {"in standard errors": lost.mean / error, "gap": table.mean(OURS, "gap")}
        row |= {"score lost": table.mean(GRADED) - table.mean(OURS)}
        if len(table.of(ROUNDED_TO_WIDTH)):
            beyond = table.gap(ROUNDED_TO_WIDTH, GRADED, "loss").mean
            row |= {"to the width: units": table.mean(ROUNDED_TO_WIDTH, "units"), "to the width: lost": beyond}
            row |= {"to the width: in standard errors": beyond / error}
        rows.append(row)
    return pd.DataFrame(rows)


def _error_of(rows: pd.DataFrame) -> float:
    """Standard error of the mean loss over all test rows of a repetition."""
    once = rows[rows["seed"] == rows["seed"].min()]
    counts = once["test_rows"].to_numpy(float)
    return float(np.sqrt(np.square(counts * once["loss_error"].to_numpy(float)).sum()) / counts.sum())
