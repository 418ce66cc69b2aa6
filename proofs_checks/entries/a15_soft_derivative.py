"""The soft derivative tends to the hard one, and how fast."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from continuum.widths import Affine, PiecewiseLinear, Polynomial, SoftSupport, hard_derivative, soft_derivative
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

UNITS = 4
TILES = (1.0, -2.0, 3.0, 0.5)
Jet = list[float]
Constant = Callable[[float, Jet, Jet], float]


def derive() -> list[Derivation]:
    """Moments of sigma', and the second derivative of phi g/|f'| in the value of f."""
    return [expansion(), corner(), second_in_value()]


def moment(power: int) -> sp.Expr:
    """Integral of s^p sigma'(s) over s > 0, term by term in sigma'(s) = sum_n (-1)^(n+1) n e^(-ns)."""
    s, n = sp.Symbol("s", positive=True), sp.Symbol("n", integer=True, positive=True)
    term = n * sp.integrate(s**power * sp.exp(-n * s), (s, 0, sp.oo))
    return sp.summation((-1) ** (n + 1) * term, (n, 1, sp.oo))


def expansion() -> Derivation:
    """The integral of kappa sigma'(kappa t) h(t) for a quartic h, without its limit h(0)."""
    s, kappa = sp.symbols("s kappa", positive=True)
    h = sp.symbols("h_0:5", real=True)
    bell = sp.exp(-s) / (1 + sp.exp(-s)) ** 2

    def value(t: sp.Expr) -> sp.Expr:
        return sum(h[j] * t**j for j in range(5)) - h[0]

    chain = Derivation("error at a simple zero", bell * value(s / kappa) + bell.subs(s, -s) * value(-s / kappa))
    even = 2 * (h[2] * s**2 / kappa**2 + h[4] * s**4 / kappa**4)
    chain = chain.rewrite(even * bell, "s = kappa t; sigma' is even, so that the odd part of h cancels")
    chain = chain.apply(lambda e: sp.simplify(e / bell), even, "the weight of sigma'")
    claim = sp.pi**2 / 3 * h[2] / kappa**2 + 7 * sp.pi**4 / 15 * h[4] / kappa**4
    chain = chain.apply(lambda e: _integrated(e, s), claim, "integrate over s > 0; h_2 = h''/2")
    wrong = {"h'' for h''/2": claim + sp.pi**2 / 3 * h[2] / kappa**2, "the other sign": -claim}
    return chain.claims(claim, wrong)


def _integrated(polynomial: sp.Expr, s: sp.Symbol) -> sp.Expr:
    return sum(factor * moment(power) for (power,), factor in sp.Poly(polynomial, s).terms())


def corner() -> Derivation:
    """The same where h has slopes p_- and p_+ on the two sides."""
    s, kappa = sp.symbols("s kappa", positive=True)
    before, after = sp.symbols("p_- p_+", real=True)
    bell = sp.exp(-s) / (1 + sp.exp(-s)) ** 2
    chain = Derivation("error at a corner", bell * after * s / kappa + bell.subs(s, -s) * before * (-s / kappa))
    chain = chain.rewrite(bell * s * (after - before) / kappa, "sigma' is even")
    claim = sp.log(2) / kappa * (after - before)
    chain = chain.apply(lambda e: _integrated(sp.simplify(e / bell), s), claim, "integrate over s > 0")
    return chain.claims(claim, {"the other sign": -claim, "halved": claim / 2})


def second_in_value() -> Derivation:
    """d^2/dt^2 of phi/f', t = f, for increasing f."""
    u = sp.Symbol("u", real=True)
    f, phi = (sp.Function(name)(u) for name in ("f", "phi"))
    d = sp.symbols("f_1:4"), sp.symbols("phi_0:3")
    names = {sp.diff(f, u, n): d[0][n - 1] for n in (3, 2, 1)} | {sp.diff(phi, u, n): d[1][n] for n in (2, 1)}
    chain = Derivation("h in the value of f", phi / sp.diff(f, u))
    once = (sp.diff(phi, u) * sp.diff(f, u) - phi * sp.diff(f, u, 2)) / sp.diff(f, u) ** 3
    chain = chain.apply(lambda e: sp.diff(e, u) / sp.diff(f, u), once, "d/dt = (1/f') d/du")
    twice = second(1, [0, *d[0]], [*d[1]])
    chain = chain.apply(
        lambda e: (sp.diff(e, u) / sp.diff(f, u)).subs(names).subs(phi, d[1][0]), twice, "d/dt = (1/f') d/du again"
    )
    return chain.claims(twice, {"derivative in u": sp.diff(phi / sp.diff(f, u), u, 2).subs(names).subs(phi, d[1][0])})


