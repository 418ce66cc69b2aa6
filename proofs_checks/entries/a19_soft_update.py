"""The soft update as printed leaves the zeros of f where they are; the gradient step moves them."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import (
    Affine,
    RadialBasis,
    SoftSupport,
    Sum,
    proximal_step,
    soft_density,
    soft_derivative,
    zeros,
)
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network

UNITS = 4
Update = Callable[[Tensor, Tensor, float, float], Tensor]
Threshold = Callable[[float], float]


def derive() -> list[Derivation]:
    """The stationary point of the proximal problem; the printed equation solved; its sign at a zero."""
    f, g, phi, new = sp.symbols("f g phi varphi", real=True)
    kappa, t, s = sp.symbols("kappa t s", positive=True)
    bell = sp.Function("B")(kappa * f)  # sigma'
    step = Derivation("density of the proximal objective", kappa * bell * g * (new - f) + (new - f) ** 2 / (2 * t))
    step = step.apply(lambda e: sp.diff(e, new), kappa * bell * g + (new - f) / t, "differentiate in the new value")
    moved = f - t * kappa * bell * g
    step = step.apply(lambda e: sp.solve(e, new)[0], moved, "its zero")
    step = step.claims(moved, {"ascent": f + t * kappa * bell * g, "density times direction": f - kappa * bell * g * f})
    printed = Derivation("printed equation", phi - f + kappa * bell * phi * g)
    implicit = f / (1 + kappa * bell * g)
    printed = printed.apply(lambda e: sp.solve(e, phi)[0], implicit, "linear in phi: solve").claims(
        implicit, {"gradient step": moved}
    )
    least = Derivation("slope of the logistic function", sp.diff(1 / (1 + sp.exp(-s)), s))
    least = least.apply(lambda e: sp.limit(e, s, 0), sp.Rational(1, 4), "its maximum, at 0")
    least = least.apply(lambda e: sp.solve(1 + kappa * e * g, g)[0], -4 / kappa, "where the factor vanishes at a zero")
    return [step, printed, least.claims(-4 / kappa, {"-1/kappa": -1 / kappa, "-4 kappa": -4 * kappa})]


def density(values: Tensor, kappa: float) -> Tensor:
    """kappa sigma'(kappa f), with sigma'(s) = 1/(4 cosh(s/2)^2)."""
    return kappa / (4 * torch.cosh(kappa * values / 2) ** 2)


def gradient_step(values: Tensor, g: Tensor, kappa: float, time: float) -> Tensor:
    """f - t kappa sigma'(kappa f) g."""
    return values - time * density(values, kappa) * g


def printed(values: Tensor, g: Tensor, kappa: float, time: float) -> Tensor:
    """The printed equation, solved for phi."""
    return values / (1 + time * density(values, kappa) * g)


def on_the_grid(formula: Update, network: Network, kappa: float, time: float, weights: Tensor) -> None:
    """The shipped step on the points that it records, with g = <F', y W> of a network."""
    f = RadialBasis(weights, [1.0, 2.6], 0.9, 0.1)
    gates = SoftSupport(UNITS, f, kappa).gates().detach().requires_grad_()
    (g,) = torch.autograd.grad(network.loss(gates), gates)
    expected = torch.einsum("no,nuo->u", network.output_gradient(gates), network.contributions().transpose(0, 1))
    assert_close(g, expected, rtol=1e-9, atol=1e-12)
    stepped = proximal_step(f, g, time, "L2", kappa, resolution=4)
    points = torch.arange(4 * UNITS) / 4
    tile = points.floor().long()
    values = f(points).detach()
    assert_close(stepped(points).detach(), formula(values, g[tile], kappa, time), rtol=1e-12, atol=1e-13)
    assert_close(stepped(torch.tensor([-1.0, UNITS + 1.0])), f(torch.tensor([-1.0, UNITS + 1.0])), rtol=0, atol=0)


def descends(formula: Callable[[float], float], kappa: float, weights: Tensor, g: Tensor) -> None:
    """Along the shipped step J_kappa changes at the rate -|density|^2, and in H1 the step is stationary."""
    f, phi = RadialBasis(weights, [1.0, 2.6], 0.9, 0.1), RadialBasis([1.0, -0.7], [1.4, 2.0], 0.6)
    stepped = proximal_step(f, g, 1e-3, "L2", kappa, resolution=64)
    gap = stepped.fields[-1]
    width = SoftSupport(UNITS, f, kappa, panels=64, order=6)
    points, node_weights = width.cells().nodes(width.rule)
    square = float(soft_density(width, g, points).detach() ** 2 @ node_weights)
    rate = soft_derivative(width, g, gap).item() / 1e-3
    assert_close(rate, formula(square), rtol=2e-3, atol=1e-6)
    smooth = proximal_step(f, g, 1e-3, "H1", kappa, resolution=16)
    edges = (torch.arange(UNITS * 16 + 1.0) / 16).tolist()
    inner = support.product(Sum([smooth, f], [1.0, -1.0]), phi, edges, slopes=True, reach=12.0)
    along = soft_derivative(width, g, phi).item()
    assert_close(inner / 1e-3, formula(along), rtol=5e-4, atol=1e-4 * kappa)


