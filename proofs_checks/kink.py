"""Checks of what a scale-free optimiser does to the capacity loss beside an integer, on the shipped code."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval
from proofs_checks.identity import Asymptote, Rate
from proofs_checks.network import Network
from proofs_checks.scale_free import ADAM, Maker, Rule, drawn, elsewhere, mirrored, shadow_slope, train, whole
from proofs_checks.shipped import linears, mlp
from proofs_checks.training import gates_at

UNITS, K = 3, 2
PART = 2.0**-20
EPS = 1e-8

# ---- behind the gate and on the density --------------------------------------------------------------------------

Family = Callable[[float], Maker]  # epsilon -> optimiser
FAMILIES: dict[str, Family] = {
    "Adam": lambda eps: lambda w: torch.optim.Adam(w, lr=0.1, eps=eps),
    "AdamW": lambda eps: lambda w: torch.optim.AdamW(w, lr=0.1, eps=eps, weight_decay=0.25),
    "AMSGrad": lambda eps: lambda w: torch.optim.Adam(w, lr=0.1, eps=eps, amsgrad=True),
    "NAdam": lambda eps: lambda w: torch.optim.NAdam(w, lr=0.1, eps=eps),
    "RMSprop": lambda eps: lambda w: torch.optim.RMSprop(w, lr=0.1, eps=eps, momentum=0.5),
    "Adagrad": lambda eps: lambda w: torch.optim.Adagrad(w, lr=0.1, eps=eps),
    "signSGD": lambda eps: lambda w: torch.optim.Adam(w, lr=0.1, eps=eps, betas=(0.0, 0.0)),
}
Matched = Callable[[str, float, float], Maker]


def matched(name: str, eps: float, gate: float) -> Maker:
    """The same optimiser with epsilon over the gate."""
    return FAMILIES[name](eps / gate)


def same_epsilon(name: str, eps: float, gate: float) -> Maker:
    """The same optimiser."""
    return FAMILIES[name](eps)


def over_gate(name: str, eps: float, gate: float) -> Maker:
    """Descent along the density with the rate alpha."""
    return lambda weights: torch.optim.SGD(weights, lr=0.1)


def by_density(formula: Matched, name: str, eps: float, seed: int, part: float, steps: int) -> None:
    """All weights of all steps behind the shipped gate, by an optimiser of torch, and on the densities."""
    network, gates = drawn(seed, UNITS), Interval(UNITS, K + part).gates().detach()
    maker = FAMILIES[name](eps)
    gated = train(network, gates, steps, maker, maker)
    on_density = train(network, gates, steps, maker, formula(name, eps, part), density=True)
    for here, there in zip(gated, on_density, strict=True):
        for left, right in zip([*here[0], *here[1]], [*there[0], *there[1]], strict=True):
            assert_close(left, right, rtol=1e-8, atol=1e-10)


# ---- the slope at an integer -------------------------------------------------------------------------------------

Slope = Callable[[Network, Network, int, Rule, Rule], Tensor]


def claimed(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule) -> Tensor:
    """<G_T^val, W_T> and the response of the old weights."""
    return torch.stack(shadow_slope(network, validation, steps, old, fresh)).sum()


def no_response(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule) -> Tensor:
    """The first term alone."""
    return shadow_slope(network, validation, steps, old, fresh)[0]


def along_density(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule) -> Tensor:
    """The fresh unit descends along its density with the rate alpha, that is alpha/a along its gradient."""
    return claimed(network, validation, steps, old, replace(fresh, descent=True))


def still_incoming(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule) -> Tensor:
    """Its incoming weights stay, as they do under plain descent."""
    return torch.stack(shadow_slope(network, validation, steps, old, fresh, frozen=(0,))).sum()


def with_epsilon(eps: float) -> Slope:
    """As claimed, for another epsilon."""
    return lambda n, v, steps, old, fresh: claimed(n, v, steps, old, replace(fresh, eps=eps))


def silence(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule) -> Tensor:
    """The factor a is left in the step."""
    return torch.zeros(())


def rise(network: Network, validation: Network, steps: int, old: Rule, fresh: Rule, gates: Tensor) -> Tensor:
    """Validation loss after training by torch at these gates, minus that at width k."""
    closed = Interval(UNITS, float(K)).gates().detach()
    losses = []
    for at in (gates, closed):
        end = train(network, at, steps, old.optimiser, fresh.optimiser)[-1]
        losses.append(elsewhere(whole(network, end), validation).loss(at).detach())
    return losses[0] - losses[1]


def mean_of(slope: Callable[..., Tensor], network: Network, *arguments: object) -> Tensor:
    """Over the start and its mirror image."""
    return (slope(network, *arguments) + slope(mirrored(network), *arguments)) / 2


def at_integer(formula: Slope, seed: int, steps: int, old: Rule, fresh: Rule) -> None:
    """One-sided difference of torch's trainings at the shipped gates, against the path of width k."""
    network, validation = drawn(seed, UNITS), drawn(seed + 1, UNITS)
    gates = Interval(UNITS, K + PART).gates().detach()
    measured = mean_of(rise, network, validation, steps, old, fresh, gates) / PART
    assert_close(measured, mean_of(formula, network, validation, steps, old, fresh), rtol=1e-3, atol=1e-4)


