"""The soft interval f = gamma - u: its gates, their distance from the hard ones, and its derivative at integers."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Affine, Interval, SoftSupport, gamma_derivative
from proofs_checks import strategies, support
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network

UNITS = 4
Excess = Callable[[Tensor, float], Tensor]
Slope = Callable[[Tensor, float], Tensor]
Sup = Callable[[float], float]


def derive() -> list[Derivation]:
    """The gate, its slope, its sup error, and the first-order error of the derivative at an integer."""
    return [gate(), slope_of_gate(), largest(), at_integer()]


def gate() -> Derivation:
    """The integral of sigma(kappa (x - u)) over one tile, x = gamma - i."""
    x, u = sp.symbols("x u", real=True)
    kappa = sp.Symbol("kappa", positive=True)

    def plus(argument: sp.Expr) -> sp.Expr:
        return sp.log(1 + sp.exp(argument))

    primitive = -plus(kappa * (x - u)) / kappa
    chain = Derivation("primitive in u", sp.diff(primitive, u))
    chain = chain.rewrite(1 / (1 + sp.exp(-kappa * (x - u))), "differentiates to sigma(kappa (x - u))")
    claim = (plus(kappa * x) - plus(kappa * (x - 1))) / kappa
    chain = chain.apply(lambda e: primitive.subs(u, 1) - primitive.subs(u, 0), claim, "over the tile [0, 1]")
    return chain.claims(claim, {"no 1/kappa": claim * kappa, "the next tile": claim.subs(x, x - 1)})


def slope_of_gate() -> Derivation:
    """Its derivative in gamma, and the maximum."""
    x = sp.Symbol("x", real=True)
    kappa = sp.Symbol("kappa", positive=True)
    chain = Derivation("gate", (sp.log(1 + sp.exp(kappa * x)) - sp.log(1 + sp.exp(kappa * (x - 1)))) / kappa)
    slope = 1 / (1 + sp.exp(-kappa * x)) - 1 / (1 + sp.exp(-kappa * (x - 1)))
    chain = chain.apply(lambda e: sp.diff(e, x), slope, "differentiate")
    half = sp.Rational(1, 2)
    chain = chain.apply(lambda e: e.subs(x, half), sp.tanh(kappa / 4), "at x = 1/2, by symmetry the maximum")
    return chain.claims(sp.tanh(kappa / 4), {"1": sp.Integer(1), "tanh(kappa/2)": sp.tanh(kappa / 2)})


def largest() -> Derivation:
    """Error of the gate at x = 0: e(0) - e(1)."""
    kappa, x = sp.symbols("kappa x", positive=True)
    error = sp.log(1 + sp.exp(-kappa * x)) / kappa
    chain = Derivation("slope of e(x) - e(x + 1), x = i - gamma > 0", sp.diff(error - error.subs(x, x + 1), x))
    falling = 1 / (1 + sp.exp(kappa * (x + 1))) - 1 / (1 + sp.exp(kappa * x))
    chain = chain.rewrite(falling, "negative: the error is largest at the end x = 0")
    claim = sp.log(2 / (1 + sp.exp(-kappa))) / kappa
    chain = chain.apply(lambda _: error.subs(x, 0) - error.subs(x, 1), claim, "the value there", _logs)
    return chain.claims(claim, {"log 2/kappa": sp.log(2) / kappa, "half": claim / 2}, _logs)


def _logs(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.simplify(sp.expand_log(left, force=True) - sp.expand_log(right, force=True)) == 0)


def at_integer() -> Derivation:
    """d/dgamma F(z) at gamma = k up to 1/kappa, from gates 1 - log 2/kappa, log 2/kappa and slopes 1/2, 1/2."""
    before, after, first, second = sp.symbols("c_{k-1} c_k F_1 F_2", real=True)
    small = sp.Symbol("epsilon", positive=True)  # 1/kappa
    moved = sp.log(2) * small * (after - before)
    chain = Derivation("slope at finite kappa", (first + second * moved) * (before + after) / 2)
    claim = sp.log(2) / 2 * second * (after**2 - before**2)
    chain = chain.apply(lambda e: sp.diff(e, small), claim, "coefficient of 1/kappa")
    return chain.claims(claim, {"linear loss": sp.Integer(0), "log 2 for log 2/2": 2 * claim, "sign": -claim})


def excess(distance: Tensor, kappa: float) -> Tensor:
    """e(d) = log(1 + e^(-kappa d))/kappa."""
    return torch.log1p(torch.exp(-kappa * distance)) / kappa


def gates(formula: Excess, gamma: float, kappa: float) -> None:
    """Every gate is clip(x, 0, 1) + e(|x|) - e(|x - 1|), also in the tails; and the sum is that with N for 1."""
    x = gamma - torch.arange(float(UNITS))
    width = SoftSupport(UNITS, Affine(gamma), kappa)
    actual = width.gates().detach()
    expected = x.clamp(0, 1) + formula(x.abs(), kappa) - formula((x - 1).abs(), kappa)
    assert_close(actual, expected, rtol=1e-11, atol=1e-200)
    ends = formula(torch.tensor([abs(gamma), abs(gamma - UNITS)]), kappa)
    total = min(max(gamma, 0.0), UNITS) + (ends[0] - ends[1]).item()
    assert_close(width.cardinality().item(), total, rtol=1e-11, atol=1e-13)


def rise(x: Tensor, kappa: float) -> Tensor:
    """sigma(kappa x) - sigma(kappa (x - 1)) as sinh(kappa/2)/(cosh(kappa/2) + cosh(kappa (x - 1/2)))."""
    half = torch.tensor(kappa / 2)
    return torch.sinh(half) / (torch.cosh(half) + torch.cosh(kappa * (x - 0.5)))


def by_autograd(gamma: float, kappa: float) -> Tensor:
    """Slope of every shipped gate in gamma, from a batch with one copy of gamma a unit."""
    f = Affine(torch.full((UNITS,), gamma))
    (slopes,) = torch.autograd.grad(SoftSupport(UNITS, f, kappa).gates().diagonal().sum(), f.gamma)
    return slopes


def slopes(formula: Slope, gamma: float, kappa: float) -> None:
    """Autograd of every shipped gate; between 0 and tanh(kappa/4), which is reached mid-tile."""
    actual = by_autograd(gamma, kappa)
    assert_close(actual, formula(gamma - torch.arange(float(UNITS)), kappa), rtol=1e-9, atol=1e-12)
    tile = min(max(math.floor(gamma), 0), UNITS - 1)
    middle = by_autograd(tile + 0.5, kappa)[tile].item()
    assert_close(middle, math.tanh(kappa / 4), rtol=1e-9, atol=0)
    support.same(bool((actual <= middle * (1 + 1e-12)).all()), True)


def sup(kappa: float) -> float:
    """log(2/(1 + e^-kappa))/kappa."""
    return math.log(2 / (1 + math.exp(-kappa))) / kappa


def attained(formula: Sup, kappa: float, tile: int, edge: int) -> None:
    """The error of a gate over all gamma is largest at both ends of its tile."""
    gamma = torch.cat([torch.linspace(-1, UNITS + 1, 97), torch.tensor([float(tile + edge)])])
    hard = (gamma - tile).clamp(0, 1)
    error = (SoftSupport(UNITS, Affine(gamma), kappa).gates()[:, tile].detach() - hard).abs()
    assert_close(error[-1].item(), formula(kappa), rtol=1e-11, atol=1e-14)
    assert_close(error.max().item(), formula(kappa), rtol=1e-11, atol=1e-14)


def far(kappa: float, distance: float) -> float:
    """e^(-kappa d)/kappa."""
    return math.exp(-kappa * distance) / kappa


def cardinality(formula: Callable[[float, float], float], gamma: float, kappa: float) -> None:
    """|sum of the gates - gamma| is at most that at distance d from 0 and N, and at least half of it near one end."""
    error = abs(SoftSupport(UNITS, Affine(gamma), kappa).cardinality().item() - gamma)
    limit = formula(kappa, min(gamma, UNITS - gamma))
    if error > limit + 1e-14 or (kappa > 8 and abs(gamma - UNITS / 2) > 1 and error < limit / 2 - 1e-14):
        raise AssertionError(f"{error} is no match for {limit}")


def middle(left: Tensor, right: Tensor) -> Tensor:
    """Mean of both one-sided derivatives."""
    return (left + right) / 2


def limit(formula: Callable[[Tensor, Tensor], Tensor], network: Network, k: int) -> None:
    """The soft derivative at an integer, extrapolated in 1/kappa, against the one-sided ones of the interval law."""

    def soft(kappa: float) -> Tensor:
        f = Affine(float(k))
        (slope,) = torch.autograd.grad(network.loss(SoftSupport(UNITS, f, kappa).gates()), f.gamma)
        return slope

    values = [soft(kappa) for kappa in (400.0, 800.0, 1600.0)]
    extrapolated = (values[0] - 6 * values[1] + 8 * values[2]) / 3
    width = Interval(UNITS, float(k))
    gradient = network.output_gradient(width.gates().detach())
    args = width, network.activations(), network.outgoing, gradient
    left, right = gamma_derivative(*args, "left"), gamma_derivative(*args, "right")
    assert_close(extrapolated, formula(left, right).detach(), rtol=1e-5, atol=1e-5)


def sup_error(kappa: float) -> float:
    """Of the gate of tile 1 at gamma = 2: shipped soft minus shipped hard."""
    difference = Interval(3, 2.0).gates() - SoftSupport(3, Affine(2.0), kappa).gates()
    return difference.detach()[1].item()


def curved(kappa: float) -> float:
    """Contributions 1, 2, -1, 1/2, F = (z - 7/10)^2/2 at gamma = 2: soft derivative minus (l + r)/2."""
    c, target = torch.tensor([1.0, 2.0, -1.0, 0.5]), 0.7
    f = Affine(2.0)
    (slope,) = torch.autograd.grad((SoftSupport(4, f, kappa).gates() @ c - target) ** 2 / 2, f.gamma)
    return slope.item() - (3 - target) * (2 - 1) / 2


IDENTITY = Identity(
    id="A20",
    title="the soft interval",
    source="DFM",
    place="section 1.7, the soft limit applied to the interval E = [0, gamma]",
    printed=r"""With finite $\kappa$ "we get an ascent direction in the continuum of our initial search on
