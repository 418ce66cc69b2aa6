"""learned_width, from tasks and statistics to tables and figures."""

import json
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import learned_width
from continuum_experiments.learned_width import Config, clock
from continuum_experiments.learned_width.clock import plain_loop
from continuum_experiments.learned_width.config import OTHER_METHODS, TASKS
from continuum_experiments.learned_width.fits import FitOptions, fixed_rows, learned_row
from continuum_experiments.learned_width.folds import folds_of, random_splits
from continuum_experiments.learned_width.peers import PEERS, peer_row
from continuum_experiments.learned_width.published import splits_table
from continuum_experiments.learned_width.stages import COLUMNS
from continuum_experiments.learned_width.statistics import corrected, oracle, paired
from continuum_experiments.learned_width.targets import ratios, spread, targets
from continuum_experiments.learned_width.tasks import (
    NOISY,
    TUNED,
    available_tasks,
    bayes_score,
    known_units,
    task_of,
)
from rich.console import Console

from continuum.errors import BadInput
from continuum.exp import main, presets, registry
from continuum.exp.runner import execute
from continuum.exp.store import RunFolder
from continuum.exp.tables import decode, encode_cell
from continuum.learn.settings import METHODS


def quick(**changes: object) -> Config:
    """The preset quick, with some fields changed."""
    config: Config = presets.config(registry.load("learned_width"), "quick", **changes)
    return config


SMALL = {"tasks": ("teacher_2", "wine"), "folds": 2, "seeds": 1, "starts": (1, 3), "widths": (1, 2, 4), "steps": 20}
SMALL |= {"rows": 100, "splits": 1, "methods": ("interval",)}
OPTIONS = FitOptions(30, 16, 16)


def grid(scores: dict[int, tuple[float, ...]]) -> pd.DataFrame:
    rows = [(fold, 0, units, score) for units, folds in scores.items() for fold, score in enumerate(folds)]
    frame = pd.DataFrame(rows, columns=["fold", "seed", "units", "score"])
    return frame.assign(method="fixed", train_rows=80, test_rows=20)


def test_oracle_is_the_smallest_width_within_a_standard_error() -> None:
    scores = {1: (0.2, 0.4), 2: (0.82, 0.84), 4: (0.8, 0.9), 8: (0.79, 0.9)}
    best = oracle(grid(scores))
    assert (best.width, best.at) == (2, 4)
    assert best.enough == pytest.approx(0.85 - 0.05)
    assert best.low <= best.width <= best.high
    with pytest.raises(AssertionError):  # the best width itself is another one
        assert best.width == best.at


def test_a_diverged_width_is_not_taken() -> None:
    assert oracle(grid({1: (0.5, 0.6), 2: (np.nan, 0.99), 4: (0.9, 0.92)})).width == 4


def test_range_of_the_oracle_covers_what_folds_choose() -> None:
    """Where folds disagree the range holds both widths; where they agree it is one."""
    torn = oracle(grid({1: (0.91, 0.895) * 5, 4: (0.9, 0.91) * 5}))
    assert (torn.low, torn.width, torn.high) == (1, 4, 4)
    agreed = oracle(grid({1: (0.5, 0.6) * 5, 4: (0.9, 0.91) * 5}))
    assert (agreed.low, agreed.high) == (4, 4)


def test_corrected_interval_covers() -> None:
    """Of folds whose errors share a part of variance r / (1 + r): 4000 means, whose coverage is known to 0.4 %."""
    rng = np.random.default_rng(0)
    folds, share = 10, 0.25 / (0.25 + 1)
    common, private = rng.standard_normal((4000, 1)), rng.standard_normal((4000, folds))
    data = np.sqrt(share) * common + np.sqrt(1 - share) * private
    plain_, wide = (np.mean([low <= 0 <= high for _, low, high in (corrected(d, r) for d in data)]) for r in (0, 0.25))
    assert wide > 0.93
    with pytest.raises(AssertionError):
        assert plain_ > 0.93


def test_pairs_are_those_of_a_fold() -> None:
    one = grid({2: (0.8, 0.9, 0.7)})
    other = grid({2: (0.7, 0.8, 0.6)}).sample(frac=1, random_state=0)
    gap = paired(one, other)
    assert gap.mean == pytest.approx(0.1)
    assert gap.high - gap.low == pytest.approx(0.0, abs=1e-12)


