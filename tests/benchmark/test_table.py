"""A table is read as it was written, or refused in one line."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from numpy.testing import assert_array_equal

from continuum.benchmark import Live, Lookup, Objective, Request, Space, Table, stream, tabulate
from continuum.errors import BadInput
from tests.benchmark.samples import TASK, TINY, tiny_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_table().save(tmp_path / "table")
    return tmp_path / "table"


def test_what_was_saved_is_loaded(folder: Path) -> None:
    table, loaded = tiny_table(), Table.load(folder)
    assert (loaded.tasks, loaded.seeds, loaded.space) == ((TASK,), (0, 1), TINY)
    assert (loaded.checksum, loaded.entry(TASK)) == (table.checksum, table.entry(TASK))
    for part, values in table.curves(TASK, 1).items():
        assert_array_equal(loaded.curves(TASK, 1)[part], values)
        assert_array_equal(loaded.scores(TASK, 1)[part], table.scores(TASK, 1)[part])
    assert loaded.checksum in (folder / "CARD.md").read_text()


def test_seeds_differ() -> None:
    with pytest.raises(AssertionError):
        assert_array_equal(tiny_table().curves(TASK, 0)["test"], tiny_table().curves(TASK, 1)["test"])


def test_what_a_table_says_of_a_task_is_what_its_rows_say() -> None:
    entry, rows = tiny_table().entry(TASK), stream(TASK, 1)
    assert tiny_table().objective(TASK, 1) == Objective.of(rows)
    assert (entry.steps, entry.sizes["train"]) == (3, len(rows.train.x))


def test_the_curves_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        tiny_table().curves(TASK, 0)["test"][0] = 0


def test_workers_get_it() -> None:
    sent = pickle.loads(pickle.dumps(tiny_table()))
    assert_array_equal(sent.curves(TASK, 0)["test"], tiny_table().curves(TASK, 0)["test"])


def _spoil(folder: Path, change: Callable[[dict], None]) -> None:
    head = json.loads((folder / "table.json").read_text())
    change(head)
    (folder / "table.json").write_text(json.dumps(head))


SPOILT = {
    "no table": (lambda f: (f / "table.json").unlink(), "expected a table"),
    "no JSON": (lambda f: (f / "table.json").write_text("{"), "expected a table"),
    "another version": (
        lambda f: _spoil(f, lambda head: head.update(version=0)),
        "of version 1, got version 0",
    ),
    "an entry lacks": (lambda f: _spoil(f, lambda head: head["entries"][TASK].pop("kind")), "that the table names"),
    "a path for a task": (lambda f: _spoil(f, lambda head: head["checksums"].update({"../x": "0"})), "table names"),
    "a file lacks": (lambda f: (f / "iris.parquet").unlink(), "No such file"),
    "a file is cut": (lambda f: (f / "iris.parquet").write_bytes((f / "iris.parquet").read_bytes()[:-9]), "SHA-256"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT.values(), ids=SPOILT)
def test_a_damaged_table_is_refused(folder: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(folder)
    with pytest.raises(BadInput, match=said):
        Table.load(folder)


def test_a_task_or_seed_that_lacks_is_named() -> None:
    with pytest.raises(BadInput, match="expected one of iris"):
        tiny_table().curves("wine", 0)
    with pytest.raises(BadInput, match="seed: expected one of"):
        Lookup(tiny_table(), TASK, 7)
    with pytest.raises(BadInput, match="iris"):
        tiny_table().only("irsi")


@pytest.mark.parametrize("task", [TASK, "two_spirals"])
def test_live_answers_what_the_table_says_bit_for_bit(task: str) -> None:
    """Asked point by point, in another order, and for few epochs first."""
    table = tiny_table() if task == TASK else tabulate([task], [1], Space(TINY.gamma, (0.03,), (0.0,), (1,), epochs=2))
    lookup, live = Lookup(table, task, 1), Live(task, 1, table.space)
    for epochs in (1, table.space.epochs):
        for point in reversed(table.space.points()):
            (known,), (trained,) = (who.curves([Request(point, epochs)]) for who in (lookup, live))
            for part in known.loss:
                assert_array_equal(trained.loss[part], known.loss[part])
                assert_array_equal(trained.score[part], known.score[part])
    assert live.trained == table.space.size
    assert live.objective == lookup.objective
