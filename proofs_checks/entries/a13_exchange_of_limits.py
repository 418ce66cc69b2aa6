"""The limits in epsilon and kappa may be exchanged at simple zeros, and in general not."""

import math
from collections.abc import Callable
from typing import Any

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Affine, PiecewiseLinear, Polynomial, RadialBasis, SoftSupport, hard_derivative
from continuum.widths import soft_derivative as shipped
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

UNITS = 4
Density = Callable[[Any, Any, Any], Any]
Limit = Callable[[Tensor, Tensor], Tensor]

#: Integral of sigma'(v^2) over the line: sqrt(pi) eta(-1/2) = sqrt(pi) (1 - 2^(3/2)) zeta(-1/2).
TANGENT = math.sqrt(math.pi) * (1 - 2**1.5) * -0.20788622497735457


def derive() -> list[Derivation]:
    """What the limit in kappa gives, and what the derivative of the limit gives, at three kinds of zeros."""
    return [inside(), middle(), *double_zero()]


def inside() -> Derivation:
    """Derivative of the integrand: the exchange that does hold, at finite kappa."""
    kappa, epsilon, f, phi, g = sp.symbols("kappa epsilon f phi g", real=True)
    chain = Derivation("integrand at finite kappa", g / (1 + sp.exp(-kappa * (f + epsilon * phi))))
    bell = kappa * phi * g * sp.exp(-kappa * f) / (1 + sp.exp(-kappa * f)) ** 2
    chain = chain.apply(lambda e: sp.diff(e, epsilon).subs(epsilon, 0), bell, "differentiate")
    wrong = {"no kappa": bell / kappa, "no direction": bell / phi}
    return chain.claims(density(kappa * f, phi * g, kappa), wrong)


def density(argument: Any, weight: Any, kappa: Any) -> Any:
    """kappa sigma'(kappa f) phi g, with sigma'(s) = 1/(4 cosh(s/2)^2)."""
    half = argument / 2
    return kappa * weight / (4 * (torch.cosh(half) if isinstance(half, Tensor) else sp.cosh(half)) ** 2)


def middle() -> Derivation:
    """Where h = phi g/|f'| jumps from h_- to h_+ at a zero."""
    s = sp.Symbol("s", positive=True)
    before, after = sp.symbols("h_- h_+", real=True)
    bell = sp.exp(-s) / (1 + sp.exp(-s)) ** 2
    chain = Derivation("limit in kappa at a jump", bell * after + bell.subs(s, -s) * before)
    chain = chain.rewrite(bell * (before + after), "s = kappa t; sigma' is even")
    claim = (before + after) / 2
    chain = chain.apply(
        lambda e: sp.simplify(e / bell) * sp.integrate(bell, (s, 0, sp.oo)), claim, "integrate over s > 0"
    )
    return chain.claims(claim, {"ahead": before, "behind": after, "sum": before + after})


def double_zero() -> list[Derivation]:
    """f = u^2, g = 1: the soft derivative grows like sqrt(kappa), the true ones are 0 and -infinity."""
    u, v = sp.symbols("u v", real=True)
    kappa, epsilon = sp.symbols("kappa epsilon", positive=True)
    bell = kappa / (4 * sp.cosh(kappa * u**2 / 2) ** 2)
    scaled = sp.sqrt(kappa) / (4 * sp.cosh(v**2 / 2) ** 2)
    soft = Derivation("density at a double zero", bell)
    soft = soft.apply(lambda e: e.subs(u, v / sp.sqrt(kappa)) / sp.sqrt(kappa), scaled, "v = sqrt(kappa) u")
    soft = soft.claims(scaled, {"bounded in kappa": scaled / sp.sqrt(kappa)})
    lost = Derivation("f - epsilon", sp.Max(*sp.solve(u**2 - epsilon, u)) - sp.Min(*sp.solve(u**2 - epsilon, u)))
    lost = lost.rewrite(2 * sp.sqrt(epsilon), "length of {f <= epsilon}")
    lost = lost.apply(lambda e: sp.limit(-e / epsilon, epsilon, 0, "+"), -sp.oo, "difference quotient of J", _same)
    return [soft, lost.claims(-sp.oo, {"stationary": sp.Integer(0)}, _same)]


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(left == right)


