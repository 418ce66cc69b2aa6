"""The proximal step in f: none in L2, and in H1 a sum of kernels with the Jacobian."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import (
    Affine,
    Exponentials,
    PiecewiseLinear,
    Polynomial,
    RadialBasis,
    Sum,
    hard_derivative,
    proximal_step,
)
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

UNITS = 4
Kernel = Callable[[Tensor], Tensor]
Coefficient = Callable[[float, float], float]
Least = Callable[[float, float, float], float]


def derive() -> list[Derivation]:
    """The kernel of H1; the least value on hats of width h; the step at a zero that is not simple."""
    return [represents(), hats(), crossing()]


def represents() -> Derivation:
    """<K(., 0), phi> in H1 for decaying phi = e^(-a|u|) (p + q u + r u^2): the value at 0."""
    u, rate = sp.symbols("u a", positive=True)
    p, q, r = sp.symbols("p q r", real=True)
    total: sp.Expr = sp.Integer(0)
    for sign in (1, -1):  # u > 0 stands for both half lines; d/du = sign d/d|u|
        phi = sp.exp(-rate * u) * (p + q * sign * u + r * u**2)
        kernel = sp.exp(-u) / 2
        total += kernel * phi + sp.diff(kernel, u) * sp.diff(phi, u)
    chain = Derivation("inner product with e^(-|u|)/2", sp.expand(total))
    chain = chain.apply(lambda e: sp.simplify(sp.integrate(e, (u, 0, sp.oo))), p, "integrate over both half lines")
    return chain.claims(p, {"kernel without 1/2": 2 * p, "L2 alone": p / (1 + rate)})


def hats() -> Derivation:
    """c b + |b hat|^2/(2t) for the hat of half width h and height b at the zero."""
    x, b = sp.symbols("x b", real=True)
    h, t, c = sp.symbols("h t c", positive=True)
    chain = Derivation("square of a hat", (b * (1 - x / h)) ** 2)
    chain = chain.apply(lambda e: 2 * sp.integrate(sp.expand(e), (x, 0, h)), 2 * h * b**2 / 3, "both sides")
    chain = chain.apply(lambda e: c * b + e / (2 * t), c * b + h * b**2 / (3 * t), "objective")
    least = -3 * t * c**2 / (4 * h)
    chain = chain.apply(lambda e: e.subs(b, sp.solve(sp.diff(e, b), b)[0]), least, "its minimum over b")
    chain = chain.apply(lambda e: sp.limit(e, h, 0, "+"), -sp.oo, "narrow hats", _same)
    return chain.claims(-sp.oo, {"a minimum in L2": -t * c**2 / 4}, _same)


def crossing() -> Derivation:
    """Least of max-free pieces: x h_- + x^2/t over x > 0, for h_- < 0, where x = (phi - f)(z)."""
    x, t, loss = sp.symbols("x t p", positive=True)
    chain = Derivation("one side of a border zero", -loss * x + x**2 / (2 * t * sp.Rational(1, 2)))
    best = -t * loss**2 / 4
    chain = chain.apply(lambda e: e.subs(x, sp.solve(sp.diff(e, x), x)[0]), best, "minimise; K(z, z) = 1/2")
    return chain.claims(best, {"K(z, z) = 1": -t * loss**2 / 2})


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(left == right)


def representer(distance: Tensor) -> Tensor:
    """K(u, z) = e^(-|u - z|)/2."""
    return torch.exp(-distance.abs()) / 2


def coefficient(g: float, slope: float) -> float:
    """Of the kernel at a zero, in -(phi - f)/t."""
    return g / abs(slope)


Step = tuple[Coefficient, Kernel]
STEP: Step = (coefficient, representer)


def by_formula(formula: Step, roots: list[float], lead: float, time: float, g: Tensor) -> None:
    """The shipped step against f - t sum g/|f'| K, and its first-order condition in H1 along a bump."""
    f = support.vanishing(roots, lead)
    stepped, points = proximal_step(f, g, time, "H1"), torch.linspace(-3, UNITS + 3, 57)
    factor, kernel = formula
    moved = f(points)
    for root in roots:
        c = factor(g[int(root)].item(), support.jet(f, root)[1])
        moved = moved - time * c * kernel(points - root)
    scale = time * g.abs().max().item() * max(1 / abs(support.jet(f, root)[1]) for root in roots)
    assert_close(stepped(points), moved, rtol=1e-12, atol=1e-9 * scale + 1e-11)


