"""recruitment: its arms, its statistics, and a whole run; the rules have a file of their own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import recruitment
from continuum_experiments.recruitment import Config
from continuum_experiments.recruitment.arms import BELOW, LEARNING_RATES, METHODS, arms
from continuum_experiments.recruitment.estimates import differences, measured, needed_widths
from continuum_experiments.recruitment.estimates import recruitment as recruited
from continuum_experiments.recruitment.estimates import tasks as by_tasks
from continuum_experiments.recruitment.predictions import ADAPTIVE, verdicts
from continuum_experiments.recruitment.tasks import Examples, examples, teacher_units

from continuum.exp import main, presets, registry
from tests.experiments.tiny import Completed, complete


def test_arms_are_matched() -> None:
    config = Config()
    chosen = arms(config.methods, config.optimizers, config.gamma_lr, config.widths, config.above, config.prices)
    assert len(set(chosen)) == len(chosen)
    settings = [
        {(a.optimizer, a.gamma_lr, a.batch, a.features, a.start, a.price) for a in chosen if a.method == method}
        for method in config.methods
    ]
    assert all(others == settings[0] for others in settings)
    surroundings = {(a.optimizer, a.batch, a.features) for a in chosen if a.method == "fixed"}
    assert {(s[0], s[2], s[3]) for s in settings[0]} == surroundings


def test_teachers() -> None:
    assert (teacher_units("teacher_4"), teacher_units("digits")) == (4, None)
    data: Examples = examples("wine", 0, 30, torch.float32)
    assert (data.outputs, data.inputs, len(data.train.x)) == (3, 13, 30)
    assert torch.equal(data.train.x[:, -1], torch.ones(30))


def made_up(ratio: float, tasks: int = 4) -> pd.DataFrame:
    """Results in which every method is ``ratio`` as wide as linear gates, with a little spread over tasks."""
    chosen = arms(METHODS, tuple(LEARNING_RATES), (0.1, 0.5, 2.5), (1, 4, 16), 16.0, (0.002, 0.01))
    frames = []
    for task in range(tasks):
        frame = pd.DataFrame([vars(a) for a in chosen])
        wide = np.where(frame["method"] == "linear", 1.0, ratio * np.exp(0.02 * (task % 3 - 1)))
        width = np.where(frame["method"] == "fixed", frame["start"], 4.0 * wide)
        objective = np.where(frame["start"] == 4, 0.1, 0.5)
        frame = frame.assign(width=width, score=0.8 + 0.02 * np.log(width), objective=objective, drift=0.0)
        frames.append(frame.assign(task=str(task), seed=0, teacher=8.0 if task else np.nan))
    return pd.concat(frames, ignore_index=True)


def test_ratios_gaps_and_needed_widths() -> None:
    runs = measured(made_up(1.5, tasks=3))
    assert set(runs["needed"]) == {4.0}
    pairs = differences(runs, "square_root", "linear")
    assert len(pairs) == (runs["method"] == "linear").sum()
    assert float(pairs["width_ratio"].mean()) == pytest.approx(np.log(1.5), rel=1e-9)
    assert float(runs["score_gap"].abs().max()) < 1e-12  # the score is that of the grid at every width
    assert float(runs.loc[runs["start"] == BELOW, "start_ratio"].iloc[0]) == pytest.approx(np.log(BELOW / 4))
    below = recruited(runs).set_index(["regime", "method"]).loc[("from below", "square_root")]
    assert below["width_teacher"] == pytest.approx(4 * 1.5 / 8, rel=0.03)  # of two tasks
    assert below["width_needed"] == pytest.approx(1.5, rel=0.03)
    assert below["start_needed"] == pytest.approx(BELOW / 4, rel=1e-9)
    each = by_tasks(runs)
    assert set(each["task"]) == {"0", "1", "2"}
    wide = each[each["method"] == "square_root"].sort_values("task")
    assert np.allclose(wide["ratio"], 1.5 * np.exp([-0.02, 0.0, 0.02]))  # what was put in, task by task
    dear = needed_widths(made_up(1.0).assign(objective=lambda f: 1 / f["start"]), 1.0)
    assert set(dear["needed"]) == {1.0}


def test_verdicts_can_go_all_ways() -> None:
    wide, same, narrow = (verdicts(measured(made_up(ratio))).set_index("claim") for ratio in (1.5, 1.0, 0.7))
    claim, equality = "square-root gates end wider", "from above geometry is not seen"
    assert [table.loc[claim, "verdict"] for table in (wide, same, narrow)] == ["shown", "refuted", "refuted"]
    assert [table.loc[equality, "verdict"] for table in (wide, same, narrow)] == ["refuted", "shown", "refuted"]
    alone = verdicts(measured(made_up(1.5, tasks=1)))
    assert set(alone["verdict"]) == {"undecided"}


def test_gamma_by_adam_has_predictions_and_a_name_of_its_own() -> None:
    assert "gamma_optimizer" not in Config().configuration()
    assert Config(gamma_optimizer="adam").configuration()["gamma_optimizer"] == "adam"
    claims = verdicts(measured(made_up(1.5, tasks=2)).assign(gamma_optimizer="adam"))["claim"]
    assert list(claims) == [prediction.claim for prediction in ADAPTIVE]


SMALL = Config(
    tasks=("teacher_2", "wine"),
    optimizers=("gd",),
    gamma_lr=(0.5,),
    widths=(1, 4),
    units=6,
    above=5.0,
    steps=12,
    rows=24,
    batch=8,
    jobs=1,
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Completed:
    """A whole run of a tiny configuration."""
    return complete("recruitment", replace(SMALL, out=tmp_path_factory.mktemp("runs")))


def test_the_whole_run(run: Completed) -> None:
    results = run.tables["results"]
    assert set(results["task"]) == {"teacher_2", "wine"}
    assert results["width"].between(0, 6).all()
    assert results[["loss", "score", "objective"]].notna().all().all()
    assert set(run.tables["paths"]["method"]) == set(METHODS)
    assert {path.stem for path in (run.folder / "figures").iterdir()} >= {"ratios", "needed", "paths", "predictions"}
    assert "predictions" in run.report


def test_a_cell_gives_the_same_rows_again(run: Completed) -> None:
    cell = recruitment.cells(SMALL)[0]
    again = recruitment.run(cell)["results"]
    first = run.tables["results"]
    first = first[first["task"] == cell.settings["task"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(first[list(again)], again, check_exact=True)


BAD = {
    "method": (["--methods", "lineer"], "linear"),
    "task": (["--tasks", "teacher_x"], "teacher_K"),
    "no such task": (["--tasks", "digit"], "digits"),
    "widths": (["--widths", "40"], "raise --units"),
    "no width": (["--widths", "0", "1"], "change --widths"),
    "price": (["--prices", "-1"], "prices"),
    "twice": (["--seeds", "1", "1"], "each once"),
    "above": (["--above", "99"], "raise --units"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags, words = BAD[case]
    assert main(["recruitment", *flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_the_least_price_and_the_middle_rate_are_those_of_all_settings():
    chosen = arms(METHODS, ("gd",), (2.5, 0.1, 0.5), (1,), 24.0, (0.01, 0.002))
    assert {arm.gamma_lr for arm in chosen if arm.price == 0.01} == {0.5}
    assert {arm.price for arm in chosen if arm.start == 24.0} == {0.002}


def test_the_quick_preset_and_changes_of_it() -> None:
    config = presets.config(registry.load("recruitment"), "quick", seeds=(7,))
    assert [cell.label for cell in recruitment.cells(config)] == ["teacher_4 seed 7", "two_spirals seed 7"]
