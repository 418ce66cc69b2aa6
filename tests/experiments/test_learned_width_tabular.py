"""The preset tabular of learned_width: tables, encodings, measures, ranks, targets, and a small run."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from continuum_experiments import learned_width
from continuum_experiments.learned_width import Config
from continuum_experiments.learned_width.fits import FitOptions
from continuum_experiments.learned_width.folds import folds_of, random_splits
from continuum_experiments.learned_width.tabular import catalogue, fits, opponents, plan, turns
from continuum_experiments.learned_width.tabular.births_table import spreads
from continuum_experiments.learned_width.tabular.bootstrap import over_tables
from continuum_experiments.learned_width.tabular.catalogue import LINES, TABLES, best_possible, files_of, table_of
from continuum_experiments.learned_width.tabular.encodings import pieces, stream_of
from continuum_experiments.learned_width.tabular.measures import (
    BINS,
    FLOOR,
    aligned,
    believed,
    calibration_error,
    of_classes,
)
from continuum_experiments.learned_width.tabular.parts import published_folds, table_folds
from continuum_experiments.learned_width.tabular.ranks import cliques, critical_difference, friedman, ranking
from continuum_experiments.learned_width.tabular.rounding import rounding_table
from continuum_experiments.learned_width.tabular.stages import TABLES as STORED
from continuum_experiments.learned_width.tabular.standings import one_width, standings
from continuum_experiments.learned_width.tabular.targets import targets
from continuum_experiments.learned_width.tabular.turns_table import ratios
from continuum_experiments.learned_width.tabular.variants import OURS, VARIANTS
from continuum_experiments.learned_width.tasks import task_of

from continuum.analysis.ranks import cluster_interval
from continuum.errors import BadInput
from continuum.exp import main, presets, registry
from continuum.sklearn import inputs
from tests.experiments.tiny import complete

OPTIONS = FitOptions(30, 16, 16)


def part_of(name: str, rows: int = 90) -> fits.TableFold:
    return table_folds(table_of(name, rows), 3, 0)[0]


def test_lines_are_lines() -> None:
    """Least squares finds all of the one and the known share of the other, to 4 standard deviations of R2."""
    for name, noise in LINES.items():
        task = table_of(name, 5000)
        x = np.column_stack([np.ones(task.n), task.features])
        left = task.target - x @ np.linalg.lstsq(x, task.target, rcond=None)[0]
        r2 = 1 - left.var() / task.target.var()
        assert r2 == pytest.approx(best_possible(name), abs=0.05 if noise else 1e-12)
        bent = np.abs(task.target)
        left = bent - x @ np.linalg.lstsq(x, bent, rcond=None)[0]
        with pytest.raises(AssertionError):  # a bent target is out of it
            assert 1 - left.var() / bent.var() == pytest.approx(best_possible(name), abs=0.05)


def test_folds_are_those_of_the_other_presets() -> None:
    task = task_of("wine", 5000)
    for part, fold in zip(table_folds(task, 3, 1), folds_of(task, 3, 1), strict=True):
        np.testing.assert_array_equal(part.standardised(), fold.stream.train.x)
        np.testing.assert_array_equal(part.fold.test.y, fold.test.y)
        assert part.fold.number == fold.number
    task = task_of("teacher_2", 50)
    for part, fold in zip(published_folds(task, 2), random_splits(task, 2), strict=True):
        np.testing.assert_array_equal(part.fold.test.x, fold.test.x)


def test_pieces_are_those_of_the_estimators() -> None:
    """The column comes first, and its bins behind it have the share of its deviation that the estimators give them."""
    rng = np.random.default_rng(0)
    train, test = rng.standard_normal((200, 1)), 2 * rng.standard_normal((50, 1))
    coded, other = pieces(train, test)
    assert coded.shape == (200, 1 + inputs.BINS)
    np.testing.assert_allclose(coded.std(0), np.append(1.0, np.full(inputs.BINS, inputs.SHARE)), rtol=1e-12)
    np.testing.assert_allclose(other[:, 0], (test[:, 0] - train.mean()) / train.std(), rtol=1e-12)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(coded.std(0), 1.0, rtol=1e-12)


def test_a_column_of_two_values_stays_one_column() -> None:
    train = np.array([[0.0, 1.0], [1.0, 2.0], [1.0, 3.0], [0.0, 4.0]])
    assert pieces(train, train)[0].shape == (4, 1 + 1 + 3)


def test_encoded_streams_are_standardised_by_the_training_rows() -> None:
    part = part_of("wine")
    stream = stream_of(part, "piecewise")
    assert stream.train.x.shape[1] > part.task.d
    np.testing.assert_allclose(stream.train.x.mean(0), 0, atol=1e-12)
    assert stream_of(part, "raw") is part.fold.stream


def test_measures_of_classes() -> None:
    p = np.array([[0.8, 0.2], [0.3, 0.7], [1.0, 0.0]])
    y = np.array([0, 0, 1])
    measured = of_classes(p, y)
    losses = -np.log([0.8, 0.3, FLOOR])
    assert measured["score"] == pytest.approx(1 / 3)
    assert measured["loss"] == pytest.approx(losses.mean())
    assert measured["loss_error"] == pytest.approx(losses.std(ddof=1) / 3**0.5)
    assert measured["brier"] == pytest.approx((0.08 + 0.98 + 2) / 3)
    assert aligned(np.array([[1.0]]), np.array([2]), 3).tolist() == [[0, 0, 1]]


def test_calibration_error_sees_what_is_too_sure() -> None:
    """Right answers drawn with the probability that is said, of 20,000 rows: to .02; said to be .1 more sure: not."""
    rng = np.random.default_rng(0)
    said = rng.uniform(0.5, 0.9, 20_000)
    y = (rng.random(20_000) > said).astype(np.int64)
    honest, boastful = (
        calibration_error(pd.DataFrame(believed(np.column_stack([p, 1 - p]), y))) for p in (said, said + 0.1)
    )
    assert honest < 0.02
    with pytest.raises(AssertionError):
        assert boastful < 0.02
    assert boastful == pytest.approx(0.1, abs=0.02)
    assert believed(np.array([[1.0, 0.0]]), np.array([0]))[0]["bin"] == BINS - 1


def test_an_unknown_parameter_fails_its_row_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VARIANTS, "no_such", {"no_such_parameter": 1})
    row, bins = fits.estimator_row(part_of("wine"), "no_such", 20)
    assert "no_such_parameter" in row["outcome"]
    assert (bins, np.isnan(row["seconds"])) == ([], True)
    row, bins = fits.estimator_row(part_of("wine"), OURS, 20)
    assert row["outcome"] == "ok"
    assert sum(line["rows"] for line in bins) == row["test_rows"]


def test_an_absent_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for method, module in (("realmlp", "pytabkit"), ("gal", "neural_trees")):
        monkeypatch.setitem(sys.modules, module, None)
        row, _ = opponents.opponent_row(part_of("wine"), method, OPTIONS)
        assert "Error" in row["outcome"]


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_opponents_give_rows_like_ours(name: str) -> None:
    part = part_of(name)
    for method in ("mlp", "linear", "boosting", "forest"):
        row, _ = opponents.opponent_row(part, method, OPTIONS)
        assert row["outcome"] == "ok", row["outcome"]
        assert row["score"] > (0.8 if name == "wine" else -0.5)
    row, _ = fits.first_edition_row(part, OPTIONS)
    assert row["outcome"] == "ok"


def test_grid_rows_count_what_a_net_holds() -> None:
    part = part_of("diabetes")
    (row,) = fits.grid_rows([part], [3], OPTIONS, "raw")
    assert row["parameters"] == 3 * (10 + 1) + 3 + 1
    encoded = fits.grid_rows(table_folds(part.task, 3, 0), [1, 3], OPTIONS, "piecewise")
    assert len(encoded) == 6
    assert {line["outcome"] for line in encoded} == {"ok"}


def test_critical_difference_is_that_of_the_reference() -> None:
    """Demsar's q for 2, 5 and 10 methods at 5 %: 1.960, 2.728, 3.164."""
    for methods, q in ((2, 1.960), (5, 2.728), (10, 3.164)):
        found = critical_difference(6, methods) / np.sqrt(methods * (methods + 1) / 36)
        assert found == pytest.approx(q, abs=6e-4)
    assert cliques(pd.Series([1.0, 2.0, 2.9]), 1.5) == [(1.0, 2.0), (2.0, 2.9)]