def stationary(formula: Step, roots: list[float], lead: float, g: Tensor) -> None:
    """<phi - f, eta> in H1 is -t dJ[eta], for the step made of the formula and of the shipped one."""
    f, time = support.vanishing(roots, lead), 0.1
    eta = RadialBasis([1.0, -0.7], [1.0, 2.6], 0.4)
    derivative = hard_derivative(f, g, eta).value.item()
    factor, kernel = formula
    points, weights = support.nodes([*torch.arange(-20, 24.5, 0.5).tolist(), *roots])
    points.requires_grad_()
    value = torch.stack(
        [-time * factor(g[int(z)].item(), support.jet(f, z)[1]) * kernel(points - z) for z in roots]
    ).sum(0)
    (slope,) = torch.autograd.grad(value.sum(), points, retain_graph=True)
    height = eta(points)
    (rise,) = torch.autograd.grad(height.sum(), points)
    product = ((value * height).detach() + slope * rise) @ weights
    shipped = support.product(Sum([proximal_step(f, g, time, "H1"), f], [1.0, -1.0]), eta, roots, slopes=True)
    size = 1e-9 * (1 + abs(derivative))
    assert_close((product.item(), shipped), (-time * derivative,) * 2, rtol=1e-8, atol=size)


def exists(metric: str, kind: str) -> bool:
    """Whether the hard problem has a minimiser that is the gradient step."""
    return metric == "H1" and kind == "simple"


FIELDS: dict[str, Callable[[], torch.nn.Module]] = {
    "simple": lambda: Affine(1.25, 2.0),
    "border": lambda: Affine(2.0, 2.0),
    "end": lambda: Affine(4.0, -1.0),
    "kink": lambda: PiecewiseLinear([1.0, 0.0, -1.0], [0.0, 1.25, 4.0]),
    "double": lambda: Polynomial([1.5625, -2.5, 1.0]),
}


def refusals(formula: Callable[[str, str], bool], metric: str, kind: str, g: Tensor) -> None:
    """The shipped step raises BadInput exactly where there is none."""
    try:
        proximal_step(FIELDS[kind](), g, 0.1, "L2" if metric == "L2" else "H1")
    except BadInput:
        support.same(formula(metric, kind), False)
    else:
        support.same(formula(metric, kind), True)


def one_sided_least(h_minus: float, h_plus: float, time: float) -> float:
    """-(t/4) max(0, -h_-, h_+)^2."""
    return -time / 4 * max(0.0, -h_minus, h_plus) ** 2


def at_border(formula: Least, place: float, slopes: tuple[float, float, int], g: Tensor) -> None:
    """Least of J'(f; eta) + |eta|^2/2t over multiples of the kernel, by the shipped one-sided derivatives."""
    left, right, time = slopes[2] * slopes[0], slopes[2] * slopes[1], 0.3
    f = PiecewiseLinear([-5 * left, 0.0, 5 * right], [place - 5, place, place + 5])
    unit = Exponentials([2.0], [place])  # value 1 and squared norm 2 at the zero
    variation = hard_derivative(f, g, unit)
    heights = torch.linspace(-2, 2, 4001)
    gains = torch.where(heights > 0, variation.ahead * heights, variation.behind * heights)
    objective = (gains + support.product(unit, unit, [place], slopes=True) * heights**2 / (2 * time)).min().item()
    falling = slopes[2] < 0  # f < 0 on the right
    padded = [0.0, *g.tolist(), 0.0]
    terms = padded[math.ceil(place)] / abs(left), padded[math.floor(place) + 1] / abs(right)
    h_minus, h_plus = (terms[1], terms[0]) if falling else terms
    assert_close(objective, formula(h_minus, h_plus, time), rtol=1e-5, atol=2e-6)


def narrow(width: float) -> float:
    """Least objective over hats of half width h at the zero 5/4 of f = -2 (5/4 - u), g = 3, t = 1/20."""
    f, g, time = Affine(1.25, -2.0), torch.tensor([1.0, 3.0]), 0.05
    hat = PiecewiseLinear([0.0, 1.0, 0.0], [1.25 - width, 1.25, 1.25 + width])
    slope = hard_derivative(f, g, hat).value.item()
    points, weights = support.nodes([1.25 - width, 1.25, 1.25 + width])
    square = float(hat(points).detach() ** 2 @ weights)
    return -time * slope**2 / (2 * square)  # of slope b + square b^2/2t


