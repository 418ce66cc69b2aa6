"""The command: listing, wrong input, refused storage."""

import errno
import os
import subprocess
import sys

import pytest

from continuum import storage
from continuum.exp import main

STRANGERS = ("torch", "pandas", "matplotlib", "sample_experiment")


@pytest.mark.parametrize("flags", [[], ["--help"], ["-h"]])
def test_list(samples, capsys, flags):
    assert main(flags) == 0
    output = capsys.readouterr().out
    assert "sample  " in output
    assert "Square some numbers." in output
    assert "cannot be read: ModuleNotFoundError" in output


def test_list_imports_nothing_heavy():
    code = f"import sys; from continuum.exp import main; main([]); print([m for m in {STRANGERS} if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"


def test_unknown_experiment_names_the_nearest(samples, capsys):
    assert main(["sampel"]) == 2
    assert "did you mean sample?" in capsys.readouterr().err


def test_broken_experiment_is_one_line(samples, capsys):
    assert main(["broken"]) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("error: experiment broken: expected an importable module no_such_package.module")
    assert errors.count("\n") == 1


def test_experiment_without_a_member_is_named(samples, capsys, monkeypatch):
    import sample_experiment

    monkeypatch.delattr(sample_experiment, "draw")
    assert main(["sample"]) == 1
    assert "got no draw" in capsys.readouterr().err


def test_help_of_an_experiment_shows_the_docstrings(samples, capsys):
    assert main(["sample", "--help"]) == 0
    output = capsys.readouterr().out
    assert "How many numbers. (default: 6)" in output
    assert "--no-resume" in output
    assert "Square some numbers." in output
    assert "The environment plays" not in output  # flags, not the whole docstring
    assert "--quick is short for --preset quick" in " ".join(output.split())


@pytest.mark.parametrize("flags", [["--number", "3"], ["--numbers", "x"], ["--numbers", "0"], ["--jobs", "-1"]])
def test_bad_flags_exit_with_2_and_write_nothing(samples, here, flags):
    assert here(*flags) == 2
    assert not samples.out.exists()


def test_out_that_is_a_file(samples, here, capsys):
    samples.out.write_text("")
    assert here() == 4
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert "a file stands where a folder is needed" in errors
    assert errors.count("\n") == 1


def test_full_disk_leaves_nothing_half_written(samples, here, capsys, monkeypatch):
    kept = 2

    def full(path, files):
        nonlocal kept
        kept -= 1
        if kept < 0:
            monkeypatch.setattr(storage, "_write_synced", refuse)
        return write_folder(path, files)

    def refuse(path, content):
        path.write_bytes(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    from continuum.exp import store

    write_folder, write_synced = storage.write_folder, storage._write_synced
    monkeypatch.setattr(store, "write_folder", full)
    assert here() == 4
    errors = capsys.readouterr().err
    assert "free some space" in errors
    assert "Traceback" not in errors
    folder = samples.folder()
    assert len(samples.finished()) == 2
    assert not list(folder.rglob("*.tmp-*"))
    assert not list(folder.glob("*.parquet"))
    monkeypatch.setattr(store, "write_folder", write_folder)
    monkeypatch.setattr(storage, "_write_synced", write_synced)
    assert here() == 0
    assert "4 to compute" in capsys.readouterr().err
