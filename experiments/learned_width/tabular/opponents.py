"""Methods of other packages, with their defaults, on the same folds."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor

from ..fits import FitOptions
from ..peers import PEERS, peer_row
from .fits import Row, judged
from .measures import of_classes
from .parts import TableFold

#: What tables call the methods.
MLP, LINEAR, BOOSTING, FOREST, REALMLP = "mlp", "linear", "boosting", "forest", "realmlp"
#: Penalties that the linear models choose among, the greatest first, by folds of the training rows; most steps of each.
STRENGTHS, INNER_FOLDS, MOST_STEPS = (100.0, 10.0, 1.0, 0.1, 0.01), 3, 300
#: Networks that grow, of packages that few have.
GROWING = tuple(PEERS)
#: The distributions that bring methods which are no dependency.
PACKAGES = {REALMLP: "pytabkit", **PEERS}


def opponent_row(part: TableFold, method: str, options: FitOptions) -> tuple[Row, list[Row]]:
    """One row; a package that is absent, or fails, says so in ``outcome``."""
    if method in GROWING:
        return _growing(part, method, options), []
    return judged(part, method, lambda: FITS[method](part))


def _standard(part: TableFold, model: Any, *, raw: bool = False) -> np.ndarray:
    """Predictions on the test rows: probabilities of all classes, or values in deviations of the target."""
    x, test = (part.raw(), part.raw("test")) if raw else (part.standardised(), part.standardised("test"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps that end before they settle, and of classes with few rows
        model.fit(x, part.fold.stream.train.y)
        if part.classes:
            return part.of_probabilities(model.predict_proba(test), model.classes_)
        return np.asarray(model.predict(test))


def _mlp(part: TableFold) -> tuple[np.ndarray, Row]:
    """One hidden layer of 100 units, on standardised rows and targets."""
    model = (MLPClassifier if part.classes else MLPRegressor)(random_state=part.fold.number)
    predicted = _standard(part, model)
    stored = sum(array.size for array in (*model.coefs_, *model.intercepts_))
    return predicted, {"units": 100, "parameters": stored, "encoding": "raw"}


def _linear(part: TableFold) -> tuple[np.ndarray, Row]:
    """Logistic regression or ridge, on standardised rows, the penalty chosen inside the training rows."""
    model: Any = logistic(part) if part.classes else RidgeCV(alphas=STRENGTHS)
    predicted = _standard(part, model)
    return predicted, {"units": 0, "parameters": np.size(model.coef_) + np.size(model.intercept_), "encoding": "raw"}


def logistic(part: TableFold) -> LogisticRegression:
    """Logistic regression with the penalty of the least log-loss on inner folds."""
    x, y = part.standardised(), part.fold.stream.train.y
    losses = np.zeros(len(STRENGTHS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with few rows, and of steps that end before they settle
        for train, held_out in StratifiedKFold(INNER_FOLDS, shuffle=True, random_state=0).split(x, y):
            model = LogisticRegression(max_iter=MOST_STEPS, warm_start=True)
            for place, strength in enumerate(STRENGTHS):
                model.set_params(C=1 / strength).fit(x[train], y[train])
                given = part.of_probabilities(model.predict_proba(x[held_out]), model.classes_)
                losses[place] += of_classes(given, y[held_out])["loss"] * len(held_out)
    return LogisticRegression(C=1 / STRENGTHS[int(losses.argmin())], max_iter=MOST_STEPS)


def _boosting(part: TableFold) -> tuple[np.ndarray, Row]:
    kind = HistGradientBoostingClassifier if part.classes else HistGradientBoostingRegressor
    return _standard(part, kind(random_state=part.fold.number), raw=True), {}


def _forest(part: TableFold) -> tuple[np.ndarray, Row]:
    kind = RandomForestClassifier if part.classes else RandomForestRegressor
    return _standard(part, kind(random_state=part.fold.number, n_jobs=1), raw=True), {}


def _realmlp(part: TableFold) -> tuple[np.ndarray, Row]:
    """RealMLP with the defaults that were tuned on other tables (D. Holzmüller et al., NeurIPS 2024), one thread."""
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    kind = RealMLP_TD_Classifier if part.classes else RealMLP_TD_Regressor
    model = kind(device="cpu", n_threads=1, random_state=part.fold.number)
    predicted = _standard(part, model)
    stored = sum(entry.numel() for entry in model.cv_alg_interface_.model.state_dict().values())
    return predicted, {"units": 3 * 256, "parameters": stored}


def _growing(part: TableFold, method: str, options: FitOptions) -> Row:
    """gromo or GAL, as in the preset ``peers``; they give a score, and no probabilities."""
    row = peer_row(method, part.fold, options)
    return {**part.head(method), **{name: row[name] for name in set(row) - set(part.head(method))}}


FITS: dict[str, Callable[[TableFold], tuple[np.ndarray, Row]]] = {
    MLP: _mlp,
    LINEAR: _linear,
    BOOSTING: _boosting,
    FOREST: _forest,
    REALMLP: _realmlp,
}
#: All opponents by name.
OPPONENTS = (*FITS, *GROWING)
