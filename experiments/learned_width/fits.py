"""One row per network: learned by a method of the library, of fixed width on the engine, or scikit-learn's."""

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from torch import nn

from continuum.ensemble import Member, Settings, train
from continuum.learn import LearnConfig, WidthResult, learn_width

from .folds import Fold

Row = dict[str, Any]
#: Units of scikit-learn's networks, its own default.
SKLEARN_UNITS = 100
#: What tables call the interval with the square-root gate.
SQUARE_ROOT = "interval_sqrt"


@dataclass(frozen=True)
class FitOptions:
    """What is common to the fits of a cell."""

    steps: int | None
    batch: int
    max_units: int

    def total(self, fold: Fold) -> int:
        """Steps of the graded phase and of rounding together: what a fixed network gets, too."""
        graded = fold.steps(self.steps)
        return graded + graded // 2

    def config(self, fold: Fold, start: float, method: str) -> LearnConfig:
        """Options of the learner."""
        name, exponent = ("interval", 0.5) if method == SQUARE_ROOT else (method, 1.0)
        return LearnConfig(
            start=start,
            max_units=self.max_units,
            steps=self.steps,
            batch=self.batch,
            seed=fold.number,
            method=name,
            exponent=exponent,
        )


def learned_row(
    fold: Fold, options: FitOptions, start: float, method: str = "graded"
) -> tuple[Row, WidthResult | None]:
    """A width learned from a start; of a method that fails the row holds the reason, for the others go on."""
    x, y = fold.tensors()
    head = {**row_head(fold, method), "start": float(start)}
    began = time.process_time()
    try:
        result = learn_width(x, y, fold.loss, options.config(fold, start, method))
    except Exception as error:  # whatever one method raises must not cost the rows of the others
        return {**head, "outcome": f"{type(error).__name__}: {error}"}, None
    seconds = time.process_time() - began
    measured = {"width": sum(result.widths), "units": sum(result.units), "steps": result.steps, "seconds": seconds}
    more = {"saturated": result.saturated, "price": result.price, "gap": result.rounding_gap}
    more["graded_units"] = float(cast(nn.Linear, result.graded[0]).out_features)
    return {**head, **measured, **more, **fold.scores_of(result.network), "outcome": "ok"}, result


def curve_rows(row: Row, result: WidthResult) -> list[Row]:
    """Points of the width during the graded phase."""
    steps = np.linspace(0, row["graded_steps"], len(result.width_curve))
    head = {name: row[name] for name in ("task", "fold", "seed", "method", "start")}
    widths = result.width_curve.sum(1).tolist()
    return [{**head, "step": float(step), "width": width} for step, width in zip(steps, widths, strict=True)]


def fixed_rows(
    folds: Sequence[Fold],
    members: Sequence[tuple[int, int]],
    options: FitOptions,
    method: str,
    steps: int | None = None,
) -> list[Row]:
    """Networks of fixed width on the engine; a member is the place of a fold, and a number of units."""
    first, widest = folds[0], max(units for _, units in members)
    epochs = first.epochs(options.total(first) if steps is None else steps, options.batch)
    settings = Settings(widest, activation=first.activation, batch=options.batch, epochs=epochs, schedule="cosine")
    named = [Member(units, stream=place, init=folds[place].number) for place, units in members]
    began = time.process_time()
    trained = train([fold.stream for fold in folds], named, settings)
    seconds = (time.process_time() - began) / len(members)  # of all together, shared out evenly
    parts = {part: trained.measure(part) for part in ("train", "test")}
    rows = []
    for number, (place, units) in enumerate(members):
        fold = folds[place]
        taken = epochs * -(-len(fold.stream.train.x) // options.batch)
        size = {"width": float(units), "units": units, "steps": taken, "seconds": seconds, "saturated": False}
        losses = {f"{part}_loss": float(measures[0][number]) for part, measures in parts.items()}
        scores = _scores(fold, parts["test"][1][number])
        rows.append({**row_head(fold, method), **size, **losses, **scores, "outcome": trained.outcome[number]})
    return rows


def _scores(fold: Fold, measure: np.float64) -> dict[str, float]:
    """Score and RMSE from what the engine gives: accuracy, or the RMSE in units of the target."""
    if fold.stream.kind == "classification":
        return {"score": float(measure), "rmse": np.nan}
    return {"score": float(fold.score((measure / fold.stream.scale) ** 2)), "rmse": float(measure)}


def sklearn_rows(fold: Fold, options: FitOptions) -> list[Row]:
    """scikit-learn's perceptron with its defaults, and with the steps, batches and learning rate of the others."""
    epochs = fold.epochs(options.total(fold), options.batch)
    alike = {
        "batch_size": min(options.batch, len(fold.stream.train.x)),
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
    score = float(model.score(fold.test.x, fold.test.y))
    taken = model.n_iter_ * -(-len(rows.x) // min(options.get("batch_size", 200), len(rows.x)))
    size = {"width": float(SKLEARN_UNITS), "units": SKLEARN_UNITS}
    measured = {"score": score, "steps": taken, "seconds": seconds}
    return {**row_head(fold, method), **size, **measured, "saturated": False, "outcome": "ok"}


def row_head(fold: Fold, method: str) -> Row:
    """What a row says of its fold."""
    sizes = {"train_rows": len(fold.stream.train.x), "test_rows": len(fold.test.x)}
    return {"fold": fold.fold, "seed": fold.seed, "method": method, **sizes}