def test_the_bootstrap_of_values_is_that_of_clusters() -> None:
    values = dict(zip("abcdefg", np.random.default_rng(0).standard_normal(7), strict=True))
    frame = pd.DataFrame({"task": list(values), "value": list(values.values())})
    slow = cluster_interval(frame, "task", lambda rows: float(rows["value"].median()))
    np.testing.assert_allclose(over_tables(values | {"h": np.nan}, np.median), slow, rtol=1e-12)


def test_friedman_tells_alike_from_unlike() -> None:
    rng = np.random.default_rng(0)
    alike = pd.DataFrame([rng.permutation(4) + 1.0 for _ in range(40)])
    apart = pd.DataFrame([[1.0, *(rng.permutation(3) + 2)] for _ in range(40)])
    assert friedman(alike) > 0.01
    assert friedman(apart) < 1e-6


def rows_of(scores: dict[str, tuple[float, ...]], task: str = "digits", kind: str = "classification") -> pd.DataFrame:
    """Rows of a table by method, a fold each; ``fixed ENCODING UNITS`` is a net of the grid."""
    rows = []
    for name, folds in scores.items():
        method, *net = name.split()
        size = {"encoding": net[0], "units": float(net[1])} if net else {"encoding": "raw", "units": 4.0}
        for fold, score in enumerate(folds):
            rows.append({"method": method, "fold": fold, "seed": 0, "score": score, "loss": 1 - score, **size})
    shared = {"task": task, "kind": kind, "tuned": False, "outcome": "ok", "loss_error": 0.1, "gap": 0.0}
    sizes = {"train_rows": 80.0, "test_rows": 20.0, "parameters": 10.0, "width": 3.5, "seconds": 1.0, "rmse": np.nan}
    frame = pd.DataFrame(rows).assign(**shared, **sizes)
    return frame.reindex(columns=list(STORED["tabular"]))


