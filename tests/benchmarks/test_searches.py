"""The rows of searches, tables and agents can be measured, and count what they say."""

import pytest

from benchmarks import agents, searches, tables
from continuum.benchmark import Lookup, Table

ROWS = ["lookup", "random_searches", "random_optuna", "live"]


def test_every_row_of_searches_is_measured() -> None:
    pytest.importorskip("optuna")
    measured = searches.measure("iris", ROWS, quick=True)
    assert [row.name for row in measured] == ROWS
    assert all(0 < row.low <= row.value <= row.high for row in measured)


def test_a_search_has_as_many_trials_as_its_row_says() -> None:
    trace = searches._search(Lookup(Table.load(), "iris", seed=0), seed=0)
    assert len(trace.rows) == searches.TRIALS == 64
    assert trace.rows["epochs"].eq(100).all()


def test_a_round_has_as_many_networks_as_its_row_says() -> None:
    works = searches._live("iris", quick=False)
    assert (works["round"].amount, works["alone"].amount) == (64, searches.ALONE)


def test_a_table_has_as_many_networks_as_its_row_says() -> None:
    assert len(tables.TABLES) * len(tables._members()) == 2880
    assert tables.job(("iris", 0), epochs=1, alone=2) > 0


def test_an_agent_is_measured() -> None:
    pytest.importorskip("stable_baselines3")
    (row,) = agents.measure("shipped", ["agent"], quick=True)
    assert row.value > 0
