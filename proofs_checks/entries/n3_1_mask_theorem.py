"""With optimised outgoing weights the loss depends on a mask only through its square, and so does its slope."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import squared
from proofs_checks.readout import Readout, difference, one_sided

UNITS = 4
EXPONENTS = (0.5, 1.0, 0.25)


def derive() -> list[Derivation]:
    """The saddle point for one unit, its slope from the solved weight, one more feature in a ridge, and its peak."""
    return [_dual(), _slope(), _gain(), _peak()]


def _dual() -> Derivation:
    weight, u, y, mask = sp.symbols("W u y phi", real=True)
    lam = sp.Symbol("lambda", positive=True)
    conjugate = sp.Function("F_star")(u)
    chain = Derivation("one unit in the dual", u * mask * y * weight - conjugate + lam * weight**2 / 2)
    best = -mask * u * y / lam
    chain = chain.apply(
        lambda e: e.subs(weight, sp.solve(sp.diff(e, weight), weight)[0]),
        best * mask * u * y - conjugate + lam * best**2 / 2,
        "minimise over W",
    )
    wrong = {
        "phi for psi": -conjugate - mask * (u * y) ** 2 / (2 * lam),
        "factor 2": -conjugate - mask**2 * (u * y) ** 2 / lam,
    }
    return chain.claims(-conjugate - mask**2 * (u * y) ** 2 / (2 * lam), wrong)


def _slope() -> Derivation:
    a, p, lam = sp.symbols("a p lambda", positive=True)
    weight, miss, y = sp.symbols("W r y", real=True)  # miss: output of the other units less the target
    objective = (miss + a**p * y * weight) ** 2 / 2 + lam * weight**2 / 2
    best = sp.solve(sp.diff(objective, weight), weight)[0]
    chain = Derivation("one row behind a^p, squared loss", objective)
    value = lam * miss**2 / (2 * (lam + a ** (2 * p) * y**2))
    chain = chain.apply(lambda e: e.subs(weight, best), value, "solve for W")
    pull = sp.simplify(miss + a**p * y * best) * y  # <u*, y> with u* = F' at the optimum
    slope = -sp.diff(a ** (2 * p), a) * pull**2 / (2 * lam)
    chain = chain.apply(lambda e: sp.diff(e, a), slope, "derivative of the optimum: -psi' G^2/2 lam")
    wrong = {"phi' alone": -p * a ** (p - 1) * lam * best**2, "half": -p / a * lam * best**2 / 2}
    return chain.claims(-p / a * lam * best**2, wrong)


def _gain() -> Derivation:
    """V = lam/2 t' (K + lam + psi x x')^-1 t for two rows and any K."""
    a, b, c, psi, lam = sp.symbols("a b c psi lambda", positive=True)
    t, x = sp.Matrix(sp.symbols("t_1:3")), sp.Matrix(sp.symbols("x_1:3"))
    kernel = sp.Matrix([[a, b], [b, c]])  # K + lam, symmetric
    value = (lam / 2 * t.T * (kernel + psi * x * x.T).inv() * t)[0]
    alpha, leverage = kernel.inv() * t, (x.T * kernel.inv() * x)[0]
    pull = -lam * (x.T * alpha)[0]  # <u, x> with u = -lam alpha
    chain = Derivation("gain of one feature", value)
    gain = psi * pull**2 / (2 * lam * (1 + psi * leverage))
    chain = chain.apply(
        lambda e: e.subs(psi, 0) - e, gain, "what psi takes off, by Sherman and Morrison", test=_rational
    )
    wrong = {"no leverage": psi * pull**2 / (2 * lam), "minus": psi * pull**2 / (2 * lam * (1 - psi * leverage))}
    return chain.claims(gain, wrong, test=_rational)


def _rational(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.cancel(sp.together(left - right)) == 0)


def _peak() -> Derivation:
    a, leverage = sp.symbols("a l", positive=True)
    chain = Derivation("linear mask", a**2 / (1 + a**2 * leverage))
    chain = chain.apply(lambda e: sp.diff(e, a), 2 * a / (1 + a**2 * leverage) ** 2, "speed of the gain")
    chain = chain.apply(lambda e: sp.solve(sp.diff(e, a), a)[0], 1 / sp.sqrt(3 * leverage), "where it is largest")
    return chain.claims(
        (3 * leverage) ** sp.Rational(-1, 2), {"l": 1 / sp.sqrt(leverage), "2l": 1 / sp.sqrt(2 * leverage)}
    )


Dual = Callable[[Readout, Tensor, Tensor], Tensor]


def conjugate(readout: Readout, u: Tensor) -> Tensor:
    """F*(u) = sup_z <u, z> - F(z) of a criterion that is a mean over n rows."""
    share = readout.rows * u + readout.targets
    if readout.criterion is squared:
        return (share.square() - readout.targets.square()).sum() / (2 * readout.rows)
    entropy: Tensor = torch.special.xlogy(share, share) + torch.special.xlogy(1 - share, 1 - share)
    return entropy.sum() / readout.rows


def dual(power: float, factor: float) -> Dual:
    """-F*(u) - factor/lam sum_i m_i^power |<u, y_i>|^2; the claim has power 2, so psi, and factor 1/2."""

    def value(readout: Readout, u: Tensor, gates: Tensor) -> Tensor:
        pulls = (readout.features.T @ u).square().sum(-1)
        return -conjugate(readout, u) - factor / readout.decay * (gates**power * pulls).sum()

    return value


def by_duality(formula: Dual, readout: Readout, gamma: float, exponent: float, elsewhere: Tensor) -> None:
    """The dual reaches the optimum at u* = F', and stays below it at every other u."""
    gates = Interval(UNITS, gamma, exponent).gates().detach()
    best = readout.optimum(gates)
    assert_close(formula(readout, best.output_gradient, gates), best.value, rtol=1e-10, atol=1e-10)
    assert_close(best.weights, -gates[:, None] * readout.pull(gates) / readout.decay, rtol=1e-9, atol=1e-9)
    other = readout.derivatives(elsewhere[:, : readout.targets.shape[1]])[0]
    require(bool(formula(readout, other, gates) <= best.value + 1e-10), "a dual value above the optimum")


