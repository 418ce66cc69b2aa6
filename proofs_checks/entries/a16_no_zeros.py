"""Where f keeps away from 0 the derivative dies out exponentially; having no zeros is not enough."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Polynomial, RadialBasis, SoftSupport, hard_derivative, soft_derivative
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

UNITS = 4
Bound = Callable[[float, float, float, float], float]


def derive() -> list[Derivation]:
    """The bound on sigma', and the limit of kappa e^(-kappa m); the difference quotient of the counterexample."""
    s, kappa, m = sp.symbols("s kappa m", positive=True)
    bell = sp.diff(1 / (1 + sp.exp(-s)), s)
    excess = Derivation("sigma'(s) against e^-s, s > 0", sp.exp(-s) - bell)
    factored = sp.exp(-2 * s) * (2 + sp.exp(-s)) / (1 + sp.exp(-s)) ** 2
    excess = excess.rewrite(factored, "put over one denominator: positive, so sigma' < e^-s")
    excess = excess.claims(factored, {"equal": sp.Integer(0)})
    decay = Derivation("bound", kappa * sp.exp(-kappa * m))
    decay = decay.apply(lambda e: sp.limit(e, kappa, sp.oo), sp.Integer(0), "kappa -> infinity")
    return [excess, decay.claims(sp.Integer(0), {"without a bound (m = 0)": sp.oo}, _same), tail()]


def tail() -> Derivation:
    """g sums to 1/(K+1) from tile K on, and Gamma = e^(-u^2) < epsilon = e^(-K^2) there."""
    k, start = sp.symbols("k K", integer=True, nonnegative=True)
    last = sp.Symbol("M", integer=True, positive=True)
    chain = Derivation("mass of the tail", sp.Sum(1 / ((k + 1) * (k + 2)), (k, start, last)))
    chain = chain.apply(lambda e: e.doit(), 1 / (start + 1) - 1 / (last + 2), "telescopes")
    chain = chain.apply(lambda e: sp.limit(e, last, sp.oo), 1 / (start + 1), "all tiles")
    chain = chain.apply(lambda e: sp.limit(-e * sp.exp(start**2), start, sp.oo), -sp.oo, "over epsilon, K -> oo", _same)
    return chain.claims(-sp.oo, {"no zeros, no gradient": sp.Integer(0)}, _same)


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(left == right)


def bound(kappa: float, least: float, push: float, mass: float) -> float:
    """kappa e^(-kappa m) |phi| |g|."""
    return kappa * math.exp(-kappa * least) * push * mass


WRONG: dict[str, Bound] = {
    "no kappa": lambda kappa, least, push, mass: bound(kappa, least, push, mass) / kappa,
    "e^(-2 kappa m)": lambda kappa, least, push, mass: bound(kappa, 2 * least, push, mass),
    "no zeros, no gradient": lambda kappa, least, push, mass: 0.0,
}


def above(formula: Bound, least: float, bend: float, place: float, kappa: float, g: Tensor, sign: int) -> None:
    """|f| = m + a (u - b)^2: the shipped derivative keeps below the bound, and the hard one is 0."""
    f = Polynomial([sign * (least + bend * place**2), -2 * sign * bend * place, sign * bend])
    phi = RadialBasis([1.0], [place], 0.7)  # at most 1
    derivative = abs(soft_derivative(SoftSupport(UNITS, f, kappa, panels=8), g, phi).item())
    limit = formula(kappa, least, 1.0, g.abs().sum().item())
    if derivative > limit * (1 + 1e-12):
        raise AssertionError(f"{derivative} exceeds {limit}")
    assert_close(hard_derivative(f, g, phi).value.item(), 0.0, rtol=0, atol=0)


def sharp(formula: Bound, least: float, push: float, kappa: float, g: Tensor) -> None:
    """At constant f = m, phi and g >= 0 the derivative is the bound over (1 + e^(-kappa m))^2."""
    weight = g.abs()
    derivative = soft_derivative(SoftSupport(UNITS, Polynomial([least]), kappa), weight, Polynomial([push])).item()
    expected = formula(kappa, least, abs(push), weight.sum().item()) / (1 + math.exp(-kappa * least)) ** 2
    assert_close(abs(derivative), expected, rtol=1e-12, atol=0)


def decay(scale: float) -> float:
    """D_kappa/kappa at constant f = 3/4, phi = 1, total g = 3, kappa = log(scale)."""
    kappa = math.log(scale)
    width = SoftSupport(2, Polynomial([0.75]), kappa)
    return soft_derivative(width, torch.tensor([2.0, 1.0]), Polynomial([1.0])).item() / kappa


def unbounded(distance: float) -> float:
    """D_kappa/kappa for Gamma = e^(-u^2) on the half line, g = 1/((k+1)(k+2)), kappa = e^(m^2), m = distance - 1."""
    m, units = distance - 1, 32
    tile = torch.arange(float(units))
    kappa, gamma = math.exp(m**2), RadialBasis([1.0], [0.0], math.sqrt(0.5))
    width = SoftSupport(units, gamma, kappa, panels=4)
    derivative = soft_derivative(width, 1 / ((tile + 1) * (tile + 2)), Polynomial([1.0])).item()
    return derivative / kappa + 0.25 / (units + 1)  # beyond, sigma' is 1/4