GRID = {
    "fixed raw 1": (0.5, 0.5, 0.5, 0.5),
    "fixed raw 4": (0.92, 0.9, 0.9, 0.88),
    "fixed raw 16": (0.88, 0.91, 0.9, 0.9),
    "fixed piecewise 4": (0.8, 0.82, 0.8, 0.82),
}


def test_the_grid_is_read_with_the_encoding_that_ours_chose() -> None:
    table = standings(rows_of({OURS: (0.9,) * 4, **GRID}))["digits"]
    assert table.oracles["chosen"].best == table.oracles["raw"].best == pytest.approx(0.9)
    assert table.oracles["either"].best == table.oracles["raw"].best
    rows = table.rows.copy()
    rows.loc[rows["method"] == OURS, "encoding"] = "piecewise"
    assert standings(rows)["digits"].oracles["chosen"].best == pytest.approx(0.81)


def test_a_net_of_other_folds_has_no_luck() -> None:
    """Of equally good nets the best on all folds is above their truth, the one of other folds is not: to 4 errors."""
    rng = np.random.default_rng(0)
    lucky, honest = [], []
    for _ in range(100):
        nets = {f"fixed raw {units}": tuple(0.9 + 0.01 * rng.standard_normal(5)) for units in (1, 2, 4, 8)}
        table = standings(rows_of({OURS: (0.9,) * 5, **nets}))["digits"]
        scores = table.grid_scores("either")
        lucky.append(float(scores.mean().max()))
        honest.append(float(table.elsewhere("either").mean()))
    error = 0.01 / np.sqrt(5 * 100)
    assert abs(np.mean(honest) - 0.9) < 4 * error
    with pytest.raises(AssertionError):
        assert abs(np.mean(lucky) - 0.9) < 4 * error


