"""Runs that survive: kills, interruptions and dead workers, in real processes; this one resumes what it can."""

import os
import signal
import time

import pandas as pd
import pytest

from continuum.exp.pool import THREADS

from .conftest import alive, wait_until

JOBS = 2
IN_FLIGHT = JOBS + 1  # one cell waits, so that no worker idles


def bytes_of_tables(folder):
    tables = {path.name: path.read_bytes() for path in folder.glob("*.parquet")}
    tables.pop("timings.parquet")
    return tables


@pytest.fixture
def reference(samples, here, monkeypatch):
    """Tables of an uninterrupted run, by one thread."""
    out = samples.root / "reference"
    with monkeypatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        assert here(out=out, jobs=1) == 0
    samples.log.unlink()
    return bytes_of_tables(samples.folder(out))


def test_kill_and_resume_gives_equal_bytes(samples, reference):
    process = samples.start(SLEEP="0.4")
    samples.wait_for_cells(2)
    process.kill()
    process.communicate()
    workers = samples.pids()
    wait_until(lambda: not any(alive(pid) for pid in workers), seconds=10)
    kept, before = samples.finished(), len(samples.computed())
    assert not (samples.folder() / "results.parquet").exists()
    (samples.folder() / "cells" / "0123456789abcdef.tmp-1").mkdir()

    code, _, errors = samples.finish()
    assert code == 0, errors
    assert len(samples.computed()) - before == 6 - len(kept)
    assert len(samples.computed()) <= 6 + IN_FLIGHT
    assert bytes_of_tables(samples.folder()) == reference
    assert set(reference) == {"results.parquet", "odd.parquet"}
    assert not list(samples.folder().rglob("*.tmp-*"))
    timings = pd.read_parquet(samples.folder() / "timings.parquet")
    assert timings["reused"].sum() == len(kept)
    assert set(pd.read_parquet(samples.folder() / "results.parquet")["threads"]) == {"1"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interruption_is_quick_and_resumable(samples, here, capsys, number):
    process = samples.start("--no-resume", SLEEP="0.6")
    samples.wait_for_cells(1)
    start = time.monotonic()
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: the workers get it as well
    else:
        process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert time.monotonic() - start < 2.5
    finished = len(samples.finished())
    assert f"interrupted: {finished} of 6 cells are finished" in errors
    assert "Traceback" not in errors
    assert not any(alive(pid) for pid in samples.pids())
    command = f"continue with: python -m continuum.exp sample --out {samples.out} --jobs 2\n"
    assert command in errors

    assert here() == 0
    assert f"{6 - finished} to compute" in capsys.readouterr().err


def test_dead_worker_is_named_and_finished_cells_are_kept(samples, here, capsys):
    code, _, errors = samples.finish(KILL="3", SLEEP="0.1")
    assert code == 1
    assert "killed or out of memory" in errors
    assert "number 3 [0]" in errors
    assert "Traceback" not in errors
    kept = len(samples.finished())
    assert kept >= 1
    assert here() == 0
    assert f"{6 - kept} to compute" in capsys.readouterr().err


def test_second_process_is_refused(samples, here, capsys):
    first = samples.start("--numbers", 3, SLEEP="0.5")
    samples.wait_for_cells(1)
    assert here("--numbers", 3) == 3
    errors = capsys.readouterr().err
    assert str(samples.folder()) in errors
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    first.communicate(timeout=30)
    assert first.returncode == 0


def test_failures_of_cells_in_worker_processes(samples, here, capsys):
    """Number 2 is among the first to start, number 0 among the last: both failures arrive, the second ends the run."""
    code, output, errors = samples.finish(FAIL="2", BAD="0")
    assert code == 2
    assert output == ""
    assert "failed: number 2 [0]: ZeroDivisionError: no luck (traceback in " in errors
    assert errors.endswith("error: task: expected digits, got digit; did you mean digits?\n")
    assert len(samples.finished()) >= 2
    assert here() == 0
    assert "2 failed before (number 0 [0], number 2 [0])" in capsys.readouterr().err


def test_workers_inherit_limits_and_the_parent_keeps_its_own(monkeypatch):
    from continuum.exp.pool import process_pool

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with process_pool(1) as pool:
        inherited = {name: pool.submit(os.getenv, name).result() for name in THREADS}
        assert pool.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN
    assert inherited == THREADS
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