Slope = Callable[[Readout, Interval], Tensor]


def envelope(power: float, factor: float) -> Slope:
    """-factor/lam (a^(power p))' |G_k|^2; the claim has power 2 and factor 1/2."""

    def slope(readout: Readout, width: Interval) -> Tensor:
        k, order = int(width.edge("right")), power * width.exponent
        speed = order * math.pow(float(width.gamma.detach()) - k, order - 1)
        return -factor / readout.decay * speed * readout.pull(width.gates())[k].square().sum()

    return slope


def by_differences(formula: Slope, readout: Readout, gamma: float, exponent: float) -> None:
    """Differences of the optimum, and the shipped closed form at the optimal weights, where no weight responds."""
    width = Interval(UNITS, gamma, exponent)
    best, expected = readout.optimum(width.gates()), formula(readout, width)
    measured = difference(lambda g: readout.at(g, exponent), gamma)
    closed = gamma_derivative(width, readout.features, best.weights, best.output_gradient)
    assert_close(closed, expected, rtol=1e-9, atol=1e-9)
    assert_close(measured, expected, rtol=1e-5, atol=1e-6)


def to_second_order(factor: float, leverage: bool) -> Callable[[Readout, int, float], Tensor]:
    """V(k) - factor psi |G_k|^2/lam, over 1 + psi l for one more feature in a ridge regression."""

    def value(readout: Readout, k: int, psi: float) -> Tensor:
        gates = Interval(UNITS, float(k)).gates()
        on, x = readout.features[:, :k], readout.features[:, k]
        kernel = on @ on.T + readout.rows * readout.decay * torch.eye(readout.rows)
        share = 1 + psi * (x @ torch.linalg.solve(kernel, x)) if leverage else 1.0
        pull = readout.pull(gates)[k].square().sum()
        return readout.value(gates) - factor * psi * pull / readout.decay / share

    return value


def by_one_more_feature(
    formula: Callable[[Readout, int, float], Tensor], readout: Readout, k: int, part: float, exponent: float
) -> None:
    """The whole tile, exactly, in a ridge regression."""
    expected = formula(readout, k, part ** (2 * exponent))
    assert_close(readout.at(k + part, exponent), expected, rtol=1e-10, atol=1e-10)


def integer_slope(factor: float) -> Callable[[Readout, int], Tensor]:
    """dV/dpsi at psi = 0: -factor |G_k|^2/lam."""
    return lambda readout, k: to_second_order(factor, leverage=False)(readout, k, 1.0) - readout.at(k)


def by_slope_in_psi(formula: Callable[[Readout, int], Tensor], readout: Readout, k: int, exponent: float) -> None:
    """At k+ every mask has the same slope in psi; in a it is that times psi'(0+)."""
    measured = one_sided(lambda psi: readout.at(k + psi ** (1 / (2 * exponent)), exponent), 0.0, 1e-3)
    assert_close(measured, formula(readout, k), rtol=1e-4, atol=1e-5)


def jump(readout: Readout, k: int, part: float) -> Tensor:
    """Without a penalty V takes the value of the whole tile at once."""
    return readout.at(k + 1.0)


def ramp(readout: Readout, k: int, part: float) -> Tensor:
    """A value that would grow with the gate."""
    return torch.lerp(readout.at(float(k)), readout.at(k + 1.0), part)


