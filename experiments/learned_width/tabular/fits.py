"""One row per fit: an estimator of the library, the learner of the first edition, or a net of the grid."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning

from continuum.ensemble import Member, Settings, Stream, train
from continuum.learn import LearnConfig
from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor

from ..fits import FitOptions, learned_row
from .encodings import stream_of
from .measures import believed
from .parts import TableFold
from .variants import FIRST, VARIANTS

Row = dict[str, Any]
#: Points of a learning curve that are kept.
POINTS = 60
#: What tables call the nets of fixed width.
FIXED = "fixed"


def judged(part: TableFold, method: str, fit: Callable[[], tuple[np.ndarray, Row]]) -> tuple[Row, list[Row]]:
    """A row of what ``fit`` predicts and says, and the bins of its probabilities; a fit that fails says why."""
    head, began = part.head(method), time.process_time()
    try:
        predicted, said = fit()
    except Exception as error:  # whatever one method raises must not cost the rows of the others
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return {**head, "outcome": reason[:400], "seconds": np.nan}, []
    seconds = said.pop("seconds", time.process_time() - began)
    bins = believed(predicted, part.fold.test.y) if part.classes else []
    row = {**head, **part.measured(predicted), "seconds": seconds, **said, "outcome": "ok"}
    return row, [{**head, **line} for line in bins]


def estimator_row(
    part: TableFold, variant: str, budget: int | None, curves: list[Row] | None = None
) -> tuple[Row, list[Row]]:
    """The estimator with its defaults, or with the parameters of a variant, on the raw rows.

    ``budget`` bounds the steps (None: by the estimator's own rule), and ``curves`` collects points of the width.
    """

    def fit() -> tuple[np.ndarray, Row]:
        model, seconds = fitted(part, variant, budget)
        if curves is not None:
            curves.extend(curve(part, model))
        x = part.raw("test")
        if part.classes:
            predicted = part.of_probabilities(model.predict_proba(x), model.classes_)
        else:
            predicted = part.shrunk(model.predict(x))
        return predicted, {"seconds": seconds, **said_by(model)}

    return judged(part, variant, fit)


def fitted(part: TableFold, variant: str, budget: int | None) -> tuple[Any, float]:
    """The estimator fitted to the raw training rows, and the seconds of the processor that it took."""
    kind: Callable[..., Any] = ContinuousMLPClassifier if part.classes else ContinuousMLPRegressor
    bound = {} if budget is None else {"max_iter": budget}
    model = kind(random_state=part.fold.number, **bound, **VARIANTS[variant])
    x, y, began = part.raw(), part.target(), time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the row has its notes
        model.fit(x, y)
    return model, time.process_time() - began


def said_by(model: Any) -> Row:
    """What an estimator says of itself; attributes that a version lacks are missing."""
    stored = model.export(dtype=torch.float64).state_dict().values()
    return {
        "width": model.width_,
        "units": sum(model.units_),
        "parameters": sum(entry.numel() for entry in stored),
        "steps": model.n_iter_,
        "price": getattr(model, "price_", np.nan),
        "gap": getattr(model, "rounding_gap_", np.nan),
        "temperature": getattr(model, "temperature_", np.nan),
        "encoding": encoding_of(model),
        "notes": " | ".join(model.notes_),
    }


def encoding_of(model: Any) -> str | None:
    """The encoding that an estimator chose, by its name or by whether columns pass as they are."""
    encoding = getattr(model, "encoding_", None)
    plain = getattr(encoding, "plain", None)
    return encoding if isinstance(encoding, str) else None if plain is None else "raw" if plain else "piecewise"


def curve(part: TableFold, model: Any) -> list[Row]:
    """Widths while they were learned, evenly spaced in the part of the steps that learns them."""
    widths = np.asarray(model.width_curve_, dtype=np.float64).sum(1)
    kept = np.unique(np.linspace(0, len(widths) - 1, min(POINTS, len(widths))).round().astype(int))
    head = {"fold": part.fold.fold, "seed": part.fold.seed}
    return [{**head, "share": place / max(len(widths) - 1, 1), "width": float(widths[place])} for place in kept]


def first_edition_row(part: TableFold, options: FitOptions) -> tuple[Row, list[Row]]:
    """The learner of the first edition, on standardised rows."""

    def fit() -> tuple[np.ndarray, Row]:
        row, result = learned_row(part.fold, options, LearnConfig.start)
        if result is None:
            raise RuntimeError(row["outcome"])
        x, _ = part.fold.tensors("test")
        with torch.no_grad():
            outputs = result.network(x).double()
        predicted = outputs[:, 0].numpy()
        if part.classes:  # a fold may lack the last classes
            shares = outputs.softmax(1).numpy()
            predicted = part.of_probabilities(shares, np.arange(shares.shape[1]))
        stored = sum(entry.numel() for entry in result.network.state_dict().values())
        said = {name: row[name] for name in ("width", "units", "steps", "seconds", "price", "gap")}
        return predicted, {**said, "parameters": stored, "encoding": "raw"}

    return judged(part, FIRST, fit)


def grid_rows(parts: Sequence[TableFold], widths: Sequence[int], options: FitOptions, encoding: str) -> list[Row]:
    """Nets of every width on every fold, on the engine, with the same encoding and as many steps as a fit may take."""
    alike: dict[int, list[tuple[TableFold, Stream]]] = {}
    for part in parts:
        stream = stream_of(part, encoding)
        alike.setdefault(stream.train.x.shape[1], []).append((part, stream))
    # Folds may differ in the pieces of a column, and the engine trains nets of equally many inputs together.
    return [row for group in alike.values() for row in _grid(group, widths, options, encoding)]


def _grid(
    group: Sequence[tuple[TableFold, Stream]], widths: Sequence[int], options: FitOptions, encoding: str
) -> Iterator[Row]:
    first = group[0][0].fold
    epochs = first.epochs(options.total(first), options.batch)
    settings = Settings(max(widths), activation=first.activation, batch=options.batch, epochs=epochs, schedule="cosine")
    places = [(place, units) for place in range(len(group)) for units in widths]
    members = [Member(units, stream=place, init=group[place][0].fold.number) for place, units in places]
    began = time.process_time()
    trained = train([stream for _, stream in group], members, settings)
    seconds = (time.process_time() - began) / len(members)  # of all together, shared out evenly
    loss, measure = trained.measure("test")
    for number, (place, units) in enumerate(places):
        part, stream = group[place]
        values = {"score": float(measure[number])} if part.classes else _values(part, float(measure[number]))
        stored = units * (stream.train.x.shape[1] + 1 + stream.outputs) + stream.outputs
        size = {"width": float(units), "units": units, "parameters": stored, "encoding": encoding}
        spent = {"steps": epochs * -(-len(stream.train.x) // options.batch), "seconds": seconds}
        outcome = {"loss": float(loss[number]), "outcome": trained.outcome[number]}
        yield {**part.head(FIXED), **size, **spent, **values, **outcome}


def _values(part: TableFold, rmse: float) -> dict[str, float]:
    """R2 from an RMSE in units of the target, and the RMSE."""
    return {"score": part.fold.score((rmse / part.fold.stream.scale) ** 2), "rmse": rmse}
