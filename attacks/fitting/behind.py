"""What must hold behind a fit: finite numbers of the right shape, and copies that answer alike."""

import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import clone

from attacks.fitting.faults import fault_of_error
from continuum.errors import BadInput

Rows = tuple[Any, Any, Any]


class Unsound(Exception):
    """A fitted estimator is not what it should be."""


def check(estimator: Any, rows: Rows, random: np.random.Generator, folder: Path) -> str | None:
    """What is wrong behind this fit."""
    steps = (attributes, answers, exported, copies, further)
    for step in steps:
        try:
            step(estimator, rows, random, folder)
        except Unsound as unsound:
            return str(unsound)
        except Exception as error:
            if fault := fault_of_error(error, step.__name__):
                return fault
            if step in (attributes, copies):
                return f"{step.__name__}: {type(error).__name__}: {error!s:.300}"
    return None


def _finite(what: str, value: Any) -> np.ndarray:
    numbers = np.asarray(value, dtype=float)
    if not np.isfinite(numbers).all():
        raise Unsound(f"{what} is not finite: {numbers.ravel()[:4]}")
    return numbers


def attributes(model: Any, rows: Rows, random: np.random.Generator, folder: Path) -> None:
    """Learned attributes are finite."""
    for name in ("width_", "widths_", "width_curve_", "loss_curve_", "units_", "n_iter_", "price_"):
        _finite(name, getattr(model, name))
    for layer in model.gates_:
        _finite("gates_", layer)
    if np.isinf(model.rounding_gap_) or np.isnan(model.validation_losses_).any():
        raise Unsound(f"rounding_gap_ {model.rounding_gap_}, validation_losses_ {model.validation_losses_}")
    if hasattr(model, "temperature_"):
        _finite("temperature_", model.temperature_)
    if len(model.widths_) != len(model.units_) or model.width_curve_.shape[1] != len(model.widths_):
        raise Unsound("layers of widths, units and curves differ")
    if len(model.width_curve_) != len(model.loss_curve_):
        raise Unsound("curves differ in length")
    for note in model.notes_:
        if len(note) > 1920 or not note.isprintable():
            raise Unsound(f"a note of {len(note)} characters: {note!r:.200}")


def answers(model: Any, rows: Rows, random: np.random.Generator, folder: Path) -> None:
    """Predictions of the rows of training are finite, of the right shape, and probabilities are some."""
    X, y, _ = rows
    count = X.shape[0] if hasattr(X, "shape") else len(X)
    predicted = model.predict(X)
    if len(predicted) != count:
        raise Unsound(f"{len(predicted)} predictions of {count} rows")
    if hasattr(model, "classes_"):
        for chances in (model.predict_proba(X), np.exp(model.predict_log_proba(X))):
            _finite("predict_proba", chances)
            if chances.shape != (count, len(model.classes_)) or chances.min() < 0 or chances.max() > 1 + 1e-9:
                raise Unsound(f"probabilities of shape {chances.shape} from {chances.min()} to {chances.max()}")
            if not model.multilabel_ and not np.allclose(chances.sum(axis=1), 1, atol=1e-9):
                raise Unsound("probabilities do not sum to 1")
        if not model.multilabel_ and not np.isin(predicted, model.classes_).all():
            raise Unsound("predictions are no classes")
    else:
        _finite("predict", predicted)
    if not sparse.issparse(y):
        score = model.score(X, y)
        if count > 1:
            _finite("score", score)


def exported(model: Any, rows: Rows, random: np.random.Generator, folder: Path) -> None:
    """Exports answer as predictions do, in double precision to the bit, in single precision nearly."""
    import torch

    X = rows[0]
    numbers = _finite("numbers", model.numbers(X))
    right = _finite("outputs", model._outputs(X))
    exact = model.export(dtype=torch.float64)
    with torch.no_grad():
        if not np.allclose(exact(torch.tensor(numbers)).numpy(), right, rtol=1e-12, atol=0):
            raise Unsound("the export answers otherwise than predict")
    for name, part in exact.state_dict().items():
        _finite(f"export {name}", part.numpy())
    single = model.export()
    if rows[2] is not None:  # rows of no weight need not be within its reach
        return
    with torch.no_grad():
        _finite("export in single precision", single(torch.tensor(numbers).float()).numpy())


