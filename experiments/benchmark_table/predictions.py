"""What was predicted of the table, held against it."""

import numpy as np
import pandas as pd

from continuum.analysis.statistics import mean_interval


def verdicts(tasks: pd.DataFrame, widths: tuple[float, ...]) -> pd.DataFrame:
    """One row per prediction: what was measured, and whether it is as predicted."""
    inside = float(tasks["best_gamma"].between(min(widths), max(widths), inclusive="neither").mean())
    apart = float((tasks["over_points"] > 3 * tasks["over_seeds"]).mean())
    mean, low, high = mean_interval(tasks["exhaustive"].to_numpy())
    early, late = (float(tasks[name].median()) if name in tasks else np.nan for name in ("rank_10", "rank_50"))
    missed = float((tasks["missed_most"] > 0.1).mean())
    rows = [
        ("best width inside the axis, share of tasks", f"{inside:.2f}", "at least 0.75", inside >= 0.75),
        ("points differ three times as seeds do, share of tasks", f"{apart:.2f}", "at least 0.75", apart >= 0.75),
        ("test regret of an exhaustive search", f"{mean:.3f} [{low:.3f}, {high:.3f}]", "interval above 0", low > 0),
        ("rank correlation after 10 epochs, median", f"{early:.3f}", "0.5 to 0.9", 0.5 <= early <= 0.9),
        ("rank correlation after 50 epochs, median", f"{late:.3f}", "above 0.95", late > 0.95),
        ("a width missed by more than 0.1, share of tasks", f"{missed:.2f}", "at least 0.5", missed >= 0.5),
    ]
    frame = pd.DataFrame(rows, columns=["measure", "measured", "predicted", "verdict"])
    return frame.assign(verdict=np.where(frame["verdict"], "as predicted", "refuted"))