def at_integer_by(formula: Slope, seed: int, steps: int, rules: tuple[Rule, Rule]) -> None:
    """``at_integer`` with a rule of the old and one of the fresh weights."""
    at_integer(formula, seed, steps, *rules)


def across_epsilon(formula: Slope, seed: int, steps: int, eta: float) -> None:
    """Adam with epsilon = eta a at the gate a; ``formula`` gets the epsilon of the density."""
    network, validation = drawn(seed, UNITS), drawn(seed + 1, UNITS)
    gates = Interval(UNITS, K + PART).gates().detach()
    fresh = replace(ADAM, eps=eta * PART)
    measured = mean_of(rise, network, validation, steps, ADAM, fresh, gates) / PART
    slope = mean_of(formula, network, validation, steps, ADAM, replace(ADAM, eps=eta))
    assert_close(measured, slope, rtol=1e-3, atol=1e-4)


def by_mlp(formula: Slope, seed: int, steps: int) -> None:
    """An MLP of real width under torch's Adam with its usual epsilon; the difference takes a = 2^-16 and its half.

    Each gate has the slope of its own epsilon over a, and so their combination, which removes the curvature, has that
    of the slopes: where a density is nearly 0 curvature and epsilon are felt long before rounding is.
    """
    network, validation, part = drawn(seed, UNITS), drawn(seed + 1, UNITS), 2.0**-16
    rule, slopes = replace(ADAM, eps=EPS), []
    for start in (network, mirrored(network)):
        losses = [_trained_mlp(start, validation, K + a, steps, rule) for a in (part, part / 2, 0.0)]
        slopes.append((4 * losses[1] - losses[0] - 3 * losses[2]) / part)
    one, two = (
        mean_of(formula, network, validation, steps, rule, replace(rule, eps=EPS / a)) for a in (part, part / 2)
    )
    assert_close(torch.stack(slopes).mean(), 2 * two - one, rtol=1e-3, atol=1e-4)


def _trained_mlp(start: Network, validation: Network, gamma: float, steps: int, rule: Rule) -> Tensor:
    model = mlp(start, Interval(UNITS, gamma, learnable=False))
    weights: list[Tensor] = [layer.weight for layer in linears(model)]
    optimiser = rule.optimiser(weights)
    for _ in range(steps):
        loss = start.criterion(model(start.inputs), start.targets)
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        optimiser.step()
    return validation.criterion(model(validation.inputs), validation.targets).detach()


# ---- orders ------------------------------------------------------------------------------------------------------

SHOWN = drawn(1, UNITS), drawn(2, UNITS), 4, ADAM, ADAM


def shown_rise(a: float, exponent: float) -> float:
    """C_4(k + a) - C_4(k) of a drawn network under Adam, gates of that exponent."""
    return float(mean_of(rise, *SHOWN, gates_at(torch.tensor(K + a), UNITS, exponent).detach()))


def of_degree(a: float, degree: float) -> float:
    """The mean over W_0 = 1 and -1 of (aW - 1)^2/2 after 3 steps of rate 1/4 along sign(g)|g|^degree, less 1/2."""
    gate = Interval(1, a).gates().detach()[0]
    weight = torch.tensor([1.0, -1.0], requires_grad=True)
    optimiser = torch.optim.SGD([weight], lr=0.25)
    for _ in range(3):
        (g,) = torch.autograd.grad(((gate * weight - 1) ** 2 / 2).sum(), weight)
        weight.grad = g.sign() * g.abs() ** degree
        optimiser.step()
    moved = (gate * weight).detach()
    return float((moved.square() / 2 - moved).mean())


def orders() -> tuple[Rate, ...]:
    """The kink through three gates; one weight under steps of several degrees."""
    slope = float(mean_of(claimed, *SHOWN))
    scales = {1.0: 2.0**-16, 0.5: 2.0**-32, 2.0: 2.0**-8}
    gates = [
        Rate(
            name=f"Adam, C_T(k+a) - C_T(k), mask a^{p}",
            scales=[scales[p], scales[p] / 4, scales[p] / 16],
            error=partial(shown_rise, exponent=p),
            claim=Asymptote(p, slope),
            wrong={"as under descent": Asymptote(2 * p), "half": Asymptote(p, slope / 2)},
        )
        for p in (1.0, 0.5, 2.0)
    ]
    degrees = [
        Rate(
            name=f"steps of degree {s}",
            scales=[1e-4, 1e-5, 1e-6],
            error=partial(of_degree, degree=s),
            claim=Asymptote(1 + min(s, 1), constant),
            wrong={"other order": Asymptote(1 if s else 2), "twice": Asymptote(1 + min(s, 1), 2 * constant)},
        )
        for s, constant in ((0.0, -0.75), (0.5, -0.75), (1.0, 0.5 - 0.75), (2.0, 0.5))
    ]
    return (*gates, *degrees)
