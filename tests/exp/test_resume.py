"""What is reused, what is computed again, and the reason that is given."""

import hashlib
import json

import pandas as pd

from continuum.exp import keys, registry


def manifest(samples):
    return json.loads((samples.folder() / "manifest.json").read_text())


def test_complete_run(samples, here, capsys):
    assert here() == 0
    output, notes = capsys.readouterr()
    assert output == "sum of squares 165\n"
    assert "6 cells in" in notes
    assert "6 new" in notes
    folder = samples.folder()
    assert {path.name for path in (folder / "figures").iterdir()} == {"squares.png", "squares.pdf"}
    results = pd.read_parquet(folder / "results.parquet")
    assert results["number"].tolist() == [number for number in range(6) for _ in range(3)]
    assert pd.read_parquet(folder / "odd.parquet")["maybe"].isna().tolist() == [True, False, False]
    record = manifest(samples)
    assert record["status"] == "complete"
    assert record["seeds"] == [0]
    assert record["data"] == ["sha256:00"]
    assert record["configuration"] == {"numbers": 6, "seeds": [0]}
    assert len(record["cells"]) == 6
    assert set(record["tables"]) == {"results", "odd"}
    assert record["command"].startswith("python -m continuum.exp sample")


def test_second_run_reuses_everything(samples, here, capsys):
    assert here() == 0
    before = (samples.folder() / "results.parquet").read_bytes()
    assert here() == 0
    assert len(samples.computed()) == 6
    assert "0 to compute" in capsys.readouterr().err
    assert (samples.folder() / "results.parquet").read_bytes() == before
    assert here("--no-resume") == 0
    assert len(samples.computed()) == 12
    assert "6 --no-resume" in capsys.readouterr().err
    assert (samples.folder() / "results.parquet").read_bytes() == before
    assert len(list((samples.folder() / "cells.previous").iterdir())) == 6


def test_damaged_cells_are_named_and_recomputed(samples, here, capsys):
    assert here() == 0
    before = (samples.folder() / "results.parquet").read_bytes()
    one, two, three = sorted((samples.folder() / "cells").iterdir())[:3]
    content = bytearray((one / "results.parquet").read_bytes())
    content[20] ^= 1
    (one / "results.parquet").write_bytes(content)
    (two / "cell.json").write_text('{"label": ')
    (three / "results.parquet").unlink()
    assert here() == 0
    notes = capsys.readouterr().err
    assert f"1 damaged: checksum of results.parquet differs ({label(one)})" in notes
    assert f"1 damaged: cell.json cannot be read ({label(two)})" in notes
    assert f"1 damaged: results.parquet cannot be read ({label(three)})" in notes
    assert len(samples.computed()) == 9
    assert not list(samples.folder().rglob("replaced"))
    assert (samples.folder() / "results.parquet").read_bytes() == before


def label(cell_folder):
    return json.loads((cell_folder / "cell.json").read_text())["label"]


def test_changed_version_of_a_library_is_told(samples, here, capsys, monkeypatch):
    installed = keys.installed
    monkeypatch.setattr(keys, "installed", lambda name: "1.0" if name == "numpy" else installed(name))
    assert here() == 0
    monkeypatch.setattr(keys, "installed", lambda name: "2.0" if name == "numpy" else installed(name))
    assert here() == 0
    line = "6 key changed: numpy 1.0 -> 2.0 (number 0 [0], number 1 [0], number 2 [0] and 3 more)"
    assert line in capsys.readouterr().err
    monkeypatch.setattr(keys, "installed", lambda name: "1.0" if name == "numpy" else installed(name))
    assert here() == 0
    assert "0 to compute" in capsys.readouterr().err


def test_changed_result_version_is_told(samples, here, capsys, monkeypatch):
    import sample_experiment

    assert here() == 0
    monkeypatch.setattr(sample_experiment, "RESULT_VERSION", 2)
    assert here() == 0
    assert "key changed: result version 1 -> 2" in capsys.readouterr().err


def test_other_configuration_has_another_folder(samples, here):
    assert here() == 0
    assert here("--numbers", 2) == 0
    assert here("--quick") == 0  # the two numbers as well
    assert len(list((samples.out / "sample").iterdir())) == 2
    assert here("--seeds", 0, 1) == 0
    assert len(list((samples.out / "sample").iterdir())) == 3


def test_failed_cell_leaves_no_complete_looking_tables(samples, here, capsys, monkeypatch):
    assert here() == 0
    folder = samples.folder()
    page = folder / "report.html"
    page.write_text("a page")
    assert here() == 0
    assert page.exists()  # of tables that are the same as before
    monkeypatch.setenv("SAMPLE_FAIL", "2")
    assert here("--no-resume") == 1
    assert not page.exists()
    assert not (folder / "results.parquet").exists()
    assert not (folder / "odd.parquet").exists()
    assert not (folder / "figures").exists()
    record = manifest(samples)
    assert record["status"] == "incomplete"
    assert [entry["error"] for entry in record["failed"]] == ["ZeroDivisionError: no luck"]
    (trace,) = (folder / "cells").glob("*.error.txt")
    assert "in play" in trace.read_text()
    notes = capsys.readouterr().err
    assert "got 5 finished and 1 failed (number 2 [0])" in notes
    monkeypatch.delenv("SAMPLE_FAIL")
    assert here() == 0
    assert not trace.exists()


def test_predictions_are_hashed_into_the_manifest(samples, here, monkeypatch):
    assert here() == 0
    assert manifest(samples)["predictions"] is None
    text = b"# sample: what was predicted\n"
    (samples.root / "PREDICTIONS.md").write_bytes(text)
    monkeypatch.setattr(registry.Registered, "folder", samples.root)
    assert here() == 0
    assert manifest(samples)["predictions"] == hashlib.sha256(text).hexdigest()
    (samples.root / "PREDICTIONS.md").write_bytes(text + b"Afterwards.\n")
    assert here() == 0
    assert manifest(samples)["predictions"] != hashlib.sha256(text).hexdigest()
