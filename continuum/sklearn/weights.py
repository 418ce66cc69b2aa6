"""What weights of rows mean: only their ratios count, and whole multiples are repetitions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float64, Shaped

from continuum.errors import BadInput

#: Weights count as repetitions up to so many rows in the mean; beyond it, a light row would make all others many.
MOST_REPETITIONS = 10.0
#: How near to whole multiples weights must be: those in single precision are.
WHOLE = 1e-6
#: Least weight, as a share of the greatest: rows that are lighter still count for as much, which is nothing. In single
#: precision, in which networks learn, sums of such rows alone must not be 0.
LIGHTEST = 1e-30
#: Powers of two of weights whose products and sums are numbers in double precision.
MOST_POWER = 400

Weights = Float64[np.ndarray, " rows"]


def relative(weight: Weights) -> Weights:
    r"""Weights > 0 as numbers of rows; the same whatever their scale.

    The price of a unit is one of the whole training set, so that the number of rows matters, of which weights alone
    say nothing: :math:`w_i / \bar w`, as many rows as there are. Only where all of them are whole multiples of the
    least one they are repetitions, and stand for :math:`w_i / \min w` rows each, as scikit-learn has it.

    >>> relative(np.array([1.0, 2.0, 3.0])), relative(np.array([1e300, 2e300, 3e300]))
    (array([1., 2., 3.]), array([1., 2., 3.]))
    >>> relative(np.full(3, 1 / 3)), relative(np.array([0.1, 0.25]))
    (array([1., 1., 1.]), array([0.57142857, 1.42857143]))
    """
    share = shares(weight)
    times = share / share.min()
    whole = np.rint(times)
    if whole.mean() <= MOST_REPETITIONS and (np.abs(times - whole) <= WHOLE * whole).all():
        return np.asarray(whole)
    return np.asarray(share / share.mean())


def shares(weight: Weights) -> Weights:
    """Weights > 0 as parts of the greatest one, at least :data:`LIGHTEST`; a weight of 0 stays 0.

    >>> shares(np.array([0.0, 1e-300, 1e300]))
    array([0.e+00, 1.e-30, 1.e+00])
    """
    return np.where(weight > 0, np.maximum(weight / weight.max(), LIGHTEST), 0.0)


def _in_range(weight: Weights) -> Weights:
    """These weights, or the same ratios where products and sums of such weights, 1e300 say, are no numbers.

    Then the greatest is about 1, and what is below :data:`LIGHTEST` of it is that. A power of two changes no digit.
    """
    power = np.frexp(weight[weight > 0])[1]
    if not len(power) or np.abs(power).max() <= MOST_POWER:
        return weight
    unit = np.ldexp(weight, -int(power.max()))
    return np.where(weight > 0, np.maximum(unit, LIGHTEST), 0.0)


def class_weights(class_weight: Any, y: Shaped[np.ndarray, " rows"], weight: Weights | None) -> Weights | None:
    """The weights of rows times those of their classes; None where nothing weighs. Raises ``BadInput``.

    "balanced" gives all classes the same weight together, which is that of their rows' own weights; a class that a
    mapping leaves out weighs 1.

    >>> class_weights("balanced", np.array([0, 0, 0, 1]), None)
    array([0.66666667, 0.66666667, 0.66666667, 2.        ])
    >>> class_weights({"a": 3.0}, np.array(["a", "b"]), np.array([1.0, 5.0]))
    array([3., 5.])
    """
    if class_weight is None:
        return weight
    own = np.ones(len(y)) if weight is None else _in_range(weight)
    labels, codes = np.unique(y, return_inverse=True)
    if isinstance(class_weight, str) and class_weight == "balanced":
        of_class = np.bincount(codes, own)
        share = np.divide(own.sum(), of_class, out=np.zeros_like(of_class), where=of_class > 0)
        return np.asarray(own * share[codes] / max((of_class > 0).sum(), 1))
    return np.asarray(own * _in_range(_of_labels(class_weight, labels))[codes])


def _of_labels(class_weight: object, labels: Shaped[np.ndarray, " classes"]) -> Float64[np.ndarray, " classes"]:
    remedy = 'give a mapping from labels to numbers >= 0, "balanced" or None'
    if not isinstance(class_weight, Mapping):
        raise BadInput("class_weight", expected="a mapping", came=repr(class_weight), remedy=remedy)
    try:
        weights = np.array([float(class_weight.get(label, 1.0)) for label in labels.tolist()])
    except (TypeError, ValueError, OverflowError) as error:
        raise BadInput("class_weight", expected="numbers", came=repr(class_weight), remedy=remedy) from error
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise BadInput("class_weight", expected="numbers >= 0", came=repr(class_weight), remedy=remedy)
    return weights
