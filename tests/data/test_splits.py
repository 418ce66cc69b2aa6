import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from continuum.data import Task, load, split

FIXED = settings(derandomize=True, deadline=None)

SEEDS = st.integers(0, 2**32 - 1)


def toy(counts: list[int]) -> Task:
    codes = np.repeat(np.arange(len(counts)), counts)
    names = tuple(f"c{i}" for i in range(len(counts)))
    return Task("toy", "classification", np.zeros((len(codes), 1)), codes, ("a",), names)


def reals(n: int) -> Task:
    return Task("toy", "regression", np.zeros((n, 1)), np.arange(n) * 1.0, ("a",))


@FIXED
@given(st.lists(st.integers(3, 60), min_size=2, max_size=4).filter(lambda c: sum(c) >= 20), SEEDS)
def test_stratified_partition(counts: list[int], seed: int) -> None:
    task = toy(counts)
    parts = split(task, seed)
    rows = np.concatenate([parts.train, parts.validation, parts.test])
    np.testing.assert_array_equal(np.sort(rows), np.arange(task.n))
    for part, fraction in ((parts.train, 0.6), (parts.validation, 0.2), (parts.test, 0.2)):
        assert part.dtype == np.int64
        counted = np.bincount(task.target[part], minlength=task.classes)
        # Two cuts, each of which rounds a class by less than one row.
        assert np.abs(counted - fraction * np.array(counts)).max() < 2


@FIXED
@given(st.integers(3, 300), SEEDS, SEEDS)
def test_sizes_depend_on_n_only(n: int, seed: int, other: int) -> None:
    one, two = split(reals(n), seed), split(reals(n), other)
    sizes = [len(one.train), len(one.validation), len(one.test)]
    assert sizes == [len(two.train), len(two.validation), len(two.test)]
    assert sizes == [n - 2 * round(0.2 * n), round(0.2 * n), round(0.2 * n)]


def test_seed_decides_the_rows() -> None:
    task = load("iris")
    assert split(task, 1).train.tolist() == split(task, 1).train.tolist()
    assert split(task, 1).train.tolist() != split(task, 2).train.tolist()


@pytest.mark.parametrize(("train", "validation", "sizes"), [(0.5, 0.25, (74, 38, 38)), (0.8, 0.1, (120, 15, 15))])
def test_fractions(train: float, validation: float, sizes: tuple[int, int, int]) -> None:
    parts = split(load("iris"), 0, train, validation)
    assert (len(parts.train), len(parts.validation), len(parts.test)) == sizes


def test_a_class_of_three_rows_is_always_trained_on() -> None:
    task = toy([30, 3])
    for seed in range(50):
        assert 1 in task.target[split(task, seed).train]
