"""scikit-learn's own checks, whole."""

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

from continuum.sklearn import ContinuousMLPClassifier, ContinuousMLPRegressor

MINIBATCHES = {
    f"check_sample_weight_equivalence_on_{kind}_data": (
        "other rows make other minibatches; batch_size=None, which takes all rows, passes"
    )
    for kind in ("dense", "sparse")
}


def expected_failures(estimator: BaseEstimator) -> dict[str, str]:
    return {} if estimator.batch_size is None else MINIBATCHES


@parametrize_with_checks(
    [
        kind(max_iter=100, price=3.0, batch_size=size)
        for kind in (ContinuousMLPClassifier, ContinuousMLPRegressor)
        for size in (None, "auto")
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_accepts(estimator, check):
    check(estimator)
