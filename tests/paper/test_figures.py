"""``python -m continuum.exp figures``: finished runs are drawn anew, from their tables alone."""

import json
import shutil

import pytest

from continuum.exp import main
from tests.exp.shortcuts import coarse


@pytest.fixture
def roughly():
    with coarse():
        yield


def test_figures_are_drawn_from_recorded_results(small, roughly, tmp_path, capsys):
    folder = small.collected()
    assert main(["figures", "--from", str(small.results), "--to", str(tmp_path / "drawn")]) == 0
    drawn = tmp_path / "drawn" / "gamma_sweep" / folder.name
    assert {"score.pdf", "score.png", "derivative.pdf"} <= {path.name for path in drawn.iterdir()}
    before = {path.name: path.read_bytes() for path in drawn.iterdir()}
    assert main(["figures", "gamma_sweep", "--from", str(folder), "--to", str(tmp_path / "drawn")]) == 0
    assert {path.name: path.read_bytes() for path in drawn.iterdir()} == before


def test_figures_of_a_run_are_drawn_into_it(small, sketched):
    (run,) = (small.runs / "gamma_sweep").iterdir()
    (run / "figures" / "score.png").unlink()
    assert main(["figures", "--from", str(small.runs)]) == 0
    assert (run / "figures" / "score.png").exists()


def test_no_run_is_bad_input(tmp_path, capsys):
    assert main(["figures", "--from", str(tmp_path)]) == 2
    assert "a finished run of any experiment" in capsys.readouterr().err
    assert main(["figures", "gama_sweep", "--from", str(tmp_path)]) == 2
    assert "did you mean gamma_sweep" in capsys.readouterr().err


def test_unfinished_and_old_runs_are_not_drawn(small, sketched, capsys, monkeypatch):
    folder = small.collected()
    monkeypatch.setattr("continuum_experiments.gamma_sweep.RESULT_VERSION", 99)
    assert main(["figures", "--from", str(small.results)]) == 2
    assert "results of version 99" in capsys.readouterr().err
    manifest = json.loads((folder / "manifest.json").read_text()) | {"status": "interrupted"}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
    assert main(["figures", "--from", str(small.results)]) == 2
    assert "not finished, left out" in capsys.readouterr().err


@pytest.mark.parametrize("content", [b"\xff\xfe{", b'{"status": "complete"', b"[1]"])
def test_a_manifest_that_cannot_be_read_costs_no_other_run(small, sketched, tmp_path, capsys, content):
    broken = small.results / "broken"
    shutil.copytree(small.collected(), broken)
    (broken / "manifest.json").write_bytes(content)
    assert main(["figures", "--from", str(small.results), "--to", str(tmp_path / "drawn")]) == 0
    errors = capsys.readouterr().err
    assert f"{broken}: manifest cannot be read, left out" in errors
    assert [path.name for path in (tmp_path / "drawn" / "gamma_sweep").iterdir()] == ["gamma_sweep"]


def test_a_damaged_table_costs_no_other_run_and_is_no_success(small, sketched, tmp_path, capsys):
    damaged = small.results / "damaged"  # before gamma_sweep by name
    shutil.copytree(small.collected(), damaged)
    name = next(iter(json.loads((damaged / "manifest.json").read_text())["tables"]))
    (damaged / f"{name}.parquet").write_bytes(b"other")
    assert main(["figures", "--from", str(small.results), "--to", str(tmp_path / "drawn")]) == 2
    errors = capsys.readouterr().err
    assert errors.splitlines()[0].startswith(f"{damaged}: {damaged}")
    assert "error: " in errors
    assert "expected the table that the run wrote, got other bytes" in errors
    assert [path.name for path in (tmp_path / "drawn" / "gamma_sweep").iterdir()] == ["gamma_sweep"]


def test_a_file_is_no_folder_for_figures(small, sketched, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("kept")
    for to in (file, file / "below"):
        assert main(["figures", "--from", str(small.results), "--to", str(to)]) == 2
        errors = capsys.readouterr().err
        assert f"--to: expected a folder, or the name of a new one, got the file {file}; choose another" in errors
    assert file.read_text() == "kept"
