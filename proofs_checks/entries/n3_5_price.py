"""What a price per unit of width does: pinning, recruitment, and the penalty that a free width amounts to."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Geometry, Interval, price, weight_decay
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.readout import Readout, difference, one_sided

UNITS = 3


def derive() -> list[Derivation]:
    """The barrier of the linear mask, the recruited fraction of the root mask, and the induced penalty."""
    return [_barrier(), _recruited(), *_induced()]


def _barrier() -> Derivation:
    a, lam, rho, pull = sp.symbols("a lambda rho G", positive=True)
    chain = Derivation("rho a - a^2 G^2/2 lam", rho * a - a**2 * pull**2 / (2 * lam))
    chain = chain.apply(
        lambda e: e.subs(a, sp.solve(sp.diff(e, a), a)[0]), rho**2 * lam / (2 * pull**2), "top, at rho lam/G^2"
    )
    wrong = {"order 1": rho * lam / (2 * pull**2), "no half": rho**2 * lam / pull**2}
    return chain.claims(lam / 2 * (rho / pull) ** 2, wrong)


def _recruited() -> Derivation:
    a, lam, rho, pull, leverage = sp.symbols("a lambda rho G l", positive=True)
    chain = Derivation("root mask and ridge", rho * a - a * pull**2 / (2 * lam * (1 + a * leverage)))
    chain = chain.apply(lambda e: sp.diff(e, a), rho - pull**2 / (2 * lam * (1 + a * leverage) ** 2), "slope")
    chain = chain.apply(
        lambda e: max(sp.solve(e, a), key=lambda root: root.subs({pull: 100, lam: 1, rho: 1, leverage: 1})),
        (pull / sp.sqrt(2 * lam * rho) - 1) / leverage,
        "its zero in a > 0",
    )
    wrong = {"no root": (pull**2 / (2 * lam * rho) - 1) / leverage, "no 2": (pull / sp.sqrt(lam * rho) - 1) / leverage}
    return chain.claims((sp.sqrt(pull**2 / (2 * lam * rho)) - 1) / leverage, wrong)


def _induced() -> list[Derivation]:
    a, p, lam, rho, v = sp.symbols("a p lambda rho v", positive=True)
    cost = lam / 2 * v**2 * a ** (-2 * p) + rho * a
    best = (p * lam * v**2 / rho) ** (1 / (2 * p + 1))
    slope = Derivation("cost of an effective weight v behind a^p", cost)
    slope = slope.apply(lambda e: sp.diff(e, a), rho - p * lam * v**2 * a ** (-2 * p - 1), "slope in a", test=_same)
    slope = slope.apply(lambda e: sp.solve(e, lam)[0], rho * a ** (2 * p + 1) / (p * v**2), "zero", test=_same)
    slope = slope.claims(rho * a ** (2 * p + 1) / (p * v**2), {"no p": rho * a ** (2 * p + 1) / v**2}, test=_same)
    chain = Derivation("cost where its slope in a is zero", cost)
    chain = chain.apply(
        lambda e: e.subs(lam, slope.value), rho * a * (2 * p + 1) / (2 * p), "lam in terms of a* = a", test=_same
    )
    chain = chain.apply(lambda e: e.subs(a, best), rho * best * (2 * p + 1) / (2 * p), "solved for a*", test=_same)
    wrong = {"2/(p+1)": (v ** (2 / (p + 1))), "no factor": rho * best}
    chain = chain.claims(rho * (2 * p + 1) / (2 * p) * best, wrong, test=_same)
    special = {
        sp.Rational(1, 2): sp.sqrt(2 * lam * rho) * v,
        sp.Integer(1): sp.Rational(3, 2) * (rho**2 * lam * v**2) ** sp.Rational(1, 3),
    }
    cases = [
        Derivation(f"p = {q}", rho * best * (2 * p + 1) / (2 * p))
        .apply(lambda e: e.subs(p, q), form, "insert")  # noqa: B023 (called at once)
        .claims(form, {"twice": 2 * form})
        for q, form in special.items()
    ]
    return [slope, chain, *cases]


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    values = {"a": 0.7, "p": 0.3, "lambda": 1.3, "rho": 0.4, "v": 1.9}
    numbers = {symbol: values[symbol.name] for symbol in (left - right).free_symbols}
    return bool(sp.powsimp(sp.expand(left - right), force=True) == 0) or abs(sp.N((left - right).subs(numbers))) < 1e-12


def charged(readout: Readout, gamma: float, exponent: float, rho: float) -> Tensor:
    """V + rho gamma: the gates are a^p, the price is that of gamma."""
    return readout.at(gamma, exponent) + price(Interval(UNITS, gamma), rho).detach()


Ends = Callable[[Readout, int, float, float], tuple[Tensor, Tensor]]


def ends(left: float, right: dict[float, float]) -> Ends:
    """(rho - left p lam |W_{k-1}|^2, rho - right_p |G_k|^2/lam); the claim has 1 and {1: 0, 1/2: 1/2}."""

    def slopes(readout: Readout, k: int, exponent: float, rho: float) -> tuple[Tensor, Tensor]:
        gates = Interval(UNITS, float(k)).gates()
        square = readout.optimum(gates).weights[k - 1].square().sum()
        gain = readout.pull(gates)[k].square().sum() / readout.decay
        return rho - left * exponent * readout.decay * square, rho - right[exponent] * gain

    return slopes


def by_ends(formula: Ends, readout: Readout, k: int, exponent: float, rho: float) -> None:
    """One-sided differences of V + price at an integer."""
    at = lambda gamma: charged(readout, gamma, exponent, rho)  # noqa: E731
    left, right = formula(readout, k, exponent, rho)
    assert_close(one_sided(at, float(k), -1e-4), left, rtol=1e-4, atol=1e-5)
    assert_close(one_sided(at, float(k), 1e-4), right, rtol=1e-4, atol=1e-5)


def recruited(factor: float, power: float) -> Callable[[Readout, int, float], float]:
    """clip(((|G|^2/(factor lam rho))^power - 1)/l, 0, 1); the claim has factor 2 and power 1/2."""

    def fraction(readout: Readout, k: int, rho: float) -> float:
        on, x = readout.features[:, :k], readout.features[:, k]
        kernel = on @ on.T + readout.rows * readout.decay * torch.eye(readout.rows)
        leverage = float(x @ torch.linalg.solve(kernel, x))
        pull = float(readout.pull(Interval(UNITS, float(k)).gates())[k].square().sum())
        if leverage == 0:
            return 0.0
        excess = math.pow(pull / (factor * readout.decay * rho), power) - 1
        return min(1.0, max(0.0, excess / leverage))

    return fraction


def by_stationarity(formula: Callable[[Readout, int, float], float], readout: Readout, k: int, rho: float) -> None:
    """V + price is convex on the tile, so its slope at a point tells whether that point is the minimiser."""
    part = formula(readout, k, rho)
    at = lambda gamma: charged(readout, gamma, 0.5, rho)  # noqa: E731
    if part == 0:
        require(bool(one_sided(at, float(k), 1e-4) > -1e-5), "the neuron pays, and is not recruited")
    elif part == 1:
        require(bool(one_sided(at, float(k + 1), -1e-4) < 1e-5), "less than the whole neuron is better")
    else:
        step = min(1e-3, part / 4, (1 - part) / 4)
        assume(step > 1e-5)
        assert_close(difference(at, k + part, step), torch.zeros(()), rtol=0, atol=1e-6)


def gate_slopes(euclidean: float, l2: float) -> Callable[[Readout, int, Geometry, float], Tensor]:
    """dP/dm at m = 0+, for the shipped price of the gates: rho - factor |G|^2/lam by geometry."""

    def slope(readout: Readout, k: int, geometry: Geometry, rho: float) -> Tensor:
        gain = readout.pull(Interval(UNITS, float(k)).gates())[k].square().sum() / readout.decay
        return rho - {"euclidean": euclidean, "l2": l2}[geometry] * gain

    return slope


def by_gate(
    formula: Callable[[Readout, int, Geometry, float], Tensor],
    readout: Readout,
    k: int,
    geometry: Geometry,
    rho: float,
    exponent: float,
) -> None:
    """V and the shipped price of the cardinality, as functions of the gate m = a^p of the edge neuron."""

    def total(gate: float) -> Tensor:
        width = Interval(UNITS, k + gate ** (1 / exponent), exponent)
        return readout.value(width.gates(), geometry) + price(width, rho).detach()

    assert_close(one_sided(total, 0.0, 1e-3), formula(readout, k, geometry, rho), rtol=1e-3, atol=1e-4)


Penalty = Callable[[float, float, float, float], float]


def induced(norm: float, lam: float, rho: float, p: float) -> float:
    """rho a (2p+1)/2p at a = (p lam v^2/rho)^(1/(2p+1)) <= 1, else lam v^2/2 + rho."""
    part = (p * lam * norm**2 / rho) ** (1 / (2 * p + 1))
    return rho * part * (2 * p + 1) / (2 * p) if part <= 1 else lam / 2 * norm**2 + rho


def uncapped(norm: float, lam: float, rho: float, p: float) -> float:
    """Without a <= 1."""
    return rho * math.pow(p * lam * norm**2 / rho, 1 / (2 * p + 1)) * (2 * p + 1) / (2 * p)


def always_lasso(norm: float, lam: float, rho: float, p: float) -> float:
    """The group lasso for every mask."""
    return induced(norm, lam, rho, 0.5)


def by_search(formula: Penalty, weight: Tensor, lam: float, rho: float, exponent: float) -> None:
    """The cheapest fraction for an effective weight, by the shipped gates, norm and price."""

    def cost(log: float) -> float:
        width, edge = Interval(1, math.exp(log), exponent), Interval(1, math.exp(log))
        gates = width.gates().detach()
        return float(lam / 2 * weight_decay(weight[None] / gates[:, None], gates) + price(edge, rho).detach())

    least_cost = min(minimize_scalar(cost, bounds=(-30, 0), method="bounded", options={"xatol": 1e-7}).fun, cost(0.0))
    assert_close(least_cost, formula(float(weight.norm()), lam, rho, exponent), rtol=1e-7, atol=1e-7)


def one_unit() -> Readout:
    """One row, y = t = lam = 1: V(a) = 1/(2 (1 + psi)), G = -1."""
    return Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0)


def barrier(rho: float) -> float:
    """Height of V + rho a over its value at 0 for the linear mask."""

    def below(a: float) -> float:
        return -float(one_unit().at(a) + price(Interval(1, a), rho).detach())

    return -minimize_scalar(below, bounds=(0.0, 0.3), method="bounded", options={"xatol": 1e-10}).fun - 0.5


def pinned() -> dict[str, float]:
    """V + a/10 with the linear mask: values at both ends, slopes before and behind the barrier."""

    def at(a: float) -> Tensor:
        return one_unit().at(a) + price(Interval(1, a), 0.1).detach()

    return {
        "P(0)": float(at(0.0)),
        "P(1)": float(at(1.0)),
        "slope at 0.05": round(float(difference(at, 0.05)), 4),
        "slope at 0.2": round(float(difference(at, 0.2)), 4),
    }


def shipped_price() -> dict[str, float]:
    """The optimum and the shipped price at a = 0.0001, minus their value at 0, for rho = 0.1."""
    figures = {}
    for name, exponent, geometry in (("root, Euclidean", 0.5, "euclidean"), ("linear, L2(E)", 1.0, "l2")):
        width = Interval(1, 1e-4, exponent)
        rise = one_unit().value(width.gates(), geometry) + price(width, 0.1).detach() - 0.5  # type: ignore[arg-type]
        figures[name] = float(rise)
    return figures


RIDGE = strategies.readouts(UNITS, losses=("squared",))
RHO = st.sampled_from([0.125, 0.03125, 0.5, 0.0078125])

IDENTITY = Identity(
    id="N3.5",
    title="price, recruitment and the induced penalty",
    source="here",
    place="for fixed features and optimised outgoing weights",
    printed=r"""$\min_a\; \frac{\lambda}{2} \frac{v^2}{a^{2p}} + \rho a \;\propto\; |v|^{2/(2p+1)}$""",
    precise=r"""Setting of N3.1 with the price $\rho > 0$ per unit of width, $P(\gamma) = V(\gamma) + \rho\gamma$,
