import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import soft_vs_fuzzy
from continuum_experiments.soft_vs_fuzzy import Config, measurements
from continuum_experiments.soft_vs_fuzzy.fresh_unit import immediate_gradients
from continuum_experiments.soft_vs_fuzzy.methods import (
    METHODS,
    Method,
    build,
    learned_parameters,
    method_of,
    priced_width,
    width_slope,
)
from continuum_experiments.soft_vs_fuzzy.predictions import estimates, verdicts
from continuum_experiments.soft_vs_fuzzy.problems import Networks, Readout, readout_moments
from continuum_experiments.soft_vs_fuzzy.tasks import taught, teacher_width
from continuum_experiments.soft_vs_fuzzy.theory import (
    FINE,
    first_minima,
    predicted_ends,
    prefix_values,
    soft_values,
    unordered,
)
from continuum_experiments.soft_vs_fuzzy.trained import gates, needed_widths, networks, ratios
from continuum_experiments.soft_vs_fuzzy.training import Recipe, objective, train
from rich.console import Console
from torch.testing import assert_close

from continuum.exp import main, presets, registry
from continuum.exp.runner import execute
from continuum.exp.store import RunFolder
from continuum.exp.tables import decode

UNITS, DECAY = 5, 0.2
LAWS = ("interval/root", "bernoulli/l2")
SMALL = Config(
    laws=LAWS,
    tasks=("teacher_2",),
    needed=(1, 3),
    units=6,
    seeds=2,
    adam_seeds=2,
    network_seeds=2,
    steps=40,
    network_steps=12,
    jobs=1,
)


def problem(members: int = 2, units: int = UNITS) -> Readout:
    drawn = [readout_moments(2, units, 200, seed, shuffled=bool(seed), dtype=torch.float64) for seed in (0, 1)]
    moments, cross_moments, constant = (torch.stack(parts) for parts in zip(*drawn, strict=True))
    weights = torch.zeros(2, members, units, 1, dtype=torch.float64, requires_grad=True)
    return Readout(moments, cross_moments, constant, weights, [])


def optimum(readouts: Readout, which: int, gates: torch.Tensor) -> float:
    """Least loss + decay behind fixed gates, from the normal equations."""
    scaled = gates.unsqueeze(-1) * readouts.moments[which] * gates + DECAY * torch.eye(len(gates), dtype=gates.dtype)
    b = gates * readouts.cross_moments[which]
    return float(readouts.constant[which] - b @ torch.linalg.solve(scaled, b) / 2)


def test_moments_are_those_of_the_rows() -> None:
    moments, cross_moments, constant = readout_moments(2, UNITS, 50, 3, shuffled=False, dtype=torch.float64)
    rng = np.random.default_rng([3, 2, UNITS])
    features = np.tanh(1.5 * rng.standard_normal((50, UNITS)))
    target = features[:, :2] @ rng.choice([-1.0, 1.0], size=2) + 0.1 * rng.standard_normal(50)
    weights = torch.tensor([[0.3, -1.0, 0.0, 2.0, 0.5]], dtype=torch.float64)
    one = Readout(moments[None], cross_moments[None], constant[None], weights[None, ..., None], [])
    gates = torch.tensor([[[1.0, 0.5, 1.0, 0.25, 0.0]]], dtype=torch.float64)
    plain = ((features @ (gates[0, 0] * weights[0]).numpy() - target) ** 2).mean() / 2
    assert float(one.loss(gates)) == pytest.approx(plain, rel=1e-12)
    with pytest.raises(AssertionError):
        assert float(one.loss(gates.square())) == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("linear", [True, False])
def test_prefix_values_are_least_losses(linear: bool) -> None:
    readouts = problem()
    values = prefix_values(readouts, DECAY, linear=linear)
    for which, width in itertools.product((0, 1), (0.0, 0.5, 1.0, 2.25, 4.75, 5.0)):
        gates = (width - torch.arange(UNITS, dtype=torch.float64)).clamp(0, 1)
        expected = optimum(readouts, which, gates.sqrt() if linear else gates)
        assert float(values[which, round(width * FINE)]) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(AssertionError):
        assert_close(prefix_values(readouts, DECAY, linear=not linear), values)


def test_soft_values_are_least_losses() -> None:
    readouts = problem()
    law = build(Method("soft", "l2"), UNITS, torch.tensor(2.5, dtype=torch.float64), kappa=8.0, temperature=1.0)
    expected = optimum(readouts, 1, law.gates().detach().sqrt())
    assert float(soft_values(readouts, DECAY, 8.0, True)[1, 40]) == pytest.approx(expected, rel=1e-12)


