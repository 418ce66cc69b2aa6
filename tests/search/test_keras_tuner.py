"""KerasTuner's oracles keep the contract; its import alone takes seconds, so that they are tried in one file."""

from importlib.util import find_spec

import pytest

from continuum.search import make
from tests.search.contract import SearcherContract

missing = find_spec("keras_tuner") is None
pytestmark = [pytest.mark.slow, pytest.mark.skipif(missing, reason="needs the extra tuner")]


class Keras(SearcherContract):
    def make(self, seed=0):
        return make(self.name, seed=seed)


class TestRandom(Keras):
    name = "keras_random"


class TestHyperband(Keras):
    name, budget, least = "keras_hyperband", 400, 2


class TestBayesian(Keras):
    name = "keras_bayesian"
