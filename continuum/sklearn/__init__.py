"""scikit-learn estimators that learn the width of their hidden layers."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from continuum.sklearn.callbacks import Callback, MLflowCallback, TensorBoardCallback
    from continuum.sklearn.classifier import ContinuousMLPClassifier
    from continuum.sklearn.regressor import ContinuousMLPRegressor

__all__ = ["Callback", "ContinuousMLPClassifier", "ContinuousMLPRegressor", "MLflowCallback", "TensorBoardCallback"]

#: The modules that define the names of this room.
HOMES = {
    "Callback": "callbacks",
    "ContinuousMLPClassifier": "classifier",
    "ContinuousMLPRegressor": "regressor",
    "MLflowCallback": "callbacks",
    "TensorBoardCallback": "callbacks",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    """A name of this room, imported now (PEP 562): scikit-learn takes seconds where nothing is compiled yet."""
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
