"""The page of a run: what is embedded is what was recorded, nothing breaks out of it, and bad input is one line."""

import hashlib
import json
import re
from base64 import b64decode
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import gamma_sweep
from continuum_experiments.gamma_sweep import Config
from continuum_experiments.gamma_sweep.page_data import page
from continuum_experiments.gamma_sweep.page_layer import layer, slider

from continuum.analysis.statistics import mean_interval
from continuum.analysis.style import OKABE_ITO
from continuum.exp import main
from continuum.exp.report.command import write
from continuum.exp.report.render import columns, embedded, render
from continuum.exp.report.run import finished
from continuum.widths import width_of
from tests.exp.shortcuts import sketches, threads

HOSTILE = "</script><script>document.title='broken'</script><!-- \u2028 & \"'"
FLAGS = "gamma_sweep --tasks wine --widths 0.5 1 1.25 2 3 --units 4 --seeds 2 --epochs 4 --jobs 1".split()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("runs")
    with threads(), sketches(gamma_sweep):
        assert main([*FLAGS, "--out", str(out)]) == 0
    (folder,) = (out / "gamma_sweep").iterdir()
    return folder


@pytest.fixture
def spoilt(run, tmp_path):
    """A copy of the run, and its manifest to change."""
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in run.glob("*.*"):
        if file.is_file() and file.name != "report.html":
            (copy / file.name).write_bytes(file.read_bytes())

    def change(**entries):
        manifest = json.loads((copy / "manifest.json").read_text()) | entries
        (copy / "manifest.json").write_text(json.dumps(manifest))
        return copy

    return change


def data_of(text: str) -> dict:
    (embedded_json,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, flags=re.DOTALL)
    return json.loads(embedded_json)


def unpacked(rows: dict) -> pd.DataFrame:
    def values(column):
        return column["values"] if "values" in column else [column["levels"][code] for code in column["codes"]]

    return pd.DataFrame({name: pd.Series(values(column)) for name, column in rows.items()})


def same_rows(rows: dict, frame: pd.DataFrame) -> None:
    """Every bit, every column, every row."""
    unpacked_rows = unpacked(rows)
    assert list(unpacked_rows.columns) == list(frame.columns)
    for name in frame.columns:
        expected = [None if isinstance(value, float) and np.isnan(value) else value for value in frame[name]]
        embedded_values = [
            None if isinstance(value, float) and np.isnan(value) else value for value in unpacked_rows[name]
        ]
        assert embedded_values == expected, name


def test_embedded_rows_are_the_rows_of_the_run(run):
    data = data_of(write(run).read_text())
    results = finished(run).tables["results"]
    same_rows(data["rows"], results)
    assert data["manifest"] == json.loads((run / "manifest.json").read_text())
    with pytest.raises(AssertionError):
        same_rows(data["rows"], results.assign(val_loss=results["val_loss"] + 1e-15))


def test_curves_and_sides_are_means_with_intervals_over_seeds(run):
    results = finished(run).tables["results"]
    charts = {chart["key"]: chart for chart in data_of(write(run).read_text())["tasks"][0]["charts"]}
    score, loss, slope = charts["score"]["lines"][0], charts["loss"]["lines"][1], charts["dval"]
    here = results[results["gamma"] == 2.0]
    place = score["gamma"].index(2.0)

    def agrees(side, n, values):
        mean_and_ends = [side["mean"][n], side["low"][n], side["high"][n]]
        assert mean_and_ends == pytest.approx(list(values), rel=1e-5)  # six digits are embedded

    agrees(score, place, mean_interval(here["test_score"]))
    agrees(loss, place, np.exp(mean_interval(np.log(here["val_loss"]))))  # geometric
    for name in ("left", "right"):
        side = slope["sides"][name]
        assert side["gamma"] == [1, 2, 3]
        agrees(side, 1, mean_interval(here[f"val_dgamma_{name}"]))
        assert side["values"][1] == pytest.approx(here[f"val_dgamma_{name}"].tolist(), rel=1e-5)
    with pytest.raises(AssertionError):  # the sides differ, so swapping them would show
        agrees(slope["sides"]["left"], 1, mean_interval(here["val_dgamma_right"]))


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first = write(run).read_bytes()
    assert write(run, tmp_path / "again.html").read_bytes() == first


@pytest.mark.parametrize("law", ["interval", "soft_support", "fuzzy", "concrete"])
def test_gates_are_those_of_the_law(law):
    config = {"law": law, "units": 4, "kappa": 10.0}
    shown_layer = layer(config, np.array([1.0, 2.3, 3.5]))
    assert {1.0, 2.0, 2.3, 3.0, 3.5} <= set(shown_layer["positions"])
    positions = torch.tensor(shown_layer["positions"], dtype=torch.float64)
    gates = [[*[1.0] * row[0], *row[1:], *[0.0] * (4 - row[0] - len(row[1:]))] for row in shown_layer["gates"]]
    expected = width_of(law, 4, positions, kappa=10.0).gates().detach()
    # Six digits are embedded: each gate is within half of its last one.
    torch.testing.assert_close(torch.tensor(gates, dtype=torch.float64), expected, rtol=5e-6, atol=1e-12)
    with pytest.raises(AssertionError):  # the gates of the step before
        torch.testing.assert_close(torch.tensor(gates[:-1], dtype=torch.float64), expected[1:], rtol=5e-6, atol=1e-12)


def test_slider_stands_on_recorded_widths_and_integers_whatever_the_range():
    recorded = np.array([0.1, 1.03, 300.7])
    positions = slider(recorded)
    assert {*recorded, *range(1, 301)} <= set(positions)
    assert (np.diff(positions) > 0).all()
    assert len(positions) < 1500
    assert slider(np.array([2.5])).tolist() == [2.5]