def threshold(kappa: float) -> float:
    """The printed update keeps the sign of f, and E(f), as long as g is above this."""
    return -4 / kappa


def keeps_support(formula: Threshold, gamma: float, kappa: float, share: float) -> None:
    """Signs of the printed update on a fine grid, for f = gamma - u and g = share times the threshold -4/kappa."""
    g = torch.full((UNITS,), share * -4 / kappa)
    assume(abs(share - 1) > 0.02)
    f = Affine(gamma)
    places = gamma + torch.linspace(-0.2, 0.2, 401)[1::2] / kappa
    width = SoftSupport(UNITS, f, kappa)
    values = f(places).detach()
    updated = values / (1 + soft_density(width, g, places).detach())
    assert_close(updated, printed(values, g[0], kappa, 1.0), rtol=1e-9, atol=1e-12)
    support.same(bool((updated.sign() == values.sign()).all()), bool(g[0].item() > formula(kappa)))


def displacement(time: float) -> float:
    """Of the zero 5/4 of f = 2 (5/4 - u) by the shipped step, with kappa = 6 and g = 3."""
    stepped = proximal_step(Affine(1.25, 2.0), torch.tensor([1.0, 3.0]), time, "L2", 6.0, resolution=64)
    (place,) = zeros(stepped, 0, 2).simple
    return place - 1.25


def flipped() -> dict[str, float]:
    """f = 1 - u on [0, 2], kappa = 10: share of points where the printed update turns the sign, for g = 1 and -1."""
    points = (torch.arange(200_000) + 0.5) / 100_000
    f = Affine(1.0)
    values, shares = f(points).detach(), {}
    for name, g in (("harmless", 1.0), ("flipping", -1.0)):
        factor = 1 + soft_density(SoftSupport(2, f, 10.0), torch.tensor([g, g]), points).detach()
        shares[name] = ((values / factor).sign() != values.sign()).double().mean().item()
    edge = math.log((1 + math.sqrt(0.6)) / (1 - math.sqrt(0.6))) / 10
    return {**shares, "edge": edge}


