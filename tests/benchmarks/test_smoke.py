"""The baselines compute the right thing, and the table says which rows miss their target."""

import dataclasses
from functools import cache

import numpy as np
import pytest
import torch
from rich.console import Console
from torch.testing import assert_close

from benchmarks import __main__ as program
from benchmarks import launch, report, timing
from benchmarks.rows import MODULES, ROWS, Measured, Row
from benchmarks.separate_widths import separate_curve
from benchmarks.sklearn_loop import fit
from benchmarks.timing import Work
from benchmarks.torch_loop import TorchLoop
from benchmarks.vmap_ensemble import Loss, VmapEnsemble, batch_major, unit_major
from continuum.data import Part
from continuum.ensemble import Member, Settings, Stream, train
from continuum.ensemble.initial import initial
from continuum.ensemble.slicing import slice_curve

#: 150 rows in batches of 64: three steps per epoch, the last of them short.
SETTINGS = Settings(units=8, activation="relu", batch=64, epochs=1)
CLOSE = {"rtol": 0.0, "atol": 1e-4}


@cache
def stream(seed: int) -> Stream:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((150, 5))
    return Stream(seed, "classification", 3, Part(x, np.digitize(x[:, 0] + x[:, 1] ** 2, [0.0, 1.0])))


@pytest.mark.parametrize("loss", [batch_major, unit_major])
def test_vmap_trains_the_engines_networks(loss: Loss) -> None:
    members = [Member(gamma, stream=s, init=s) for s in range(2) for gamma in (1.0, 2.5, 7.75, 8.0)]
    ensemble = VmapEnsemble([stream(0), stream(1)], members, SETTINGS, loss)
    ensemble.epoch(0)
    trained = train([stream(0), stream(1)], members, SETTINGS)
    stacked = [values.flatten(0, 1) for values in ensemble.parameters]
    for number in range(len(members)):
        w1, b1, w2, b2 = (values[number] for values in stacked)
        first, _, gate, last = trained.network(number)
        rows = gate.width.units  # the engine does not compute units that are off
        for baseline, ours in zip((w1[:rows], b1[:rows], w2[:rows].T, b2), parameters(first, last), strict=True):
            assert_close(baseline.data, ours, **CLOSE)


@pytest.mark.parametrize("fused", [False, True])
def test_loop_trains_the_engines_network(fused: bool) -> None:
    loop = TorchLoop(stream(3), 4, SETTINGS, lr=1e-2, fused=fused)
    loop.epoch(0)
    first, _, _, last = train([stream(3)], [Member(4.0, init=3)], SETTINGS).network(0)
    w1, b1, w2, b2 = parameters(first, last)
    for baseline, ours in zip(loop.network.parameters(), (w1[:4], b1[:4], w2[:, :4], b2), strict=True):
        assert_close(baseline.data, ours, **CLOSE)


def parameters(*layers: torch.nn.Module) -> list[torch.Tensor]:
    return [values.data for layer in layers for values in (layer.weight, layer.bias)]


def test_sklearn_runs_all_epochs() -> None:
    model = fit(stream(0), 4, dataclasses.replace(SETTINGS, epochs=30), lr=1e-2)
    assert model.n_iter_ == 30
    assert model.t_ == 30 * 150
    assert model.coefs_[0].dtype == np.float32
    assert model.coefs_[0].shape == (5, 4)


def test_separate_widths_equal_the_slice() -> None:
    data = stream(0).train
    x, labels = torch.tensor(data.x, dtype=torch.float32), torch.tensor(data.y)
    first, last = ((w.float(), b.float()) for w, b in initial(Member(8.0), SETTINGS, inputs=5, outputs=3))
    gammas = torch.arange(1, 65) / 8
    hidden = torch.relu(x @ first[0].T + first[1])
    target = torch.nn.functional.one_hot(labels, 3).float()
    loss, accuracy = slice_curve(hidden, *last, target, gammas, "classification")
    expected_loss, expected_accuracy = separate_curve(x, labels, first, last, gammas)
    assert_close(loss, expected_loss, rtol=0, atol=1e-6)
    assert_close(accuracy, expected_accuracy, rtol=0, atol=1e-12)


def test_works_take_turns() -> None:
    turns, now = [], iter(range(100))
    works = {name: Work(lambda name=name: turns.append(name), amount=3) for name in "ab"}
    speeds = timing.rates(works, 2, clock=lambda: float(next(now)))
    assert turns == ["a", "b", "a", "b", "b", "a"]
    assert [values.tolist() for values in speeds.values()] == [[3.0, 3.0], [3.0, 3.0]]


def test_every_row_has_a_module_and_a_name_on_the_command_line() -> None:
    assert {row.name for row in ROWS} == set(MODULES) == set(program.Name.__args__)


def test_table_marks_what_misses_its_target(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def fake(module: str, wanted: dict, quick: bool, setting: launch.Setting) -> list[Measured]:
        assert "OPENBLAS_CORETYPE" not in setting.environment or setting.pinned
        if module == "slices":
            return []
        return [Measured("loop", task, 40.0, 39.0, 41.0, 2.0, 1.0) for task in wanted]

    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setattr(program, "launch", fake)
    program.main(["--only", "loop", "slice", "--quick"])
    lines = capsys.readouterr().out.splitlines()
    (digits,) = [line for line in lines if "(loop)" in line and "digits" in line]
    assert "40x (39 - 41) ok" in digits  # as found, the lower target holds
    assert "40x (39 - 41) MISSED" in digits
    (missing,) = [line for line in lines if "(slice)" in line]
    assert missing.count("not measured") == 2


def test_a_child_that_fails_is_reported(capfd: pytest.CaptureFixture) -> None:
    (setting,) = launch.settings({})  # no PATH, no such module: the child fails
    (measured,) = launch.launch("no_such_module", {"digits": ["loop"]}, True, setting)
    assert np.isnan(measured.value)
    assert "ModuleNotFoundError" in capfd.readouterr().err
    table = report.table([ROWS[0]], [setting], {"unset": [measured]})
    assert "failed" in str(list(table.columns[-1].cells))


def test_an_upper_bound_is_missed_from_above() -> None:
    row = Row("memory", "digits", "peak", target=2, pinned=2, at_most=True, unit=" GB")
    settings = launch.settings({})
    console = Console(width=120)
    for value, mark in ((1.0, "ok"), (3.0, "MISSED")):
        results = {"unset": [Measured("memory", "digits", value, value, value, value, 0.1)]}
        with console.capture() as capture:
            console.print(report.table([row], settings, results))
        assert f"{value:g} GB {mark}" in capture.get()
