"""Classification by a perceptron that learns its width."""

from dataclasses import replace
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped
from scipy.special import log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from continuum.sklearn.estimator import ContinuousMLP
from continuum.sklearn.rows import EstimatorRows, weighted_rows


class ContinuousMLPClassifier(ClassifierMixin, ContinuousMLP):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that learns how wide its hidden layers should be, by cross-entropy.

    Parameters and attributes are those of :class:`~continuum.sklearn.estimator.ContinuousMLP`; besides them:

    Attributes:
        classes_: the labels, sorted. A label all of whose rows weigh 0 is none of them.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ContinuousMLPClassifier(random_state=0, max_iter=500).fit(X, y)
    >>> model.score(X, y) > 0.95, 0 < model.width_ <= model.units_[0] < 10
    (True, True)
    >>> [type(layer).__name__ for layer in model.export()]
    ['Linear', 'ReLU', 'Linear']
    """

    _loss = "cross_entropy"

    def predict(self, X: Any) -> Shaped[np.ndarray, " rows"]:
        """The most probable label of each row."""
        outputs = self._outputs(X)
        return np.asarray(self.classes_[outputs.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "rows classes"]:
        """Probability of every class, in the order of ``classes_``."""
        return np.asarray(softmax(self._outputs(X), axis=1))

    def predict_log_proba(self, X: Any) -> Float64[np.ndarray, "rows classes"]:
        """Logarithm of the probability of every class."""
        return np.asarray(log_softmax(self._outputs(X), axis=1))

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> EstimatorRows:
        numbers, y, weight = self._read(X, y, sample_weight)
        check_classification_targets(y)
        labels, codes = np.unique(y, return_inverse=True)
        rows = weighted_rows(numbers, codes[:, None].astype(np.float64), weight, self._table.categories)
        present, codes = np.unique(rows.y[:, 0], return_inverse=True)
        self.classes_ = labels[present.astype(np.int64)]
        if len(present) < 2:
            reason = f"the data contains only one class: {self.classes_.tolist()[0]!r}"
            raise ValueError(f"{type(self).__name__} needs samples of at least 2 classes in the data, but {reason}")
        return replace(rows, y=codes[:, None].astype(np.float64))
