"""Importing the estimators takes little: what is heavy waits until it is used."""

import subprocess
import sys

import pytest

import continuum.sklearn

#: What no import of ours may bring.
HEAVY = (
    "beartype",
    "continuum.learn",
    "matplotlib",
    "mlflow",
    "optuna",
    "rich",
    "safetensors",
    "sympy",
    "torch",
    "tyro",
)
#: What scikit-learn itself may bring, but the package must not.
OF_SCIKIT_LEARN = ("pandas", "pyarrow", "scipy.stats", "sklearn", "sklearn.model_selection")


def imported(statement: str) -> set[str]:
    """Modules that a fresh interpreter knows behind it."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_the_room_brings_nothing_heavy():
    assert not imported("import continuum.sklearn") & {*HEAVY, *OF_SCIKIT_LEARN}


def test_importing_an_estimator_brings_scikit_learn_s_base_alone():
    modules = imported("from continuum.sklearn import ContinuousMLPClassifier; ContinuousMLPClassifier()")
    assert not modules & {*HEAVY, "sklearn.model_selection", "sklearn.metrics", "sklearn.preprocessing"}
    assert "sklearn.base" in modules


def test_a_heavy_module_would_be_seen():
    assert imported("import rich") & set(HEAVY)


def test_names_of_the_room():
    assert set(continuum.sklearn.HOMES) == set(continuum.sklearn.__all__)
    assert set(continuum.sklearn.__all__) <= set(dir(continuum.sklearn))
    assert all(getattr(continuum.sklearn, name) for name in continuum.sklearn.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'ContinuousMLP'"):
        continuum.sklearn.ContinuousMLP  # noqa: B018