def test_noisy_tasks_have_their_bayes_error() -> None:
    """The share of labels that disagree with the truth, to 4 standard errors; a rate off by 0.1 is out of them."""
    for name, (units, _, rows, classes, wrong) in NOISY.items():
        task = task_of(name, 10_000)
        assert (task.n, task.classes, known_units(name)) == (rows, classes, units)
        assert np.bincount(task.target).min() > 0.15 * rows
        assert bayes_score(name) == 1 - wrong
        assert name not in TUNED


def test_teacher_is_learned_by_a_network_of_its_width() -> None:
    task = task_of("teacher_2", 500)
    (fold, _) = folds_of(task, 2, 0)
    (row,) = fixed_rows([fold], [(0, 4)], FitOptions(2000, 32, 8), "fixed")
    assert row["score"] > 0.9
    assert row["score"] < bayes_score("teacher_2") + 0.02


def test_fixed_rows_are_those_of_the_plain_network() -> None:
    """R2, RMSE and losses of the engine against those of torch: the same network, measured twice."""
    (fold, _) = folds_of(task_of("teacher_2", 80), 2, 0)
    row, result = learned_row(fold, OPTIONS, 2)
    assert result is not None
    x, y = fold.tensors("test")
    with torch.no_grad():
        outputs = result.network(x)[:, 0]
    square = float((outputs - y).square().mean())
    assert row["score"] == pytest.approx(1 - square / float(y.var(correction=0)), rel=1e-5)
    assert row["rmse"] == pytest.approx(square**0.5 * fold.stream.scale, rel=1e-5)
    assert row["test_loss"] == pytest.approx(square / 2, rel=1e-5)
    (twin,) = fixed_rows([fold], [(0, row["units"])], OPTIONS, "same_width")
    assert twin["score"] == pytest.approx(1 - 2 * twin["test_loss"] / float(y.var(correction=0)), rel=1e-4)
    assert twin["rmse"] == pytest.approx((2 * twin["test_loss"]) ** 0.5 * fold.stream.scale, rel=1e-4)
    assert twin["steps"] == pytest.approx(OPTIONS.total(fold), abs=3)


def test_folds_are_shared_and_cover_every_row() -> None:
    task = task_of("wine", 5000)
    first, again = folds_of(task, 5, 0), folds_of(task, 5, 0)
    assert sum(len(fold.test.y) for fold in first) == task.n
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.stream.train.x, other.stream.train.x)
    assert len({fold.number for seed in (0, 1) for fold in folds_of(task, 5, seed)}) == 10


def test_published_splits() -> None:
    """As ``np.random.seed(1)`` draws them."""
    task = task_of("teacher_2", 50)
    np.random.seed(1)
    for fold in random_splits(task, 3):
        rows = np.random.choice(range(task.n), task.n, replace=False)[45:]
        np.testing.assert_allclose(
            fold.test.y * fold.stream.scale,
            task.target[rows] - task.target[np.setdiff1d(range(50), rows)].mean(),
        )


def test_plain_loop_learns() -> None:
    (fold, _) = folds_of(task_of("wine", 200), 2, 0)
    assert fold.scores_of(plain_loop(fold, 8, 16, 200))["score"] > 0.9


def test_every_method_gives_a_row() -> None:
    (fold, _) = folds_of(task_of("wine", 90), 2, 0)
    for method in OTHER_METHODS:
        row, _ = learned_row(fold, OPTIONS, 3, method)
        assert row["outcome"] == "ok", (method, row["outcome"])
        assert row["units"] <= OPTIONS.max_units
    assert set(OTHER_METHODS) == set(METHODS) - {"graded"} | {"interval_sqrt"}


def test_a_failing_method_and_an_absent_peer_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    (fold, _) = folds_of(task_of("wine", 90), 2, 0)
    row, result = learned_row(fold, OPTIONS, 3, "no such method")
    assert result is None
    assert "method" in row["outcome"]
    for name in PEERS:
        monkeypatch.setitem(__import__("sys").modules, {"gal": "neural_trees", "gromo": "gromo"}[name], None)
        assert "Error" in str(peer_row(name, fold, OPTIONS)["outcome"])


