"""What a draw contributes, directly and by the response, against what it is by hand."""

import torch

from continuum.benchmark import SPACE, Objective, stream
from continuum.hypergrad import Bilevel, ConjugateGradient, Direct, Implicit, Unrolled
from continuum.search.shared.account import hypergradient
from continuum.search.shared.enas import ControlledRun
from continuum.search.shared.joint import LookingAheadRun
from continuum.search.shared.method import LR, Ground
from continuum.search.shared.response import ETA, PRODUCTS, RespondingRun, _cost, bilevel


def ground() -> Ground:
    data = stream("iris", 0)
    return Ground(data, SPACE, Objective.of(data), seed=0)


def problem(run: ControlledRun, damping: float = 0.0):  # type: ignore[no-untyped-def]
    here = run.ground
    drawn, judged = (run.controller.draw(4, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    batches = here.train.next(), here.validation.next()
    logs = {"inner": drawn.log.detach(), "outer": judged.log.detach()}
    return drawn, judged, batches, logs, bilevel(here, drawn, judged, batches, run, damping)


def gradient(here: Ground, rows, points) -> torch.Tensor:  # type: ignore[no-untyped-def]
    leaf = here.weights.vector.detach().requires_grad_()
    return torch.autograd.grad(here.losses(leaf, rows, points).mean(), leaf)[0]


def test_the_direct_term_is_reinforce() -> None:
    run = ControlledRun(ground())
    _, judged, batches, logs, bi = problem(run)
    direct = Direct()(bi, run.ground.weights.vector, logs).direct
    points = run.points(judged)
    losses = run.ground.losses(run.ground.weights.vector, batches[1], points)
    reward = losses / run.ground.objective.constant + run.ground.price(points)
    torch.testing.assert_close(direct["outer"], reward / 4, atol=1e-6, rtol=1e-5)
    assert bool((direct["inner"] == 0).all())  # what trains has no direct part


def test_the_response_of_one_step_is_a_product_of_gradients() -> None:
    run = ControlledRun(ground())
    drawn, judged, batches, logs, bi = problem(run)
    here = run.ground
    response = Unrolled(steps=1, lr=ETA)(bi, here.weights.vector, logs).response["inner"]
    moved = here.weights.copy()
    moved.vector = moved.vector - ETA * gradient(here, batches[0], run.points(drawn))
    slopes = torch.stack([gradient(here, batches[0], [point]) for point in run.points(drawn)])
    here.weights = moved
    pull = gradient(here, batches[1], run.points(judged)) / here.objective.constant
    torch.testing.assert_close(response, -ETA * slopes @ pull / 4, atol=1e-6, rtol=1e-3)
    assert not torch.allclose(response, ETA * slopes @ pull / 4, atol=1e-6, rtol=1e-3)  # the falsifier: the other sign


def test_the_damped_implicit_response_is_that_of_one_step_where_the_hessian_is_small_against_the_damping() -> None:
    run = ControlledRun(ground())
    eta = 1e-3
    *_, logs, bi = problem(run, damping=1 / eta)
    vector = run.ground.weights.vector
    implicit = Implicit(ConjugateGradient(PRODUCTS))(bi, vector, logs)
    unrolled = Unrolled(steps=1, lr=eta)(bi, vector, logs)
    assert implicit.outcome.name in ("SOLVED", "TRUNCATED")
    torch.testing.assert_close(implicit.response["inner"], unrolled.response["inner"], atol=1e-7, rtol=0.02)


def test_the_account_counts_what_the_methods_say_they_computed() -> None:
    run = ControlledRun(ground())
    *_, logs, bi = problem(run, damping=1 / ETA)
    vector = run.ground.weights.vector
    assert hypergradient(Unrolled(steps=1, lr=ETA)(bi, vector, logs).cost, 4) == _cost(2, 1)
    assert hypergradient(Implicit(ConjugateGradient(PRODUCTS))(bi, vector, logs).cost, 4) == _cost(3, PRODUCTS + 1)


def test_a_response_that_is_nan_is_left_out_and_counted() -> None:
    class Refusing:
        def __call__(self, problem, parameters, hyperparameters):  # type: ignore[no-untyped-def]
            result = Unrolled(steps=1, lr=ETA)(problem, parameters, hyperparameters)
            result.response["inner"].fill_(torch.nan)
            return result

    run = RespondingRun(ground(), Refusing(), 0.0, 1.0)
    run.update()
    assert run.failures == 1
    assert all(bool(parameter.isfinite().all()) for parameter in run.controller.parameters())


def test_a_rate_has_no_direct_part_and_a_response_by_looking_ahead() -> None:
    here = ground()
    point, train, rows = here.decoded(0, 12), here.train.next(), here.validation.rows
    rate = Bilevel(
        inner=lambda weights, _: here.losses(weights, train, [point])[0],
        outer=lambda weights, _: here.losses(weights, rows, [point])[0],
    )
    log, vector = {"lr": torch.tensor(-3.0)}, here.weights.vector
    assert float(Direct()(rate, vector, log).total["lr"]) == 0.0
    result = Unrolled(steps=1, lr=lambda log: log["lr"].exp())(rate, vector, log)
    slope, eta = gradient(here, train, [point]), log["lr"].exp()
    here.weights.vector = vector - eta * slope
    by_hand = -eta * gradient(here, rows, [point]) @ slope
    torch.testing.assert_close(result.total["lr"], by_hand, atol=1e-6, rtol=1e-3)
    assert float(by_hand) < -1e-3  # a larger rate is better here: more than a rounding from the 0 of the direct term


def test_a_look_ahead_tells_rates_apart() -> None:
    here = ground()
    point, ends = here.decoded(0, 12), {}
    for lr in (0.0003, LR):
        weights = here.weights.copy()
        for _ in range(20):
            here.descend(weights, point, lr)
        ends[lr] = float(here.losses(weights.vector, here.validation.rows, [point])[0])
    assert ends[LR] < ends[0.0003] - 0.1


def test_two_controllers_know_nothing_of_each_other() -> None:
    run = LookingAheadRun(ground(), together=False)
    joint = LookingAheadRun(ground(), together=True)
    assert run.cycle == joint.cycle + 1
    both = run.policies.draw(1, None, torch.tensor([1, 20])), run.policies.draw(1, None, torch.tensor([0, 3]))
    assert both[0].places[0, 2:].tolist() == both[1].places[0, 2:].tolist()
    assert both[0].places[0, :2].tolist() == [1, 20]
