"""Streams on the device: a column of ones behind the inputs, one-hot targets, streams on top of each other."""

import dataclasses

import numpy as np
import pytest
import torch

from continuum.data import Part, Task, load
from continuum.ensemble import Settings, Stream
from continuum.ensemble.parts import Parts, StackedRows
from continuum.ensemble.stream import order
from continuum.errors import BadInput
from tests.ensemble.samples import stream

SETTINGS = Settings(2, dtype=torch.float64)


def small(seed: int, kind: str = "classification") -> Stream:
    x = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]) + 10 * seed
    y = np.array([2, 0, 1]) if kind == "classification" else np.array([0.5, 1.5, 2.5])
    return Stream(seed, kind, 3 if kind == "classification" else 1, Part(x, y))


def test_inputs_end_in_a_column_of_ones() -> None:
    stacked = Parts([small(0), small(1)], SETTINGS).stack("train", [1, 0])
    assert (stacked.streams, stacked.rows, stacked.features) == (2, 3, 2)
    assert stacked.inputs.tolist() == [[11, 12, 1], [13, 14, 1], [15, 16, 1], [1, 2, 1], [3, 4, 1], [5, 6, 1]]
    assert stacked.target.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]] * 2
    assert (stacked.inputs.dtype, stacked.target.dtype) == (torch.float64, torch.float64)


def test_columns_behind_the_ones_are_zero() -> None:
    stacked = StackedRows(torch.full((1, 2, 12), 3.0), torch.zeros(1, 2, 1))
    assert stacked.inputs.shape == (2, 16)
    assert stacked.inputs[0].tolist() == [3.0] * 12 + [1.0] + [0.0] * 3


def test_values_are_columns() -> None:
    assert Parts([small(0, "regression")], SETTINGS).stack("train", [0]).target.tolist() == [[0.5], [1.5], [2.5]]


def test_what_was_stacked_is_kept() -> None:
    parts = Parts([small(0), small(1)], SETTINGS)
    assert parts.stack("train", [0, 1]) is parts.stack("train", (0, 1))
    assert parts.stack("train", [0]) is not parts.stack("train", [1])


def test_sizes_are_the_rows_of_the_parts() -> None:
    whole = stream("regression", 0)
    parts = Parts([whole, dataclasses.replace(whole, validation=None), dataclasses.replace(whole, test=None)], SETTINGS)
    assert parts.sizes == [(150, 70, 40), (150, 0, 40), (150, 70, 0)]


def test_a_missing_part_is_named() -> None:
    with pytest.raises(BadInput, match="part: expected a part that the stream has, got 'test'"):
        Parts([small(0)], SETTINGS).stack("test", [0])


def test_orders_are_permutations_that_differ_by_seed_and_epoch() -> None:
    orders = [order(seed, epoch, 50).tolist() for seed in range(2) for epoch in range(2)]
    assert all(sorted(rows) == list(range(50)) for rows in orders)
    assert len({tuple(rows) for rows in orders}) == 4
    assert orders[3] == np.random.default_rng([1, 3, 1]).permutation(50).tolist()


def test_a_stream_of_a_task_has_an_output_per_class_or_one() -> None:
    iris = Stream.of(load("iris"), seed=2)
    assert (iris.seed, iris.kind, iris.outputs, iris.scale) == (2, "classification", 3, 1.0)
    assert [len(part.x) for part in (iris.train, iris.validation, iris.test)] == [90, 30, 30]
    x = np.linspace(0, 1, 40)
    values = Stream.of(Task("line", "regression", x[:, None], 3 * x, ("x",)), seed=0)
    assert (values.kind, values.outputs) == ("regression", 1)
    assert values.train.y.std() == pytest.approx(1.0)
    assert 0.5 < values.scale < 1.5  # the standard deviation of the training targets
