"""Annealing whole units without their price gives back the noise that the price had kept out."""

import math
from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm
from torch import Tensor

from continuum.learn.network import Array
from continuum.learn.rounding import DECAY, round_units
from continuum.learn.settings import LearnConfig
from continuum.progress import Meter
from continuum.widths import reverse_huber_prox
from proofs_checks import strategies
from proofs_checks.compare import close
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.orthogonal import columns, least_squares, orthogonal_run

#: Rows, steps of rounding, and one standard error of a coefficient in the quadrature.
ROWS, STEPS, ERROR = 64, 400, 0.01
#: Nodes of each of two Gauss-Legendre rules, and how many standard errors they reach beyond the effect.
NODES, REACH = 24, 6.0


def derive() -> list[Derivation]:
    """The two minima, the difference of the two risks, and how it depends on the effect."""
    return [_without(), _with(), _difference(), _shape()]


Z, V = sp.symbols("z v", positive=True)
LAM, RHO, D = sp.symbols("lambda rho d", positive=True)


def _without() -> Derivation:
    chain = Derivation("one unit, decay d", (Z - V) ** 2 / 2 + D * V**2 / 2)
    chain = chain.apply(lambda e: sp.solve(sp.diff(e, V), V)[0], Z / (1 + D), "minimise")
    return chain.claims(Z / (1 + D), {"no decay": Z, "twice": Z / (1 + 2 * D)})


def _with() -> Derivation:
    mu = sp.sqrt(2 * LAM * RHO)
    chain = Derivation("one unit on the cone", (Z - V) ** 2 / 2 + mu * V)
    chain = chain.apply(lambda e: sp.solve(sp.diff(e, V), V)[0], Z - mu, "minimise over v > 0")
    return chain.claims(Z - mu, {"no price": Z, "half": Z - mu / 2})


def _normal(x: sp.Expr) -> sp.Expr:
    return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)


def _above(t: sp.Expr) -> sp.Expr:
    """P(N > t)."""
    return sp.erfc(t / sp.sqrt(2)) / 2


def _difference() -> Derivation:
    e, t, c = sp.symbols("e t c", real=True)
    half = (e**2 - (e - t) ** 2) / 2
    chain = Derivation("E of half the squared errors, e > c = t - theta", half * _normal(e))
    claim = t * _normal(c) - t**2 / 2 * _above(c)
    chain = chain.apply(lambda f: sp.integrate(sp.expand(f), (e, c, sp.oo)), claim, "over the noise", test=_same)
    wrong = {"bias alone": -(t**2) / 2 * _above(c), "noise alone": t * _normal(c)}
    return chain.claims(claim, wrong)


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.simplify((left - right).rewrite(sp.erf)) == 0)


def _shape() -> Derivation:
    t, theta = sp.symbols("t theta", positive=True)
    sides = (t - theta, t + theta)
    chain = Derivation("difference / t", sum(_normal(s) - t / 2 * _above(s) for s in sides))
    claim = _normal(t - theta) * (t / 2 - theta) - _normal(t + theta) * (t / 2 + theta)
    chain = chain.apply(lambda f: sp.diff(f, theta), claim, "slope in the effect")
    return chain.claims(claim, {"rises": _normal(t - theta) * t / 2, "falls": -_normal(t + theta) * (t / 2 + theta)})


def minima(z: Array, slope: float, decay: float) -> tuple[Array, Array]:
    """Without the price z / (1 + DECAY); with it, by the soft threshold or the ridge, whichever is shorter."""
    sizes = np.minimum(np.abs(z) - slope, np.abs(z) / (1 + decay))
    return z / (1 + DECAY), np.sign(z) * np.maximum(sizes, 0)


Minima = Callable[[Array, float, float], tuple[Array, Array]]


def rounded(targets: Array, start: Array, config: LearnConfig, price: float, variance: float) -> list[Array]:
    """Outgoing weights behind the shipped rounding, without the price and with it."""
    left = []
    for priced in (False, True):
        run = orthogonal_run(targets, start, config, price, variance)
        round_units(run, [len(start)], 0.0, Meter(), STEPS, priced=priced)
        left.append(run.pool.weights.outgoing[0])
    return left


