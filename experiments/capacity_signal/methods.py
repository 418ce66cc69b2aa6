"""Ways to the derivative of the capacity loss just right of an integer, each with what it costs.

Implicit differentiation comes twice: by conjugate gradients, which refuse an inner Hessian that is not positive
definite, and by a truncated Neumann series, which answers always.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.func import vmap

from continuum.hypergrad import (
    Bilevel,
    ConjugateGradient,
    Cost,
    Direct,
    Hermite,
    Hypergradient,
    Implicit,
    Method,
    Neumann,
    Predictive,
    SelfTuning,
    Unrolled,
)

from .initial import MemberWeights
from .network import Network
from .training import Schedule, train

#: gamma = k + EDGE stands for the right side of k: the slope of a square-root gate is infinite at k itself.
EDGE = 2.0**-20
#: Step of the finite difference.
DIFFERENCE = 0.25
#: Settings of the approximate methods, fixed before anything was run.
CONJUGATE_STEPS, TERMS, TUNING_STEPS, TUNING_SCALE, NODES = 20, 32, 32, 0.1, 3
#: Names of the methods, in the order of tables and figures.
METHODS = ("immediate", "difference", "direct", "unrolled", "implicit", "neumann", "self-tuning")


@dataclass(frozen=True)
class Estimate:
    """One number per member, NaN where the method has no answer, and the price of one in gradient evaluations."""

    total: Tensor
    direct: Tensor
    gradients: int


def price(cost: Cost) -> int:
    """Gradient evaluations: a product with a second derivative counts for two.

    >>> price(Cost(gradients=3, hessian_vector_products=20, mixed_products=1))
    45
    """
    return cost.gradients + 2 * (cost.hessian_vector_products + cost.mixed_products)


def estimates(network: Network, start: MemberWeights, schedule: Schedule) -> dict[str, Estimate]:
    """What each method answers for each start; the training that a method needs is in its price."""
    gamma = torch.full(start["W"].shape[:1], network.width + EDGE, dtype=torch.float64)
    base, far = torch.full_like(gamma, network.width), torch.full_like(gamma, network.width + DIFFERENCE)
    anchored, initial = network.anchored(start)
    unrolled = Unrolled(schedule.steps, schedule.lr)(_summed(anchored, "validation"), initial, gamma)
    # Frozen are W_k, not what stands in their place.
    plain, trained = anchored.plain(unrolled.parameters, gamma)
    immediate = Direct()(_summed(plain, "train"), trained, gamma)
    direct = Direct()(_summed(plain, "validation"), trained, gamma)
    losses = [train(network, start, width, schedule, watched=False)[0][-1] for width in (base, far)]
    missing = torch.full_like(gamma, torch.nan)
    conjugate, neumann = Implicit(ConjugateGradient(CONJUGATE_STEPS)), Implicit(Neumann(TERMS, schedule.lr))
    return {
        "immediate": _estimate(immediate, schedule.steps),
        "difference": Estimate((losses[1] - losses[0]) / DIFFERENCE, missing, 2 * schedule.steps),
        "direct": _estimate(direct, schedule.steps),
        "unrolled": Estimate(unrolled.total, direct.total, price(unrolled.cost)),
        "implicit": _estimate(_member_wise(plain, conjugate, trained, gamma), schedule.steps),
        "neumann": _estimate(_member_wise(plain, neumann, trained, gamma), schedule.steps),
        "self-tuning": _estimate(_member_wise(plain, self_tuning(schedule), trained, gamma), schedule.steps),
    }


def self_tuning(schedule: Schedule) -> SelfTuning:
    """The corrected form; its noise reaches both sides of the integer, so that it answers with a mixture of them."""
    return SelfTuning(TUNING_SCALE, TUNING_STEPS, schedule.lr, noise=Hermite(NODES))


def _estimate(result: Hypergradient, before: int) -> Estimate:
    """A hypergradient and its price, after ``before`` gradient evaluations of training."""
    return Estimate(result.total, result.direct, before + price(result.cost))


def _summed(network: Network, part: str) -> Bilevel:
    """All members as one problem: their losses add up, and each depends on its own gamma only."""
    return Bilevel(
        inner=lambda weights, gamma: network.inner(weights, gamma).sum(),
        outer=lambda weights, gamma: network.loss(weights, gamma, part).sum(),
    )


def _member_wise(network: Network, method: Method, weights: MemberWeights, gamma: Tensor) -> Hypergradient:
    """One problem per member; a metric is left out here, for it does not move a minimum."""
    problem = predictive(network)
    hypergradient: Callable[[MemberWeights, Tensor], Hypergradient] = vmap(lambda w, g: method(problem, w, g))
    return hypergradient(weights, gamma)


def predictive(network: Network) -> Predictive:
    """One member as a bilevel problem that gives its output."""
    return Predictive(
        output=lambda weights, gamma: network.output(weights, gamma, "train"),
        loss=lambda output, weights, gamma: network.rows["train"].loss(output) + network.penalty(weights, gamma),
        outer=lambda weights, gamma: network.loss(weights, gamma, "validation"),
    )