def made_up(wins: float) -> dict[str, pd.DataFrame]:
    """Rows of three tasks and starts on which the graded method beats its twin by ``wins``."""
    parts = []
    for task, kind in (("digits", "classification"), ("noisy_3", "classification"), ("yacht", "regression")):
        fixed_ = grid({1: (0.5,) * 4, 4: (0.9, 0.91, 0.92, 0.91), 16: (0.9, 0.91, 0.92, 0.9)})
        same = pd.concat([grid({4: (0.91, 0.92, 0.91, 0.92)}).assign(start=s) for s in (1.0, 8.0)])
        graded = same.assign(method="graded", score=same["score"] + wins, width=3.5, saturated=False, price=4.0)
        frame = pd.concat([fixed_, same.assign(method="same_width"), graded])
        parts.append(frame.assign(task=task, kind=kind, tuned=task in TUNED, outcome="ok"))
    return {"results": pd.concat(parts, ignore_index=True)}


def test_targets_tell_better_from_worse() -> None:
    good, bad = (targets(made_up(wins)).set_index("target")["verdict"] for wins in (0.08, -0.08))
    assert good["digits"] == "held"
    assert bad["digits"] == "MISSED"
    for name in ("same width and steps: not worse", "same width and steps: better", "score >= best - SE"):
        assert (good[name], bad[name]) == ("held", "MISSED")
    assert good["starts, regression"] == "held"
    assert good["noisy_3"] == "held"
    assert good["two_spirals"] == "not run"


def test_spread_and_ratios() -> None:
    rows = pd.DataFrame({"method": "graded", "start": [1, 1, 8, 8], "width": [9.0, 10.0, 10.0, 11.0]})
    assert spread(rows) == pytest.approx(0.1)
    what = {"graded": [(0, 3.0)], "fixed": [(1, 1.0), (64, 2.0)], "fixed, same steps": [(64, 3.0)], "torch": [(64, 6)]}
    turns = pd.DataFrame([(w, u, s) for w, times in what.items() for u, s in times], columns=["what", "units", "wall"])
    time = ratios(turns, 8.0)
    assert time["64 units"] == 1.5
    assert time["the oracle's width"] == pytest.approx(2.0)
    assert time["64 units, PyTorch loop"] == 0.5


def test_published_figures_are_marked() -> None:
    splits = pd.DataFrame({"task": "yacht", "method": "graded", "rmse": [1.0, 2.0], "units": 5.0})
    table = splits_table(splits)
    assert table["source"].str.startswith("published").sum() == len(table) - 1


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """The folder of a whole run, its cells in a thread, its clock short."""
    config = Config(**SMALL, out=tmp_path_factory.mktemp("runs"), jobs=1)  # type: ignore[arg-type]
    experiment, silent = registry.load("learned_width"), Console(file=StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "TURNS", 2)
        patch.setattr(clock, "LADDER", (1, 64))
        return execute(experiment, config, console=silent, report=silent, factory=ThreadPoolExecutor)


def test_the_whole_run(run: RunFolder) -> None:
    results = pd.read_parquet(run.path / "results.parquet")
    assert list(results.columns) == list(COLUMNS)
    assert set(results["method"]) == {"fixed", "graded", "same_width", "mlp_default", "mlp_steps", "interval"}
    assert results["tuned"].groupby(results["task"]).first().to_dict() == {"teacher_2": False, "wine": True}
    twins = results[results["method"].isin(["graded", "same_width"])]
    assert (twins.groupby(["task", "fold", "start"])["units"].nunique() == 1).all()
    assert {path.stem for path in run.figures.iterdir()} >= {"frontier", "oracle", "width_curve", "targets"}
    manifest = json.loads((run.path / "manifest.json").read_text())
    assert (manifest["status"], manifest["configuration"]["routes"]) == ("complete", ["interval"])


def test_the_report(run: RunFolder) -> None:
    tables = {name: pd.read_parquet(run.path / f"{name}.parquet") for name in ("results", "clock")}
    printed = learned_width.report(tables, Config(**(SMALL | {"tasks": ("teacher_2", "letter")})))  # type: ignore[arg-type]
    assert [getattr(table, "title", None) for table in printed] == [
        "targets",
        "readings",
        "tasks",
        "methods",
        "clock",
        None,
    ]
    assert str(printed[-1]).endswith("their data are missing here: letter")