$\gamma$"; for $f = \gamma - u$ this is made explicit here.""",
    precise=r"""Let $\sigma$ be logistic, $\kappa>0$, $x = \gamma - i$, $e(d) = \log(1+e^{-\kappa d})/\kappa$. The
soft gates $s_i = \int_i^{i+1} \sigma(\kappa(\gamma-u))\,du$ are
$s_i = \frac{1}{\kappa} \left(\log(1+e^{\kappa x}) - \log(1+e^{\kappa(x-1)})\right) = \mathrm{clip}(x,0,1) + e(|x|)
- e(|x-1|)$.
(i) $\frac{ds_i}{d\gamma} = \sigma(\kappa x) - \sigma(\kappa(x-1)) \in (0, \tanh\frac{\kappa}{4}]$, the maximum at
$x=\frac{1}{2}$. (ii) $\sup_\gamma |s_i - \mathrm{clip}(x,0,1)| = \frac{1}{\kappa} \log\frac{2}{1+e^{-\kappa}} <
\frac{\log 2}{\kappa}$, attained exactly at $\gamma = i$ and $i+1$. (iii) $\sum_{i<N} s_i = \mathrm{clip}(\gamma, 0,
N) + e(|\gamma|) - e(|\gamma-N|)$, with sup error $\frac{1}{\kappa} \log\frac{2}{1+e^{-\kappa N}}$ and error at most
$e^{-\kappa d}/\kappa$ at every distance $d \geq 0$ from $\{0, N\}$. (iv) For $F \in C^3$ and an integer $0<k<N$,
with $l = \langle F'(S_k), c_{k-1}\rangle$ and $r = \langle F'(S_k), c_k\rangle$,
$\frac{d}{d\gamma} F(\sum_i s_i c_i) = \frac{l+r}{2} + \frac{\log 2}{2\kappa} \left(\langle c_k, F^{(2)} c_k\rangle
- \langle c_{k-1}, F^{(2)} c_{k-1}\rangle\right) + O(\kappa^{-2})$ at $\gamma = k$.""",
    verdict=Verdict.HOLDS,
    proof=r"""$-\log(1+e^{\kappa(\gamma-u)})/\kappa$ is a primitive, and $\log(1+e^{\kappa x})/\kappa = \max(x,0) +
e(|x|)$. (i) $\sigma(\kappa x) - \sigma(\kappa(x-1))$ is symmetric about $\frac{1}{2}$ and decreases away from it,
because $\sigma'$ is even and decreasing on $s>0$; its value there is $2\sigma(\frac{\kappa}{2}) - 1$. (ii) For $x
\leq 0$ the error $e(|x|) - e(|x|+1)$ is positive and decreases in $|x|$ ($e$ is convex); on $[0,1]$ it is $e(x) -
e(1-x)$, which falls from $e(0)-e(1)$ to minus that; for $x \geq 1$ use the symmetry $x \to 1-x$, which changes its
sign. (iii) The sum is one integral over $[0,N]$, so the same holds with $N$ for $1$, and $|e(a)-e(b)| \leq
e(\min(a,b)) \leq e^{-\kappa\min(a,b)}/\kappa$. (iv) At $\gamma=k$: $s_k = 1 - s_{k-1} = \frac{\log 2}{\kappa}$ and
$s'_k = s'_{k-1} = \frac{1}{2}$ up to $O(e^{-\kappa})$, as are all other differences. So the output is $S_k +
\frac{\log 2}{\kappa} (c_k - c_{k-1})$, its derivative $\frac{1}{2}(c_k+c_{k-1})$, and $F'$ at it is expanded to
first order; $F^{(2)}$ is symmetric.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="gates and cardinality in closed form, tails included",
            check=gates,
            claim=excess,
            wrong={
                "no 1/kappa": lambda d, kappa: kappa * excess(d, kappa),
                "temperature doubled": lambda d, kappa: excess(d, kappa / 2),
                "the other sign": lambda d, kappa: -excess(d, kappa),
                "clip, no error": lambda d, kappa: 0 * d,
            },
            given={"gamma": strategies.numbers(-2, UNITS + 2), "kappa": strategies.numbers(0.5, 100.0)},
            examples=25,
        ),
        Witness(
            name="autograd of the gates in gamma",
            check=slopes,
            claim=rise,
            wrong={
                "the tile before": lambda x, kappa: rise(x + 1, kappa),
                "times kappa": lambda x, kappa: kappa * rise(x, kappa),
                "the hard slope": lambda x, kappa: ((x > 0) & (x < 1)).double(),
            },
            given={"gamma": strategies.numbers(-1, UNITS + 1), "kappa": strategies.numbers(0.5, 60.0)},
            examples=15,
        ),
        Witness(
            name="largest error of a gate",
            check=attained,
            claim=sup,
            wrong={
                "log 2/kappa": lambda kappa: math.log(2) / kappa,
                "no 1/kappa": lambda kappa: kappa * sup(kappa),
                "half": lambda kappa: sup(kappa) / 2,
            },
            given={
                "kappa": strategies.numbers(0.5, 30.0),
                "tile": st.integers(0, UNITS - 1),
                "edge": st.sampled_from([0, 1]),
            },
        ),
        Witness(
            name="cardinality away from the ends",
            check=cardinality,
            claim=far,
            wrong={
                "no 1/kappa": lambda kappa, d: kappa * far(kappa, d),
                "twice the rate": lambda kappa, d: far(kappa, 2 * d),
                "exactly gamma": lambda kappa, d: 0.0,
            },
            given={"gamma": strategies.numbers(0, UNITS), "kappa": strategies.numbers(0.5, 30.0)},
        ),
        Witness(
            name="limit at an integer against the one-sided derivatives",
            check=limit,
            claim=middle,
            wrong={
                "the right derivative": lambda left, right: right,
                "the left derivative": lambda left, right: left,
                "their sum": lambda left, right: left + right,
            },
            given={"network": strategies.networks(UNITS), "k": st.integers(1, UNITS - 1)},
            examples=15,
        ),
    ),
    rates=(
        Rate(
            name="largest error of a gate, against kappa",
            scales=(20.0, 40.0, 80.0, 160.0),
            error=sup_error,
            claim=Asymptote(-1, math.log(2)),
            wrong={"order 1/kappa^2": Asymptote(-2), "half": Asymptote(-1, math.log(2) / 2), "1": Asymptote(-1, 1.0)},
            tolerance=1e-6,
            relative=1e-6,
        ),
        Rate(
            name="derivative at an integer minus (l + r)/2, against kappa",
            scales=(50.0, 100.0, 200.0, 400.0),
            error=curved,
            claim=Asymptote(-1, math.log(2) / 2 * (1 - 4)),
            wrong={
                "order 1/kappa^2": Asymptote(-2),
                "the other sign": Asymptote(-1, math.log(2) / 2 * (4 - 1)),
                "log 2 for log 2/2": Asymptote(-1, math.log(2) * (1 - 4)),
                "sum of squares": Asymptote(-1, math.log(2) / 2 * (1 + 4)),
            },
        ),
    ),
    references=(
        "C. Chen, O. L. Mangasarian, A class of smoothing functions for nonlinear and mixed complementarity problems, "
        "Comput. Optim. Appl. 5, 1996 (softplus and its error log 2/kappa)",
        "X. Chen, Smoothing methods for nonsmooth, nonconvex minimization, Math. Program. 134, 2012",
    ),
    covers=(
        "continuum.widths.softsupport",
        "continuum.widths.fields.cells",
        "continuum.widths.fields.field",
        "continuum.widths.interval",
        "continuum.widths.derivative",
    ),
)
