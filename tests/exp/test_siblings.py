"""Cells that another run of the experiment has finished: found, copied, and never trusted without their checksums."""

import json
import shutil

import pytest

from .test_survival import bytes_of_tables


def folder_of(samples, seeds):
    for path in (samples.out / "sample").iterdir():
        if json.loads((path / "manifest.json").read_bytes())["configuration"]["seeds"] == seeds:
            return path
    raise AssertionError(seeds)


def test_more_seeds_extend_a_run(samples, here, capsys):
    assert here("--numbers", 3, "--seeds", 0, 1) == 0
    capsys.readouterr()
    assert here("--numbers", 3, "--seeds", 0, 1, 2) == 0
    notes = capsys.readouterr().err
    assert "9 cells in" in notes
    assert ", 3 to compute\n" in notes
    assert f"6 of 9 cells found in {folder_of(samples, [0, 1])}\n  3 new\n" in notes
    assert len(samples.computed()) == 9
    extended = bytes_of_tables(folder_of(samples, [0, 1, 2]))

    out = samples.root / "at once"
    assert here("--numbers", 3, "--seeds", 0, 1, 2, out=out) == 0
    assert bytes_of_tables(samples.folder(out)) == extended
    shutil.rmtree(folder_of(samples, [0, 1]))  # copied, not shared
    assert here("--numbers", 3, "--seeds", 0, 1, 2) == 0
    assert "0 to compute" in capsys.readouterr().err


def test_fewer_seeds_compute_nothing_but_no_resume_computes_everything(samples, here, capsys):
    assert here("--numbers", 2, "--seeds", 0, 1) == 0
    assert here("--numbers", 2, "--seeds", 1) == 0
    assert len(samples.computed()) == 4
    assert here("--numbers", 2, "--seeds", 0, "--no-resume") == 0
    assert len(samples.computed()) == 6
    assert "2 --no-resume" in capsys.readouterr().err


@pytest.mark.parametrize("harm", ["bits", "record", "folder", "other key"])
def test_damaged_cells_of_others_are_not_taken(samples, here, harm):
    assert here("--numbers", 2, "--seeds", 0) == 0
    one, two = sorted((samples.folder() / "cells").iterdir())
    if harm == "bits":
        content = bytearray((one / "results.parquet").read_bytes())
        content[20] ^= 1
        (one / "results.parquet").write_bytes(content)
    elif harm == "record":
        (one / "cell.json").write_text("[" * 100_000)
    elif harm == "folder":
        shutil.rmtree(one)
        one.write_text("a file")
    else:
        shutil.rmtree(one)
        shutil.copytree(two, one)
    assert here("--numbers", 2, "--seeds", 0, 1) == 0
    assert len(samples.computed()) == 2 + 3  # one of the two is found


def test_runs_at_the_same_time_do_not_disturb_each_other(samples):
    both = [samples.start("--numbers", 2, "--seeds", *seeds, jobs=1) for seeds in ((0, 1), (0, 1, 2))]
    answers = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    long, short = (bytes_of_tables(folder_of(samples, list(range(count)))) for count in (3, 2))
    assert set(long) == set(short)
