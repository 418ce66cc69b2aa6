"""J_kappa tends to the integral over {f > 0}, and how fast."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Affine, PiecewiseLinear, RadialBasis, SoftSupport
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

UNITS = 4
TILES = (1.0, -2.0, 3.0, 0.5)  # g = y W on the four tiles
Constant = Callable[[float, float, float], float]
Tail = Callable[[Tensor, float], Tensor]


def derive() -> list[Derivation]:
    """The moments of (logistic - step), what they make of h, and the slope of h in the value of f."""
    return [expansion(), jump(), skew(), slope_in_value()]


def moment(power: int) -> sp.Expr:
    """Integral of s^p sigma(-s) over s > 0: term by term in sigma(-s) = sum_n (-1)^(n+1) e^(-ns)."""
    s, n = sp.Symbol("s", positive=True), sp.Symbol("n", integer=True, positive=True)
    term = sp.integrate(s**power * sp.exp(-n * s), (s, 0, sp.oo))
    return sp.summation((-1) ** (n + 1) * term, (n, 1, sp.oo))


def expansion() -> Derivation:
    """The integral of (sigma(kappa t) - [t > 0]) h(t) for a cubic h."""
    s, kappa = sp.symbols("s kappa", positive=True)
    h = sp.symbols("h_0:4", real=True)
    above, below = 1 / (1 + sp.exp(-s)), 1 / (1 + sp.exp(s))

    def value(t: sp.Expr) -> sp.Expr:
        return sum(h[j] * t**j for j in range(4))

    chain = Derivation("error at a zero", ((above - 1) * value(s / kappa) + below * value(-s / kappa)) / kappa)
    odd = -2 * (h[1] * s / kappa**2 + h[3] * s**3 / kappa**4)
    chain = chain.rewrite(odd * below, "t = s/kappa on one side, -s/kappa on the other: the even part of h cancels")
    chain = chain.apply(lambda e: sp.simplify(e / below), odd, "the weight of sigma(-s)")
    claim = -(sp.pi**2) / 6 * h[1] / kappa**2 - 7 * sp.pi**4 / 60 * h[3] / kappa**4
    chain = chain.apply(lambda e: _integrated(e, s), claim, "integrate over s > 0")
    wrong = {f"pi^2/{d}": claim + (sp.pi**2 / 6 - sp.pi**2 / d) * h[1] / kappa**2 for d in (3, 12)}
    return chain.claims(claim, {**wrong, "the other sign": -claim})


def _integrated(polynomial: sp.Expr, s: sp.Symbol) -> sp.Expr:
    return sum(factor * moment(power) for (power,), factor in sp.Poly(polynomial, s).terms())


def jump() -> Derivation:
    """The same where h jumps from h_- to h_+ at the zero."""
    before, after = sp.symbols("h_- h_+", real=True)
    s, kappa = sp.symbols("s kappa", positive=True)
    above, below = 1 / (1 + sp.exp(-s)), 1 / (1 + sp.exp(s))
    chain = Derivation("error at a jump", ((above - 1) * after + below * before) / kappa)
    chain = chain.rewrite((before - after) / kappa * below, "sigma(s) - 1 = -sigma(-s)")
    claim = sp.log(2) / kappa * (before - after)
    chain = chain.apply(lambda e: sp.simplify(e / below) * moment(0), claim, "integrate over s > 0")
    return chain.claims(claim, {"log 2 halved": claim / 2, "the other sign": -claim})


def skew() -> Derivation:
    """For the sigmoid exp(-e^-s) the error is of first order: minus the mean of its density, over kappa."""
    x, power = sp.symbols("x a", positive=True)
    s = sp.Symbol("s", real=True)
    density = sp.diff(sp.exp(-sp.exp(-s)), s)
    chain = Derivation("density of the asymmetric sigmoid", density)
    chain = chain.apply(lambda e: e.subs(s, -sp.log(x)) / x, sp.exp(-x), "x = e^-s, ds = -dx/x")
    powers = sp.gamma(power + 1)
    chain = chain.apply(lambda e: sp.integrate(x**power * e, (x, 0, sp.oo)), powers, "moments of x")
    # int (sigma - H) ds = -int s sigma' ds (by parts) = int log(x) e^-x dx
    chain = chain.apply(
        lambda e: sp.diff(e, power).subs(power, 0), -sp.EulerGamma, "a -> 0 under d/da: the mean of log x"
    )
    return chain.claims(-sp.EulerGamma, {"no term of first order": sp.Integer(0)})


def slope_in_value() -> Derivation:
    """dh/dt at a zero, t = f, for h = g/|f'| and g constant near the zero."""
    u, g = sp.symbols("u g", real=True)
    f = sp.Function("f")(u)
    rise = sp.diff(f, u)
    chain = Derivation("slope of h, f increasing", g / rise)
    slope = -g * sp.diff(f, u, 2) / rise**3
    chain = chain.apply(lambda e: sp.diff(e, u) / rise, slope, "d/dt = (1/f') d/du")
    return chain.claims(slope, {"one power of f' is lost": -g * sp.diff(f, u, 2) / rise**2, "the other sign": -slope})


