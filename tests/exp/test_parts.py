"""The parts by themselves: keys, plan, tables, outcomes, progress, dispatch."""

import io
import math
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from continuum.errors import BadInput, ContinuumError, StorageError
from continuum.exp.cells import Failed, Finished, WorkerDied, compute, failure, outcomes
from continuum.exp.experiment import Cell
from continuum.exp.keys import canonical, cell_key, digest, plain
from continuum.exp.plan import Planned, make_plan
from continuum.exp.progress import Display, drawing
from continuum.exp.registry import Registered
from continuum.exp.signals import Interrupted, Stop
from continuum.exp.store import RunFolder
from continuum.exp.tables import concatenate, decode, encode_cell

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans() | st.none() | st.text()
data = st.recursive(numbers, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10)


@given(data)
def test_canonical_json_is_a_fixed_point(value):
    assert canonical(plain(value)) == canonical(value)


def test_numpy_numbers_are_numbers():
    assert canonical({"a": np.int64(1), "b": np.float64(0.5), "c": np.float32(2)}) == '{"a":1,"b":0.5,"c":2}'


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_order_of_keys_does_not_count(value):
    assert digest(value) == digest(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1: 2}, {"a": [math.nan]}])
def test_what_is_not_json_is_refused(value):
    with pytest.raises(TypeError, match="expected"):
        canonical(value)


def test_key_depends_on_every_part():
    parts = {"experiment": "a", "result_version": 1, "settings": {"x": 1}, "versions": {"numpy": "2"}}
    changes = [{"experiment": "b"}, {"result_version": 2}, {"settings": {"x": 2}}, {"versions": {"numpy": "3"}}]
    assert len({cell_key(parts | change) for change in [{}, *changes]}) == 5


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([Cell("a", {"x": 1}), Cell("a", {"x": 2})], "distinct labels, got 'a' twice"),
        ([Cell("a", {"x": 1}), Cell("b", {"x": 1.0})], "the same for 'a' and 'b'"),
    ],
)
def test_twins_are_refused(tmp_path, cells, message):
    experiment = Registered("sample", "sample", SimpleNamespace(RESULT_VERSION=1))
    with pytest.raises(ValueError, match=message):
        make_plan(experiment, cells, RunFolder(tmp_path), resume=True)


def test_tables_do_not_depend_on_the_cut():
    frame = pd.DataFrame({"x": range(100), "name": [f"row {n}" for n in range(100)], "y": [n / 7 for n in range(100)]})
    whole = concatenate([encode_cell({"results": frame})])
    cut = concatenate(encode_cell({"results": frame[n : n + 10]}) for n in range(0, 100, 10))
    assert whole == cut
    pd.testing.assert_frame_equal(decode(whole["results"]).to_pandas(), frame)


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({}, "expected a table 'results'"),
        ({"results": pd.DataFrame({"x": [1]}).set_index("x")}, "call reset_index"),
        ({"results": pd.DataFrame(), "../x": pd.DataFrame()}, "expected an identifier"),
        ({"results": pd.DataFrame(), "timings": pd.DataFrame()}, "expected an identifier"),
    ],
)
def test_unfit_tables_are_refused(tables, message):
    with pytest.raises(ValueError, match=message):
        encode_cell(tables)


