"""Fits of tables, targets, weights and parameters of every kind: what comes of them is sound, or refused in words."""

import io
import warnings
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from attacks.fitting.behind import check
from attacks.fitting.faults import fault_of_error, fault_of_warnings
from attacks.fitting.parameters import Interrupted, parameters
from attacks.fitting.tables import TABLES
from attacks.fitting.targets import labels, mild_classes, mild_values, row_weights, several, values
from attacks.harness import Attack

#: Shares of the kinds of targets: ordinary ones, odd ones, several, and those of the other estimator.
SHARES = (0.5, 0.25, 0.15, 0.1)
#: What is done with rows, and how often.
MODES, MODE_SHARES = ("fit", "partial_fit", "again", "path"), (0.7, 0.12, 0.12, 0.06)
#: What is wrong where an estimator is no more what it was.
TRACES = "a fit that failed left traces"


def drawn(generator: np.random.Generator) -> tuple[type, dict[str, Any], tuple[Any, Any, Any]]:
    """An estimator's class, its parameters, and rows (X, y, weights)."""
    from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor

    classes = bool(generator.random() < 0.5)
    rows = int(generator.choice([2, 3, 6, 20, 45, 60, 60, 120]))
    X = TABLES[int(generator.integers(len(TABLES)))](generator, rows)
    count = X.shape[0] if getattr(X, "shape", ()) else rows
    kinds = (mild_classes, labels, several, values) if classes else (mild_values, values, several, labels)
    y = kinds[int(generator.choice(4, p=SHARES))](generator, count or 2)
    weight = row_weights(generator, count or 2)
    kind = ContinuousMLPClassifier if classes else ContinuousMLPRegressor
    return kind, parameters(generator, classes=classes), (X, y, weight)


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """One fit, and what is wrong about it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind, chosen, rows = drawn(generator)
    mode = str(generator.choice(MODES, p=MODE_SHARES))
    where = f"{kind.__name__}({', '.join(f'{k}={v!r:.40}' for k, v in chosen.items())}).{mode}"
    with warnings.catch_warnings(record=True) as heard, redirect_stdout(io.StringIO()):
        warnings.simplefilter("always")
        estimator = kind(**chosen)
        before = sorted(vars(estimator))
        try:
            learned(estimator, mode, rows)
        except Interrupted:
            return None if mode == "again" or sorted(vars(estimator)) == before else f"{where}: {TRACES}"
        except Exception as error:
            if mode == "fit" and sorted(vars(estimator)) != before:
                return f"{where}: {TRACES}"
            return fault_of_error(error, where) or fault_of_warnings(heard, where)
        fault = None if mode == "path" else check(estimator, rows, generator, folder)
    return f"{where}: {fault}" if fault else fault_of_warnings(heard, where)


def learned(estimator: Any, mode: str, rows: tuple[Any, Any, Any]) -> None:
    """Fit, or learn from batches."""
    X, y, weight = rows
    if mode == "path":
        path = estimator.width_path(X, y, weight, prices=(64.0, 4.0))
        for name in ("prices", "widths", "units"):
            if not np.isfinite(np.asarray(getattr(path, name), dtype=float)).all():
                raise AssertionError(f"the path's {name} are not finite")
    elif mode == "partial_fit":
        more = {"classes": y} if hasattr(estimator, "class_weight") else {}
        estimator.partial_fit(X, y, sample_weight=weight, **more)
        estimator.partial_fit(X, y, sample_weight=weight)
    else:
        estimator.fit(X, y, weight)
        if mode == "again":
            estimator.set_params(warm_start=True).fit(X, y, weight)


attack = Attack("fits", cases=5000, short=12, attempt=attempt)