def at_zero(g: float, slope: float, curvature: float) -> float:
    """What a zero adds to kappa^2 (J_kappa - J): -(pi^2/6) h'(0) = (pi^2/6) g f''/|f'|^3."""
    return support.MOMENT * g * curvature / abs(slope) ** 3


def second_order(formula: Constant, roots: list[float], slope: float, g: Tensor) -> None:
    """kappa^2 (J_kappa - J), extrapolated to kappa = infinity, for f with one or two zeros and slope s there."""
    apart = roots[-1] - roots[0]
    lead = slope / apart if apart else slope
    f = support.vanishing(roots, lead)
    exact = support.hard(f, g)
    coarse, fine = (kappa**2 * (support.soft(f, g, kappa, panels=512) - exact) for kappa in (400.0, 800.0))
    jets = [support.jet(f, root) for root in roots]
    expected = sum(formula(g[int(z)].item(), jet[1], jet[2]) for z, jet in zip(roots, jets, strict=True))
    assert_close(torch.tensor((4 * fine - coarse) / 3), torch.tensor(expected), rtol=2e-3, atol=2e-3)


def far(distance: Tensor, sharpness: float) -> Tensor:
    """e(d) = log(1 + e^(-kappa |s| d)) / (kappa |s|)."""
    return torch.log1p(torch.exp(-sharpness * distance)) / sharpness


def affine(formula: Tail, gamma: float, slope: float, kappa: float, g: Tensor) -> None:
    """J_kappa - J for f = s (gamma - u) is the sum over tiles of g_i (e(|gamma-i|) - e(|gamma-i-1|)), times sign s."""
    ends = (gamma - torch.arange(UNITS + 1.0)).abs()
    error = math.copysign(1, slope) * (formula(ends[:-1], kappa * abs(slope)) - formula(ends[1:], kappa * abs(slope)))
    covered = (gamma - torch.arange(float(UNITS))).clamp(0, 1)
    limit = covered if slope > 0 else 1 - covered
    gates = SoftSupport(UNITS, Affine(gamma, slope), kappa).gates().detach()
    assert_close(gates, limit + error, rtol=1e-12, atol=1e-14 / min(1, kappa))
    f = Affine(gamma, slope)
    assert_close(support.soft(f, g, kappa) - support.hard(f, g), (error @ g).item(), rtol=1e-9, atol=1e-12)


CUBIC_ROOTS, CUBIC_LEAD = (0.6, 1.7, 2.9), 1.5


def cubic_error(kappa: float) -> float:
    """Three simple zeros in three tiles."""
    f, g = support.vanishing(CUBIC_ROOTS, CUBIC_LEAD), torch.tensor(TILES)
    return support.soft(f, g, kappa, panels=round(2 * kappa)) - support.hard(f, g)


def cubic_constant() -> float:
    """(pi^2/6) sum of g f''/|f'|^3, from the three roots."""
    total = 0.0
    for root in CUBIC_ROOTS:
        a, b = (root - other for other in CUBIC_ROOTS if other != root)
        total += at_zero(TILES[int(root)], CUBIC_LEAD * a * b, 2 * CUBIC_LEAD * (a + b))
    return total


def jump_error(kappa: float) -> float:
    """f = 1.5 (u - 2) has its zero where g jumps from -2 to 3; f < 0 is on the left."""
    f, g = Affine(2.0, -1.5), torch.tensor(TILES)
    return support.soft(f, g, kappa) - support.hard(f, g)