def test_descent_stops_at_the_first_minimum() -> None:
    values = torch.tensor([[3.0, 1.0, 2.0, 0.0, 1.0, 0.5]])
    ends = first_minima(values, 1, torch.tensor([0.0] * 5), torch.tensor([0.0, 1.0, 2.0, 4.0, 5.0]).expand(1, 5))
    assert ends.tolist() == [[1.0, 1.0, 3.0, 5.0, 5.0]]
    priced = first_minima(values, 1, torch.tensor([10.0]), torch.tensor([[4.0]]))
    assert priced.tolist() == [[0.0]]  # a price above every gain leaves nothing


@pytest.mark.parametrize("sampled", [False, True])
def test_unordered_optimum_is_where_training_the_expected_loss_ends(sampled: bool) -> None:
    """Descent on grades and weights, with the variance of independent gates written out by enumeration."""
    readouts, price = problem(1), torch.tensor([0.08], dtype=torch.float64)
    grades = torch.full((2, UNITS), 0.5, dtype=torch.float64, requires_grad=True)
    weights = torch.full((2, UNITS), 0.1, dtype=torch.float64, requires_grad=True)
    masks = torch.tensor(list(itertools.product((0.0, 1.0), repeat=UNITS)), dtype=torch.float64)
    for _ in range(800):
        total = expected_loss(readouts, grades, weights, masks if sampled else None)
        total = total + (DECAY / 2 * grades * weights.square() + 0.08 * grades).sum(-1)
        slopes = torch.autograd.grad(total.sum(), (grades, weights))
        with torch.no_grad():
            grades.sub_(0.3 * slopes[0]).clamp_(1e-4, 1)
            weights.sub_(0.5 * slopes[1] / grades)
    reached = grades.detach().sum(-1)
    assert_close(unordered(readouts, DECAY, price, sampled=sampled)[:, 0], reached, rtol=0, atol=2e-3)
    with pytest.raises(AssertionError):
        assert_close(unordered(readouts, DECAY, price, sampled=not sampled)[:, 0], reached, rtol=0, atol=2e-3)


def expected_loss(
    readouts: Readout, grades: torch.Tensor, weights: torch.Tensor, masks: torch.Tensor | None
) -> torch.Tensor:
    def loss(gates: torch.Tensor) -> torch.Tensor:
        v = gates * weights.unsqueeze(1)
        return (v * (v @ readouts.moments / 2 - readouts.cross_moments.unsqueeze(1))).sum(-1)

    if masks is None:
        return loss(grades.unsqueeze(1)).squeeze(1)
    chances = torch.where(masks.bool(), grades.unsqueeze(1), 1 - grades.unsqueeze(1)).prod(-1)
    return (chances * loss(masks.expand(2, -1, -1))).sum(-1)


def test_linear_mask_is_pinned_and_the_root_mask_is_not() -> None:
    price, start = torch.tensor([0.03], dtype=torch.float64), torch.tensor([0.5], dtype=torch.float64)
    ends = {
        m: predicted_ends(Method("interval", m), problem(1), DECAY, price, start, ())
        for m in ("euclidean", "root", "l2")
    }
    assert float(ends["euclidean"][0, 0]) == 1.0
    assert float(ends["root"][0, 0]) == 2.0
    assert_close(ends["root"], ends["l2"])


def test_training_ends_where_theory_says() -> None:
    price, start = torch.tensor([0.03, 0.08], dtype=torch.float64), torch.tensor([1.5, 1.5], dtype=torch.float64)
    recipe = Recipe(400, 15, "gd", 0.5, 0.3, DECAY, (4.0, 200.0))
    for method in (Method("interval", "l2"), Method("fuzzy", "l2")):
        readouts = problem()
        law = build(method, UNITS, start.expand(2, -1).clone(), kappa=10.0, temperature=0.5)
        trajectory = train(readouts, law, method, price, recipe, torch.Generator())
        expected = predicted_ends(method, readouts, DECAY, price, start, ())
        assert_close(trajectory.mean("widths", 0.9), expected, rtol=0, atol=0.05)


@pytest.mark.parametrize("name", [method.name for method in METHODS])
def test_every_method_starts_at_its_width_and_moves(name: str) -> None:
    method, readouts = method_of(name), problem()
    start = torch.tensor([[1.5, 3.5], [1.5, 3.5]], dtype=torch.float64)
    law = build(method, UNITS, start, kappa=50.0, temperature=0.5)
    assert_close(priced_width(law, law.expected_gates()), start, rtol=0, atol=0.02)
    with torch.no_grad():
        readouts.readout += 0.1
    price = torch.tensor([0.1, 0.1], dtype=torch.float64)
    _, total = objective(readouts, law, method, price, DECAY, torch.Generator().manual_seed(0))
    slopes = torch.autograd.grad(total.sum(), learned_parameters(law))
    assert all(bool(slope.isfinite().all()) and float(slope.abs().sum()) > 0 for slope in slopes)