IDENTITY = Identity(
    id="A19",
    title="the soft update",
    source="DFM",
    place="section 1.7, last display",
    printed=r"""$\phi = f - \sigma'(\kappa f)\,\kappa\phi \sum_{k=1}^\infty \chi_{k\cdot[0,1]}\,[\sigma \circ
\mathfrak{d}(x)]\,W_k^1$, called an ascent direction.""",
    precise=r"""False as printed. For finite $\kappa$ and a loss $F$ of the output, with $g = \langle F', y_k
W_k\rangle$ on tile $[k, k+1)$, the $L^2$ gradient of the loss in $f$ is the density $\kappa\,\sigma'(\kappa f)\,
g$, and the proximal step with step $t>0$ is
$\phi = f - t\,\kappa\,\sigma'(\kappa f) \sum_{k\geq 0} \chi_{[k,k+1)} \langle F', y_k W_k\rangle$,
a descent: the loss falls at the rate $\|\kappa\sigma'(\kappa f) g\|^2_{L^2}$. A simple zero $z$ off the integers
moves by $\frac{t\kappa\, g}{4 f'(z)} + O(t^2)$. In $H^1$ the density is replaced by its integral against the kernel
$\frac{1}{2} e^{-|u-z|}$. The printed equation lacks $t$ and $F'$ and has the new $\phi$ (the direction of the line
above it) inside the density. Solved for $\phi$ it is
$\phi = f/(1 + \kappa\,\sigma'(\kappa f)\, g)$, with $g = y_k W_k$ there:
where it is finite it has exactly the zeros of $f$, so it never moves a zero. It has the sign of $f$, hence the same
$E(\phi) = E(f)$, if $g > -4/\kappa$; for $g < -4/\kappa$ at a zero that $f$ crosses, the sign flips on both sides
of the zero, out to poles where $\kappa\,\sigma'(\kappa f) = -1/g$.""",
    verdict=Verdict.FALSE,
    proof=r"""Under the integral, $\frac{d}{d\epsilon} F = \int \kappa\sigma'(\kappa f)\, g\,\psi\,d\mu$ for
directions $\psi$: the density is the $L^2$ gradient, and minimising $\int \kappa\sigma' g\,(\phi-f) +
\frac{1}{2t}(\phi-f)^2$ pointwise gives the step; along it the derivative of the loss is minus the square of the
norm. At a zero $\phi(z) = -t\kappa g/4$, and the zero moves by $-\phi(z)/f'(z)$ to first order. The printed
equation is linear in $\phi$; $0 < \sigma' \leq \frac{1}{4}$ with equality at $0$ only, so the factor $1 +
\kappa\sigma'(\kappa f) g$ is positive everywhere if $g > -4/\kappa$, and negative in a neighbourhood of a zero
where $g < -4/\kappa$; $f/c = 0$ iff $f = 0$ for finite $c \neq 0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="the shipped step on its grid, for a network",
            check=on_the_grid,
            claim=gradient_step,
            wrong={
                "as printed, solved": printed,
                "density times f": lambda f, g, kappa, t: f - t * density(f, kappa) * g * f,
                "an ascent": lambda f, g, kappa, t: gradient_step(f, g, kappa, -t),
                "no kappa": lambda f, g, kappa, t: gradient_step(f, g, kappa, t / kappa),
                "without t": lambda f, g, kappa, t: gradient_step(f, g, kappa, 1.0),
                "without the sensitivity": lambda f, g, kappa, t: gradient_step(f, torch.ones_like(g), kappa, t),
            },
            given={
                "network": strategies.networks(UNITS),
                "kappa": strategies.numbers(1.0, 8.0),
                "time": strategies.numbers(0.01, 0.5),
                "weights": strategies.tensors(2),
            },
            examples=15,
        ),
        Witness(
            name="rate of descent in L2, first-order condition in H1",
            check=descends,
            claim=lambda value: -value,
            wrong={
                "an ascent": lambda value: value,
                "half": lambda value: -value / 2,
                "as printed, stationary": lambda value: 0.0,
            },
            given={
                "kappa": strategies.numbers(1.0, 6.0),
                "weights": strategies.tensors(2),
                "g": strategies.tensors(UNITS),
            },
            examples=10,
        ),
        Witness(
            name="where the printed update keeps the support",
            check=keeps_support,
            claim=threshold,
            wrong={
                "always": lambda kappa: -math.inf,
                "only for g > 0": lambda kappa: 0.0,
                "-1/kappa": lambda kappa: -1 / kappa,
                "-8/kappa": lambda kappa: -8 / kappa,
            },
            given={
                "gamma": strategies.interior(UNITS, margin=0.25),
                "kappa": strategies.numbers(1.0, 50.0),
                "share": strategies.numbers(-2.0, 3.0),
            },
            examples=40,
        ),
    ),
    rates=(
        Rate(
            name="displacement of the zero of f = 2 (5/4 - u), kappa = 6, g = 3, against t",
            scales=(1e-2, 1e-3, 1e-4, 1e-5),
            error=displacement,
            claim=Asymptote(1, -6 * 3 / (4 * 2)),
            wrong={
                "as printed: none": Asymptote(1, 0.0),
                "an ascent": Asymptote(1, 6 * 3 / (4 * 2)),
                "without 1/4": Asymptote(1, -6 * 3 / 2),
                "without 1/f'": Asymptote(1, -6 * 3 / 4),
            },
            relative=1e-3,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$f = 1-u$ on $[0,2]$, $\kappa=10$. For $g=1$ the printed update divides $f$ by numbers between
$1$ and $3.5$: no sign changes, $E(f) = [0,1]$ stays. For $g=-1 < -0.4$ it flips the sign where $10\,\sigma'(10 f)
> 1$, that is $|f| < \frac{1}{10} \log\frac{1+\sqrt{0.6}}{1-\sqrt{0.6}} = 0.2063$: on $20.63$ per cent of $[0,2]$;
its zero is still $1$.""",
            numbers={"harmless": 0.0, "flipping": 0.2063, "edge": 0.2063},
            compute=flipped,
            tolerance=1e-4,
        ),
    ),
    references=("N. Parikh, S. Boyd, Proximal algorithms, Foundations and Trends in Optimization 1, 2014",),
    covers=(
        "continuum.widths.fields.proximal",
        "continuum.widths.fields.variation",
        "continuum.widths.fields.piecewise",
        "continuum.widths.fields.combined",
        "continuum.widths.softsupport",
    ),
)