def unbounded_error(distance: float) -> float:
    """f = e^(-u^2) on the half line, g = 1/((k+1)(k+2)), kappa = e^(m^2), m = distance - 1.

    Beyond the 32 tiles the gates are 1/2, and g sums to 1/33.
    """
    m, units = distance - 1, 32
    tile = torch.arange(float(units))
    f = RadialBasis([1.0], [0.0], math.sqrt(0.5))
    return support.soft(f, 1 / ((tile + 1) * (tile + 2)), math.exp(m**2), panels=4) + 0.5 / (units + 1) - 1


def flat_stretch() -> dict[str, float]:
    """f = 1 - u up to 1, 0 up to 2, then 2 - u; g = 1 on three tiles."""
    f, g = PiecewiseLinear([1.0, 0.0, 0.0, -1.0], [0.0, 1.0, 2.0, 3.0]), torch.ones(3)
    return {"soft": support.soft(f, g, 1e6), "hard": support.hard(f, g)}


IDENTITY = Identity(
    id="A12",
    title="the soft integral tends to the hard one",
    source="DFM",
    place="section 1.7, display of the variational problem, last line",
    printed=r"""$\int_{E(f)} y^1 \omega_1\, d\mu = \lim_{\kappa\to\infty} \int_{\mathbb{R}} \sigma(\kappa f)\, y^1
\omega_1\, d\mu$ with $E(f)$ the support of the positive part of $f$""",
    precise=r"""Let $g = y^1\omega_1 \in L^1(\mathbb{R})$, $f$ measurable with $\mu\{f = 0\} = 0$, and $\sigma$
bounded and measurable with limits $0$ and $1$ at $\mp\infty$. Then
$J_\kappa[f] = \int \sigma(\kappa f)\, g\, d\mu \to J[f] = \int_{\{f>0\}} g\, d\mu = \int_{E(f)} g\, d\mu$.

Rates, for the logistic $\sigma$. Let $f$ have finitely many zeros, all simple, be $C^4$ near them and bounded away
from $0$ off a neighbourhood of them (on $[0, N]$ this follows from continuity, on the line it does not). At a zero
let $h$ be $g/|f'|$ as a function of the value $t = f$. If $g$ is $C^3$ near the zeros, then
$J_\kappa - J = -\frac{\pi^2}{6\kappa^2} \sum_z h'(0) + O(\kappa^{-4})$;
where $g$ is locally constant, $h'(0) = -g f''/|f'|^3$. A zero at which $g$ jumps from $g_-$ (on the side $f<0$) to
$g_+$ adds $\frac{\log 2}{\kappa}\, \frac{g_- - g_+}{|f'|}$. For $f = s(\gamma-u)$ with $s > 0$ and $g = g_i$ on
tile $i$, exactly
$J_\kappa - J = \sum_i g_i \left(e(|\gamma-i|) - e(|\gamma-i-1|)\right)$ with
$e(d) = \log(1 + e^{-\kappa s d})/(\kappa s)$;
for $s<0$ the sign changes and $|s|$ takes the place of $s$. An asymmetric $\sigma$ has an error of order
$1/\kappa$ already at simple zeros: $-\frac{1}{\kappa} \sum_z h(0) \int s\,\sigma'(s)\,ds$.""",
    verdict=Verdict.HOLDS,
    proof=r"""Off $\{f=0\}$, $\sigma(\kappa f)$ tends to $1$ where $f>0$ and to $0$ where $f<0$, and $|\sigma(\kappa
f) g| \leq \|\sigma\|_\infty |g|$: dominated convergence. $E(f)$ is the closure of $\{f>0\}$, and for continuous $f$
a point of it outside $\{f>0\}$ is a zero, so the two differ by a null set. Rates: with $m$ the lower bound of
$|f|$ off the neighbourhoods, that part of the error is at most $e^{-\kappa m} \|g\|_1$. Near a zero substitute
$t = f(u)$:
$\int (\sigma(\kappa t) - [t>0])\, h(t)\, dt$. Put $s = \kappa t$ and expand $h$; $\sigma - [\cdot>0]$ is odd with
$\int s\,(\sigma(s) - [s>0])\, ds = -2 \int_0^\infty \frac{s\,ds}{1+e^s} = -\frac{\pi^2}{6}$ and
$\int_0^\infty \frac{ds}{1+e^s} = \log 2$,
so even powers of $t$ drop out where $h$ is smooth and $h_\mp$ give the second term where it jumps. The remainder
is $O(\kappa^{-4})$ by Taylor. For affine $f$ an antiderivative of $\sigma(\kappa f) - [f>0]$ in $u$ is
$-e(|u-\gamma|)$. For general $\sigma$, $\int (\sigma - [\cdot>0])\,ds = -\int s\,\sigma'\,ds$ by parts.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="extrapolated soft integral over one or two zeros",
            check=second_order,
            claim=at_zero,
            wrong={
                "pi^2/3": lambda g, slope, curvature: 2 * at_zero(g, slope, curvature),
                "pi^2/12": lambda g, slope, curvature: at_zero(g, slope, curvature) / 2,
                "the other sign": lambda g, slope, curvature: -at_zero(g, slope, curvature),
                "|f'|^2 for |f'|^3": lambda g, slope, curvature: at_zero(g, slope, curvature) * abs(slope),
            },
            given={
                "roots": strategies.crossings(UNITS, most=2, apart=2),
                "slope": strategies.slopes(1.0, 2.0),
                "g": strategies.tensors(UNITS),
            },
            examples=12,
        ),
        Witness(
            name="every gate of an affine f, exactly",
            check=affine,
            claim=far,
            wrong={
                "kappa for kappa |s|, outside": lambda d, k: torch.log1p(torch.exp(-k * d)),
                "no jump at a distance": lambda d, k: torch.where(d == 0, math.log(2) / k, 0.0),
                "the other sign": lambda d, k: -far(d, k),
            },
            given={
                "gamma": strategies.numbers(-1, UNITS + 1),
                "slope": strategies.slopes(),
                "kappa": strategies.numbers(0.5, 300.0),
                "g": strategies.tensors(UNITS),
            },
        ),
    ),
    rates=(
        Rate(
            name="J_kappa - J at three simple zeros, against kappa",
            scales=(40.0, 80.0, 160.0, 320.0, 640.0),
            error=cubic_error,
            claim=Asymptote(-2, cubic_constant()),
            wrong={
                "order 1/kappa": Asymptote(-1),
                "pi^2/3": Asymptote(-2, 2 * cubic_constant()),
                "pi^2/12": Asymptote(-2, cubic_constant() / 2),
                "the other sign": Asymptote(-2, -cubic_constant()),
            },
            relative=1e-3,
        ),
        Rate(
            name="J_kappa - J where g jumps at the zero, against kappa",
            scales=(50.0, 100.0, 200.0, 400.0),
            error=jump_error,
            claim=Asymptote(-1, math.log(2) * (-2 - 3) / 1.5),
            wrong={
                "order 1/kappa^2": Asymptote(-2),
                "no Jacobian": Asymptote(-1, math.log(2) * (-2 - 3)),
                "sides exchanged": Asymptote(-1, math.log(2) * (3 + 2) / 1.5),
            },
            relative=1e-9,
        ),
        Rate(
            name="f > 0 without a positive lower bound: the error at kappa = exp(m^2), against 1 + m",
            scales=(5.0, 9.0, 13.0, 17.0),
            error=unbounded_error,
            claim=Asymptote(-1, -0.5),
            wrong={"the whole tail": Asymptote(-1, -1.0), "exponential in m": Asymptote(-4)},
            relative=0.01,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Zeros must be null. $f = 1-u$ on $[0,1]$, $0$ on $[1,2]$, $2-u$ on $[2,3]$ and $g=1$: $J_\kappa[f]
\to 1 + \frac{1}{2} + 0 = 1.5$, as $\sigma(0)=\frac{1}{2}$, but $\mu\{f>0\} = 1$.""",
            numbers={"soft": 1.5, "hard": 1.0},
            compute=flat_stretch,
            tolerance=1e-8,
        ),
    ),
    references=(
        "A. Sommerfeld, Zur Elektronentheorie der Metalle, Z. Physik 47, 1928 (the expansion in 1/kappa is his, "
        "1/kappa the temperature of the Fermi function)",
        "A.-K. Tornberg, B. Engquist, Numerical approximations of singular source terms in differential equations, "
        "J. Comput. Phys. 200, 2004 (moments of regularised delta functions)",
    ),
    covers=(
        "continuum.widths.softsupport",
        "continuum.widths.fields.cells",
        "continuum.widths.fields.field",
        "continuum.widths.fields.zeros",
        "continuum.widths.fields.line",
    ),
)
