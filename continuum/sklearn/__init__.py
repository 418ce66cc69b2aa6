"""scikit-learn estimators that learn the width of their hidden layers."""

from continuum.sklearn.classifier import ContinuousMLPClassifier
from continuum.sklearn.regressor import ContinuousMLPRegressor

__all__ = ["ContinuousMLPClassifier", "ContinuousMLPRegressor"]
