"""The frontier: its points are the networks that a user gets."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, WidthPath, width_path
from continuum.learn.calibration import held_out_scores, price_stages
from continuum.learn.path import path_steps
from continuum.learn.rounding import rounded_copy, whole_units
from continuum.learn.task import checked_task
from continuum.progress import Meter
from tests.learn.tasks import ring

PRICES = (100.0, 10.0, 1.0)


def test_widths_rise_as_the_price_falls():
    path = width_path(*ring(), "cross_entropy", LearnConfig(steps=900), prices=PRICES)
    assert (path.widths.diff(dim=0) > 0).all()
    assert (path.train_loss.diff() < 0).all()
    assert path.prices == PRICES
    assert len(path.units) == len(path.score) == len(path.standard_error) == 3
    assert path.one_standard_error() <= path.best()


def graded_scores(settings: LearnConfig) -> torch.Tensor:
    task = checked_task((*ring(), None), None, "cross_entropy", settings)
    rows, held = task.split()
    run = task.graded_run(rows, settings.steps // len(PRICES), PRICES[0])
    return torch.tensor([-held_out_scores(run, held).mean() for _ in price_stages(run, PRICES, Meter())])


def test_graded_networks_promise_more_than_whole_units_hold():
    """Half a width of two units on the way is one unit in the end."""
    settings = LearnConfig(steps=900)
    path = width_path(*ring(), "cross_entropy", settings, prices=PRICES)
    graded = graded_scores(settings)
    assert path.units[0] == (1,)
    assert graded[0] > path.score[0] + 0.05
    with pytest.raises(AssertionError):
        assert_close(path.score, graded, rtol=0, atol=0.05)


def test_a_rounded_copy_leaves_the_run_as_it_is():
    task = checked_task((*ring(), None), None, "cross_entropy", LearnConfig())
    run, twin = (task.graded_run(task.rows, 150, 4.0) for _ in range(2))
    price, other = price_stages(run, (4.0, 1.0), Meter()), price_stages(twin, (4.0, 1.0), Meter())
    next(price), next(other)
    whole = rounded_copy(run)
    assert whole.pool.weights.units == whole_units(run.widths())
    next(price), next(other)
    assert run.widths() == twin.widths()
    assert run.loss() == twin.loss()


def of(score: list[float], units: list[int]) -> WidthPath:
    n = len(score)
    scores, spread = torch.tensor(score), torch.full((n,), 0.1)
    return WidthPath(tuple(range(n, 0, -1)), torch.ones(n, 1), tuple((u,) for u in units), -scores, scores, spread)


@pytest.mark.parametrize(
    ("score", "units", "pick"),
    [
        ([0.0, 0.5, 0.55], [1, 2, 4], 1),
        ([0.0, 0.4, 0.55], [1, 2, 4], 2),
        ([0.5, 0.52, 0.55], [2, 2, 4], 1),
        ([0.5, 0.55, 0.5], [3, 3, 2], 2),
    ],
)
def test_the_pick_has_the_fewest_units_and_of_equals_the_best_score(score, units, pick):
    assert of(score, units).one_standard_error() == pick


def test_prices_must_fall():
    for prices in ((1.0, 2.0), (2.0, 2.0), ()):
        with pytest.raises(BadInput, match="falling"):
            width_path(*ring(50), "cross_entropy", prices=prices)


@pytest.mark.parametrize("prices", [np.array(PRICES), torch.tensor(PRICES), iter(PRICES), [100, 10, np.float32(1)]])
def test_prices_are_any_numbers_one_behind_the_other(prices):
    path = width_path(*ring(50), "cross_entropy", LearnConfig(steps=9), prices=prices)
    assert path.prices == PRICES
    assert all(type(price) is float for price in path.prices)


@pytest.mark.parametrize(
    ("prices", "match"),
    [
        (3.0, r"falling prices, got 3\.0; give a tuple or an array of them"),
        (None, "falling prices, got None; give a tuple"),
        (np.array(3.0), r"falling prices, got array\(3\.\); give a tuple"),
        ("ab", "a finite number > 0, got 'a'"),
        (("2", "1"), "a finite number > 0, got '2'"),
        (np.array([[2.0], [1.0]]), r"a finite number > 0, got array\(\[2\.\]\)"),
        ((2.0, -1.0), r"a finite number > 0, got -1\.0"),
    ],
)
def test_what_are_no_prices(prices, match):
    with pytest.raises(BadInput, match=f"prices: expected {match}"):
        width_path(*ring(50), "cross_entropy", prices=prices)


def test_one_row_cannot_both_train_and_judge():
    with pytest.raises(BadInput, match="x: expected at least 2 rows to hold one out, got 1"):
        width_path(torch.zeros(1, 1), torch.zeros(1), "squared_error")


Calls = list[tuple[int, int, float]]


def watched_path(stop_at: int | None = None) -> tuple[WidthPath, Calls]:
    calls: Calls = []

    def progress(*now) -> bool:
        calls.append(now)
        return len(calls) - 1 == stop_at

    return width_path(*ring(), "cross_entropy", LearnConfig(steps=600), prices=PRICES, progress=progress), calls


def test_all_prices_are_told():
    path, calls = watched_path()
    done = [now[0] for now in calls]
    assert done == sorted(done)
    assert done[0] == 0
    assert {now[1] for now in calls} == {3 * 300}
    assert done[-1] == 3 * 300
    quiet = width_path(*ring(), "cross_entropy", LearnConfig(steps=600), prices=PRICES)
    assert_close(path.widths, quiet.widths, rtol=0, atol=0)


def test_an_answer_ends_the_path_before_the_price_just_begun():
    whole, calls = watched_path()
    begun = [number for number, now in enumerate(calls) if now[0] == 300][-1]
    path, calls = watched_path(begun)
    assert path.prices == PRICES[:1]
    assert len(path.units) == len(path.score) == len(path.train_loss) == 1
    assert_close(path.widths, whole.widths[:1], rtol=0, atol=0)
    assert calls[-1][:2] == (300, 300)


def test_an_answer_before_there_is_a_point_ends_nothing():
    assert watched_path(0)[0].prices == PRICES


def test_a_lower_price_recruits_what_a_higher_one_kept_silent():
    """Stages too short to draw fresh directions of their own begin with a reserve."""
    task = checked_task((*ring(), None), None, "cross_entropy", LearnConfig())
    run = task.graded_run(task.rows, 150, 1000.0)
    counts = [run.pool.counts()[0] for _ in price_stages(run, (1000.0, 1.0), Meter())]
    assert counts[1] > counts[0]


def test_steps_are_those_for_the_rows_that_train():
    """Of 4000 rows 3200 train, for 6400 steps; nine prices share them, and each is rounded in half as many again."""
    rows, held_out = SimpleNamespace(total=3200.0), SimpleNamespace(total=800.0)
    task = SimpleNamespace(config=LearnConfig(), split=lambda: (rows, held_out))
    assert path_steps(task, 9) == (711, 9 * (711 + 355))


def test_losses_beyond_single_precision_are_said_to_have_diverged():
    """In double precision they are finite, and infinite in the floats in which a path tells them."""
    x = torch.linspace(-1, 1, 30, dtype=torch.float64)[:, None]
    config = LearnConfig(steps=2, seed=0)
    assert width_path(x, x[:, 0] * 1e10, "squared_error", config, (64.0, 4.0)).train_loss.isfinite().all()
    with pytest.raises(Diverged, match="single precision"):
        width_path(x, x[:, 0] * 1e25, "squared_error", config, (64.0, 4.0))