def bell() -> dict[str, float]:
    """Gamma = e^(-u^2), epsilon = e^-4 and e^-9; beyond tile 9, Gamma < e^-81 counts as 0."""
    tile = torch.arange(9.0)
    g, beyond = 1 / ((tile + 1) * (tile + 2)), 0.1
    gamma = RadialBasis([1.0], [0.0], math.sqrt(0.5))
    one = Polynomial([1.0])

    def quotient(m: int) -> float:
        shifted = RadialBasis([1.0], [0.0], math.sqrt(0.5), offset=-math.exp(-(m**2)))
        return (support.hard(shifted, g) - support.hard(gamma, g) - beyond) * math.exp(m**2)

    def soft(m: int) -> float:
        kappa = math.exp(m**2)
        width = SoftSupport(9, gamma, kappa, panels=16)
        return soft_derivative(width, g, one).item() + kappa / 4 * beyond

    return {"m=2": quotient(2), "m=3": quotient(3), "soft, m=2": soft(2), "soft, m=3": soft(3)}


IDENTITY = Identity(
    id="A16",
    title="no zeros, no gradient",
    source="DFM",
    place="section 1.7, below the functional gradient step",
    printed=r"""$\delta J/\delta f|_{f=\Gamma} = 0$ for $\Gamma$ with no zeros""",
    precise=r"""Let $g = y^1\omega_1 \in L^1$, $\phi$ bounded and $|\Gamma| \geq m > 0$ on $\{g \neq 0\}$. Then,
for the logistic $\sigma$,
$|D_\kappa| = \left|\int \kappa\,\sigma'(\kappa\Gamma)\,\phi g\,d\mu\right| \leq \kappa\, e^{-\kappa m}
\|\phi\|_\infty \|g\|_1$,
which is sharp up to the factor $(1+e^{-\kappa m})^2$, and $J$ is constant on $\|f - \Gamma\|_\infty < m$. On
$[0,N]$ a continuous $\Gamma$ without zeros has such an $m$, and the printed claim holds. On the line it does not
follow from the absence of zeros: $D_\kappa$ and the difference quotients of $J$ may diverge.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$\sigma'(s) = e^{-|s|}/(1+e^{-|s|})^2 \leq e^{-|s|} \leq e^{-\kappa m}$ at $s = \kappa\Gamma$;
integrate. Equality up to the denominator holds for constant $\Gamma = m$ and $\phi g$ of one sign. A perturbation
smaller than $m$ changes no sign of $\Gamma$, hence not $J$. A continuous function without zeros has a positive
minimum of its modulus on a compact interval. Divergence: see the counterexample.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped derivatives where |f| >= m",
            check=above,
            claim=bound,
            wrong={key: WRONG[key] for key in ("e^(-2 kappa m)", "no zeros, no gradient")},
            given={
                "least": strategies.numbers(0.25, 1.0),
                "bend": strategies.numbers(0.0, 2.0),
                "place": strategies.numbers(0, UNITS),
                "kappa": strategies.numbers(1.0, 40.0),
                "g": strategies.tensors(UNITS),
                "sign": st.sampled_from([1, -1]),
            },
        ),
        Witness(
            name="the bound is sharp for constant f",
            check=sharp,
            claim=bound,
            wrong=WRONG,
            given={
                "least": strategies.numbers(0.25, 1.0),
                "push": strategies.slopes(),
                "kappa": strategies.numbers(1.0, 40.0),
                "g": strategies.tensors(UNITS),
            },
        ),
    ),
    rates=(
        Rate(
            name="D_kappa/kappa at constant f = 3/4, against e^kappa",
            scales=(math.exp(20), math.exp(25), math.exp(30), math.exp(35)),
            error=decay,
            claim=Asymptote(-0.75, 3.0),
            wrong={"no decay": Asymptote(0), "e^(-2 kappa m)": Asymptote(-1.5), "a factor 1/4": Asymptote(-0.75, 0.75)},
            tolerance=1e-6,
            relative=1e-6,
        ),
        Rate(
            name="D_kappa/kappa for the bell without zeros at kappa = exp(m^2), against 1 + m",
            scales=(5.0, 9.0, 13.0, 17.0),
            error=unbounded,
            claim=Asymptote(-1, 0.25),
            wrong={"exponential decay": Asymptote(-4), "the whole tail": Asymptote(-1, 1.0)},
            relative=0.01,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$\Gamma = e^{-u^2}$ on the half line has no zero. Let $g = \frac{1}{(k+1)(k+2)}$ on tile $k$,
in all $1$, and $\frac{1}{m+1}$ from tile $m$ on. For $\epsilon = e^{-m^2}$, $J[\Gamma - \epsilon]$ loses just
these: $(J[\Gamma-\epsilon]-J[\Gamma])/\epsilon = -e^{m^2}/(m+1)$, which is $-18.2$ for $m=2$, $-2025.8$ for $m=3$
and has limit $-\infty$, while for $+\epsilon$ it is $0$. $D_\kappa$ at $\kappa = e^{m^2}$ and $\phi=1$ is about
$\frac{\kappa}{4(m+1)}$: $4.9$ and $521.9$, growing without bound.""",
            numbers={"m=2": -18.2, "m=3": -2025.8, "soft, m=2": 4.9, "soft, m=3": 521.9},
            compute=bell,
            tolerance=0.05,
        ),
    ),
    covers=("continuum.widths.fields.variation", "continuum.widths.softsupport", "continuum.widths.fields.zeros"),
)
