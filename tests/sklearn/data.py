"""Small tasks, and estimators that learn them fast."""

import numpy as np
from sklearn.datasets import load_wine, make_moons

from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor

Arrays = tuple[np.ndarray, np.ndarray]


def classifier(**parameters) -> ContinuousMLPClassifier:
    return ContinuousMLPClassifier(**{"max_iter": 120, "price": 3.0, "random_state": 0} | parameters)


def regressor(**parameters) -> ContinuousMLPRegressor:
    return ContinuousMLPRegressor(**{"max_iter": 120, "price": 3.0, "random_state": 0} | parameters)


def wine() -> Arrays:
    return load_wine(return_X_y=True)


def moons() -> Arrays:
    return make_moons(120, noise=0.1, random_state=0)


def waves(outputs: int = 1) -> Arrays:
    """Targets far from 0 and of another unit than the features."""
    x = np.random.default_rng(0).uniform(-2, 2, (150, 2))
    y = 1000 + 50 * np.stack([np.sin((k + 1) * x[:, 0]) + x[:, 1] for k in range(outputs)], axis=1)
    return 300 + 20 * x, y[:, 0] if outputs == 1 else y