def test_one_width_is_the_best_for_all_tables_together() -> None:
    other = {"fixed raw 4": (0.6,) * 4, "fixed raw 16": (0.9,) * 4, "fixed raw 1": (0.5,) * 4}
    rows = pd.concat([rows_of({OURS: (0.9,) * 4, **GRID}), rows_of({OURS: (0.9,) * 4, **other}, "wine")])
    rule, scores = one_width(standings(rows))
    assert rule == "16 units, raw"
    assert scores.loc["wine", "score"] == pytest.approx(0.9)


def test_targets_tell_better_from_worse() -> None:
    verdicts = []
    for ours in (0.98, 0.6):
        methods = {OURS: (ours,) * 4, "ours_graded": (0.9,) * 4, "mlp": (0.9, 0.88) * 2, "linear": (0.8, 0.82) * 2}
        parts = [rows_of({**methods, **GRID}, name) for name in ("digits", "glass", "wine")]
        parts.append(rows_of({OURS: (ours,) * 4, "linear": (0.9,) * 4}, "line", "regression"))
        found = targets({"tabular": pd.concat(parts)})
        assert not found["verdict"].isna().any()
        verdicts.append(found.drop_duplicates("target").set_index("target")["verdict"])
    good, bad = verdicts
    for name in ("grid, the same encoding", "grid, net of other folds", "never below mlp", "glass", "rounding"):
        assert (good[name], bad[name]) == ("shown", "MISSED"), name
    assert good["line"] == bad["line"] == "MISSED"  # 4 units are none
    assert good["airfoil"] == good["rank"] == good["time / a PyTorch loop"] == "not run"


def test_a_failed_fit_is_below_every_bar() -> None:
    rows = rows_of({OURS: (0.99,) * 4, **GRID})
    rows.loc[rows["method"] == OURS, ["outcome", "score"]] = ["TypeError", np.nan]
    verdict = targets({"tabular": rows}).set_index("target")["verdict"]
    assert verdict["grid, the same encoding"] == "MISSED"


def test_rounding_is_judged_in_errors_of_the_graded_net() -> None:
    """The standard error of 4 folds of 20 rows each with .1 is .05; a loss of .1 is two of them."""
    table = rounding_table(standings(rows_of({OURS: (0.8,) * 4, "ours_graded": (0.9,) * 4, **GRID})))
    assert table["standard error"].item() == pytest.approx(0.05)
    assert table["in standard errors"].item() == pytest.approx(2.0)


def test_ranks_need_common_folds() -> None:
    rows = pd.concat(
        [rows_of({OURS: (0.9, 0.9), "mlp": (0.8, 0.8), "linear": (0.7, 0.9)}, name) for name in ("a", "b", "c")]
    )
    rows = rows[(rows["method"] != "mlp") | (rows["fold"] == 0)]
    found = ranking(standings(rows))
    assert found.ranks.loc["a"].to_dict() == {OURS: 1, "mlp": 2, "linear": 3}


def test_spread_and_times() -> None:
    births = pd.DataFrame({"task": "a", "start": [1, 1, 64, 64], "pool": 9, "width": [9.0, 11.0, 11.0, 11.0]})
    assert spreads(births.assign(outcome="ok"))["a"] == pytest.approx(1 / 10.5)
    assert spreads(births.assign(outcome="ok", width=0.0))["a"] == 0
    frame = pd.DataFrame({"what": ["fit", "engine", "torch"], "cpu": [3.0, 2.0, 6.0]})
    assert ratios(frame) == {"64 units on the engine": 1.5, "a PyTorch loop": 0.5}