def finite_kappa(formula: Density, f: torch.nn.Module, phi: list[float], kappa: float, g: Tensor) -> None:
    """The shipped derivative, and autograd through the shipped gates, against an own quadrature of the density."""
    direction = Polynomial(phi)
    width = SoftSupport(UNITS, f, kappa, panels=12)
    points, weights = support.nodes([*torch.linspace(0, UNITS, 12 * UNITS + 1).tolist(), *KNOTS], order=24)
    weight = direction(points).detach() * g[points.floor().long()]
    expected = (formula(kappa * f(points).detach(), weight, kappa) @ weights).item()
    size = 1e-12 * (1 + kappa * g.abs().sum().item())
    assert_close(shipped(width, g, direction).item(), expected, rtol=1e-9, atol=size)
    assert_close(support.by_autograd(f, g, direction, kappa, 12), expected, rtol=1e-9, atol=size)


KNOTS = (0.0, 1.3, 2.2, 3.6)
FIELDS = st.one_of(
    st.builds(Affine, strategies.numbers(-1, 5), strategies.slopes(0.5, 2.0)),
    strategies.tensors(4).map(lambda values: PiecewiseLinear(values, list(KNOTS))),
    strategies.tensors(2).map(lambda weights: RadialBasis(weights, [1.0, 2.6], 0.9, 0.25)),
)


def limits(formula: Limit, place: float, left: float, right: float, push: float, g: Tensor) -> None:
    """f has slopes left and right (of one sign) at its zero: a crossing, a kink, a jump of g, or both."""
    f = PiecewiseLinear([-left * place, 0.0, right * (UNITS - place)], [0.0, place, UNITS])
    true = hard_derivative(f, g, Polynomial([push]))
    soft = shipped(SoftSupport(UNITS, f, 1500.0, panels=512), g, Polynomial([push]))
    assert_close(soft, formula(true.ahead, true.behind).detach(), rtol=1e-10, atol=1e-12)


def mean(ahead: Tensor, behind: Tensor) -> Tensor:
    """The middle of the two one-sided derivatives."""
    return (ahead + behind) / 2


SLOPES = st.tuples(strategies.numbers(0.5, 2.0), strategies.numbers(0.5, 2.0), st.sampled_from([1, -1]))
KINKS = st.integers(1, 4 * UNITS - 1).map(lambda quarter: quarter / 4)


def limits_drawn(formula: Limit, place: float, slopes: tuple[float, float, int], push: float, g: Tensor) -> None:
    """The same for drawn slopes of one sign."""
    limits(formula, place, slopes[2] * slopes[0], slopes[2] * slopes[1], push, g)


def tangent_soft(kappa: float) -> float:
    """d/deps J_kappa at f = (u - 3/2)^2, phi = 1, g = 3 on the tile."""
    width = SoftSupport(3, Polynomial([2.25, -3.0, 1.0]), kappa, panels=round(2 * math.sqrt(kappa)))
    return shipped(width, torch.tensor([1.0, 3.0, 1.0]), Polynomial([1.0])).item()


def tangent_hard(epsilon: float) -> float:
    """(J[f - epsilon] - J[f])/epsilon for the same f."""
    f, g = Polynomial([2.25, -3.0, 1.0]), torch.tensor([1.0, 3.0, 1.0])
    return (support.hard(support.shifted(f, Polynomial([-1.0]), epsilon), g) - support.hard(f, g)) / epsilon


def integer() -> dict[str, float]:
    """f = 1 - u, phi = 1, g = 2 | -1."""
    f, g, one = Affine(1.0), torch.tensor([2.0, -1.0]), Polynomial([1.0])
    soft = shipped(SoftSupport(2, f, 100.0, panels=32), g, one).item()
    return {
        "soft": soft,
        "ahead": (support.hard(Affine(1.125), g) - support.hard(f, g)) / 0.125,
        "behind": (support.hard(Affine(0.875), g) - support.hard(f, g)) / -0.125,
    }


