"""capacity_signal: its networks against closed forms and plain loops, its statistics, and a tiny run end to end."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import capacity_signal
from continuum_experiments.capacity_signal import Config, methods, readout
from continuum_experiments.capacity_signal.initial import MemberWeights, initial_weights, mirrored, start_seed
from continuum_experiments.capacity_signal.measurements import measurements
from continuum_experiments.capacity_signal.methods import EDGE, Estimate, estimates
from continuum_experiments.capacity_signal.network import Network
from continuum_experiments.capacity_signal.parametrisations import PARAMETRISATIONS, Parametrisation
from continuum_experiments.capacity_signal.predictions import predictions
from continuum_experiments.capacity_signal.ranks import integers
from continuum_experiments.capacity_signal.rows import TaskRows, rows_of
from continuum_experiments.capacity_signal.training import Schedule, curvature, fresh_gradient, running_mean, train
from continuum_experiments.capacity_signal.visibility import summary, visibility
from torch import Tensor
from torch.func import jacrev, vmap
from torch.testing import assert_close

from continuum.data import load
from continuum.exp import main
from continuum.widths import Interval
from tests.experiments.tiny import Completed, complete

NAME = "capacity_signal"
TABLES = ("results", "rises", "starts", "gains", "readout", "variants", "slopes", "saved", "lead")
WIDTH, SCHEDULE = 2, Schedule(lr=0.3, steps=6)
TINY = Config(
    tasks=("wine",),
    conditions=("noise40/rows30",),
    widths=(1, 2, 3),
    seeds=2,
    seen_widths=(1,),
    starts=3,
    gain_starts=2,
    steps=4,
    rows=30,
    fresh=4,
    lead_tasks=("wine",),
    lead_seeds=1,
    lead_steps=6,
    units=3,
    inits=2,
)


@pytest.fixture(scope="module", autouse=True)
def few_terms() -> Iterator[None]:
    """The iterative methods, which these tests only call, with few of their steps."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONJUGATE_STEPS", "TERMS", "TUNING_STEPS"):
            patch.setattr(methods, name, 2)
        yield


@pytest.fixture(scope="module")
def rows() -> dict[str, TaskRows]:
    return rows_of(load("wine"), seed=0, at_most=30)


@pytest.fixture(scope="module")
def start(rows: dict[str, TaskRows]) -> MemberWeights:
    return initial_weights(0, 3, WIDTH + 1, rows["train"])


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Completed:
    return complete(NAME, replace(TINY, out=tmp_path_factory.mktemp("runs"), jobs=1))


@pytest.fixture(scope="module")
def tables(tiny_run: Completed) -> dict[str, pd.DataFrame]:
    return tiny_run.tables


def network(rows: Mapping[str, TaskRows], name: str) -> Network:
    return Network(rows, WIDTH, PARAMETRISATIONS[name], decay=0.05)


def curve(rows: Mapping[str, TaskRows], name: str, start: MemberWeights, a: float) -> Tensor:
    gamma = torch.full((3,), WIDTH + a, dtype=torch.float64)
    return train(network(rows, name), start, gamma, SCHEDULE)[0]


def with_fresh(start: MemberWeights, factor: float) -> MemberWeights:
    scale = torch.ones(WIDTH + 1, 1, dtype=torch.float64)
    scale[-1] = factor
    return start | {"W": start["W"] * scale}


# ---- networks ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", [1.0, 0.5])
def test_gates_are_those_of_the_shipped_law(rows: dict[str, TaskRows], exponent: float) -> None:
    """To the bit, at and beside integers; and so are their slopes, one member at a time and twice differentiated."""
    model = replace(network(rows, "linear"), parametrisation=Parametrisation("", exponent))
    gamma = torch.tensor([0.3, 1.0, 2.0, 2.0 + EDGE, 2.7, 3.0], dtype=torch.float64)
    law = Interval(WIDTH + 1, gamma, exponent)
    assert_close(model.gates(gamma), law.gates().detach(), rtol=0, atol=0)
    off = gamma[[0, 3, 4]]
    slopes, curves = (vmap(jacrev(f))(off) for f in (model.gates, jacrev(model.gates)))
    a = (off - off.floor())[:, None]
    on = Interval(WIDTH + 1, off, exponent).slope("right") > 0
    assert_close(slopes, torch.where(on, exponent * a ** (exponent - 1), 0.0), rtol=1e-14, atol=0)
    assert_close(curves, torch.where(on, exponent * (exponent - 1) * a ** (exponent - 2), 0.0), rtol=1e-14, atol=0)
    with pytest.raises(AssertionError):
        assert_close(model.gates(gamma), Interval(WIDTH + 1, gamma, exponent / 2).gates().detach(), rtol=0.1, atol=0)


