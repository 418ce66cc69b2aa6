"""The loop that all methods share, on a run that writes down what it is asked to do; and what a graded run measures."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from continuum.learn import LearnConfig
from continuum.learn.loss import objective
from continuum.learn.network import activations
from continuum.learn.run import REPACK, GradedRun, Run, train
from continuum.learn.task import checked_task
from continuum.progress import Meter
from tests.learn.tasks import ring


class Recorded(Run):
    """A run of nothing but its calls."""

    def __init__(self, steps: int, records: int) -> None:
        x, y = ring(20)
        rows = checked_task((x, y, None), None, "cross_entropy", LearnConfig()).rows
        super().__init__(rows, objective("cross_entropy"), LearnConfig(lr=0.5, batch=7), steps, 1.0, records=records)
        self.calls, self.lrs, self.sizes = [], [], set()

    activation = "tanh"
    network = saturation = None

    def widths(self):
        return [2.0, 3.0]

    def loss(self):
        return 1.5

    def prepare(self, done):
        self.calls.append(f"prepare {done}")

    def step(self, batch, lr, done):
        self.calls.append(f"step {done}")
        self.lrs.append(lr)
        self.sizes.add(len(batch))

    def finish(self):
        self.calls.append("finish")


Recorded.__abstractmethods__ = frozenset()


def test_every_step_is_prepared_and_the_rate_falls_along_a_cosine():
    run = Recorded(steps=10, records=5)
    meter = Meter(total=12)
    train(run, meter)
    assert run.calls == [f"{call} {t}" for t in range(10) for call in ("prepare", "step")] + ["finish"]
    np.testing.assert_allclose(run.lrs, [0.25 * (1 + math.cos(math.pi * t / 10)) for t in range(10)], rtol=1e-12)
    assert run.sizes == {7}
    assert (meter.done, meter.total, meter.stopped) == (10, 12, False)
    assert run.curves.widths == [[2.0, 3.0]] * 6  # at 0, 2, 4, 6, 8, and in the end
    assert run.curves.losses == [1.5] * 6


def test_fewer_steps_than_points_are_recorded_at_every_step():
    run = Recorded(steps=3, records=100)
    train(run, Meter())
    assert len(run.curves.losses) == 4


def test_an_answer_ends_the_loop_and_lowers_the_total():
    run, calls = Recorded(steps=10, records=5), []
    meter = Meter(lambda *now: calls.append(now) or len(calls) == 3, total=30, done=7)
    train(run, meter)
    assert calls == [(7, 30, 5.0), (9, 30, 5.0), (11, 30, 5.0)]
    assert (meter.done, meter.total, meter.stopped) == (11, 24, True)
    assert run.calls[-2:] == ["prepare 4", "finish"]
    assert len(run.curves.losses) == 4


def graded_run(rows=80, weight=None, loss="cross_entropy", **config):
    x, y = ring(rows)
    y = y.float() if loss == "squared_error" else y
    task = checked_task((x, y, weight), None, loss, LearnConfig(**config))
    return task.graded_run(task.rows, config.get("steps") or 100, 2.0)


def test_the_price_is_shared_out_among_all_that_rows_stand_for():
    x, _ = ring(80)
    run = graded_run(weight=x[:, 0].abs() + 1, loss="squared_error", decay=0.3)
    run.objective.variance = 0.7
    assert run.price_per_row() == pytest.approx(2.0 * 0.7 / float((x[:, 0].abs() + 1).sum()), rel=1e-6)
    assert run.decay() == 0.3
    assert (run.penalty().decay, run.penalty().price) == (run.decay(), run.price_per_row())


def test_widths_are_sums_of_gates():
    run = graded_run(hidden_layers=2, start=5)
    full = math.sqrt(2 * run.price_per_row() / 0.004)
    for width, block in zip(run.widths(), run.pool.weights.outgoing, strict=True):
        assert width == pytest.approx(np.minimum(np.linalg.norm(block, axis=1) / full, 1).sum(), rel=1e-6)


def test_the_loss_is_the_weighted_mean_of_the_probe_rows():
    x, _ = ring(600)
    run = graded_run(600, weight=x[:, 0].abs() + 1, hidden_layers=2)
    assert len(run.probe) == 512
    outputs = activations(run.network(), run.probe.x, "tanh")[-1]
    losses = objective("cross_entropy").losses(outputs, run.probe.y)
    assert run.loss() == pytest.approx(np.average(losses, weights=run.probe.importance[:, 0]), rel=1e-5)
    assert graded_run(600, hidden_layers=2).loss() != pytest.approx(run.loss(), rel=1e-4)


def test_a_full_layer_is_said():
    assert graded_run(max_units=8, start=8).saturation() == "all of max_units=8 were on: the width may be too small"
    assert graded_run(max_units=9, start=8).saturation() is None
    deep = graded_run(max_units=8, start=8, hidden_layers=2)
    deep.pool.weights.outgoing[0][0] = 0
    assert deep.saturation() is not None  # one layer is enough


def test_fresh_directions_are_drawn_every_200_steps_but_not_in_the_end():
    run, drawn = graded_run(steps=1000), []
    run.pool.repack = lambda *, reserve: drawn.append(reserve)
    for done in range(1000):
        before = len(drawn)
        run.prepare(done)
        assert (len(drawn) > before) == (done > 0 and done % REPACK == 0)
    assert drawn == [True, True, True, False]  # at 200, 400, 600, 800
    run.finish()
    assert drawn[-1] is False
    assert len(drawn) == 5


def test_rectifiers_stay_on_the_unit_sphere():
    for activation, on_sphere in (("relu", True), ("tanh", False)):
        run = graded_run(activation=activation)
        run.step(next(run.rows.batches(32, run.random)), 0.1, 0)
        lengths = np.linalg.norm(run.pool.weights.incoming, axis=1)
        assert np.allclose(lengths, 1, rtol=1e-5) == on_sphere


def test_a_step_after_repacking_has_a_gradient_of_the_new_shape():
    run = graded_run()
    run.pool.repack(reserve=False)
    run.step(next(run.rows.batches(32, run.random)), 0.1, 0)
    assert run.pool.weights.units == [8]


def test_a_twin_has_probe_and_batches_of_its_own():
    run = graded_run(600)
    twin = replace(run, pool=run.pool)
    assert next(twin.rows.batches(9, twin.random)).x.tolist() == next(run.rows.batches(9, run.random)).x.tolist()


@pytest.mark.parametrize(("done", "reserve"), [(0, None), (199, None), (200, True), (1200, True), (1400, False)])
def test_fresh_directions_come_every_200_steps_of_the_first_seven_tenths(done, reserve):
    calls = []
    run = SimpleNamespace(steps=2000, pool=SimpleNamespace(repack=lambda reserve: calls.append(reserve)))
    GradedRun.prepare(run, done)
    assert calls == ([] if reserve is None else [reserve])