def by_rounding(formula: Minima, targets: Tensor, decay: float, price: float) -> None:
    """The shipped rounding of an orthogonal regression, whose units all stay."""
    y, variance = targets.numpy(), 0.25
    z = least_squares(y, 8)
    slope = math.sqrt(2 * decay * price * variance / len(y))
    left = rounded(y, z, LearnConfig(batch=len(y), decay=decay), price, variance)
    for actual, expected in zip(left, formula(z, slope, decay), strict=True):
        close(torch.from_numpy(actual), torch.from_numpy(expected), 5e-3)  # at the threshold itself units vanish slowly


Harm = Callable[[float, float], float]


def harm(t: float, effect: float) -> float:
    """Nats lost by leaving out the price: t (phi(t - e) + phi(t + e)) - t^2 / 2 P(|e + N| > t)."""
    sides = np.array([t - effect, t + effect])
    return float(np.sum(t * norm.pdf(sides) - t**2 / 2 * norm.sf(sides)))


def bias_alone(t: float, effect: float) -> float:
    """Only what the price costs."""
    return float(-(t**2) / 2 * np.sum(norm.sf([t - effect, t + effect])))


def one_side(t: float, effect: float) -> float:
    """As if z could not have the wrong sign."""
    return float(t * norm.pdf(t - effect) - t**2 / 2 * norm.sf(t - effect))


def unhalved(t: float, effect: float) -> float:
    """With the whole of t^2."""
    return harm(t, effect) + bias_alone(t, effect)


def by_simulation(formula: Harm, t: float, effect: float) -> None:
    """Squared errors behind both shipped roundings, integrated over the noise of the coefficient."""
    points, shares = np.polynomial.legendre.leggauss(NODES)
    half = (REACH + effect - t) / 2
    z = np.concatenate([half * (points + 1) + t, -half * (points + 1) - t])[:, None]
    mass = half * np.concatenate([shares, shares])[:, None] * norm.pdf(z - effect)
    decay = 0.1
    targets = ERROR * orthogonal_sum(z)
    config = LearnConfig(batch=ROWS, decay=decay, largest_gate=math.inf)
    free, priced = rounded(targets, ERROR * z, config, t**2 / (2 * decay), ROWS * ERROR**2)
    errors = [np.square(v / ERROR - effect) / 2 for v in (free, priced)]
    actual = float((mass * (errors[0] - errors[1])).sum())
    # Rounding decays without the price by 1e-3, which the formula leaves out.
    close(torch.tensor(actual), torch.tensor(formula(t, effect)), 2 * DECAY * (1 + effect))


def orthogonal_sum(z: Array) -> Array:
    """Targets of which z are the coefficients."""
    return np.asarray(columns(ROWS, len(z)) @ z)


def border(t: float) -> float:
    """The effect, in standard errors, at which leaving out the price does neither harm nor good."""
    return float(brentq(lambda effect: harm(t, effect), 0.0, 12.0 + t))


def figures() -> dict[str, float]:
    """Harm to a unit that fits noise, and the effect from which on the price costs more than it saves."""
    shown = {}
    for price in (4.0, 256.0):
        t = math.sqrt(2 * LearnConfig.decay * price)
        z = torch.tensor([[2.0]])
        shown[f"kept, {price:g}"] = float(reverse_huber_prox(z, 1.0, LearnConfig.decay, price))
        shown |= {f"t, {price:g}": t, f"noise, {price:g}": harm(t, 0.0), f"border, {price:g}": border(t)}
    return shown