def test_tables_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    numbers = "\n".join(f"{i * 7 % 40 / 4},{i * i % 17},{i * 0.5 + 0.25}" for i in range(40))
    (tmp_path / "last.csv").write_text("a,b,c\n" + numbers)
    (tmp_path / "named.CSV").write_text("target,b\n" + "\n".join(f"{'yes' if i % 3 else 'no'},{i}" for i in range(40)))
    (tmp_path / "wine.csv").write_text("a,target\n" + "\n".join(f"{i},{i % 2}" for i in range(40)))
    (tmp_path / "torn.csv").write_text("a,b\n1\n")
    (tmp_path / "few.csv").write_text("a,b\n1,2\n3,5\n")
    (tmp_path / "notes.txt").write_text("no table")
    found = catalogue.tables_of(tmp_path, ("wine",), 30, 5)
    assert {name: task.kind for name, (task, _) in found.items()} == {
        "last": "regression",
        "named": "classification",
        f"{tmp_path.name}_wine": "classification",
    }
    assert found["last"][0].feature_names == ("a", "b")
    assert found["last"][0].n == 30
    errors = capsys.readouterr().err
    assert "table torn.csv is left out" in errors
    assert "row 2" in errors
    assert "table few.csv is left out" in errors
    with pytest.raises(BadInput, match="a folder"):
        files_of(tmp_path / "none", ())


def test_cells_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("a,b\n" + "\n".join(f"{i},{i * 0.5 + 0.25}" for i in range(40)))
    config = Config(
        tasks=("wine",),
        tasks_from=tmp_path,
        folds=2,
        steps=20,
        opponents=("mlp",),
        variants=(OURS,),
        seeds=1,
        widths=(1, 2),
    )
    config.validate()
    labels = [cell.label for cell in learned_width.cells(config)]
    assert f"mine ours {plan.FIRST_SEED}" in labels
    assert not any("mine turns" in label for label in labels)
    assert "tasks_from" in config.configuration()
    assert "tasks_from" not in Config().configuration()
    assert Config(tabular=True).tables == TABLES
    cell = next(cell for cell in learned_width.cells(config) if cell.label.startswith("mine grid raw"))
    rows = learned_width.run(cell)["tabular"]
    assert set(rows["outcome"]) == {"ok"}
    assert not rows["tuned"].any()


BAD = {
    "two modes": (["--tabular", "--pools", "9"], "--tabular"),
    "no such variant": (["--tabular", "--variants", "ours", "ours_raww"], "ours_raw"),
    "no such opponent": (["--tabular", "--opponents", "forrest"], "forest"),
    "without ours": (["--tabular", "--variants", "ours_raw"], "the variant ours"),
    "no such folder": (["--tasks-from", "/nonexistent"], "tasks_from: expected a folder"),
    "no such table": (["--tabular", "--tasks", "digit"], "digits"),
    "no table": (["--tabular", "--tasks"], "tables: expected one or more"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags, words = BAD[case]
    assert main(["learned_width", *flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err
    assert words in errors
    assert "Traceback" not in errors


def test_the_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "TURNS", 2)
    monkeypatch.setattr(plan, "TIMED", ("wine",))
    monkeypatch.setattr(plan, "BORN", ("wine",))
    monkeypatch.setattr(plan, "POOLS", (9, 16))
    monkeypatch.setattr(plan, "PUBLISHED", ("line",))
    small = {"tasks": ("wine", "line"), "folds": 2, "widths": (1, 4), "steps": 20, "rows": 80, "splits": 2}
    small |= {"variants": (OURS, "ours_two_layers"), "opponents": ("mlp", "linear")}
    config = presets.config(registry.load("learned_width"), "tabular", out=tmp_path, jobs=1, **small)
    run = complete("learned_width", config)
    rows = run.tables["tabular"]
    assert set(rows["method"]) == {OURS, "ours_two_layers", "first_edition", "fixed", "mlp", "linear"}
    assert set(rows["outcome"]) == {"ok"}
    assert list(rows.columns) == list(STORED["tabular"])
    drawn = {path.stem for path in (run.folder / "figures").iterdir()}
    assert drawn >= {"scores", "critical_difference", "reliability", "path", "targets", "readings", "tasks", "parts"}
    assert drawn >= {"birth", "clock", "splits", "ranks", "methods", "calibration"}
    assert "not run" in run.report
