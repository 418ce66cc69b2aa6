"""Folds that all methods share: standardised rows as streams of the engine and as tensors of the learner."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from jaxtyping import Int64
from sklearn.model_selection import KFold, StratifiedKFold
from torch import Tensor, nn

from continuum.data import Task, prepare
from continuum.data.splits import Split
from continuum.data.standard import Part
from continuum.ensemble import Stream
from continuum.learn.settings import activation_for, steps_for

RowNumbers = Int64[np.ndarray, " rows"]


@dataclass(frozen=True, eq=False)
class Fold:
    """One pair of training and test rows, as a stream and as tensors; ``number`` seeds all that is random in a fit."""

    fold: int
    seed: int
    number: int
    stream: Stream
    test: Part
    features: int

    @property
    def loss(self) -> str:
        """The loss by name."""
        return "cross_entropy" if self.stream.kind == "classification" else "squared_error"

    @property
    def activation(self) -> str:
        """The activation that the learner takes, too."""
        return activation_for("auto", self.features)

    def tensors(self, part: str = "train") -> tuple[Tensor, Tensor]:
        """Inputs and targets as the learner takes them."""
        rows = getattr(self.stream, part)
        kind = torch.int64 if self.stream.kind == "classification" else torch.float32
        return torch.tensor(rows.x, dtype=torch.float32), torch.tensor(rows.y, dtype=kind)

    def steps(self, graded: int | None) -> int:
        """Steps of the graded phase."""
        return steps_for(graded, len(self.stream.train.x))

    def epochs(self, steps: float, batch: int) -> int:
        """Epochs of about so many steps."""
        return max(round(steps / ceil(len(self.stream.train.x) / batch)), 1)

    def score(self, mean_square: float) -> float:
        """R2 from a mean squared error of the standardised target."""
        return 1 - mean_square / float(self.test.y.var())

    def scores_of(self, network: nn.Module) -> dict[str, float]:
        """Score (accuracy or R2), RMSE in units of the target, and mean losses of a plain network."""
        scores = {}
        for part in ("train", "test"):
            x, y = self.tensors(part)
            with torch.no_grad():
                outputs = network(x)
            if self.stream.kind == "classification":
                scores[f"{part}_loss"] = float(nn.functional.cross_entropy(outputs, y))
                scores["score"], scores["rmse"] = float((outputs.argmax(1) == y).float().mean()), np.nan
            else:
                square = float((outputs[:, 0] - y).square().mean())
                scores[f"{part}_loss"] = square / 2
                scores["score"], scores["rmse"] = self.score(square), square**0.5 * self.stream.scale
        return scores


def folds_of(task: Task, count: int, seed: int) -> list[Fold]:
    """The folds of one repetition, stratified by class.

    >>> from continuum.data import load
    >>> [len(fold.test.x) for fold in folds_of(load("wine"), 5, seed=0)]
    [36, 36, 36, 35, 35]
    """
    cuts = cuts_of(task, count, seed)
    return [fold_of(task, train, test, fold, seed, seed * count + fold) for fold, (train, test) in enumerate(cuts)]


def cuts_of(task: Task, count: int, seed: int) -> list[tuple[RowNumbers, RowNumbers]]:
    """Training and test rows of the folds of one repetition, by number."""
    cutter = (StratifiedKFold if task.kind == "classification" else KFold)(count, shuffle=True, random_state=seed)
    return list(cutter.split(task.features, task.target))


def random_splits(task: Task, count: int) -> list[Fold]:
    """The published splits."""
    cuts = published_cuts(task, count)
    return [fold_of(task, train, test, number, 0, number) for number, (train, test) in enumerate(cuts)]


def published_cuts(task: Task, count: int) -> list[tuple[RowNumbers, RowNumbers]]:
    """The 90/10 splits of J. M. Hernandez-Lobato & R. Adams, "Probabilistic backpropagation", 2015, as published."""
    old = np.random.RandomState(1)  # the generator, and the seed, that drew them
    cut = round(0.9 * task.n)
    drawn = [old.choice(range(task.n), task.n, replace=False) for _ in range(count)]
    return [(rows[:cut], rows[cut:]) for rows in drawn]


def fold_of(task: Task, train: RowNumbers, test: RowNumbers, fold: int, seed: int, number: int) -> Fold:
    """Standardise these rows by the training part."""
    parts = prepare(task, Split(train, test[:0], test))
    stream = Stream(number, task.kind, max(task.classes, 1), parts.train, None, parts.test, float(parts.target_scale))
    return Fold(fold, seed, number, stream, parts.test, task.d)


def geometric(least: int, most: int, count: int) -> tuple[int, ...]:
    """About so many whole widths, evenly spaced in the logarithm; the same one is not taken twice.

    >>> geometric(1, 64, 7)
    (1, 2, 4, 8, 16, 32, 64)
    """
    return tuple(sorted({round(float(width)) for width in np.geomspace(least, most, count)}))
