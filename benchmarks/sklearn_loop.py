"""Baseline: scikit-learn's network."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from continuum.ensemble import Settings, Stream


def fit(stream: Stream, width: int, settings: Settings, lr: float) -> MLPClassifier:
    """A network of ``width`` units after exactly ``settings.epochs`` epochs of Adam, in float32."""
    model = MLPClassifier(
        hidden_layer_sizes=(width,),
        activation="relu",
        solver="adam",
        alpha=0.0,
        batch_size=settings.batch,
        learning_rate_init=lr,
        max_iter=settings.epochs,
        n_iter_no_change=settings.epochs + 1,
        tol=0.0,
        random_state=stream.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(stream.train.x.astype(np.float32), stream.train.y)
