"""integer_crossing: its arithmetic against enumeration, its statistics against wrong laws, a tiny run end to end."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from continuum_experiments import integer_crossing
from continuum_experiments.integer_crossing import Config, hyperbola, soft_gates, unpinning
from continuum_experiments.integer_crossing.arrivals import Arrivals
from continuum_experiments.integer_crossing.claims import PREDICTIONS
from continuum_experiments.integer_crossing.confrontation import confront
from continuum_experiments.integer_crossing.first_sign import landing_chance
from continuum_experiments.integer_crossing.flow import entered, reach
from continuum_experiments.integer_crossing.history import chatter, crossings, near_integers, rotation, tiles
from continuum_experiments.integer_crossing.motion import Motion, first_time
from continuum_experiments.integer_crossing.network import WEIGHTS, Examples, Networks, draw, examples_of, pinned
from continuum_experiments.integer_crossing.predictions import confrontations, find, identities, summary
from continuum_experiments.integer_crossing.report import report
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from torch.testing import assert_close

from continuum.analysis.equivalence import outcome
from continuum.exp import main, presets, registry
from continuum.widths import Interval
from tests.experiments.tiny import Completed, complete


def quick(**changes: object) -> Config:
    """The preset quick, with some fields changed."""
    config: Config = presets.config(registry.load("integer_crossing"), "quick", **changes)
    return config


NAME = "integer_crossing"
TINY = Config(tasks=("iris",), variants=("descent", "soft gates"), draws=40, signs=40, pinned=5, networks=4, steps=60)


@pytest.fixture(scope="module")
def iris() -> Examples:
    return examples_of("iris", None, 24)


# ---- networks ------------------------------------------------------------------------------------------------------


def mean_losses(networks: Networks, gates: torch.Tensor) -> torch.Tensor:
    """The losses once more, by torch's own functions."""
    z = (networks.features() * gates.unsqueeze(1)) @ networks.outgoing
    if networks.loss == "cross_entropy":
        labels = networks.target.argmax(1).expand(len(z), -1)
        return torch.nn.functional.cross_entropy(z.mT, labels, reduction="none").mean(1)
    if networks.loss == "affine":
        return -(z * networks.target).sum(2).mean(1)
    return (z - networks.target).square().sum(2).mean(1) / 2