and $G_k \ne 0$; in particular $\phi(a) \to 0$ as $a \to 0$.

(i) At an integer $P'(k^-) = \rho - \frac{\psi'(1^-)}{2} \lambda |W_{k-1}^*|^2$ and
$P'(k^+) = \rho - \frac{\psi'(0^+)}{2\lambda} |G_k|^2$.

(ii) *Linear mask:* $P'(k^+) = \rho$ at every integer. The exact flow $\gamma' = -P'(\gamma)$ never crosses an
integer upward, for any $\rho > 0$, even where the neuron pays, $V(k) - V(k+1) > \rho$: every integer is pinned. (It
is a strict local minimum if also $\lambda |W_{k-1}^*|^2 > \rho$.) The barrier is
$\frac{\rho^2\lambda}{2|G_k|^2} (1 + o(1))$ high as $\rho \to 0$, with its top at $a \approx \rho\lambda/|G_k|^2$: a
discrete step that lands beyond it goes on upward.

(iii) *Root mask:* $a = 0$ is a minimiser of $P(k+a)$ on $[0, 1]$ iff $|G_k|^2 \leq 2\lambda\rho$. Else, for $F =
\frac{1}{2}|z-t|^2$ and $l$ as in N3.1(d), the minimiser is $a^* = \min\left(1,
\frac{1}{l}\left(\sqrt{\frac{|G_k|^2}{2\lambda\rho}} - 1\right)\right)$.