@pytest.mark.parametrize("law", ["soft_support", "fuzzy", "concrete"])
def test_smooth_laws_have_no_sides(law):
    config = Config(tasks=("wine",), law=law, widths=(1.0, 2.5), units=3, seeds=1, epochs=1)
    (cell,) = gamma_sweep.cells(config)
    contents = page(gamma_sweep.run(cell), {"configuration": {**vars(config)}})
    assert all(chart.get("sides") is None for chart in contents["tasks"][0]["charts"])
    assert contents["tasks"][0]["charts"][0]["lines"][0]["low"] == [None, None]  # one seed has no interval
    assert embedded(contents)


def test_diverged_networks_and_width_zero():
    config = Config(tasks=("wine",), widths=(0.0, 1.0), units=2, seeds=2, epochs=1)
    tables = [gamma_sweep.run(cell) for cell in gamma_sweep.cells(config)]
    both = {name: pd.concat([table[name] for table in tables], ignore_index=True) for name in tables[0]}
    lost = both["results"]["gamma"] == 1.0
    both["results"].loc[lost, ["test_score", "train_loss", "val_loss", "test_loss", "auc", "steps_to_95"]] = np.nan
    both["results"].loc[lost, "outcome"] = "diverged"
    contents = page(both, {"configuration": vars(config)})
    assert ["networks diverged", "2"] in contents["facts"]
    assert contents["tasks"][0]["charts"][0]["lines"][0]["mean"][1] is None
    assert embedded(contents)


def test_nothing_breaks_out_of_the_data():
    text = render({"title": HOSTILE, "lead": HOSTILE, "rows": columns(pd.DataFrame({HOSTILE: [HOSTILE, "a"]}))})
    plain = render({"title": "a", "lead": "a"})
    assert text.count("<script") == plain.count("<script") == 2
    assert text.count("</script") == plain.count("</script") == 2
    assert text.count("<!--") == plain.count("<!--")
    assert data_of(text)["rows"][HOSTILE]["values"] == [HOSTILE, "a"]
    assert embedded(float("1e-300")) == "1e-300"
    with pytest.raises(ValueError, match="JSON"):
        embedded(float("nan"))


def test_page_fetches_nothing(run):
    text = write(run).read_text()
    shell = text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in shell
    assert "http://" not in shell
    assert not re.search(r"\bsrc=|@import|<link(?! rel=\"icon\" href=\"data:,\")", shell)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    for tag in ("script", "style"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL).group(1)
        (allowed,) = re.findall(rf"{tag}-src 'sha256-([^']*)'", policy)
        assert b64decode(allowed) == hashlib.sha256(content.encode()).digest()
    assert all(colour in text for colour in OKABE_ITO[:6] if colour != OKABE_ITO[4])


def test_command_writes_where_it_is_told(run, tmp_path, capsys):
    assert main(["report", str(run)]) == 0
    assert (run / "report.html").is_file()
    assert "report.html" in capsys.readouterr().err
    assert main(["report", str(run), "--out", str(tmp_path / "page.html")]) == 0
    assert (tmp_path / "page.html").read_bytes() == (run / "report.html").read_bytes()
    assert main(["report", str(run), "--out", str(tmp_path)]) == 2
    capsys.readouterr()
    deep = tmp_path / "no" / "such folder" / "page.html"
    assert main(["report", str(run), "--out", str(deep)]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"error: --out: expected a file in a folder that exists, got {deep}; mkdir -p '")


def test_command_is_listed(capsys):
    assert main([]) == 0
    assert re.search(r"^ +report +One HTML page", capsys.readouterr().out, flags=re.MULTILINE)


def refused(path, capsys, *words: str) -> None:
    assert main(["report", str(path)]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    for word in ("expected", "got", *words):
        assert word in errors
    assert not list(Path(path).glob("*.html"))


def test_no_run(run, tmp_path, capsys):
    refused(tmp_path / "nowhere", capsys, "does not exist", "make one")
    file = tmp_path / "file"
    file.write_text("")
    refused(file, capsys, "which is a file")
    refused(tmp_path, capsys, "without manifest.json", "runs/<experiment>/<run>")
    refused(run.parent, capsys, f"did you mean {run}?")


def test_unfinished_run(spoilt, capsys):
    for status in ("running", "interrupted", "incomplete"):
        refused(spoilt(status=status), capsys, status, "finish it: python -m continuum.exp gamma_sweep")


def test_manifest_that_is_none(spoilt, capsys):
    refused(spoilt(schema=99), capsys, "schema 1")
    refused(spoilt(tables=None, schema=1), capsys, "tables")
    folder = spoilt()
    for content in (b"{", b"[1]", b"\xff"):
        (folder / "manifest.json").write_bytes(content)
        refused(folder, capsys, "manifest")


def test_missing_and_altered_tables(spoilt, capsys):
    folder = spoilt()
    (folder / "slice.parquet").write_bytes((folder / "results.parquet").read_bytes())
    refused(folder, capsys, "slice.parquet", "other bytes", "python -m continuum.exp gamma_sweep")
    (folder / "slice.parquet").unlink()
    refused(folder, capsys, "slice.parquet", "No such file")


def test_other_experiments(samples, here, spoilt, capsys):
    assert here("--quick") == 0
    capsys.readouterr()
    refused(samples.folder(), capsys, "experiment with a page", "got sample")
    refused(spoilt(experiment="gama_sweep"), capsys, "did you mean gamma_sweep?")
    refused(spoilt(experiment="gamma_sweep", result_version=1), capsys, "version 1", "run again")
