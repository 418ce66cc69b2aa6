"""Regression by a perceptron that learns its width."""

from typing import Any

import numpy as np
from jaxtyping import Float64
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d

from continuum.sklearn.estimator import ContinuousMLP
from continuum.sklearn.rows import EstimatorRows, weighted_rows


class ContinuousMLPRegressor(RegressorMixin, ContinuousMLP):  # type: ignore[misc]  # scikit-learn has no types
    """A regressor that learns how wide its hidden layers should be, by the squared error.

    Parameters and attributes are those of :class:`~continuum.sklearn.estimator.ContinuousMLP`. Several targets share
    the hidden layers.

    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 200)[:, None]
    >>> model = ContinuousMLPRegressor(random_state=0, max_iter=500).fit(X, np.sin(X[:, 0]))
    >>> model.score(X, np.sin(X[:, 0])) > 0.95
    True
    """

    _loss = "squared_error"

    def predict(self, X: Any) -> Float64[np.ndarray, " rows *outputs"]:
        """Targets of each row, in the shape that ``fit`` was given."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _rows(self, X: Any, y: Any, sample_weight: Any) -> EstimatorRows:
        numbers, y, weight = self._read(X, y, sample_weight, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets = y.reshape(len(y), -1).astype(np.float64)
        return weighted_rows(numbers, targets, weight, self._table.categories)
