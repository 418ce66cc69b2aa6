"""The experiment computes the table that the library would, cell by cell."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from continuum_experiments import benchmark_table
from continuum_experiments.benchmark_table.assembled import of_tasks, table_of
from continuum_experiments.benchmark_table.statistics import by_task, ranks
from numpy.testing import assert_array_equal

from continuum.analysis.style import house_style
from continuum.benchmark import Table
from continuum.errors import BadInput
from tests.benchmark.samples import TASK, TINY, tiny_table

CONFIG = benchmark_table.Config(
    tasks=(TASK,), seeds=2, widths=TINY.gamma, lrs=TINY.lr, weight_decays=TINY.weight_decay, epochs=TINY.epochs
)


@cache
def tables() -> dict[str, pd.DataFrame]:
    parts = [benchmark_table.run(cell) for cell in benchmark_table.cells(CONFIG)]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def test_its_table_is_that_of_the_library() -> None:
    made = table_of(tables())
    for seed in (0, 1):
        for part, values in tiny_table().curves(TASK, seed).items():
            assert_array_equal(made.curves(TASK, seed)[part], values)
            assert_array_equal(made.scores(TASK, seed)[part], tiny_table().scores(TASK, seed)[part])


def test_the_cut_hangs_on_no_other_task_or_seed() -> None:
    few, many = CONFIG, replace(CONFIG, tasks=(TASK, "wine"), seeds=3)
    labels = {cell.label: cell.settings for cell in benchmark_table.cells(many)}
    assert all(labels[cell.label] == cell.settings for cell in benchmark_table.cells(few))


def test_it_draws_reports_and_writes_a_table(tmp_path: Path) -> None:
    with house_style():
        written = benchmark_table.draw(tables(), tmp_path)
    assert all(path.stat().st_size for path in written)
    assert Table.load(tmp_path / "table").tasks == (TASK,)
    assert len(benchmark_table.report(tables(), CONFIG)) == 4


def test_ranks_have_settled_once_nothing_changes() -> None:
    seen = np.random.default_rng(0).normal(size=(2, 40, 100)).cumsum(2)
    seen[:, :, 50:] = seen[:, :, 49:50]
    correlations = ranks(seen)
    assert [correlations[epoch] for epoch in (50, 70)] == pytest.approx([1, 1], abs=1e-12)
    assert correlations[1] < 0.5


def test_objective_of_arrays_is_that_of_the_library() -> None:
    (of,) = of_tasks(tables())
    objective = tiny_table().objective(TASK, 1)
    for place, point in enumerate(of.points):
        expected = [objective(loss, point) for loss in of.loss["test"][1, place]]
        assert of.objective("test")[1, place] == pytest.approx(expected, rel=1e-12)
    assert by_task(tables())["best_J"].iloc[0] == pytest.approx(of.objective("validation").min(2).mean(0).min())


@pytest.mark.parametrize("change", [{"tasks": ()}, {"tasks": (TASK, TASK)}, {"seeds": 0}, {"widths": (2.0, 1.0)}])
def test_what_cannot_be_computed(change: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        replace(CONFIG, **change).validate()