def without_penalty(formula: Callable[[Readout, int, float], Tensor], readout: Readout, k: int, part: float) -> None:
    """decay = 0 on the inside of a tile."""
    free = Readout(readout.features, readout.targets, 0.0)
    assume(torch.linalg.cond(free.features[:, : k + 1]) < 1e3)
    assert_close(free.at(k + part), formula(free, k, part), rtol=1e-9, atol=1e-9)


PROBLEM = {"readout": strategies.readouts(UNITS), "exponent": st.sampled_from(EXPONENTS)}
RIDGE = strategies.readouts(UNITS, losses=("squared",))
TILE = st.integers(0, UNITS - 1)


def one_unit(exponent: float) -> Readout:
    """One row, y = t = 1, lam = 1 and half the squared error: V(a) = 1/(2 (1 + psi))."""
    return Readout(torch.ones(1, 1), torch.ones(1, 1), 1.0)


def rate(exponent: float) -> Rate:
    """V(a) - V(0) in one unit: order 2p, constant -|G|^2/(2 lam) = -1/2."""
    wrong = {
        "order p": Asymptote(exponent, -0.5),
        "no half": Asymptote(2 * exponent, -1.0),
        "rises": Asymptote(2 * exponent, 0.5),
    }
    scales = [1e-3 ** (1 / (2 * exponent)) / 2**j for j in range(4)]
    return Rate(
        name=f"V(a) - V(0), mask a^{exponent:g}",
        scales=scales,
        claim=Asymptote(2 * exponent, -0.5),
        wrong=wrong,
        error=lambda a: float(one_unit(exponent).at(a, exponent) - one_unit(exponent).at(0.0, exponent)),
    )


def at_the_integer() -> dict[str, float]:
    """Mask a^(1/2) and optimal weights at a = 0: the frozen derivative, and the one of the optimum on its right."""
    problem, width = one_unit(0.5), Interval(1, 0.0, 0.5)
    best = problem.optimum(width.gates())
    frozen = gamma_derivative(width, problem.features, best.weights, best.output_gradient)
    near = Interval(1, 1e-12, 0.5)
    close = problem.optimum(near.gates())
    return {
        "frozen at 0": float(frozen),
        "frozen at 1e-12": float(gamma_derivative(near, problem.features, close.weights, close.output_gradient)),
        "of V at 0+": float(one_sided(lambda a: problem.at(a, 0.5), 0.0, 1e-4)),
    }