def h1_value() -> dict[str, float]:
    """The value at the H1 step for f = -2 (5/4 - u), g = 3, t = 1/20; and at hats of half width 1/10, 1/1000."""
    f, g, time = Affine(1.25, -2.0), torch.tensor([1.0, 3.0]), 0.05
    gap = Sum([proximal_step(f, g, time, "H1"), f], [1.0, -1.0])
    size = support.product(gap, gap, [1.25], slopes=True)
    value = hard_derivative(f, g, gap).value.item() + size / (2 * time)
    return {"H1": value, "h=0.1": narrow(0.1), "h=0.001": narrow(0.001)}


IDENTITY = Identity(
    id="A18",
    title="the proximal step needs a metric",
    source="DFM",
    place="section 1.7, display of the functional gradient step",
    printed=r"""$J[\phi] = J[f] + \frac{\delta J}{\delta f}[\phi - f] + \frac{1}{2t}\|\phi-f\|^2$, hence $\phi = f -
t\left(\psi \mapsto \sum_{z \in Z(f)} \psi(z)\,y^1(z)\,\omega_1(z)\right)$, "a functional gradient ascent step".""",
    precise=r"""False as printed: the right-hand side is $f$ minus a functional, and a step down $J$. Let $f$ have
finitely many zeros in $[0,N]$, all simple and off the jumps of $g$, $c_z = g(z)/|f'(z)| \neq 0$ for some $z$, and
$Q(\phi) = \sum_z c_z\,(\phi-f)(z) + \frac{1}{2t}\|\phi-f\|^2$; for a loss $F$ of the output, $g = \langle F',
y^1\omega_1\rangle$. (i) In $L^2$ (over $\phi - f$ continuous with compact support), $\inf Q = -\infty$: there is no
minimiser, and hats of half width $h$ at one zero reach $-3tc^2/(4h)$. (ii) In $H^1(\mathbb{R})$ with $\|\phi\|^2 =
\int \phi^2 + \phi'^2$ the unique minimiser is
$\phi = f - t \sum_z \frac{g(z)}{|f'(z)|}\, K(\cdot, z)$ with $K(u,z) = \frac{1}{2} e^{-|u-z|}$,
and $Q = -\frac{t}{2} \sum_{z,z'} c_z c_{z'} K(z,z')$. (iii) At a single zero at an integer or kink, where $f$
crosses $0$ with $h_\mp = g_\mp/|f'_\mp|$ on the sides $f<0$ and $f>0$, the one-sided derivative is $J'(f;\eta) =
h_-\eta(z)$ for $\eta(z)>0$ and $h_+\eta(z)$ for $\eta(z)<0$, and the least value of $J'(f;\eta) +
\frac{1}{2t}\|\eta\|_{H^1}^2$ is $-\frac{t}{4} \max(0, -h_-, h_+)^2$: at $\eta = -t h_- K$ if $-h_-$ is the
greatest, at $-t h_+ K$ if $h_+$ is, at both on a tie, and at $\eta=0$ if $h_+ \leq 0 \leq h_-$. The shipped step
refuses (i) and (iii).""",
    verdict=Verdict.FALSE,
    proof=r"""(i) Point evaluation is not bounded in $L^2$: the hat $b(1-|u-z|/h)_+$ with other zeros outside has
value $b$ at $z$ and squared norm $2hb^2/3$, and $cb + hb^2/(3t)$ has the minimum $-3tc^2/(4h)$. (ii) Integrating
by parts on both sides of $z$, $\langle K(\cdot,z), \eta\rangle_{H^1} = \eta(z)$, as $K - K^{(2)} = \delta_z$. So
$Q(f+\eta) = \langle \sum c_z K_z, \eta\rangle + \frac{1}{2t}\|\eta\|^2 = \frac{1}{2t}\|\eta + t\sum c_z K_z\|^2 -
\frac{t}{2} \| \sum c_z K_z\|^2$. (iii) Among $\eta$ with $\eta(z)=x$ the least norm is that of $2xK$, with
$\|2xK\|^2 = 2x^2$; minimise $h_\mp x + x^2/t$ over $x>0$ and $x<0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="the shipped step in H1 is the formula",
            check=by_formula,
            claim=STEP,
            wrong={
                "without 1/|f'|": (lambda g, slope: g, representer),
                "signed slope": (lambda g, slope: g / slope, representer),
                "kernel without 1/2": (coefficient, lambda d: 2 * representer(d)),
                "an ascent": (lambda g, slope: -coefficient(g, slope), representer),
                "without F', all units alike": (lambda g, slope: 1 / abs(slope), representer),
            },
            given={
                "roots": strategies.crossings(UNITS),
                "lead": strategies.slopes(),
                "time": strategies.numbers(0.01, 1.0),
                "g": strategies.tensors(UNITS),
            },
            examples=15,
        ),
        Witness(
            name="first-order condition in H1",
            check=stationary,
            claim=STEP,
            wrong={
                "without 1/|f'|": (lambda g, slope: g, representer),
                "kernel without 1/2": (coefficient, lambda d: 2 * representer(d)),
                "a narrower kernel": (coefficient, lambda d: torch.exp(-2 * d.abs()) / 2),
                "an ascent": (lambda g, slope: -coefficient(g, slope), representer),
            },
            given={"roots": strategies.crossings(UNITS), "lead": strategies.slopes(), "g": strategies.tensors(UNITS)},
            examples=10,
        ),
        Witness(
            name="refused where there is no minimiser or no derivative",
            check=refusals,
            claim=exists,
            wrong={
                "L2 as printed": lambda metric, kind: kind == "simple",
                "at every zero": lambda metric, kind: metric == "H1",
                "never": lambda metric, kind: False,
            },
            given={
                "metric": st.sampled_from(["H1", "L2"]),
                "kind": st.sampled_from(list(FIELDS)),
                "g": strategies.tensors(UNITS),
            },
        ),
        Witness(
            name="one-sided problem at integers and kinks",
            check=at_border,
            claim=one_sided_least,
            wrong={
                "one derivative, the right side": lambda h_minus, h_plus, t: -t / 4 * h_plus**2,
                "the mean": lambda h_minus, h_plus, t: -t / 16 * (h_minus + h_plus) ** 2,
                "the gain of L2 norm": lambda h_minus, h_plus, t: 2 * one_sided_least(h_minus, h_plus, t),
                "sides exchanged": lambda h_minus, h_plus, t: one_sided_least(h_plus, h_minus, t),
            },
            given={
                "place": st.integers(0, 4 * UNITS).map(lambda quarter: quarter / 4),
                "slopes": st.tuples(
                    strategies.numbers(0.5, 2.0), strategies.numbers(0.5, 2.0), st.sampled_from([1, -1])
                ),
                "g": strategies.tensors(UNITS),
            },
            examples=15,
        ),
    ),
    rates=(
        Rate(
            name="least L2 objective over hats, against their width",
            scales=(1e-1, 1e-2, 1e-3, 1e-4),
            error=narrow,
            claim=Asymptote(-1, -3 * 0.05 * 1.5**2 / 4),
            wrong={
                "bounded": Asymptote(0),
                "no Jacobian": Asymptote(-1, -3 * 0.05 * 3**2 / 4),
                "bounded above": Asymptote(-1, 3 * 0.05 * 1.5**2 / 4),
            },
            relative=1e-6,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$f = 2(u - \frac{5}{4})$, $g=3$ at its zero, $t = 0.05$: $c = \frac{3}{2}$. Hats of half width
$h$ reach $-\frac{3tc^2}{4h} = -0.084375/h$: $-0.84375$ for $h=0.1$, $-84.375$ for $h = 0.001$. In $H^1$ the least
value is $-\frac{t}{2} c^2 K(z,z) = -0.028125$.""",
            numbers={"H1": -0.028125, "h=0.1": -0.84375, "h=0.001": -84.375},
            compute=h1_value,
            tolerance=1e-6,
        ),
    ),
    references=(
        "A. Berlinet, C. Thomas-Agnan, Reproducing Kernel Hilbert Spaces in Probability and Statistics, 2004",
        "J. W. Neuberger, Sobolev Gradients and Differential Equations, Lecture Notes in Mathematics 1670, 1997",
        "N. Parikh, S. Boyd, Proximal algorithms, Foundations and Trends in Optimization 1, 2014",
    ),
    covers=(
        "continuum.widths.fields.proximal",
        "continuum.widths.fields.combined",
        "continuum.widths.fields.variation",
        "continuum.widths.fields.zeros",
    ),
)