@pytest.mark.parametrize("loss", ["affine", "squared", "cross_entropy"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_gradient_is_that_of_autograd(iris, loss, activation) -> None:
    networks = draw(iris, 3, 4, seed=[0], loss=loss, activation=activation)
    gates = torch.tensor([1.0, 0.6, 0.0, 0.0]).double().expand(3, 4).clone().requires_grad_()
    numbers = [getattr(networks, name).requires_grad_() for name in WEIGHTS]
    loss_values = mean_losses(networks, gates)
    expected = torch.autograd.grad(loss_values.sum(), [*numbers, gates])
    gradient = networks.gradient(gates)
    assert_close(gradient.loss, loss_values, rtol=1e-12, atol=1e-14)
    for closed_form, autograd in zip(gradient[1:], expected, strict=True):
        assert_close(closed_form, autograd, rtol=1e-10, atol=1e-13)
    with pytest.raises(AssertionError):  # the gate is not part of its own gradient
        assert_close(gradient.gates * gates, expected[-1], rtol=1e-10, atol=1e-13)


def test_sides_are_one_sided_differences(iris) -> None:
    networks, k, step = draw(iris, 5, 4, seed=[1]), torch.full((5,), 2.0).double(), 1e-6
    left, right = networks.sides(k)
    here, above, below = (mean_losses(networks, Interval(4, k + s).gates().detach()) for s in (0, step, -step))
    assert_close((above - here) / step, right, rtol=0, atol=1e-4)
    assert_close((here - below) / step, left, rtol=0, atol=1e-4)
    with pytest.raises(AssertionError):
        assert_close((above - here) / step, left, rtol=0, atol=1e-4)


@pytest.mark.parametrize("optimizer", ["gd", "momentum", "adam"])
def test_motion_is_torch_with_one_learning_rate_per_network(iris, optimizer) -> None:
    networks, gamma = draw(iris, 2, 3, seed=[2]), torch.tensor([1.5, 0.7]).double()
    lr = torch.tensor([0.05, 0.2]).double()
    moving = networks.take(torch.arange(2))
    motion = Motion(moving, gamma.clone(), {"gamma": lr, **dict.fromkeys(WEIGHTS, lr.view(-1, 1, 1))}, optimizer)
    for _ in range(5):
        motion.step()
    for i, alone_lr in enumerate(lr.tolist()):
        alone, width = networks.take(torch.tensor([i])), Interval(3, gamma[i : i + 1])
        numbers = [*(getattr(alone, name).requires_grad_() for name in WEIGHTS), width.gamma]
        torch_options = {"momentum": 0.9} if optimizer == "momentum" else {}
        maker = torch.optim.Adam if optimizer == "adam" else torch.optim.SGD
        plain = maker(numbers, lr=alone_lr, **torch_options)
        for _ in range(5):
            plain.zero_grad()
            mean_losses(alone, width.gates()).sum().backward()
            plain.step()
        assert_close(motion.gamma[i : i + 1], width.gamma.detach(), rtol=1e-9, atol=1e-12)
        assert_close(moving.outgoing[i], alone.outgoing[0].detach(), rtol=1e-9, atol=1e-12)
        with pytest.raises(AssertionError):
            assert_close(moving.outgoing[i], networks.outgoing[i].detach(), rtol=1e-9, atol=1e-12)


def test_what_has_no_learning_rate_rests(iris) -> None:
    networks = draw(iris, 2, 3, seed=[2])
    before = networks.incoming.clone()
    Motion(networks, torch.full((2,), 1.5).double(), {"gamma": 0.1, "outgoing": 0.1}).step()
    assert_close(networks.incoming, before, rtol=0, atol=0)


# ---- predictions against enumeration -------------------------------------------------------------------------------


def with_outgoing(one: Networks, outgoing: torch.Tensor, loss: str) -> Networks:
    """Copies of one network with other outgoing weights."""
    return replace(one.take(torch.zeros(len(outgoing), dtype=torch.long)), outgoing=outgoing, loss=loss)


def test_the_flow_over_all_signs_gains_by_the_law(iris) -> None:
    one = draw(iris, 1, 4, seed=[3])
    signs = torch.tensor(list(product((1.0, -1.0), repeat=4))).double().unsqueeze(-1)
    gained = entered(with_outgoing(one, one.outgoing * signs, "affine"))[0]
    for n in range(5):
        assert (gained >= n).double().mean() == 2.0**-n
    curved = entered(with_outgoing(one, 4 * one.outgoing * signs, "squared"))[0]
    assert all((curved >= n).double().mean() <= 2.0**-n for n in range(5))
    assert curved.max() < 4


def test_crossing_over_quantiles_of_the_weight(iris) -> None:
    single, count, spread = iris.single(), 2001, 0.5
    one = draw(single, 1, 1, seed=[4])
    weights = torch.from_numpy(spread * ndtri((np.arange(count) + 0.5) / count)).view(-1, 1, 1)
    crossed = entered(with_outgoing(one, weights, "squared"))[1].double().mean().item()
    formula = float(ndtr(reach(one, 0).item() / spread)) - 0.5
    assert crossed == pytest.approx(formula, abs=2 / count)
    assert crossed != pytest.approx(0.5, abs=0.1)
    assert crossed != pytest.approx(2 * formula, abs=2 / count)


@pytest.mark.parametrize(("p", "q"), [(1, 3), (2, 3), (5, 2)])
def test_the_rotation_over_a_period_and_all_phases(p, q) -> None:
    phases = -q + (p + q) * (np.arange(1000) + 0.5) / 1000
    history = [phases]
    for _ in range(p + q):
        history.append(np.where(history[-1] < 0, history[-1] + p, history[-1] - q))
    orbit = np.array(history) / (p + q)
    law = rotation(np.array(float(p)), np.array(float(q)))
    assert (orbit >= -q / (p + q)).all()
    assert (orbit < p / (p + q)).all()
    assert (orbit[:-1] >= 0).mean() == pytest.approx(law["on"], rel=1e-12)
    assert np.maximum(orbit[:-1], 0).mean() == pytest.approx(law["gate"], rel=1e-5)
    assert ((orbit[1:] >= 0) & (orbit[:-1] < 0)).mean() == pytest.approx(law["frequency"], rel=1e-12)
    assert law["gate"] != pytest.approx(law["on"] / 2, rel=1e-2)


def test_soft_laws() -> None:
    rho, kappa = torch.tensor([0.5, 2.0]).double(), torch.tensor([10.0, 20.0]).double()
    at_rest = soft_gates.place(rho, kappa)
    soft = (torch.log1p((kappa * at_rest).exp()) - torch.log1p((kappa * (at_rest - 1)).exp())) / kappa
    assert_close(soft, soft_gates.gate(torch.ones(2).double(), rho, kappa), rtol=1e-12, atol=0)
    for r, k, time in zip(rho.tolist(), kappa.tolist(), soft_gates.duration(rho, kappa).tolist(), strict=True):
        speed = lambda x, k=k: k / (np.log1p(1 / x) - np.log1p(np.exp(-k)))  # noqa: E731
        assert time == pytest.approx(quad(speed, np.exp(-k), r, epsabs=1e-10)[0], rel=1e-6)


def test_first_time_counts_steps(iris) -> None:
    networks = draw(iris, 2, 2, seed=[0])
    calls = iter(range(100))
    motion = Motion(networks, torch.full((2,), 0.5).double(), {"gamma": 0.0})
    steps = first_time(motion, lambda _: torch.tensor([next(calls) >= 3, False]), torch.tensor([9.0, 6.0]).double())
    assert steps.tolist() == [3.0, 6.0]


def test_pinned_networks_are_pinned(iris) -> None:
    networks, left, right = pinned(iris, 20, 3, 2, seed=[5], loss="affine", spread=0.5)
    sides = networks.sides(torch.full((20,), 2.0).double())
    assert_close(torch.stack(sides), torch.stack([-left, right]), rtol=1e-12, atol=0)
    assert bool(((right > left / 4) & (right < 4 * left)).all())


# ---- recording -----------------------------------------------------------------------------------------------------


def test_arrivals_see_the_integer_and_not_the_landing(iris) -> None:
    networks = draw(iris, 2, 4, seed=[6], loss="squared")
    arrivals = Arrivals(networks.take(torch.arange(2)), torch.tensor([0.5, 2.0]).double())
    arrivals.look(networks, torch.tensor([0.5, 2.0]).double(), 0)
    networks.outgoing[0, 1] += 1.0  # neuron 1 of the first network was touched before it was reached
    arrivals.look(networks, torch.tensor([2.3, 1.9]).double(), 1)
    arrivals.look(networks, torch.tensor([1.2, 2.5]).double(), 2)  # neither is fresh any more
    first = arrivals.frame().sort_values(["member", "order"])
    assert first[["member", "order", "k", "step"]].to_numpy().tolist() == [[0, 1, 1, 1], [0, 2, 2, 1], [1, 1, 2, 0]]
    assert first["landed_at"].tolist() == pytest.approx([1.3, 0.3, 0.0])
    assert first["untouched"].tolist() == [False, True, True]
    left, right = networks.sides(torch.tensor([2.0, 2.0]).double())
    assert first["right"].tolist()[1:] == pytest.approx(right.tolist())
    assert first["left"].tolist()[1:] == pytest.approx(left.tolist())
    assert first["landing"].iloc[1] != pytest.approx(right[0].item())


def test_records_of_a_history() -> None:
    gamma = np.array([[0.5, 1.0], [1.01, 1.2], [0.99, 2.2], [1.01, 0.7], [1.3, 0.5]])
    up, down = crossings(gamma)
    assert (up.tolist(), down.tolist()) == ([2, 1], [1, 2])
    assert near_integers(gamma, 0.02).tolist() == [0.6, 0.2]
    highest, last, retreats = tiles(gamma, 0.1)
    assert (highest.tolist(), last.tolist(), retreats.tolist()) == ([1, 2], [1, 0], [0, 2])
    flutter = np.tile([[1.99, 1.5], [2.02, 2.5]], (10, 1))
    turns = chatter(flutter)
    assert turns.chatters.tolist() == [True, False]
    assert turns.on[0] == 0.5
    assert (turns.amplitude[0], turns.gate[0]) == pytest.approx((0.03, 0.01))
    assert turns.frequency[0] == pytest.approx(10 / 19)


# ---- tests of predictions ------------------------------------------------------------------------------------------


def rows(predicted, measured) -> pd.DataFrame:
    return confront("joint", "iris", "descent", "coin, arrival 1", predicted, np.asarray(measured))


def said(table: pd.DataFrame, test: str, margin: float) -> str:
    finding = find(table, test, margin)
    return outcome(finding.p_within, finding.p_beyond)


def test_findings_show_the_law_and_refute_wrong_ones() -> None:
    random = np.random.default_rng(0)
    heads = random.random(20000) < 0.5  # a margin of .02 is 5.7 standard errors
    assert said(rows(0.5, heads), "share", 0.02) == "shown"
    assert said(rows(0.55, heads), "share", 0.02) == "refuted"
    assert said(rows(0.55, heads), "below", 0.02) == "shown"
    assert said(rows(0.45, heads), "below", 0.02) == "refuted"
    chances = random.random(20000)
    hits = random.random(20000) < chances
    assert said(rows(chances, hits), "mean", 0.02) == "shown"
    assert said(rows(chances**2, hits), "mean", 0.02) == "refuted"
    assert said(rows(0.0, np.zeros(5)), "mean", 0.01) == "shown"


def test_few_networks_show_nothing() -> None:
    """Sixteen arrivals, of which eight are heads: nothing is shown, and the power says that nothing could be."""
    finding = find(rows(0.5, np.arange(16) % 2), "share", 0.1)
    assert outcome(finding.p_within, finding.p_beyond) == "undecided"
    assert finding.power == 0.0
    # The power of "below" is for a truth that is less by the margin: 1000 coins of .45 are seen with .94.
    assert find(rows(0.5, np.zeros(1000)), "below", 0.05).power == pytest.approx(0.935, abs=0.01)


def test_the_interval_of_a_mean_is_about_the_prediction() -> None:
    finding = find(rows(np.array([1.0, 2.0]), [1.5, 2.7]), "mean", 1.0)
    assert (finding.predicted, finding.measured) == pytest.approx((1.5, 2.1))
    assert finding.low < 2.1 < finding.high


def test_a_claim_pools_its_rows_and_counts_those_that_agree() -> None:
    random = np.random.default_rng(1)
    parts = [rows(0.5, random.random(4000) < share).assign(task=task) for task, share in (("a", 0.5), ("b", 0.8))]
    tests = confrontations(pd.concat(parts))
    assert tests["agrees"].tolist() == [True, False]
    assert tests["outcome"].tolist() == ["shown", "refuted"]
    (claim,) = summary(pd.concat(parts), tests).itertuples()
    assert (claim.n, claim.rows, claim.rows_agree, claim.outcome) == (8000, 2, 1, "refuted")


def test_identities_are_counted_apart() -> None:
    exact = confront("joint", "iris", "descent", "trained while off", 0.0, np.array([0.0, 1.0]))
    (found,) = identities(pd.concat([exact, rows(0.5, [0, 1])])).itertuples()
    assert (found.n, found.worst, found.exceptions) == (2, 1.0, 1)
    assert not any(re.fullmatch(claim.quantity, "trained while off") for claim in PREDICTIONS)


def test_landing_over_quantiles_of_the_weight(iris) -> None:
    """One output: the slope at k + a is negative iff W lies between 0 and v/a."""
    count, spread, gate = 2001, 0.5, 0.5
    one = draw(iris.single(), 1, 1, seed=[4])
    weights = torch.from_numpy(spread * ndtri((np.arange(count) + 0.5) / count)).view(-1, 1, 1)
    networks = with_outgoing(one, weights, "squared")
    share = (networks.sides(torch.full((count,), gate).double())[1] < 0).double().mean().item()
    assert share == pytest.approx(float(landing_chance(one, 0, gate, spread)[0]), abs=2 / count)
    assert share == pytest.approx(float(ndtr(reach(one, 0).item() / (gate * spread))) - 0.5, abs=2 / count)
    assert share != pytest.approx(float(landing_chance(one, 0, 1.0, spread)[0]), abs=0.05)


def test_landing_of_many_outputs_over_draws(iris) -> None:
    """20000 draws of W see a difference of .02 at 5.7 standard errors; without the curvature it would be 1/2."""
    one, spread, gate = draw(iris, 1, 1, seed=[4], loss="squared"), 0.5, 0.1
    weights = torch.from_numpy(spread * np.random.default_rng(5).standard_normal((20000, 1, 3)))
    slopes = with_outgoing(one, weights, "squared").sides(torch.full((20000,), gate).double())[1]
    share, law = (slopes < 0).double().mean().item(), float(landing_chance(one, 0, gate, spread)[0])
    assert share == pytest.approx(law, abs=0.02)
    assert law < 0.45


def test_hyperbolas_change_by_the_sum_of_the_steps(iris) -> None:
    networks, gamma = draw(iris, 6, 3, seed=[8], loss="squared"), 1 + torch.linspace(0.3, 0.7, 6).double()
    orbit = hyperbola.follow(networks, gamma, 0.1, 0.1, 20, "gd")
    inside = orbit.inside
    change = np.diff(orbit.quantity(0.1, 0.1)[[0, -1]], axis=0)[0][inside]
    assert inside.any()
    assert change == pytest.approx(orbit.changes[inside], abs=1e-11)
    with pytest.raises(AssertionError):
        assert change == pytest.approx(2 * orbit.changes[inside], abs=1e-11)


# ---- end to end ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Completed:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unpinning, "LENGTHS", (20, 40, 80, 160))
        patch.setattr(soft_gates, "LENGTHS", (40, 80))
        patch.setattr(soft_gates, "SETTLE", 60)
        patch.setattr(hyperbola, "LONG", 4.0)
        return complete(NAME, replace(TINY, out=tmp_path_factory.mktemp("runs"), jobs=1))


@pytest.fixture(scope="module")
def tables(tiny_run: Completed) -> dict[str, pd.DataFrame]:
    return tiny_run.tables


def test_tables(tables) -> None:
    results = tables["results"]
    assert set(results["part"]) == set(integer_crossing.PARTS)
    assert set(results["task"]) == {"iris"}
    assert results["measured"].notna().all()
    assert len(tables["journeys"]) == 2 * 4 * 4
    assert tables["journeys"]["gamma"].between(0, 6).all()
    untouched = tables["arrivals"].groupby("setting")["untouched"].mean()
    assert untouched["descent"] == 1.0
    assert untouched["soft gates"] < 1.0
    assert {"step", "gamma", "loss", "start"} <= set(tables["paths"].columns)


def test_figures_and_report(tiny_run: Completed) -> None:
    assert "predictions under their assumptions" in tiny_run.report
    assert len(report(tiny_run.tables, TINY)) == 3
    drawn = list((tiny_run.folder / "figures").iterdir())
    assert all(path.stat().st_size > 0 for path in drawn)
    names = {path.name for path in drawn}
    assert {"fan_iris.png", "gained.png", "portrait.png", "chatter.png", "soft.png", "deviations.pdf"} <= names
    assert {"predictions.md", "tests.csv", "identities.csv", "landings.csv", "dropped.md", "journeys.csv"} <= names
    markdown = (tiny_run.folder / "figures" / "predictions.md").read_text().splitlines()
    assert all(line.replace("\\|", "").count("|") == markdown[0].count("|") for line in markdown)


def test_a_cell_repeats_itself(tables) -> None:
    (cell,) = (c for c in integer_crossing.cells(TINY) if c.settings["variant"] == "descent")
    for name, frame in integer_crossing.run(cell).items():
        kept = tables[name][tables[name]["setting"] == "descent"].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame, kept[frame.columns], check_exact=True)


def test_a_run_resumes(tiny_run: Completed, monkeypatch) -> None:
    table = tiny_run.folder / "results.parquet"
    before = table.read_bytes()
    monkeypatch.setattr(integer_crossing, "draw", lambda tables, folder: [])
    assert "0 to compute" in complete(NAME, tiny_run.config).notes
    assert table.read_bytes() == before


def test_quick_keeps_what_the_user_asked_for() -> None:
    assert quick().tasks == ("iris",)
    assert quick(tasks=("wine",), draws=77).draws == 77
    assert len(integer_crossing.cells(Config())) == 4 * (6 + 12)


BAD = {
    "task": (["--tasks", "irs"], "iris"),
    "variant": (["--variants", "desent"], "descent"),
    "twice": (["--tasks", "iris", "iris"], "drop the repeated"),
    "networks": (["--networks", "0"], "networks: expected an integer >= 1"),
    "steps": (["--steps", "3"], "steps: expected an integer >= 40"),
    "rows": (["--rows", "4"], "rows: expected an integer >= 16"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_with_code_2_and_one_line(case: str, tmp_path: Path, capsys) -> None:
    flags, words = BAD[case]
    assert main(["integer_crossing", *flags, "--out", str(tmp_path / "out")]) == 2
    errors = capsys.readouterr().err.strip()
    assert words in errors
    assert len(errors.splitlines()) == 1