def test_slope_in_the_width_of_the_concrete_law() -> None:
    """Of the width itself it is 1, and it is linear in the loss."""
    law = build(Method("concrete", "l2"), 4, torch.tensor([1.5, 2.5]), kappa=1.0, temperature=0.5)
    width = law.expected_gates().sum(-1)
    assert_close(width_slope(law, 3 * width, width), torch.full((2,), 3.0))


def test_networks_agree_with_a_plain_one() -> None:
    streams = [taught(2, seed, 20) for seed in (0, 1)]
    nets = Networks(streams, 3, 4, batch=8, seed=0)
    gates = torch.rand(2, 3, 4)
    losses = nets.whole().loss(gates)
    weights = nets.incoming.reshape(2, 9, 3, 4)[1, :, 2]
    hidden = (nets.train[0][1] @ weights[:-1] + weights[-1]).tanh() * gates[1, 2]
    expected = (hidden @ nets.readout[1, 2] - nets.train[1][1].unsqueeze(-1)).square().mean() / 2
    assert_close(losses[1, 2], expected)
    with pytest.raises(AssertionError):
        assert_close(losses[1, 1], expected)


def test_fresh_units() -> None:
    """The statistic sees a wrong factor: with 4000 draws a tenth of |c|^2 is more than 5 standard errors."""
    frame = immediate_gradients(needed=2, units=4, draws=4000, seed=1).set_index("case")
    assert (frame["off"].abs() < 4 * frame["error"]).all()
    assert (frame["error"] < 0.03).all()
    assert abs(frame.loc["bernoulli, exact", "measured"] - 0) > 5 * frame.loc["bernoulli, exact", "error"]


def readout_rows(law: str, right: int, problems: int = 64) -> pd.DataFrame:
    """Two members a problem; the first ``right`` problems end as predicted, of the others one member."""
    problem, member = np.divmod(np.arange(2 * problems), 2)
    keys = {"stage": "readout", "law": law, "order": "first", "price": 0.1, "needed": 4.0}
    width = np.where((problem < right) | (member == 0), 4.4, 5.0)
    starts = np.where(member == 0, 24.5, 1.5)
    return pd.DataFrame({**keys, "seed": problem, "start": starts, "width": width, "predicted": 4.0})


def test_verdicts_are_over_problems() -> None:
    parts = [readout_rows("good", 62), readout_rows("near", 60), readout_rows("bad", 48), readout_rows("few", 16, 16)]
    tested = verdicts(pd.concat(parts, ignore_index=True)).set_index("law")
    assert tested["outcome"].to_dict() == {"good": "shown", "near": "undecided", "bad": "refuted", "few": "undecided"}
    assert tested.loc["bad", ["n", "measured", "below", "above"]].tolist() == [64, 0.75, 0.75, 1.0]
    assert tested.loc["few", "power"] == 0.0  # sixteen of sixteen show nothing, and could not
    assert tested.loc["good", "nearly"] == pytest.approx(0.70, abs=0.005)


def test_the_fresh_slope_pools_its_problems() -> None:
    def fresh(off: float) -> pd.DataFrame:
        columns = {"stage": "fresh", "case": f"off by {off}", "predicted": 0.5, "error": 0.006, "draws": 9}
        return pd.DataFrame({**columns, "off": [off + 0.004, off - 0.004]})

    tested = verdicts(pd.concat([readout_rows("good", 62), fresh(0.0), fresh(0.03)], ignore_index=True))
    _, exact, biased = tested.itertuples()
    assert (exact.n, exact.measured) == (18, 0.5)
    assert exact.high - exact.low == pytest.approx(2 * 1.96 * 0.006 / 2**0.5, rel=1e-3)
    assert (exact.outcome, biased.outcome) == ("shown", "refuted")


def test_estimates_are_of_single_settings() -> None:
    table = estimates(readout_rows("bad", 48)).set_index("start")
    assert table.loc[1.5, ["n", "measured", "width"]].tolist() == [64, 0.75, pytest.approx(4.55)]
    assert table.loc[24.5, "measured"] == 1.0


