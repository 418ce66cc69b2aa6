"""gamma_sweep, from configuration to tables and figures."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from continuum_experiments import gamma_sweep
from continuum_experiments.gamma_sweep import Config
from continuum_experiments.gamma_sweep.cells import _area
from continuum_experiments.gamma_sweep.config import default_grid
from continuum_experiments.gamma_sweep.report import smallest_sufficient

from continuum.data import load
from continuum.ensemble import Member, Settings, Stream, train
from continuum.exp import main
from continuum.exp.keys import run_id
from tests.exp.shortcuts import coarse, sketches, threads

COLUMNS = (
    "task kind law seed gamma cardinality params train_loss val_loss test_loss score_name test_score "
    "train_dgamma_left train_dgamma_right val_dgamma_left val_dgamma_right best_epoch auc steps_to_95 outcome"
).split()
SMALL = Config(tasks=("wine",), widths=(0.5, 1.0, 1.5, 3.0), units=4, seeds=2, epochs=6)
FLAGS = "--widths 0.5 1 1.5 3 --units 4 --seeds 2 --epochs 6 --jobs 1".split()


def results_of(config: Config) -> dict[str, pd.DataFrame]:
    tables = [gamma_sweep.run(cell) for cell in gamma_sweep.cells(config)]
    return {name: pd.concat([table[name] for table in tables], ignore_index=True) for name in tables[0]}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return results_of(SMALL)


def run_folder(out: Path) -> Path:
    (folder,) = (out / "gamma_sweep").iterdir()
    return folder


def test_columns_and_rows(tables: dict[str, pd.DataFrame]) -> None:
    results = tables["results"]
    assert list(results.columns) == COLUMNS
    assert len(results) == 2 * 4
    assert set(results["outcome"]) == {"ok"}
    assert (results["cardinality"] == results["gamma"]).all()


def test_rows_are_those_of_the_engine(tables: dict[str, pd.DataFrame]) -> None:
    """Each number again, from the public interface of the engine."""
    row = tables["results"].iloc[5]  # seed 1, gamma 1
    stream = Stream.of(load("wine"), seed=1)
    members = [Member(g, init=1) for g in SMALL.widths]
    trained = train([stream], members, Settings(units=4, epochs=6))
    assert row["test_score"] == trained.measure("test")[1][1]
    assert row["val_loss"] == trained.measure("validation")[0][1]
    assert row["train_dgamma_right"] == trained.gamma_derivatives("train")[1][1, 0]
    assert row["val_dgamma_left"] == trained.gamma_derivatives("validation")[0][1, 0]
    assert row["params"] == 1 * (13 + 1) + (1 + 1) * 3
    curve = trained.validation_score[:, 1]
    assert row["auc"] == pytest.approx((curve.sum() - curve[0] / 2 - curve[-1] / 2) / 6, rel=1e-12)
    goal = 0.95 * trained.validation_score[:, 3].max()
    reached = [epoch for epoch in range(7) if curve[epoch] >= goal]
    steps = math.ceil(len(stream.train.x) / 32)
    assert row["steps_to_95"] == (reached[0] * steps if reached else pytest.approx(np.nan, nan_ok=True))


def test_the_slice_ends_in_the_widest_network(tables: dict[str, pd.DataFrame]) -> None:
    widest = tables["results"].query("gamma == 3").reset_index()
    end = tables["slice"].query("gamma == 3").reset_index()
    assert np.allclose(end["test_loss"], widest["test_loss"], rtol=1e-5)
    assert (end["test_score"] == widest["test_score"]).all()


def test_grid() -> None:
    grid = default_grid(17)
    assert (grid[0], grid[-1], len(grid)) == (0.5, 16.5, 65 + 32)
    assert {k + d / 64 for k in range(1, 17) for d in (-1, 0, 1)} <= set(grid)


def test_spellings_of_one_sweep_share_a_run() -> None:
    rising = Config(widths=(1.0, 12.0))
    assert run_id(Config(widths=(12.0, 1.0, 12.0))) == run_id(rising)
    assert run_id(Config(widths=default_grid(17))) == run_id(Config())
    assert run_id(Config(kappa=3.0)) == run_id(Config())  # the interval has no kappa
    assert run_id(Config(law="soft_support", kappa=3.0)) != run_id(Config(law="soft_support"))


@pytest.mark.parametrize(("law", "first"), [("soft_support", 0.5), ("fuzzy", 0.5), ("concrete", 1.0)])
def test_other_laws_sweep_their_cardinality(law: str, first: float) -> None:
    config = Config(tasks=("wine",), law=law, units=4, seeds=1, epochs=2)
    config.validate()
    tables = results_of(config)
    assert tables["results"]["gamma"].min() == first
    assert set(tables["results"]["law"]) == {law}
    assert tables["results"]["outcome"].eq("ok").all()
    assert np.isfinite(tables["results"]["val_dgamma_right"]).all()
    assert np.isfinite(tables["slice"]["test_loss"]).all()


def test_one_standard_error_rule() -> None:
    scores = {1.0: [0.5, 0.6], 2.0: [0.88, 0.86], 3.0: [0.9, 0.86], 4.0: [0.8, 0.7]}
    frame = pd.DataFrame(
        [(g, s, "accuracy") for g, v in scores.items() for s in v], columns=["gamma", "test_score", "score_name"]
    )
    assert smallest_sufficient(frame) == 2.0
    errors = frame.assign(test_score=1 - frame["test_score"], score_name="RMSE")
    assert smallest_sufficient(errors) == 2.0


def test_command_writes_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = tmp_path / "line.csv"
    rows = [f"{x / 10},{x % 3},{x * x / 50 + x % 3}" for x in range(60)]
    csv.write_text("\n".join(["slope,level,target", *rows]) + "\n")
    with threads(), coarse():
        code = main(["gamma_sweep", "--tasks", "iris", str(csv), *FLAGS, "--out", str(tmp_path / "out")])
    assert code == 0
    printed = capsys.readouterr().out
    assert "iris (2 seeds)" in printed
    assert "best test RMSE" in printed
    folder = run_folder(tmp_path / "out")
    results = pd.read_parquet(folder / "results.parquet")
    assert set(results["kind"]) == {"classification", "regression"}
    assert {p.name for p in (folder / "figures").iterdir()} == {
        f"{name}.{kind}" for name in ("score", "loss", "derivative", "speed", "slice") for kind in ("png", "pdf")
    }
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["configuration"]["epochs"] == 6
    assert "torch" in manifest["versions"]
    assert manifest["data"] == [{"iris": load("iris").checksum}, {"line": load(csv).checksum}]
    assert (folder / "slice.parquet").exists()
    assert (folder / "timings.parquet").exists()


@pytest.mark.parametrize("seeds", [1, 2])
def test_divergence_is_reported_not_drawn(seeds: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    csv = tmp_path / "line.csv"
    csv.write_text("\n".join(["x,target", *(f"{x / 10},{x * x / 50}" for x in range(60))]) + "\n")
    flags = ["--optimizer", "sgd", "--lr", "1e30", "--widths", "1", "2", "--units", "3", "--epochs", "4", "--jobs", "1"]
    with threads(), coarse():
        code = main(["gamma_sweep", "--tasks", str(csv), *flags, "--seeds", str(seeds), "--out", str(tmp_path / "out")])
    assert code == 0
    assert f"{2 * seeds} of {2 * seeds}" in capsys.readouterr().out
    folder = run_folder(tmp_path / "out")
    results, sliced = (pd.read_parquet(folder / f"{name}.parquet") for name in ("results", "slice"))
    assert results[["test_loss", "test_score", "auc", "steps_to_95"]].isna().all(axis=None)
    assert sliced["test_loss"].isna().all()
    assert len(list((folder / "figures").iterdir())) == 10


def test_a_stopped_network_keeps_its_last_score() -> None:
    stream = Stream.of(load("wine"), seed=0)
    trained = train([stream], [Member(2.0, lr=0.3)], Settings(units=4, epochs=30, patience=2))
    assert trained.outcome == ("stopped",)
    curve = trained.validation_score[:, 0]
    last = np.isfinite(curve).sum() - 1
    filled = np.where(np.arange(31) <= last, curve, curve[last])
    expected = (filled.sum() - filled[0] / 2 - filled[-1] / 2) / 30
    assert _area(trained)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path) -> None:
    """Also: a worker process computes what a thread computes, to the bit."""
    arguments = "gamma_sweep --tasks iris wine --units 5 --seeds 4 --epochs 30 --jobs 1 --out".split()
    command = [sys.executable, "-m", "continuum.exp", *arguments, str(tmp_path / "a")]
    broken = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    for _ in range(3000):
        if len(list((tmp_path / "a").glob("gamma_sweep/*/cells/*/cell.json"))) >= 2:
            break
        time.sleep(0.02)
    os.kill(broken.pid, signal.SIGKILL)
    broken.wait()
    assert not list((tmp_path / "a").glob("gamma_sweep/*/results.parquet"))
    with sketches(gamma_sweep):
        assert main([*arguments, str(tmp_path / "a")]) == 0
        with threads():
            assert main([*arguments, str(tmp_path / "b")]) == 0
    for table in ("results.parquet", "slice.parquet"):
        assert (run_folder(tmp_path / "a") / table).read_bytes() == (run_folder(tmp_path / "b") / table).read_bytes()


def test_tasks_of_one_name_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text(csv_of("x,target", *TWENTY))
    tasks = [str(tmp_path / folder / "x.csv") for folder in ("a", "b")]
    assert main(["gamma_sweep", "--tasks", *tasks, "--out", str(tmp_path / "out")]) == 2
    assert "rename one of the files" in capsys.readouterr().err


def csv_of(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


TWENTY = [f"{i},{i % 2}" for i in range(20)]
BAD: dict[str, tuple[list[str], str | None, str]] = {
    "experiment": (["gama_sweep"], None, "did you mean gamma_sweep?"),
    "task": (["gamma_sweep", "--tasks", "irs"], None, "iris"),
    "negative gamma": (["gamma_sweep", "--widths", "-1"], None, "got -1.0"),
    "gamma nan": (["gamma_sweep", "--widths", "nan"], None, "got nan"),
    "gamma above": (["gamma_sweep", "--widths", "18"], None, "lower --widths or raise --units"),
    "gamma nan, fuzzy": (["gamma_sweep", "--law", "fuzzy", "--widths", "nan"], None, "got nan"),
    "beyond the law": (["gamma_sweep", "--law", "concrete", "--widths", "0.5"], None, "the concrete law can give"),
    "no seed": (["gamma_sweep", "--seeds", "0"], None, "seeds: expected an integer >= 1"),
    "no epoch": (["gamma_sweep", "--epochs", "0"], None, "epochs: expected an integer >= 1"),
    "jobs": (["gamma_sweep", "--jobs", "-2"], None, "jobs: expected an integer >= 0"),
    "lr": (["gamma_sweep", "--lr", "-1"], None, "lr: expected a finite number"),
    "no unit": (["gamma_sweep", "--units", "0"], None, "units: expected an integer >= 1"),
    "twice": (["gamma_sweep", "--tasks", "iris", "iris"], None, "drop the repeated"),
    "cuda": (["gamma_sweep", "--device", "cuda"], None, "without a GPU"),
    "no width left": (["gamma_sweep", "--law", "concrete", "--units", "1"], None, "raise --units"),
    "cuda number": (["gamma_sweep", "--device", "cpu:7"], None, "expected one of cpu"),
    "empty csv": (["gamma_sweep"], "", "header"),
    "no target": (["gamma_sweep"], csv_of("x,y", *TWENTY), "target"),
    "text among numbers": (["gamma_sweep"], csv_of("x,target", *TWENTY, "red,1"), "22"),
    "single class": (["gamma_sweep"], csv_of("x,target", *(f"{i},a" for i in range(20))), "class"),
    "rare class": (["gamma_sweep"], csv_of("x,target", *TWENTY, "7,2"), "class"),
    "duplicate headers": (["gamma_sweep"], csv_of("x,x,target", *(f"{i},{r}" for i, r in enumerate(TWENTY))), "x"),
    "infinite": (["gamma_sweep"], csv_of("x,target", *TWENTY, "inf,1"), "inf"),
    "no such file": (["gamma_sweep", "--tasks", "nowhere/at_all.csv"], None, "at_all.csv"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_code_2_and_one_line(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flags, text, words = BAD[case]
    if case == "cuda":
        monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    if text is not None:
        (tmp_path / "my.csv").write_text(text)
        flags = [*flags, "--tasks", str(tmp_path / "my.csv")]
    assert main([*flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert "Traceback" not in errors
    *notes, last = errors.splitlines()
    assert last.startswith("error: ")
    assert all("'target': " in note for note in notes), notes  # what was done with the column
    assert not (tmp_path / "out").exists()