def second(g: float, f: Jet, phi: Jet) -> float:
    """h''(0) for h = phi g/|f'| as a function of t = f, from the derivatives of f and phi at the zero."""
    _, rise, curve, third = f
    value = phi[2] / rise**3 - (3 * phi[1] * curve + phi[0] * third) / rise**4 + 3 * phi[0] * curve**2 / rise**5
    return g * value * (1 if not isinstance(rise, float) or rise > 0 else -1)


def at_zero(g: float, f: Jet, phi: Jet) -> float:
    """What a zero adds to kappa^2 (D_kappa - D)."""
    return support.MOMENT * second(g, f, phi)


def in_u(g: float, f: Jet, phi: Jet) -> float:
    """As if phi g were differentiated in u, and divided by |f'|."""
    return support.MOMENT * g * phi[2] / abs(f[1])


def soft(f: nn.Module, g: Tensor, phi: nn.Module, kappa: float, panels: int) -> float:
    """D_kappa."""
    return soft_derivative(SoftSupport(len(g), f, kappa, panels=panels), g, phi).item()


def second_order(formula: Constant, roots: list[float], slope: float, phi: Jet, g: Tensor) -> None:
    """kappa^2 (D_kappa - D), extrapolated to kappa = infinity, for f with one or two zeros and slope s there."""
    apart = roots[-1] - roots[0]
    f, direction = support.vanishing(roots, slope / apart if apart else slope), Polynomial(phi)
    hard = hard_derivative(f, g, direction).value.item()
    coarse, fine = (kappa**2 * (soft(f, g, direction, kappa, 512) - hard) for kappa in (400.0, 800.0))
    jets = [(g[int(root)].item(), support.jet(f, root), support.jet(direction, root, 3)) for root in roots]
    expected = float(sum(formula(*jet) for jet in jets))
    assert_close((4 * fine - coarse) / 3, expected, rtol=5e-3, atol=5e-3)


ROOTS, LEAD, PHI = (0.6, 1.7, 2.9), 1.5, (1.0, 0.5, -0.3)


def smooth_error(kappa: float) -> float:
    """Three simple zeros in three tiles."""
    f, phi, g = support.vanishing(ROOTS, LEAD), Polynomial(list(PHI)), torch.tensor(TILES)
    return soft(f, g, phi, kappa, round(2 * kappa)) - hard_derivative(f, g, phi).value.item()


def smooth_constant() -> float:
    """(pi^2/6) sum of h'', from the three roots."""
    total = 0.0
    for root in ROOTS:
        a, b = (root - other for other in ROOTS if other != root)
        jet = [0.0, LEAD * a * b, 2 * LEAD * (a + b), 6 * LEAD]
        phi = [PHI[0] + PHI[1] * root + PHI[2] * root**2, PHI[1] + 2 * PHI[2] * root, 2 * PHI[2]]
        total += at_zero(TILES[int(root)], jet, phi)
    return total


def corner_error(kappa: float) -> float:
    """f = 2 (1.25 - u), g = -2, phi with slopes -1 and 3 at the zero: t < 0 on its right."""
    f, g = Affine(1.25, 2.0), torch.tensor(TILES)
    phi = PiecewiseLinear([2.25, 1.0, 9.25], [0.0, 1.25, 4.0])
    return soft(f, g, phi, kappa, 512) - hard_derivative(f, g, phi).value.item()


