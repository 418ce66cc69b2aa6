"""Regression by a perceptron that learns its width."""

from typing import Any, Self

import numpy as np
from jaxtyping import Float64
from sklearn.base import RegressorMixin
from sklearn.utils import column_or_1d

from continuum.errors import BadInput
from continuum.sklearn.estimator import ContinuousMLP
from continuum.sklearn.labels import refuse_missing
from continuum.sklearn.rows import EstimatorRows, checked_weight, weighted_rows
from continuum.sklearn.table.intake import checked_table
from continuum.sklearn.targets import as_numbers

#: Powers of two of targets whose squares, and sums of these, are numbers in double precision.
MOST_POWER = 400
#: Largest target, in size: near the end of double precision, what a network adds to it would be infinite.
MOST_TARGET = 1e300


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

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn from a batch: the first one as ``fit`` does, a further one going on from the network at hand.

        The width can grow and shrink from call to call; how columns and targets are standardised says the first batch.
        A further batch takes four epochs, and half as many to round, or ``max_iter`` steps in all. The price is what
        all rows seen so far have to pay together.
        """
        return self._learn_batch((X, y, sample_weight), known=None if self._start is None else ())

    def predict(self, X: Any) -> Float64[np.ndarray, " rows *outputs"]:
        """Targets of each row, in the shape that ``fit`` was given."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination, as in all of scikit-learn; of targets such as 1e200, whose squares are no
        numbers, too.
        """
        from sklearn.metrics import r2_score  # which takes long to import

        y, predicted = as_numbers("y", y), self.predict(X)
        numbers = np.asarray(y, dtype=float)
        power = int(np.frexp(np.abs(numbers).max(initial=0.0))[1])
        if abs(power) > MOST_POWER and np.isfinite(numbers).all():  # a power of two changes no digit, nor the score
            y, predicted = np.ldexp(numbers, -power), np.ldexp(predicted, -power)
        with np.errstate(over="ignore"):  # of predictions beyond all measure
            score = r2_score(y, predicted, sample_weight=checked_weight(sample_weight, predicted))
        return float(max(score, np.finfo(float).min))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _rows(self, X: Any, y: Any, sample_weight: Any, *, known: Any = None) -> EstimatorRows:
        refuse_missing(y)
        y = as_numbers("y", y)
        least = 2 if known is None else 1
        kinds = {"multi_output": True, "y_numeric": True}
        numbers, texts, y = checked_table(self, self._table, X, y, ensure_min_samples=least, **kinds)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if (largest := float(np.abs(y.astype(np.float64)).max(initial=0.0))) > MOST_TARGET:
            remedy = f"divide them by a unit, such as {MOST_TARGET:g}"
            raise BadInput("y", expected=f"targets within {MOST_TARGET:g}", came=f"{largest:g}", remedy=remedy)
        weight = checked_weight(sample_weight, y)
        x, categories = self._numbered(numbers, texts, weight)
        return weighted_rows(x, y.reshape(len(y), -1).astype(np.float64), weight, categories, least=least)