class Stubborn(ContinuumError):
    """Cannot be pickled, as it needs two arguments and keeps one."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} {why}")


def test_errors_travel_as_values():
    bad = BadInput("task", expected="digits", came="digit", remedy="did you mean digits?")
    assert failure(bad).error is bad
    assert failure(StorageError("full")).error.exit_code == 4
    assert failure(ZeroDivisionError("x")).error is None
    assert failure(Stubborn("a", "b")).error is None
    assert compute("no_such_module", Cell("a", {})).line.startswith("ModuleNotFoundError")


def plan_of(*costs: float, earlier_seconds: Mapping[int, float] | None = None) -> list[Planned]:
    earlier = {n: SimpleNamespace(seconds=seconds) for n, seconds in (earlier_seconds or {}).items()}
    return [
        Planned(Cell(f"cell {n}", {"n": n}, cost), str(n), {}, earlier.get(n), "new") for n, cost in enumerate(costs)
    ]


def take(executor, plan, **options):
    defaults = {"module_name": "none", "jobs": 1, "stop": Stop(), "beat": lambda flying: None}
    return outcomes(plan, executor, **defaults | options)


def test_longest_cells_start_first():
    in_flight: list[str] = []
    with ThreadPoolExecutor(1) as executor:
        plan = plan_of(1, 3, 2)
        pairs = list(take(executor, plan, beat=lambda flying: in_flight.extend(p.cell.label for p in flying)))
    assert list(dict.fromkeys(in_flight)) == ["cell 1", "cell 2", "cell 0"]
    assert all(isinstance(outcome, Failed) for _, outcome in pairs)


class Breaking:
    """An executor that answers some cells, then breaks as a process pool does."""

    def __init__(self, answers: int) -> None:
        self.answers = answers

    def submit(self, fn, module_name, cell):
        from concurrent.futures.process import BrokenProcessPool

        future: Future = Future()
        if self.answers > 0:
            future.set_result(Finished({}, 1.0, 1))
        elif self.answers > -2:
            future.set_exception(BrokenProcessPool())
        else:
            raise BrokenProcessPool
        self.answers -= 1
        return future


@pytest.mark.parametrize("answers", range(5))
def test_broken_executor_keeps_what_had_landed(answers):
    landed = []
    with pytest.raises(WorkerDied, match="in flight: "):
        landed.extend(planned for planned, _ in take(Breaking(answers), plan_of(*[1] * 9)))
    assert len(landed) == answers


def test_stop_is_deferred_and_then_raised():
    stop = Stop()
    reached = []

    def ask():
        with stop.deferred():
            stop.request()
            reached.append(True)

    with pytest.raises(Interrupted):
        ask()
    assert reached
    with pytest.raises(Interrupted):
        Stop().request()


@pytest.mark.parametrize("terminal", [True, False])
def test_display(terminal, monkeypatch):
    monkeypatch.setattr("continuum.exp.progress.SECONDS_BETWEEN_LINES", -1.0)
    plan = plan_of(1, 2, 5, earlier_seconds={0: 3.0})
    console = Console(file=None, force_terminal=terminal, record=True, width=100, quiet=False)
    with Display(plan, 2, console) as display:
        display.beat(plan[1:])
        display.landed(plan[1], 6.0)
        display.beat(plan[2:])
        assert display._state(0.0).startswith("2/3 cells, ")
        display.landed(plan[2], None)
        assert display._state(0.0) == "3/3 cells"
    if not terminal:
        assert "1/3 cells, 15 s left, now cell 1" in console.export_text()  # the longest one takes that long


def test_time_in_the_queue_is_no_time_of_computing(monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("continuum.exp.progress.time.monotonic", lambda: clock[0])
    plan = plan_of(1, 1, 1, 1, earlier_seconds={0: 60.0})
    with Display(plan, 1, Console(quiet=True)) as display:
        display.beat(plan[1:3])  # one worker: the second waits
        clock[0] += 50
        display.beat(plan[1:3])
        assert display._state(clock[0]) == "1/4 cells, 2 min left"  # 10 + 60 + 60 seconds; with the queue counted 80
        display.landed(plan[1], 60.0)
        display.beat(plan[2:])
        clock[0] += 10
        assert display._state(clock[0]) == "2/4 cells, 2 min left"  # 50 + 60 seconds, though the second came long ago
        display.landed(plan[2], 60.0)
        display.beat(plan[3:])
        clock[0] += 90
        assert display._state(clock[0]) == "3/4 cells, longer than expected"  # not "0 s left" for minutes


def test_work_without_steps_is_shown(monkeypatch, tmp_path):
    monkeypatch.setattr("continuum.exp.progress.SECONDS_BETWEEN_LINES", 0.01)
    console = Console(file=io.StringIO(), width=100)
    (tmp_path / "one.png").write_text("")
    with drawing(tmp_path, console):
        time.sleep(0.1)
    assert "drawing figures, 0 s, 1 files\n" in console.file.getvalue()