def copies(model: Any, rows: Rows, random: np.random.Generator, folder: Path) -> None:
    """Pickles and files answer to the bit alike; clones have the parameters."""
    X = rows[0]
    try:
        right = model._outputs(X)
    except BadInput:  # a row without weight, of which training knew nothing
        return
    if isinstance(getattr(model, "callbacks", None), type(None)):
        twin = pickle.loads(pickle.dumps(model))
        if not np.array_equal(twin._outputs(X), right) or not np.array_equal(twin.numbers(X), model.numbers(X)):
            raise Unsound("a pickle answers otherwise")
    try:
        model.save(folder / "fit.safetensors")
    except BadInput:  # a parameter of more digits than Python writes
        return
    twin = type(model).load(folder / "fit.safetensors")
    if not np.array_equal(twin._outputs(X), right) or not np.array_equal(twin.predict(X), model.predict(X)):
        raise Unsound("a file answers otherwise")
    if hasattr(model, "classes_") and twin.predict(X).dtype != model.predict(X).dtype:
        raise Unsound(f"labels are {twin.predict(X).dtype} behind a file, {model.predict(X).dtype} before")
    for name in ("width_curve_", "loss_curve_", "width_", "price_"):
        if not np.array_equal(getattr(twin, name), getattr(model, name)):
            raise Unsound(f"{name} differs behind a file")
    if clone(model).get_params().keys() != model.get_params().keys():
        raise Unsound("a clone has other parameters")
    if len(repr(model)) > 1920 or "\x1b" in repr(model):
        raise Unsound(f"a repr of {len(repr(model))} characters")
    if random.random() < 0.03:
        drawn(model, folder)


def drawn(model: Any, folder: Path) -> None:
    """The figure of a fit can be written."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure = model.plot()
    figure.savefig(folder / "fit.png", dpi=30)
    plt.close(figure)


def further(model: Any, rows: Rows, random: np.random.Generator, folder: Path) -> None:
    """Another batch can follow, and rows that are stranger than those of training have answers, or are refused."""
    X, y, weight = rows
    if isinstance(X, np.ndarray) and X.dtype.kind == "f" and random.random() < 0.5:
        strange = np.array(X, dtype=float)
        strange[0] = random.choice([1e300, -1e308, np.nan, 1e38, 5e-324])
        _finite("predictions of strange rows", model._outputs(strange))
    if isinstance(X, pd.DataFrame) and random.random() < 0.7:
        _finite("predictions of another table", model._outputs(altered(X, random)))
    if random.random() < 0.3:
        more = {"sample_weight": weight} if random.random() < 0.5 else {}
        model.set_params(callbacks=None).partial_fit(X, y, **more)
        attributes(model, rows, random, folder)
        answers(model, rows, random, folder)


def altered(table: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """A table as it comes later: columns in another order, gone, renamed, of another kind, or with few rows."""
    first = table.columns[0]
    makers: list[Callable[[], pd.DataFrame]] = [
        lambda: table.iloc[:, ::-1],
        lambda: table.drop(columns=[first]),
        lambda: table.rename(columns={first: "another" * 3000}),
        lambda: table.assign(**{str(first): "word"}),
        lambda: table.assign(**{str(first): 1.0}),
        lambda: table.assign(**{str(first): None}),
        lambda: table.assign(another=1.0),
        lambda: table.iloc[:0],
        lambda: table.iloc[:1],
        lambda: table.astype(object),
        lambda: table.astype(str),
        lambda: pd.concat([table, table], axis=1),
        lambda: table.assign(**{str(first): np.inf}),
        lambda: table.assign(**{str(first): pd.Timestamp("2020")}),
        lambda: table.assign(**{str(first): 10**400}),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return makers[int(random.integers(len(makers)))]()
