"""Searchers that ask and are told keep the contract."""

import pytest

from continuum.search import make
from tests.search.contract import SearcherContract


class TestGrid(SearcherContract):
    def make(self, seed=0):
        return make("grid", seed=seed)


class TestRandom(SearcherContract):
    def make(self, seed=0):
        return make("random", seed=seed)


class TestSobol(SearcherContract):
    def make(self, seed=0):
        return make("quasi_random", seed=seed)


class TestHalton(SearcherContract):
    def make(self, seed=0):
        return make("quasi_random", seed=seed, sequence="halton")


class TestTPE(SearcherContract):
    def make(self, seed=0):
        return make("tpe", seed=seed)


class TestTPEOffTheGrid(SearcherContract):
    on_grid = False

    def make(self, seed=0):
        return make("tpe", seed=seed, on_grid=False)


class TestCMAES(SearcherContract):
    def make(self, seed=0):
        return make("cma_es", seed=seed)


class TestGaussianProcess(SearcherContract):
    budget = 1100  # one training more than is drawn: a proposal of the process takes a fifth of a second

    def make(self, seed=0):
        return make("gaussian_process", seed=seed)


class Halving(SearcherContract):
    budget, least, resuming = 400, 1, True

    def make(self, seed=0):
        return make(self.name, seed=seed, resuming=self.resuming)


class TestSuccessiveHalving(Halving):
    name = "successive_halving"


class TestSuccessiveHalvingRestarting(Halving):
    name, resuming, restarts = "successive_halving", False, True


class TestHyperband(Halving):
    name = "hyperband"


class TestHyperbandRestarting(Halving):
    name, resuming, restarts = "hyperband", False, True


class TestASHA(Halving):
    name = "asha"


class TestASHARestarting(Halving):
    name, resuming, restarts = "asha", False, True


class TestBOHB(SearcherContract):
    budget, least = 400, 4  # 25 networks of 4 epochs, the best 5 to 20, one to the end; and again, from a model

    def make(self, seed=0):
        return make("bohb", seed=seed, eta=5)


class TestConstants:
    @pytest.mark.parametrize(("name", "count"), [("constant", 1), ("average", 1), ("widest", 10)])
    def test_they_end(self, name, count):
        assert len(make(name).ask(99, 9900)) == count
        assert make(name).ask(1, 99) == []
