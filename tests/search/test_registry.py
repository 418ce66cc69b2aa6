"""Searchers by name."""

import sys

import pytest

from continuum.errors import BadInput
from continuum.search import SEARCHERS, Searcher, SharingMethod, by_name, make

NEEDS = {"tpe": "optuna", "gaussian_process": "optuna", "bohb": "optuna", "cma_es": "cmaes"}
CLASSIC = [name for name in SEARCHERS if not name.startswith("keras")]


@pytest.mark.parametrize("name", CLASSIC)
def test_a_name_leads_to_a_class_of_that_name(name):
    kind = by_name(name)
    assert issubclass(kind, (Searcher, SharingMethod))
    assert kind.name == name


@pytest.mark.parametrize(("name", "near"), [("randon", "random"), ("hyper_band", "hyperband"), ("tpee", "tpe")])
def test_an_unknown_name_is_told_the_nearest(name, near):
    with pytest.raises(BadInput, match=rf"did you mean .*{near}"):
        by_name(name)


@pytest.mark.parametrize("name", ["", None, 3, "x" * 10_000])
def test_whatever_is_no_name_is_refused_in_one_line(name):
    with pytest.raises(BadInput) as error:
        by_name(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", NEEDS)
def test_a_library_that_is_missing_names_its_extra(name, monkeypatch):
    monkeypatch.setitem(sys.modules, NEEDS[name], None)
    with pytest.raises(BadInput, match=r"pip install 'continuum-width\[search\]'"):
        make(name)


def test_keras_tuner_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_tuner", None)
    with pytest.raises(BadInput, match=r"pip install 'continuum-width\[tuner\]'"):
        make("keras_random")


@pytest.mark.parametrize("seed", [-1, 0.5, "1"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(BadInput, match="seed"):
        make("random", seed=seed)