IDENTITY = Identity(
    id="N7.1",
    title="rounding with and without the price",
    source="here",
    place="for uncorrelated units whose outgoing weights are trained further",
    printed=r"""$\Delta(\theta) = t[\varphi(t-\theta)+\varphi(t+\theta)] - \frac{t^2}{2} P(|\theta + N| > t)$""",
    precise=r"""Let n rows have targets $\sum_i h_i v^*_i$ plus normal noise of variance $s^2$, with units $h_i$ of
mean square 1 that are uncorrelated over the rows, so that least squares gives $z_i = v^*_i + \sigma e_i$, $\sigma^2
= s^2/n$, $e_i$ standard normal. The learner minimises half the mean square plus the penalty of N3.5 with slope $\mu
= \sqrt{2\lambda\rho}$. Put $t = \mu/\sigma$ and $\theta = |v^*|/\sigma$; at a price of $\pi$ nats of all rows, $\rho
= \pi s^2/n$ and $t = \sqrt{2\lambda\pi}$, whatever the noise and the number of rows.

(i) Rounding that keeps the price leaves every unit that stays at the minimum that it had, $\mathrm{sign}(z) \min(|z|
- \mu, \frac{|z|}{1 + \lambda})$: nothing is lost. Rounding without it, with decay d, ends at $\frac{z}{1+d}$.

(ii) For $d = 0$ and units on the cone ($|v| \leq v_0$, or gates without a bound), leaving out the price adds to the
expected loss of a unit, in nats of all n rows (squares over $2\sigma^2$), $\Delta(\theta) = t[\varphi(t-\theta) +
\varphi(t+\theta)] - \frac{t^2}{2} P(|\theta + N| > t)$ with the normal density $\varphi$ and a standard normal N.

(iii) $\Delta(0) > \frac{t^2}{2} P(|N| > t)$: a unit that fits noise is always harmed. $\Delta \to -\frac{t^2}{2}$ as
$\theta \to \infty$: a strong unit gains what the price had cost. Between them $\Delta$ changes its sign once, at
$\theta^*(t)$. So to leave out the price does harm to units whose effect is below $\theta^* \frac{s}{\sqrt{n}}$: to
more of them the fewer and the noisier the rows; and over a table iff $\sum_i \Delta(\theta_i) > 0$.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) The objectives separate over units. The sum of both minima being attained at the same weights
before and after, a run that starts there stays. (ii) On $z > \mu$ the errors are $\sigma e$ and $\sigma(e - t)$, and
$\frac{e^2 - (e-t)^2}{2} = te - \frac{t^2}{2}$; $E[e; e > c] = \varphi(c)$ with $c = t - \theta$. Likewise on $z <
-\mu$. (iii) At 0, $2t\varphi(t) > 2t^2 P(N > t)$ by Mills. With $\Delta = t f$, $f' > 0$ iff $\theta < \frac{t}{2}$
and $2 t \theta > 2\, \mathrm{artanh}\frac{2\theta}{t}$, of which the right side is convex and both vanish at 0: $f$
rises up to some point, perhaps 0, and falls from there, from a positive value to a negative limit.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="where the shipped rounding ends",
            check=by_rounding,
            claim=minima,
            wrong={
                "both with the price": lambda z, slope, decay: (minima(z, slope, decay)[1],) * 2,
                "both without": lambda z, slope, decay: (minima(z, slope, decay)[0],) * 2,
                "half a slope": lambda z, slope, decay: minima(z, slope / 2, decay),
            },
            given={
                "targets": strategies.tensors(16, 1),
                "decay": st.sampled_from([0.5, 0.1]),
                "price": st.sampled_from([1.0, 0.25, 4.0]),
            },
            examples=5,
        ),
        Witness(
            name="what leaving out the price costs, by quadrature over shipped roundings",
            check=by_simulation,
            claim=harm,
            wrong={"bias alone": bias_alone, "one side": one_side, "no half": unhalved},
            given={"t": st.sampled_from([1.0, 0.5, 2.0]), "effect": st.sampled_from([0.0, 1.0, 3.0])},
            examples=4,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""At the decay of the learner, 0.004, a price of 4 nats has $t = 0.1789$: a unit that fits noise
loses 0.127 nats by leaving out the price, and units of effects below 2.13 standard errors lose. At 256 nats $t =
1.431$, the loss is 0.254, and the border 1.57. There a coefficient of two standard errors is kept at 0.569 of them.""",
            numbers={
                "kept, 4": 1.8211,
                "t, 4": 0.1789,
                "noise, 4": 0.127,
                "border, 4": 2.13,
                "kept, 256": 0.569,
                "t, 256": 1.431,
                "noise, 256": 0.254,
                "border, 256": 1.57,
            },
            compute=figures,
            tolerance=5e-3,
        ),
    ),
    references=(
        "C. Stein, Estimation of the mean of a multivariate normal distribution, Annals of Statistics 9, 1981",
        "N. Meinshausen, Relaxed Lasso, Computational Statistics and Data Analysis 52, 2007 (refitting what was kept)",
    ),
    covers=("continuum.learn.rounding", "continuum.learn.optimizer"),
    document="n7_1_rounding_priced.md",
)