def test_a_cell_gives_the_same_rows_again(run: RunFolder) -> None:
    """What a resumed run relies on; only seconds differ."""
    stored = run.labels()
    cells = [cell for cell in learned_width.cells(Config(**SMALL)) if cell.settings["task"] == "teacher_2"]  # type: ignore[arg-type]
    for cell in cells:
        if cell.settings["stage"] != "clock":
            again = encode_cell(learned_width.run(cell))["results"]
            before = run.tables(stored[cell.label])["results"]
            first, second = (decode(table).to_pandas().drop(columns="seconds") for table in (before, again))
            pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_tasks_without_data_are_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("CONTINUUM_UCI", "/nonexistent")
    monkeypatch.setattr("continuum.data.loading.fetch", _no_network)
    monkeypatch.setattr("continuum.data.loading.cache_folder", lambda: Path("/nonexistent"))
    available = available_tasks(TASKS, 100, strict=False)
    assert {"digits", "wine", "breast_cancer", "two_spirals", *NOISY, "teacher_4", "teacher_16"} == set(available)
    assert "task letter is left out" in capsys.readouterr().err


def test_published_splits_have_rows_to_test_on(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("continuum_experiments.learned_width.cells")  # the package has a function of that name
    config = Config(tasks=("yacht",), folds=2)
    monkeypatch.setattr(module, "available_tasks", lambda *_, **__: {"yacht": task_of("teacher_2", 19)})
    with pytest.raises(BadInput, match="at least 20 of yacht"):
        learned_width.cells(config)
    monkeypatch.setattr(module, "available_tasks", lambda *_, **__: {"yacht": task_of("teacher_2", 20)})
    assert "yacht splits" in [cell.label for cell in learned_width.cells(config)]


def test_as_many_folds_as_rows_of_the_smallest_class() -> None:
    assert learned_width.cells(quick(tasks=("wine",), folds=48))


def _no_network(entry: object) -> str:
    raise BadInput("letter", expected="a network", came="none", remedy="connect")


BAD = {
    "task": (["--tasks", "teacher_x"], "teacher_K"),
    "no such task": (["--tasks", "digit"], "digits"),
    "method": (["--methods", "intervall"], "interval"),
    "graded is no other method": (["--methods", "graded"], "methods"),
    "folds": (["--folds", "1"], "folds: expected an integer >= 2"),
    "widths": (["--widths", "0"], "widths"),
    "start": (["--starts", "1000"], "starts: expected a finite number in [1, 512], got 1000"),
    "no start": (["--starts"], "starts: expected at least one"),
    "start above max_units": (["--max-units", "16"], "got 64; lower --starts or raise --max-units"),
    "start above what fits": ("--max-units 9000 --starts 1 4097".split(), "in [1, 4096], got 4097"),
    "max_units below the default start": (["--max-units", "2"], "max_units: expected an integer >= 8, got 2"),
    "too many units": (["--max-units", "65537"], "max_units: expected at most 65536 units"),
    "too wide": (["--widths", "100000000"], "widths: expected at most 65536 units"),
    "too large a teacher": (["--tasks", "teacher_65537"], "K from 1 to 65536"),
    "tasks twice": (["--tasks", "wine", "wine"], "tasks: expected each once, got ['wine', 'wine']"),
    "starts twice": (["--starts", "1", "8", "1"], "starts: expected each once"),
    "widths twice": (["--widths", "5", "5"], "widths: expected each once, got [5, 5]"),
    "methods twice": (["--methods", "interval", "interval"], "methods: expected each once"),
    "more folds than rows": (
        ["--tasks", "wine", "--folds", "49"],
        "at most 48 for wine, the rows of its smallest class",
    ),
    "too few rows of values": (
        ["--tasks", "teacher_2", "--rows", "9"],
        "at most 4 for teacher_2, half its rows, got 5",
    ),
    "made-up tasks are known": (["--tasks", "noisy_5"], "noisy_3, noisy_4"),
    "teachers are known": (["--tasks", "teacher"], "did you mean teacher_K"),
    "steps": (["--steps", "0"], "steps"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags, words = BAD[case]
    assert main(["learned_width", *flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_presets() -> None:
    assert Config().tasks == TASKS
    assert quick(folds=4).folds == 4
    assert presets.config(registry.load("learned_width"), "peers").tasks == ("digits", "two_spirals")
    labels = {cell.label for cell in learned_width.cells(quick(peers=True, tasks=("wine",)))}
    assert labels == {"wine grid 0", "wine ours 0", "wine sklearn 0", "wine gromo 0", "wine gal 0"}