def test_only_the_gate_counts(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    """With one penalty and one metric, the square-root gate at a is the linear gate at sqrt(a)."""
    assert_close(curve(rows, "root", start, 0.09), curve(rows, "linear", start, 0.3), rtol=1e-12, atol=1e-12)
    with pytest.raises(AssertionError):
        assert_close(curve(rows, "penalty", start, 0.3), curve(rows, "linear", start, 0.3), rtol=1e-6, atol=1e-6)


def test_norm_metric_and_start_of_l2_are_the_square_root_gate(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    """W_k / sqrt(a) at linear gates, with decay a|W_k|^2 and steps lr / a, trains as W_k does at square-root gates."""
    root = curve(rows, "root", start, 0.25)
    assert_close(curve(rows, "both", with_fresh(start, 2.0), 0.25), root, rtol=1e-12, atol=1e-12)
    for name, factor in (("both", 1.0), ("penalty", 2.0), ("metric", 2.0)):
        with pytest.raises(AssertionError):
            assert_close(curve(rows, name, with_fresh(start, factor), 0.25), root, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["metric", "both"])
def test_metric_is_a_step_over_a(name: str, rows: dict[str, TaskRows], start: MemberWeights) -> None:
    def by_hand(divisor: float) -> Tensor:
        model, a = network(rows, name), 0.25
        plain = replace(model, parametrisation=replace(model.parametrisation, metric=False))
        gamma, weights, losses = torch.full((3,), WIDTH + a, dtype=torch.float64), dict(start), []
        lr = torch.full((WIDTH + 1, 1), SCHEDULE.lr, dtype=torch.float64)
        lr[-1] /= divisor
        for _ in range(SCHEDULE.steps + 1):
            losses.append(plain.loss(weights, gamma, "validation").detach())
            leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
            gradients = torch.autograd.grad(plain.inner(leaves, gamma).sum(), list(leaves.values()))
            steps = dict(zip(leaves, gradients, strict=True))
            weights = {n: w - (lr if n == "W" else SCHEDULE.lr) * steps[n] for n, w in leaves.items()}
        return torch.stack(losses)

    assert_close(curve(rows, name, start, 0.25), by_hand(0.25), rtol=1e-11, atol=1e-11)
    with pytest.raises(AssertionError):
        assert_close(curve(rows, name, start, 0.25), by_hand(1.0), rtol=1e-6, atol=1e-6)


def test_second_difference_at_the_start_is_the_curvature(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    a, model = 2.0**-12, network(rows, "root")
    sides = [curve(rows, "root", weights, a)[0] for weights in (start, mirrored(start))]
    difference = ((sides[0] + sides[1]) / 2 - curve(rows, "root", start, 0.0)[0]) / a
    assert_close(difference, curvature(model, start, "validation"), rtol=1e-3, atol=1e-8)
    with pytest.raises(AssertionError):
        assert_close(difference, 2 * curvature(model, start, "validation"), rtol=1e-3, atol=1e-8)


def test_pull_is_the_gradient_in_the_effective_weights(rows: dict[str, TaskRows], start: MemberWeights) -> None:
    a, model = 1e-6, network(rows, "linear")
    slope = (curve(rows, "linear", start, a)[0] - curve(rows, "linear", start, 0.0)[0]) / a
    claimed = (fresh_gradient(model, start, "validation") * start["W"][:, -1]).sum(-1)
    assert_close(slope, claimed, rtol=1e-4, atol=1e-7)
    with pytest.raises(AssertionError):
        assert_close(slope, (fresh_gradient(model, start, "train") * start["W"][:, -1]).sum(-1), rtol=1e-2, atol=1e-4)


def test_running_mean_is_trapezoidal() -> None:
    values = torch.tensor([[4.0], [2.0], [1.0]], dtype=torch.float64)
    assert running_mean(values).flatten().tolist() == [4.0, 3.0, 2.25]


# ---- methods -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def answers(rows: dict[str, TaskRows], start: MemberWeights) -> dict[str, list[dict[str, Estimate]]]:
    names = ("linear", "root", "metric", "both")
    return {g: [estimates(network(rows, g), w, SCHEDULE) for w in (start, mirrored(start))] for g in names}


@pytest.mark.parametrize("name", ["linear", "metric", "both"])
def test_unrolled_is_the_slope_of_the_trained_loss(
    name: str, rows: dict[str, TaskRows], start: MemberWeights, answers: dict[str, list[dict[str, Estimate]]]
) -> None:
    slope = (curve(rows, name, start, EDGE)[-1] - curve(rows, name, start, 0.0)[-1]) / EDGE
    unrolled = answers[name][0]["unrolled"]
    assert_close(unrolled.total, slope, rtol=1e-3, atol=1e-6)
    with pytest.raises(AssertionError):
        assert_close(unrolled.direct, slope, rtol=1e-2, atol=1e-4)


def test_a_mirrored_pair_is_silent_under_the_linear_gate_and_kappa_under_the_square_root(
    rows: dict[str, TaskRows], start: MemberWeights, answers: dict[str, list[dict[str, Estimate]]]
) -> None:
    pair = {g: (two[0]["unrolled"].total + two[1]["unrolled"].total) / 2 for g, two in answers.items()}
    assert pair["linear"].abs().max() < 1e-4 * answers["linear"][0]["unrolled"].total.abs().max()
    a = 2.0**-14
    sides = sum(curve(rows, "root", weights, a)[-1] for weights in (start, mirrored(start))) / 2
    assert_close(pair["root"], (sides - curve(rows, "root", start, 0.0)[-1]) / a, rtol=2e-3, atol=1e-6)
    with pytest.raises(AssertionError):  # one start alone
        assert_close(answers["root"][0]["unrolled"].total, pair["root"], rtol=0.5, atol=0.5)


def test_prices(answers: dict[str, list[dict[str, Estimate]]]) -> None:
    price = {method: estimate.gradients for method, estimate in answers["linear"][0].items()}
    steps = SCHEDULE.steps
    assert price["direct"] == price["immediate"] == steps + 1
    assert price["difference"] == 2 * steps
    assert price["unrolled"] == 5 * steps - 1


# ---- optimal readouts ----------------------------------------------------------------------------------------


def test_variance_carries_the_slope(rows: dict[str, TaskRows]) -> None:
    """-2 decay V'(k+) is |G|^2 at the inner optimum, and nowhere else."""
    columns, targets = readout.features(rows, WIDTH, 5, seed=0)
    x, y = columns["train"], targets["train"]
    best = readout.optimum(readout.gated(x, 0.0, 0.5), y, 0.05)

    def size(part: float) -> Tensor:
        residual = readout.gated(x, 0.0, 0.5) @ (part * best) - y
        return (torch.einsum("fn,fnc->fc", x[..., -1], residual) / len(y)).square().sum(-1)

    claimed = -2 * 0.05 * readout.slope(x, y, 0.05)
    assert_close(size(1.0), claimed, rtol=1e-3, atol=1e-8)
    with pytest.raises(AssertionError):
        assert_close(size(0.5), claimed, rtol=1e-1, atol=1e-8)


def test_implicit_total_is_the_slope_of_the_solved_validation_loss(rows: dict[str, TaskRows]) -> None:
    columns, targets = readout.features(rows, WIDTH, 5, seed=0)

    def outer(a: float) -> Tensor:
        best = readout.optimum(readout.gated(columns["train"], a, 0.5), targets["train"], 0.05)
        error = readout.gated(columns["validation"], a, 0.5) @ best - targets["validation"]
        return error.square().sum((-1, -2)) / (2 * len(targets["validation"]))

    h = 2.0**-12
    slope = (4 * outer(h / 2) - outer(h) - 3 * outer(0.0)) / h
    hypergradients = readout.hypergradients(columns, targets, 0.05)
    assert_close(hypergradients["total"], slope, rtol=1e-4, atol=1e-6)
    with pytest.raises(AssertionError):
        assert_close(hypergradients["direct"], slope, rtol=1e-1, atol=1e-4)


def test_descent_in_the_eigenbasis_is_descent(rows: dict[str, TaskRows]) -> None:
    columns, targets = readout.features(rows, WIDTH, 2, seed=0)
    x, y = readout.gated(columns["train"], 0.0, 1.0), targets["train"]
    lr, initial = torch.tensor([0.2, 0.3], dtype=torch.float64), torch.ones(WIDTH + 1, y.shape[1], dtype=torch.float64)
    weights = initial.expand(2, -1, -1)
    for _ in range(7):
        weights = weights - lr[:, None, None] * (x.mT @ (x @ weights - y)) / len(y)
    assert_close(readout.descended(x, y, initial, lr, 7), x @ weights - y, rtol=1e-10, atol=1e-10)
    with pytest.raises(AssertionError):
        assert_close(readout.descended(x, y, initial, lr, 8), x @ weights - y, rtol=1e-6, atol=1e-6)


# ---- the run -------------------------------------------------------------------------------------------------


def test_identities_on_a_tiny_run_and_on_a_falsified_one(tables: dict[str, pd.DataFrame]) -> None:
    names = ["kappa_0 / (E<c, F''c>/2)", "C_1 slope / (-lr <G_1, G_0>), metric"]
    assert np.allclose(measurements(tables).set_index("claim").loc[names, "measured"], 1.0, rtol=1e-2)
    starts = tables["starts"]
    wrong = {"starts": starts.assign(curvature=2 * starts["curvature"], first_step=-starts["first_step"])}
    falsified = measurements({**tables, **wrong}).set_index("claim")
    assert (np.abs(falsified.loc[names, "measured"] - 1) > 0.1).all()


def test_few_data_decide_nothing(tables: dict[str, pd.DataFrame]) -> None:
    """One data source and six coins: no verdict, where a test of exact agreement would have found nothing wrong."""
    assert (predictions(tables)["verdict"] == "undecided").all()


def test_silence_does_not_say_that_a_unit_helps(tables: dict[str, pd.DataFrame]) -> None:
    frame = visibility(tables)
    silent = frame[(frame["geometry"] == "linear") & (frame["method"] == "unrolled")]
    assert silent["silent"].all()
    assert not silent["says"].any()
    assert not silent["right"].any()
    assert np.isinf(silent["needed"]).all()


def test_scores_stand_beside_what_a_constant_gets(tables: dict[str, pd.DataFrame]) -> None:
    gains = tables["gains"]
    for harmful in (0.25, 0.5):  # of the integers of all methods
        cells = sorted(set(zip(gains["task"], gains["seed"], strict=True)))
        bad = {cell for cell in cells if "noise" in cell[0]} if harmful == 0.5 else set()
        sign = [1.0 if (task, seed) in bad else -1.0 for task, seed in zip(gains["task"], gains["seed"], strict=True)]
        table = summary({**tables, "gains": gains.assign(gain=sign)}).set_index(["geometry", "method"])
        yes = table.loc[("none", "always yes")]
        if harmful == 0.5:
            assert (yes["base_rate"], yes["right"], yes["balanced"], yes["right_harmful"]) == (0.5, 0.5, 0.5, 0.0)
        else:
            assert (yes["base_rate"], yes["right"]) == (1.0, 1.0)
            assert np.isnan(yes["balanced"])


def test_gains_share_no_start_with_what_is_said(tables: dict[str, pd.DataFrame]) -> None:
    assert len({start_seed("wine", 0, use) for use in ("methods", "gain")}) == 2
    frame = integers(tables)
    assert set(frame["data"]) == {"wine"}
    assert frame["scope"].nunique() == 2
    assert len(frame) == 3 * 2 + 1


def test_a_run_writes_everything_and_resumes_to_the_same_rows(tiny_run: Completed, monkeypatch) -> None:
    assert "who sees capacity" in tiny_run.report
    names = {path.name for path in (tiny_run.folder / "figures").iterdir()}
    assert {
        f"{n}.{kind}"
        for n in ("seen", "ranks", "kappa", "orders", "carrier", "kinks", "lead")
        for kind in ("png", "pdf")
    } <= names
    assert {
        f"{n}.{kind}"
        for n in ("predictions", "measured", "ranks", "seen", "kinks", "kinks_seen")
        for kind in ("csv", "md")
    } <= names
    tables = [tiny_run.folder / f"{table}.parquet" for table in TABLES]
    before = [path.read_bytes() for path in tables]
    next(tiny_run.folder.glob("cells/*/cell.json")).unlink()
    monkeypatch.setattr(capacity_signal, "draw", lambda tables, folder: [])
    assert f"{len(capacity_signal.cells(TINY))} cells" in (again := complete(NAME, tiny_run.config)).notes
    assert "1 to compute" in again.notes
    assert [path.read_bytes() for path in tables] == before


BAD = {
    "task": ("--tasks", "irs", "iris"),
    "width": ("--widths", "0", "widths: expected an integer >= 1"),
    "parametrisation": ("--parametrisations", "cubic", "linear"),
    "starts": ("--starts", "1", "starts: expected an integer >= 2"),
    "decay": ("--decay", "0", "decay"),
    "activation": ("--activation", "relo", "relu"),
    "condition": ("--conditions", "noise400", "expected NAME"),
    "seen": ("--seen-widths", "4", "no width that widths lacks"),
    "twice": ("--lead-tasks", "iris iris", "drop the repeated"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_code_2_and_one_line(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flag, value, words = BAD[case]
    assert main(["capacity_signal", flag, *value.split(), "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert len(errors.splitlines()) == 1