def border_error(kappa: float) -> float:
    """f = (u - 2)(u - 9/2), phi = 1: g jumps from -2 to 3 at the zero 2, and the limit is the mean of both sides."""
    f, g = support.vanishing([2.0, 4.5]), torch.tensor(TILES)
    true = hard_derivative(f, g, Polynomial([1.0]))
    return soft(f, g, Polynomial([1.0]), kappa, 512) - (true.ahead + true.behind).item() / 2


#: h' = phi' g/(|f'| f'): with f > 0 on the left of the zero less that with f < 0, on its right.
CORNER = math.log(2) * (-1 * -2 / (2 * -2) - 3 * -2 / (2 * -2))
#: h' = -g f''/|f'|^3 with f' = -5/2, f'' = 2; f < 0 on the right, where g = 3.
BORDER = math.log(2) * (2 + 3) * 2 / 2.5**3
FAR = (50.0, 100.0, 200.0, 400.0)


def stretch() -> dict[str, float]:
    """f = v + v^2, v = u - 3/2, on [1, 2], g = 1, phi = 1 and kappa = 100."""
    f, g, one = Polynomial([0.75, -2.0, 1.0]), torch.tensor([0.0, 1.0]), Polynomial([1.0])
    difference = soft(f, g, one, 100.0, 128) - hard_derivative(f, g, one).value.item()
    return {
        "kappa^2 times the error": 1e4 * difference,
        "its limit": at_zero(1.0, [0.0, 1.0, 2.0, 0.0], [1.0, 0.0, 0.0]),
    }


