"""One row a network: learned by a method of the library, of fixed width on the engine, or scikit-learn's."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from continuum.ensemble import Member, Settings, train
from continuum.learn import LearnConfig, WidthResult, learn_width
from continuum.learn.settings import METHODS

from .folds import Fold

Row = dict[str, Any]
#: Methods of the learner and exponents of their gates, by the labels under which they are recorded.
LABELS: dict[str, tuple[str, float]] = {
    "graded": ("graded", 1.0),
    "interval": ("interval", 1.0),
    "interval_sqrt": ("interval", 0.5),
    **{name: (name, 1.0) for name in METHODS if name not in ("graded", "interval")},
}
#: Units of scikit-learn's networks, its own default.
SKLEARN_UNITS = 100


@dataclass(frozen=True)
class Asked:
    """What is common to the fits of a cell."""

    steps: int | None
    batch: int
    max_units: int

    def total(self, fold: Fold) -> int:
        """Steps of the graded phase and of rounding together: what a fixed network gets, too."""
        graded = fold.steps(self.steps)
        return graded + graded // 2


def learned(fold: Fold, asked: Asked, start: float, method: str = "graded") -> tuple[Row, WidthResult | None]:
    """A width learned from a start; of a method that fails the row holds the reason, for the others go on."""
    x, y = fold.tensors()
    name, exponent = LABELS.get(method, (method, 1.0))
    settings: dict[str, Any] = {"start": start, "seed": fold.number, "method": name, "exponent": exponent}
    settings |= {"steps": asked.steps, "batch": asked.batch, "max_units": asked.max_units}
    head = {**_head(fold, method), "start": float(start)}
    began = time.process_time()
    try:
        found = learn_width(x, y, fold.loss, LearnConfig(**settings))
    except Exception as error:  # whatever one route raises must not cost the rows of the others
        return {**head, "outcome": f"{type(error).__name__}: {error}"}, None
    seconds = time.process_time() - began
    measured = {"width": sum(found.widths), "units": sum(found.units), "steps": found.steps, "seconds": seconds}
    more = {"saturated": found.saturated, "price": found.price, "gap": found.rounding_gap}
    more["graded_units"] = float(found.graded[0].out_features)
    return {**head, **measured, **more, **fold.judged(found.network), "outcome": "ok"}, found


def curve(row: Row, found: WidthResult) -> list[Row]:
    """Points of the width during the graded phase."""
    steps = np.linspace(0, row["graded_steps"], len(found.width_curve))
    head = {name: row[name] for name in ("task", "fold", "seed", "method", "start")}
    widths = found.width_curve.sum(1).tolist()
    return [{**head, "step": float(step), "width": width} for step, width in zip(steps, widths, strict=True)]


def fixed(
    folds: Sequence[Fold], members: Sequence[tuple[int, int]], asked: Asked, method: str, steps: int | None = None
) -> list[Row]:
    """Networks of fixed width on the engine; a member is the place of a fold, and a number of units."""
    first, widest = folds[0], max(units for _, units in members)
    epochs = first.epochs(asked.total(first) if steps is None else steps, asked.batch)
    settings = Settings(widest, activation=first.activation, batch=asked.batch, epochs=epochs, schedule="cosine")
    named = [Member(units, stream=place, init=folds[place].number) for place, units in members]
    began = time.process_time()
    trained = train([fold.stream for fold in folds], named, settings)
    seconds = (time.process_time() - began) / len(members)  # of all together, shared out evenly
    parts = {part: trained.measure(part) for part in ("train", "test")}
    rows = []
    for number, (place, units) in enumerate(members):
        fold, score = folds[place], parts["test"][1][number]
        classes = fold.stream.kind == "classification"
        taken = epochs * -(-len(fold.stream.train.x) // asked.batch)
        measured = {"width": float(units), "units": units, "steps": taken, "seconds": seconds}
        losses = {f"{part}_loss": float(found[0][number]) for part, found in parts.items()}
        scored = score if classes else fold.score((score / fold.stream.scale) ** 2)
        own = {"score": float(scored), "rmse": np.nan if classes else float(score), "saturated": False}
        rows.append({**_head(fold, method), **measured, **losses, **own, "outcome": trained.outcome[number]})
    return rows


def sklearns(fold: Fold, asked: Asked) -> list[Row]:
    """scikit-learn's perceptron with its defaults, and with the steps, batches and rate of the others."""
    epochs = fold.epochs(asked.total(fold), asked.batch)
    alike = {
        "batch_size": min(asked.batch, len(fold.stream.train.x)),
        "learning_rate_init": 1e-2,
        "max_iter": epochs,
        "tol": 0.0,
    }
    return [
        _sklearn(fold, "mlp_default", {}),
        _sklearn(fold, "mlp_steps", {**alike, "n_iter_no_change": epochs}),
    ]


def _sklearn(fold: Fold, method: str, options: dict[str, Any]) -> Row:
    kind: Callable[..., Any] = MLPClassifier if fold.stream.kind == "classification" else MLPRegressor
    model, rows = kind(hidden_layer_sizes=(SKLEARN_UNITS,), random_state=fold.number, **options), fold.stream.train
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 200 epochs are its default, and fixed steps the rule here
        model.fit(rows.x, rows.y)
    seconds = time.process_time() - began
    test = fold.stream.test
    score = float(model.score(test.x, test.y))  # type: ignore[union-attr]
    taken = model.n_iter_ * -(-len(rows.x) // min(options.get("batch_size", 200), len(rows.x)))
    own = {"width": float(SKLEARN_UNITS), "units": SKLEARN_UNITS, "score": score, "steps": taken, "seconds": seconds}
    return {**_head(fold, method), **own, "saturated": False, "outcome": "ok"}


def _head(fold: Fold, method: str) -> Row:
    sizes = {"train_rows": len(fold.stream.train.x), "test_rows": len(fold.stream.test.x)}  # type: ignore[union-attr]
    return {"fold": fold.fold, "seed": fold.seed, "method": method, **sizes}
