"""Libraries that only some searchers need: imported when they are, and named when they are missing."""

from importlib import import_module
from typing import Any

from continuum.errors import BadInput

#: Which extra of the package installs a library.
EXTRAS = {
    "optuna": "search",
    "cmaes": "search",
    "gymnasium": "search",
    "stable_baselines3": "search",
    "keras_tuner": "tuner",
    "keras": "tuner",
}


def library(name: str) -> Any:
    """A library, or one of its modules; ``BadInput`` names the extra that installs it.

    >>> library("gymnasium").__name__
    'gymnasium'
    """
    extra = EXTRAS[name.partition(".")[0]]
    try:
        return import_module(name)
    except ImportError as error:
        remedy = f"pip install 'continuum-width[{extra}]'"
        raise BadInput(name, expected="the library to be installed", came=error, remedy=remedy) from error
