"""What the table is like, as one row per task."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy.stats import rankdata

from continuum.benchmark import Point
from continuum.exp.experiment import Tables

from .assembled import TaskCurves, of_tasks

#: The constant answer that exhaustive search is held against: the usual rate, and few units.
CONSTANT = (16.0, 0.01)
#: Seeds that choose the oracle, of five; the others judge.
CHOOSING = 2
#: Epochs after which ranks are compared with the last ones.
LOOKS = (1, 2, 5, 10, 20, 30, 50, 70, 100)


def by_task(tables: Tables) -> pd.DataFrame:
    """One row per task: its best point, how points and seeds differ, the floor of the test column, ranks, errors."""
    return pd.DataFrame([_row(of) for of in of_tasks(tables)])


def _row(of: TaskCurves) -> dict[str, Any]:
    seen = of.objective("validation")
    value = seen.min(2)
    mean = value.mean(0)
    best = of.points[int(mean.argmin())]
    row: dict[str, Any] = {
        "task": of.task,
        "best_gamma": best.gamma,
        "best_lr": best.lr,
        "best_weight_decay": best.weight_decay,
        "best_depth": best.depth,
        "best_J": mean.min(),
        "mean_J": mean.mean(),
        "over_points": mean.std(),
        "over_seeds": value.std(0).mean(),
        "gammas_of_seeds": " ".join(f"{of.points[int(place)].gamma:g}" for place in value.argmin(1)),
        "seconds": of.entry.seconds,
    }
    row |= {f"rank_{epoch}": value for epoch, value in ranks(seen).items()}
    return row | _floor(of, seen) | _missed(of)


def ranks(seen: Float[np.ndarray, "seeds points epochs"]) -> dict[int, float]:
    """Spearman's correlation over points of the least J so far with the least of all, mean over seeds."""
    last = seen.shape[2]
    least = np.minimum.accumulate(seen, 2)
    looks = [epoch for epoch in LOOKS if epoch < last]
    return {epoch: float(np.mean([_spearman(a[:, epoch - 1], a[:, -1]) for a in least])) for epoch in looks}


def _spearman(a: Float[np.ndarray, " points"], b: Float[np.ndarray, " points"]) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def _floor(of: TaskCurves, seen: Float[np.ndarray, "seeds points epochs"]) -> dict[str, float]:
    """Test regret of an exhaustive search on one split, and of a constant answer; none with too few seeds."""
    if len(of.seeds) <= CHOOSING:
        return {"exhaustive": np.nan, "constant": np.nan}
    tested = of.objective("test")
    judges = tested[CHOOSING:].mean(0)
    oracle = judges[np.unravel_index(tested[:CHOOSING].mean(0).argmin(), judges.shape)]
    average = judges[:, -1].mean()
    answers = [np.unravel_index(seen[seed].argmin(), judges.shape) for seed in range(CHOOSING)]
    exhaustive = float(np.mean([judges[answer] for answer in answers]))
    point = of.space.nearest(Point(*CONSTANT))
    place = of.space.index(point)
    constant = float(np.mean([judges[place, seen[seed, place].argmin()] for seed in range(CHOOSING)]))
    return {name: (j - oracle) / (average - oracle) for name, j in (("exhaustive", exhaustive), ("constant", constant))}


def errors(of: TaskCurves) -> Float[np.ndarray, " widths"]:
    """Error of each inner width where it is left out and interpolated: mean over the other axes, in (mean - best)."""
    space = of.space
    shape = len(of.seeds), -1, len(space.gamma), space.epochs
    loss = of.loss["validation"].reshape(shape)
    cost = 0.1 * np.array([point.units for point in of.points]).reshape(-1, len(space.gamma)) / 64
    constants = np.array(of.entry.constants)[:, None, None, None]
    x = np.log(space.gamma)
    share = ((x[1:-1] - x[:-2]) / (x[2:] - x[:-2]))[:, None]
    guess = (1 - share) * loss[:, :, :-2] + share * loss[:, :, 2:]
    true, guessed = (_least(values, constants) + cost[:, 1:-1] for values in (loss[:, :, 1:-1], guess))
    value = of.objective("validation").min(2)
    scale = (value.mean(1) - value.min(1))[:, None, None]
    return np.asarray((np.abs(guessed - true) / scale).mean((0, 1)))


def _least(
    loss: Float[np.ndarray, "*lead epochs"], constants: Float[np.ndarray, "*ones"]
) -> Float[np.ndarray, "*lead"]:
    return np.asarray(np.minimum(np.nan_to_num(loss / constants, nan=1.0, posinf=1.0), 1.0).min(-1))


def _missed(of: TaskCurves) -> dict[str, float]:
    if len(of.space.gamma) < 3:
        return {"missed_most": np.nan, "missed_at": np.nan, "missed_median": np.nan}
    missed = errors(of)
    at = of.space.gamma[1 + int(missed.argmax())]
    return {"missed_most": missed.max(), "missed_at": at, "missed_median": float(np.median(missed))}