def touching() -> dict[str, float]:
    """f = (u - 1/2)^2 on one tile, g = 1, epsilon = 1/100."""
    f, g, one = Polynomial([0.25, -1.0, 1.0]), torch.ones(1), Polynomial([1.0])
    up, down = (support.hard(support.shifted(f, one, sign * 0.01), g) for sign in (1, -1))
    soft = [shipped(SoftSupport(1, f, kappa, panels=256), g, one).item() for kappa in (1e4, 1e6)]
    return {"up": (up - 1) / 0.01, "down": (down - 1) / 0.01, "soft at 1e4": soft[0], "soft at 1e6": soft[1]}


IDENTITY = Identity(
    id="A13",
    title="exchange of the limits in epsilon and kappa",
    source="DFM",
    place="section 1.7, display of the functional derivative, first to second line",
    printed=r"""$\lim_{\epsilon\to 0} \lim_{\kappa\to\infty} \frac{J_\kappa[f + \epsilon\phi] - J_\kappa[f]}{\epsilon} =
\lim_{\kappa\to\infty} \left[\frac{d}{d\epsilon} J_\kappa[f + \epsilon\phi]\right]_{\epsilon=0}$""",
    precise=r"""False for general $f$ and $g = y^1\omega_1$. At finite $\kappa$, for bounded $\phi$ and $g \in L^1$, the
derivative goes under the integral: $\frac{d}{d\epsilon} J_\kappa[f+\epsilon\phi] = \int \kappa\,\sigma'(\kappa(f +
\epsilon\phi))\,\phi\, g\, d\mu$. The limits may be exchanged if $f$ has finitely many zeros, all simple ($f$ is
$C^1$ near them, $f' \neq 0$), $|f|$ is bounded away from $0$ off a neighbourhood of them, $\phi$ is bounded, $C^1$
near them, and $g$ is continuous at them.

At a zero where $f' $ or $g$ has one-sided limits only, and $f$ crosses $0$, let $h_\mp = \phi\,
g_\mp/|f'_\mp|$, where $-$ is the side on which $f<0$. For $\phi>0$ the derivative of $J$ is $h_-$ ahead
($\epsilon\to 0^+$) and $h_+$ behind ($\epsilon\to 0^-$), for $\phi<0$ the other way round; the limit in $\kappa$
is $\sigma(0)\,h_- + (1-\sigma(0))\,h_+$,
for the logistic the mean of the two: the middle of the Clarke interval, where $J$ has no derivative at all unless
$h_- = h_+$. At a double zero, $f = a(u-z)^2$ nearby with $a>0$, the soft derivative for $\phi = 1$ grows:
$\frac{d}{d\epsilon} J_\kappa = C\, g(z) \sqrt{\kappa/a}\,(1 + o(1))$, $C = \int \sigma'(v^2)\,dv = \sqrt{\pi}\,
(1 - 2^{3/2})\,\zeta(-\frac{1}{2}) = 0.67372$,
whereas $J[f+\epsilon] - J[f]$ is $0$ for $\epsilon \geq 0$ and about $-2 g(z) \sqrt{|\epsilon|/a}$ for
$\epsilon<0$.""",
    verdict=Verdict.FALSE,
    proof=r"""Finite $\kappa$: $|\kappa\sigma'\phi g| \leq \frac{\kappa}{4} \|\phi\|_\infty |g|$ dominates. Off a
neighbourhood of the zeros $|f| \geq m$, and the integral there is at most $\kappa e^{-\kappa m} \|\phi\|_\infty
\|g\|_1$, since $\sigma'(s) \leq e^{-|s|}$. Near a zero put $t = f(u)$ and $s = \kappa t$: $\int \sigma'(s)\,
h(s/\kappa)\,ds$, where $h$ has limits $h_\mp$ at $0^\mp$ and is bounded. By dominated convergence it tends to $h_-
\int_{-\infty}^0 \sigma' + h_+ \int_0^\infty \sigma' = \sigma(0)\,h_- + (1-\sigma(0))\,h_+$. The derivative of $J$
follows from the motion of the zero: for $\epsilon\phi>0$ it moves into $\{f<0\}$ by $|\epsilon\phi/f'_-|$ and gains
$g_-$ times that. Both agree iff $h_- = h_+$. Double zero: $v = \sqrt{\kappa a}\,(u-z)$ gives $\sqrt{\kappa/a}\,
\int \sigma'(v^2)\, g\, dv$; termwise $\sum_n (-1)^{n+1} n \int e^{-n v^2} dv$, summed by Abel, is $\sqrt{\pi}\,
\eta(-\frac{1}{2})$. $\{a(u-z)^2 \leq |\epsilon|\}$ has length $2\sqrt{|\epsilon|/a}$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="finite kappa: shipped derivative and autograd through the gates",
            check=finite_kappa,
            claim=density,
            wrong={
                "no kappa": lambda s, weight, kappa: density(s, weight, kappa) / kappa,
                "no 1/4": lambda s, weight, kappa: 4 * density(s, weight, kappa),
                "temperature halved": lambda s, weight, kappa: density(s / 2, weight, kappa),
                "the other sign": lambda s, weight, kappa: -density(s, weight, kappa),
            },
            given={
                "f": FIELDS,
                "phi": strategies.tensors(3, low=-1, high=1).map(Tensor.tolist),
                "kappa": strategies.numbers(1.0, 12.0),
                "g": strategies.tensors(UNITS),
            },
        ),
        Witness(
            name="limit in kappa at crossings, kinks and integers, against the one-sided derivatives",
            check=limits_drawn,
            claim=mean,
            wrong={
                "ahead, the right derivative": lambda ahead, _: ahead,
                "behind, the left derivative": lambda _, behind: behind,
                "their sum": lambda ahead, behind: ahead + behind,
            },
            given={
                "place": KINKS,
                "slopes": SLOPES,
                "push": strategies.slopes(0.5, 2.0),
                "g": strategies.tensors(UNITS),
            },
            examples=15,
        ),
    ),
    rates=(
        Rate(
            name="soft derivative at a double zero, against kappa",
            scales=(1e3, 4e3, 16e3, 64e3),
            error=tangent_soft,
            claim=Asymptote(0.5, 3 * TANGENT),
            wrong={
                "bounded": Asymptote(0),
                "order kappa": Asymptote(1),
                "sqrt(pi)": Asymptote(0.5, 3 * math.sqrt(math.pi)),
            },
            relative=1e-6,
        ),
        Rate(
            name="difference quotient of J at the same zero, against -epsilon",
            scales=(1e-1, 1e-2, 1e-3, 1e-4),
            error=tangent_hard,
            claim=Asymptote(-0.5, -6.0),
            wrong={
                "stationary": Asymptote(0),
                "of the other sign": Asymptote(-0.5, 6.0),
                "halved": Asymptote(-0.5, -3.0),
            },
            relative=1e-6,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$f = 1-u$, $g = 2$ on $[0,1)$ and $-1$ on $[1,2)$, $\phi=1$. $J[f+\epsilon] = 2 - \epsilon$ for
$\epsilon>0$ and $2 + 2\epsilon$ for $\epsilon<0$: one-sided derivatives $-1$ and $2$. But $\frac{d}{d\epsilon}
J_\kappa \to \frac{2-1}{2} = 0.5$.""",
            numbers={"soft": 0.5, "ahead": -1.0, "behind": 2.0},
            compute=integer,
        ),
        Counterexample(
            text=r"""$f = (u - \frac{1}{2})^2$ on $[0,1]$, $g=1$, $\phi=1$. At $\epsilon = 0.01$ the difference
quotient is $0$; at $-0.01$ the interval $(0.4, 0.6)$ is lost, quotient $0.2/0.01 = 20$ (as $\epsilon\to 0^-$ it is
$2/\sqrt{|\epsilon|}$). The soft derivative is $0.67372\sqrt{\kappa}$: $67.4$ at $\kappa = 10^4$, $673.7$ at
$10^6$.""",
            numbers={"up": 0.0, "down": -20.0, "soft at 1e4": 67.372, "soft at 1e6": 673.72},
            compute=touching,
            tolerance=5e-3,
        ),
    ),
    references=(
        "X. Chen, Smoothing methods for nonsmooth, nonconvex minimization, Math. Program. 134, 2012 (limits of "
        "gradients of smoothings lie in the Clarke subdifferential)",
        "F. H. Clarke, Optimization and Nonsmooth Analysis, 1983, section 2.5",
    ),
    covers=(
        "continuum.widths.fields.variation",
        "continuum.widths.softsupport",
        "continuum.widths.fields.cells",
        "continuum.widths.fields.combined",
        "continuum.widths.fields.piecewise",
        "continuum.widths.fields.zeros",
    ),
)