def test_the_null_of_the_gate_is_paired_and_over_tasks() -> None:
    """Equal gates are shown, a factor of 1.5 is refuted; seeds of a task do not count as tasks."""
    random = np.random.default_rng(0)
    keys = [(task, seed, start) for task in "abcdef" for seed in range(3) for start in (1.5, 24.5)]
    plain = pd.DataFrame(keys, columns=["task", "seed", "start"]).assign(stage="network", price=0.1, needed=4.0)
    plain = plain.assign(
        law="interval/euclidean", width=4 * np.exp(random.standard_normal(36)), score=0.9, objective=1.0
    )
    noise = np.exp(0.1 * random.standard_normal(36))
    same = plain.assign(law="interval/l2", width=plain["width"] * noise)
    wider = plain.assign(law="interval/root", width=1.5 * plain["width"] * noise, score=0.95)
    table = gates(pd.concat([plain, same, wider], ignore_index=True)).set_index(["law", "side"])
    assert table.loc[("interval/l2", "both"), ["tasks", "n"]].tolist() == [6, 36]
    assert table.loc[("interval/l2", "both"), "ratio_outcome"] == "shown"
    assert table.loc[("interval/root", "both"), "ratio_outcome"] == "refuted"
    assert table.loc[("interval/root", "below"), "score"] == pytest.approx(0.05)
    law = ratios(pd.concat([plain, same], ignore_index=True))
    assert law["tasks"].tolist() == [6] * 4


def test_needed_width_is_the_cheapest_fixed_one() -> None:
    fixed = pd.DataFrame(
        {"start": [1.0, 2.0, 4.0], "objective": [1.0, 0.4, 0.3], "law": "fixed/euclidean", "price": 0.0}
    )
    priced = pd.DataFrame({"start": [1.5, 1.5], "objective": np.nan, "law": "a/l2", "price": [0.01, 0.2]})
    frame = pd.concat([fixed, priced], ignore_index=True).assign(stage="network", task="t")
    assert needed_widths(frame)["oracle"].tolist() == [4.0, 2.0]


def test_teachers() -> None:
    assert (teacher_width("teacher_4"), teacher_width("digits")) == (4, None)
    assert taught(4, 0, 10).train.y.shape == (10,)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    """The folder of a whole run, its cells in a thread, its noise measured by few draws."""
    config = replace(SMALL, out=tmp_path_factory.mktemp("runs"))
    experiment, silent = registry.load("soft_vs_fuzzy"), Console(file=StringIO())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measurements, "DRAWS", 8)
        yield execute(experiment, config, console=silent, report=silent, factory=ThreadPoolExecutor)


def test_the_whole_run(run: RunFolder) -> None:
    results = pd.read_parquet(run.path / "results.parquet")
    assert set(results["stage"]) == {"fresh", "readout", "network"}
    assert results.loc[results["stage"] != "fresh", "width"].between(0, 6).all()
    assert len(networks(results)) == len(LAWS) * 4
    names = {path.stem for path in run.figures.iterdir()}
    assert names >= {
        "predicted",
        "readout_gd",
        "readout_adam",
        "networks",
        "cost",
        "predictions",
        "verdicts",
        "ratios",
        "gates",
    }
    assert json.loads((run.path / "manifest.json").read_text())["status"] == "complete"


def test_the_report(run: RunFolder) -> None:
    tables = soft_vs_fuzzy.report({"results": pd.read_parquet(run.path / "results.parquet")}, SMALL)
    assert [str(table.title).split()[1] for table in tables] == ["predictions:", "of", "networks,", "interval's"]


def test_a_cell_gives_the_same_rows_again(run: RunFolder) -> None:
    """What a resumed run relies on; sampled gates included."""
    stored = run.labels()
    for cell in soft_vs_fuzzy.cells(SMALL):
        if cell.settings["law"] == "bernoulli/l2":
            first = decode(run.tables(stored[cell.label])["results"]).to_pandas()
            second = soft_vs_fuzzy.run(cell)["results"]
            pd.testing.assert_frame_equal(first, second, check_exact=True)
            assert first["width"].nunique() > 2


BAD = {
    "law": (["--laws", "fuzy/l2"], "fuzzy/l2"),
    "task": (["--tasks", "teacher_x"], "teacher_K"),
    "no such task": (["--tasks", "digit"], "digits"),
    "needed": (["--needed", "40"], "raise --units"),
    "optimizer": (["--optimizers", "sgd"], "optimizers"),
    "price": (["--prices", "-1"], "prices"),
    "sharpness": (["--sharpness", "4"], "two numbers"),
    "units": (["--units", "2", "--needed", "1"], "units: expected an integer >= 4"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags, words = BAD[case]
    assert main(["soft_vs_fuzzy", *flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "out").exists()


def test_the_quick_preset_and_changes_of_it() -> None:
    config = presets.config(registry.load("soft_vs_fuzzy"), "quick", seeds=7, laws=("fuzzy/l2",))
    assert (config.tasks, config.seeds, config.network_seeds) == (("teacher_4",), 7, 2)
    assert {cell.label for cell in soft_vs_fuzzy.cells(config)} == {
        "fresh unit",
        "readout gd fuzzy/l2",
        "readout adam fuzzy/l2",
        "teacher_4 fuzzy/l2",
        "teacher_4 fixed/euclidean",
    }