IDENTITY = Identity(
    id="N3.1",
    title="mask theorem",
    source="here",
    place="for fixed features and optimised outgoing weights",
    printed=r"""$\frac{dV}{d\gamma}(k^+) = -\frac{\psi'(0^+)}{2\lambda}\,|G_k|^2$ with $\psi = \phi^2$""",
    precise=r"""Features $y_i \in \mathbb{R}^n$ fixed; $F$ finite, convex and differentiable; $\lambda > 0$; a mask
$\phi \geq 0$ with $\phi(0) = 0$, $\phi(1) = 1$, and $\psi = \phi^2$. Let

$V(g) = \min_W\; F\left(\sum_i \phi(g_i)\, y_i W_i\right) + \frac{\lambda}{2} \sum_i |W_i|^2$

and $u^* = F'(z^*)$ at the output $z^*$ of the unique minimiser. (An unpenalised bias may be absorbed in $F$ by
partial minimisation, if it is attained.)

(a) $V(g) = \max_u\, -F^*(u) - \frac{1}{2\lambda} \sum_i \psi(g_i)\, |\langle u, y_i\rangle|^2$, attained at $u^*$
only; so $V$ is a function of $\psi(g)$, convex and $C^1$ on $[0, \infty)^N$.

(b) $\frac{\partial V}{\partial g_i} = -\frac{\psi'(g_i)}{2\lambda} |\langle u^*, y_i\rangle|^2$ wherever
$\psi'(g_i)$ exists; where $\phi(g_i) > 0$ this is $-\frac{\phi'}{\phi}\, \lambda |W_i^*|^2$, the derivative at
frozen $W^*$.

(c) Let $\phi$ be continuous at 0 and at 1. At an integer, with $G_k = \langle u^*, y_k\rangle$: $V(k+a) = V(k) -
\frac{\psi(a)}{2\lambda} |G_k|^2 + o(\psi(a))$. For $G_k \ne 0$ the right derivative is $0$ for $\phi = a$,
$-|G_k|^2/2\lambda$ for $\phi = \sqrt{a}$, and $-\infty$ for $\phi = a^p$ with $p < 1/2$. The left one is
$-\frac{\psi'(1^-)}{2\lambda} |G_{k-1}|^2$. ($\phi = 1[a > 0]$ jumps at once to $V(k+1)$: no expansion in $\psi$.)

(d) For $F(z) = \frac{1}{2}|z-t|^2$, with $l = y_k^\top (K+\lambda)^{-1} y_k$ and $K = \sum_{i<k} y_i y_i^\top$:

$V(k+a) = V(k) - \frac{\psi(a)\, |G_k|^2}{2\lambda\, (1 + \psi(a)\, l)}$.

For $\phi = a$ the slope is largest at $a = 1/\sqrt{3l}$, inside the tile iff $3l > 1$.

(e) For $\lambda = 0$ $V$ is constant on $(k, k+1]$. If the minimum is attained at $k$, $V$ falls there iff
$G_k \ne 0$.""",
    verdict=Verdict.HOLDS,
    proof=r"""For all $u$, $W$: $F(z) + \frac{\lambda}{2}|W|^2 \geq \langle u, z\rangle - F^*(u) +
\frac{\lambda}{2}|W|^2 \geq -F^*(u) - \frac{1}{2\lambda} \sum_i \psi_i |\langle u, y_i\rangle|^2$, with equality at
$W^*$, $u^*$ since $\lambda W_i^* = -\phi_i \langle u^*, y_i\rangle$: this is (a). A maximiser $u$ has
$F(z^*) + F^*(u) = \langle u, z^*\rangle$, so $u = F'(z^*)$. In $\psi$, $V$ is a supremum of affine functions with
the subgradient $-\frac{1}{2\lambda} |\langle u^*, y_i\rangle|^2$, and $u^*$ is continuous in $\psi$ (the strictly
convex primal problem has a continuous minimiser), so $V$ is $C^1$; (b), (c) are the chain rule. (d) is Sherman and
Morrison's formula. (e): put $v = \phi W$; $v = 0$ stays optimal iff $\langle F'(z^*), y_k\rangle = 0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="strong and weak duality",
            check=by_duality,
            claim=dual(2, 0.5),
            wrong={"phi for psi": dual(1, 0.5), "factor 2": dual(2, 1.0), "sign": dual(2, -0.5)},
            examples=15,
            given=PROBLEM | {"gamma": strategies.gammas(UNITS), "elsewhere": strategies.tensors(3, 2)},
        ),
        Witness(
            name="differences of the optimum and the closed form at frozen weights",
            check=by_differences,
            claim=envelope(2, 0.5),
            wrong={"phi' for psi'": envelope(1, 0.5), "no half": envelope(2, 1.0), "sign": envelope(2, -0.5)},
            examples=15,
            given=PROBLEM | {"gamma": strategies.interior(UNITS, 1 / 16)},
        ),
        Witness(
            name="slope in psi at an integer",
            check=by_slope_in_psi,
            claim=integer_slope(0.5),
            wrong={"no half": integer_slope(1.0), "none": integer_slope(0.0), "sign": integer_slope(-0.5)},
            examples=15,
            given=PROBLEM | {"k": TILE},
        ),
        Witness(
            name="ridge: a whole tile",
            check=by_one_more_feature,
            claim=to_second_order(0.5, leverage=True),
            wrong={"no leverage": to_second_order(0.5, leverage=False), "no half": to_second_order(1.0, leverage=True)},
            examples=15,
            given=PROBLEM | {"readout": RIDGE, "k": TILE, "part": strategies.fractions()},
        ),
        Witness(
            name="no penalty, no slope",
            check=without_penalty,
            claim=jump,
            wrong={"a ramp": ramp},
            examples=15,
            given={"readout": RIDGE, "k": TILE, "part": strategies.fractions()},
        ),
    ),
    rates=tuple(map(rate, EXPONENTS)),
    counterexamples=(
        Counterexample(
            text=r"""Formula (b) at frozen weights must not be read at an integer. One unit, $n = 1$,
$y = t = \lambda = 1$, $F = \frac{1}{2}(z-t)^2$, $\phi = \sqrt{a}$: $V(a) = \frac{1}{2(1+a)}$ has $V'(0^+) = -0.5$,
and so has the derivative at frozen weights for every small $a > 0$; but at $a = 0$ the optimal $W$ is $0$, and the
derivative at frozen weights is $0$ there.""",
            numbers={"frozen at 0": 0.0, "frozen at 1e-12": -0.5, "of V at 0+": -0.5},
            compute=at_the_integer,
            tolerance=1e-8,
        ),
    ),
    references=(
        "R. T. Rockafellar, Convex Analysis, 1970, section 31 (Fenchel duality)",
        "A. Rakotomamonjy, F. Bach, S. Canu, Y. Grandvalet, SimpleMKL, JMLR 9, 2008 (psi as kernel weights)",
        "M. Pilanci, M. J. Wainwright, L. El Ghaoui, Sparse learning via Boolean relaxations, Math. Program. 151, 2015",
        "U. Evci et al., GradMax: growing neural networks using gradient information, ICLR 2022 (the score |G|)",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.widths.penalty.geometry",
        "continuum.widths.power",
    ),
    document="n3_1_mask_theorem.md",
)