(iv) *Induced penalty.* Let each neuron have its own grade, gate $g_i^p$ and price $\rho g_i$. Minimising over
$g_i > 0$ leaves on the effective weight $v$ of a neuron the penalty

$\rho a^* \frac{2p+1}{2p}$ with $a^* = \left(\frac{p\lambda|v|^2}{\rho}\right)^{1/(2p+1)}$, if $a^* \leq 1$, else
$\frac{\lambda}{2}|v|^2 + \rho$,

so $|v|^{2/(2p+1)}$ near 0: $\sqrt{2\lambda\rho}\,|v|$ for $p = 1/2$ (the group lasso; with $g \leq 1$ the reverse
Huber penalty) and $\frac{3}{2} \rho^{2/3} \lambda^{1/3} |v|^{2/3}$ for $p = 1$. It is convex iff $p \leq 1/2$, and
has infinite slope at 0 for $p > 1/2$.

(v) *What is charged matters.* For a mask $m > 0$, a penalty $\frac{\lambda}{2} w|W_k|^2$ with a weight $w > 0$, and
a price $\pi$ of the fraction $a$, all functions of $a > 0$, suppose $m^2/w \to 0$ and $\pi w/m^2 \to \tau \in [0,
\infty]$ as $a \to 0$. Then for small $a > 0$ $P(k+a) > P(k)$ if $|G_k|^2 < 2\lambda\tau$, and $P(k+a) < P(k)$ if
$|G_k|^2 > 2\lambda\tau$.
So with the price of the *gates*, $\pi = \rho m$, Euclidean weight decay pins every integer whatever the exponent
($\tau = \infty$), and L2(E) recruits at $2\lambda\rho$ whatever the exponent.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) N3.1(b, c). (ii) $\psi' (0^+) = 0$, and $P'$ is continuous on $[k, k+1)$, so $P' > 0$ on some $(k,
k+\delta)$: a solution that starts at or below $k$ and enters it would have risen where its derivative is negative.
In $P - P(k) = \rho a - \frac{a^2}{2\lambda}|G_k|^2 + o(a^2)$ the top is that of the parabola. (iii) $P$ is convex
on the tile (N3.2), so $a = 0$ is a minimiser iff $P'(k^+) \geq 0$; the ridge formula is the zero of $\rho -
\frac{|G|^2}{2\lambda(1+al)^2}$. (iv) The slope in $a$ is $\rho - p\lambda v^2 a^{-2p-1}$. If $2p \leq 1$,
$v^2/a^{2p}$ is jointly convex, as the perspective $v^2/s$ falls in $s = a^{2p}$, which is concave; so its partial
minimum is convex. For $p > 1/2$ the power is below 1. (v) $P(k+a) - P(k) = \pi - \frac{m^2}{2\lambda w} |G_k|^2 +
o(m^2/w)$ by N3.1(c) and N3.4(i).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="one-sided slopes with a price",
            check=by_ends,
            claim=ends(1, {1.0: 0.0, 0.5: 0.5}),
            wrong={
                "the linear mask recruits": ends(1, {1.0: 0.5, 0.5: 0.5}),
                "the root mask is pinned": ends(1, {1.0: 0.0, 0.5: 0.0}),
                "half on the left": ends(0.5, {1.0: 0.0, 0.5: 0.5}),
            },
            given={
                "readout": strategies.readouts(UNITS),
                "k": st.integers(1, UNITS - 1),
                "exponent": st.sampled_from([1.0, 0.5]),
                "rho": RHO,
            },
            examples=20,
        ),
        Witness(
            name="the recruited fraction",
            check=by_stationarity,
            claim=recruited(2, 0.5),
            wrong={"no 2": recruited(1, 0.5), "no root": recruited(2, 1.0), "4": recruited(4, 0.5)},
            given={"readout": RIDGE, "k": st.integers(0, UNITS - 1), "rho": RHO},
        ),
        Witness(
            name="the shipped price of the gates",
            check=by_gate,
            claim=gate_slopes(0.0, 0.5),
            wrong={
                "a root gate repairs it": gate_slopes(0.5, 0.5),
                "L2(E) is pinned": gate_slopes(0.0, 0.0),
                "no half": gate_slopes(0.0, 1.0),
            },
            given={
                "readout": strategies.readouts(UNITS),
                "k": st.integers(0, UNITS - 1),
                "geometry": st.sampled_from(["euclidean", "l2"]),
                "rho": RHO,
                "exponent": st.sampled_from([1.0, 0.5]),
            },
            examples=20,
        ),
        Witness(
            name="the induced penalty",
            check=by_search,
            claim=induced,
            wrong={"no cap": uncapped, "lasso for every mask": always_lasso},
            given={
                "weight": strategies.tensors(2, low=-1, high=1),
                "lam": st.sampled_from([1.0, 0.5, 2.0]),
                "rho": st.sampled_from([0.5, 0.125, 2.0]),
                "exponent": st.sampled_from([0.5, 1.0, 0.25]),
            },
            examples=20,
        ),
    ),
    rates=(
        Rate(
            name="height of the barrier",
            scales=[0.04 / 2**j for j in range(4)],
            error=barrier,
            claim=Asymptote(2, 0.5),
            wrong={"order 1": Asymptote(1, 0.5), "no half": Asymptote(2, 1.0), "3": Asymptote(3)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Pinned although it pays, and freed by a finite step. One row, $y = t = \lambda = 1$, linear
mask, $\rho = 0.1$: $P(a) = \frac{1}{2(1+a^2)} + 0.1a$ falls from $0.5$ to $0.35$ over the tile, but
$P'(a) = 0.1 - \frac{a}{(1+a^2)^2}$ is $0.0502$ at $a = 0.05$, so that flow goes back to 0, and $-0.0849$ at
$a = 0.2$, so that a step that lands there goes on upward.""",
            numbers={"P(0)": 0.5, "P(1)": 0.35, "slope at 0.05": 0.0502, "slope at 0.2": -0.0849},
            compute=pinned,
            tolerance=1e-9,
        ),
        Counterexample(
            text=r"""A root gate with the price of its *gate* is pinned like a linear one. The same unit and $\rho =
0.1$ at $a = 10^{-4}$: $\frac{1}{2(1+a)} - \frac{1}{2} + \rho\sqrt{a} = 0.000950005$ for root gates with Euclidean
decay, against $\frac{1}{2(1+a)} - \frac{1}{2} + \rho a = -0.000039995$ for linear gates in L2(E).""",
            numbers={"root, Euclidean": 0.000950005, "linear, L2(E)": -0.000039995},
            compute=shipped_price,
            tolerance=5e-10,
        ),
    ),
    references=(
        "Y. Bengio, N. Le Roux, P. Vincent, O. Delalleau, P. Marcotte, Convex neural networks, NIPS 2005",
        "F. Bach, Breaking the curse of dimensionality with convex neural networks, JMLR 18, 2017",
        "M. Pilanci, M. J. Wainwright, L. El Ghaoui, Sparse learning via Boolean relaxations, 2015 (reverse Huber)",
        "H. Dong, K. Chen, J. Linderoth, Regularization vs. relaxation, arXiv 1510.06083",
        "C. Kolb, L. Frost, B. Bischl, D. Ruegamer, Differentiable sparsity via D-Gating, NeurIPS 2025 (D = 2p + 1)",
        "F. Bach, R. Jenatton, J. Mairal, G. Obozinski, Optimization with sparsity-inducing penalties, 2012, section 5",
    ),
    covers=(
        "continuum.widths.penalty.geometry",
        "continuum.widths.interval",
        "continuum.widths.power",
        "continuum.widths.width",
    ),
    document="n3_5_price.md",
)