IDENTITY = Identity(
    id="A15",
    title="error of the derivative at finite sharpness",
    source="DFM",
    place="section 1.7, display of the functional derivative, fourth to fifth line",
    printed=r"""$\lim_{\kappa\to\infty} \left[\int_{\mathbb{R}} \sigma'(\kappa(f+\epsilon\phi))\,\kappa\phi\,
y^1\omega_1\,d\mu\right]_{\epsilon=0} = \int_{\mathbb{R}} \lim_{\kappa\to\infty} \sigma'(\kappa f)\,\kappa\phi\,
y^1\omega_1\,d\mu$""",
    precise=r"""The pointwise limit under the second integral is $0$ off $Z(f)$; the line is right only if the
limit is taken of measures, where it is $\phi g\,\delta(f)$ with $g = y^1\omega_1$. How fast: let $\sigma$ be
logistic, $f$ have finitely many simple zeros, and $|f|$ be bounded away from $0$ off a neighbourhood of them; near
them $f \in C^5$ and $\phi, g \in C^4$, elsewhere $\phi$ is bounded and $g \in L^1$. Let $D_\kappa = \int
\kappa\sigma'(\kappa f)\phi g\,d\mu$, $D = \sum_z \phi g/|f'|$, and $h$ at each zero the function $\phi g/|f'|$ of
the value $t=f$. Then
$D_\kappa - D = \frac{\pi^2}{6\kappa^2} \sum_z h^{(2)}(0) + O(\kappa^{-4})$,
where for locally constant $g$ and $f'>0$
$h^{(2)} = g \left(\frac{\phi^{(2)}}{f'^3} - \frac{3\phi' f^{(2)} + \phi f^{(3)}}{f'^4} + \frac{3\phi
(f^{(2)})^2}{f'^5}\right)$
(and minus that for $f'<0$). If $h$ is $C^2$ up to $0$ from each side only, $D$ is replaced by the sum of
$\frac{1}{2} (h_- + h_+)$ (entry A13), and the error is
$\frac{\log 2}{\kappa} \sum_z (h'_+ - h'_-) + O(\kappa^{-2})$,
with $+$ on the side $f>0$.""",
    verdict=Verdict.CORRECTED,
    proof=r"""Off the neighbourhoods the integrand is at most $\kappa e^{-\kappa m} \|\phi\|_\infty |g|$, since
$\sigma'(s) \leq e^{-|s|}$. Near a zero put $t = f(u)$, then $s = \kappa t$: $\int \sigma'(s)\, h(s/\kappa)\,ds$
over an interval whose ends grow like $\kappa$. Expand $h$ to fourth order: $\int \sigma' = 1$ gives $D$, odd powers
vanish since $\sigma'$ is even, and
$\int s^2 \sigma'(s)\,ds = 2 \sum_{n\geq 1} (-1)^{n+1} n\, \frac{2}{n^3} = \frac{\pi^2}{3}$
gives the term with $h^{(2)}(0)/2$; the rest is $O(\kappa^{-4})$. With different slopes on both sides the first
order stays: $\int_0^\infty s\,\sigma'(s)\,ds = \int_0^\infty (1-\sigma)\,ds = \log 2$, times $(h'_+ -
h'_-)/\kappa$. The formula for $h^{(2)}$ is $\frac{d}{dt} = \frac{1}{f'} \frac{d}{du}$ applied twice to $\phi
g/f'$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="extrapolated soft derivative at one or two zeros",
            check=second_order,
            claim=at_zero,
            wrong={
                "pi^2/3": lambda g, f, phi: 2 * at_zero(g, f, phi),
                "the other sign": lambda g, f, phi: -at_zero(g, f, phi),
                "differentiated in u": in_u,
                "1 for 3 in the last term": lambda g, f, phi: (
                    at_zero(g, f, phi) - support.MOMENT * 2 * g * phi[0] * f[2] ** 2 / abs(f[1]) ** 5
                ),
            },
            given={
                "roots": strategies.crossings(UNITS, most=2, apart=2),
                "slope": strategies.slopes(1.0, 2.0),
                "phi": strategies.tensors(3, low=-1, high=1).map(Tensor.tolist),
                "g": strategies.tensors(UNITS),
            },
            examples=12,
        ),
    ),
    rates=(
        Rate(
            name="D_kappa - D at three simple zeros, against kappa",
            scales=(40.0, 80.0, 160.0, 320.0, 640.0),
            error=smooth_error,
            claim=Asymptote(-2, smooth_constant()),
            wrong={
                "order 1/kappa": Asymptote(-1),
                "pi^2/3": Asymptote(-2, 2 * smooth_constant()),
                "pi^2/12": Asymptote(-2, smooth_constant() / 2),
                "the other sign": Asymptote(-2, -smooth_constant()),
            },
            relative=1e-3,
        ),
        Rate(
            name="D_kappa - D where phi has a corner at the zero, against kappa",
            scales=FAR,
            error=corner_error,
            claim=Asymptote(-1, CORNER),
            wrong={
                "order 1/kappa^2": Asymptote(-2),
                "sides exchanged": Asymptote(-1, -CORNER),
                "slopes in u": Asymptote(-1, math.log(2) * (-1 - 3) * -2 / 2),
            },
            relative=1e-8,
        ),
        Rate(
            name="distance of D_kappa from the mean of both sides where g jumps, against kappa",
            scales=FAR,
            error=border_error,
            claim=Asymptote(-1, BORDER),
            wrong={
                "order 1/kappa^2": Asymptote(-2),
                "sides exchanged": Asymptote(-1, -BORDER),
                "sum of the slopes": Asymptote(-1, BORDER / 5),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Sharpness has a price: $f = v + v^2$ with $v = u - \frac{3}{2}$ on $[1, 2]$, $g=1$, $\phi=1$.
In the value of $f$, $h = (1+4t)^{-1/2}$ and $h^{(2)}(0) = 12$, so that $\kappa^2$ times the error tends to $2\pi^2
= 19.74$; at $\kappa=100$ it is $20.07$.""",
            numbers={"kappa^2 times the error": 20.07, "its limit": 19.74},
            compute=stretch,
            tolerance=0.005,
        ),
    ),
    references=(
        "A. Sommerfeld, Zur Elektronentheorie der Metalle, Z. Physik 47, 1928 (the expansion)",
        "A.-K. Tornberg, B. Engquist, Numerical approximations of singular source terms in differential equations, "
        "J. Comput. Phys. 200, 2004 (order by vanishing moments)",
    ),
    covers=(
        "continuum.widths.fields.variation",
        "continuum.widths.softsupport",
        "continuum.widths.fields.cells",
        "continuum.widths.fields.zeros",
        "continuum.widths.fields.line",
    ),
)
