"""Bias and variance of the Concrete gradient at low temperature: two orders, and what straight-through tends to."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum import estimators
from continuum.estimators import Bernoulli, Exact, SampleLoss, ScoreFunction
from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.noise import gumbels, logistic_rule

LOGIT = 1.0


def derive() -> list[Derivation]:
    """The constants of the layer around the threshold, by the substitution v = sigma(s)."""
    v, s, t, a = (
        sp.Symbol("v", positive=True),
        sp.Symbol("s", positive=True),
        sp.Symbol("t", positive=True),
        sp.Symbol("a"),
    )
    half, measure = sp.Rational(1, 2), v * (1 - v)  # ds = dv / measure

    def layer(power: int, claim: sp.Expr) -> Derivation:
        inside = sp.Integral(sp.cancel(v**power / measure), (v, 0, half))
        outside = sp.Integral(sp.cancel((v**power - 1) / measure), (v, half, 1))
        chain = Derivation(f"int (sigma^{power} - H) ds", inside + outside)
        chain = chain.apply(lambda e: e.doit(), claim, "rational integrals")
        return chain.claims(claim, {"one power more": claim - sp.Rational(1, power), "sign": 1 - claim})

    square = Derivation("int sigma'^2 ds", sp.Integral(measure, (v, 0, 1)))
    square = square.apply(lambda e: e.doit(), sp.Rational(1, 6), "sigma' = v (1 - v)")
    linear, third = _linear(a, s, t)
    tail = Derivation("int_0 s sigma' ds", sp.Integral(sp.exp(-s) / (1 + sp.exp(-s)), (s, 0, sp.oo)))
    tail = tail.apply(lambda e: e.doit(), sp.log(2), "by parts")

    gate, rise, one = sp.Symbol("nu"), sp.Symbol("L_0"), sp.Symbol("L_1")  # slopes of the loss at 0 and 1
    ends = sp.Integral(rise * measure / measure, (v, 0, half)) + sp.Integral(one * measure / measure, (v, half, 1))
    through = Derivation("straight-through limit over sigma'(a)", ends)
    through = through.apply(lambda e: e.doit(), (rise + one) / 2, "half of the layer sees either corner")
    cubic = through.claims((rise + one) / 2, {"L(1) - L(0) of a cube": sp.Integer(1), "slope at 1": one})
    exact = Derivation("gap for a cube", cubic.value.subs({rise: 0, one: sp.diff(gate**3, gate).subs(gate, 1)}) - 1)
    return [
        layer(1, sp.Integer(0)),
        layer(2, sp.Integer(-1)),
        layer(3, -sp.Rational(3, 2)),
        square.claims(sp.Rational(1, 6), {"1/4": sp.Rational(1, 4)}),
        linear.claims(third, {"pi^2/3": 2 * third, "sign": -third}),
        tail.claims(sp.log(2), {"1/2": half}),
        exact.claims(half, {"unbiased": sp.Integer(0)}),
    ]


def _linear(a: sp.Symbol, s: sp.Symbol, t: sp.Symbol) -> tuple[Derivation, sp.Expr]:
    """E nu - sigma(a) = t int (sigma(s) - H(s)) f(ts - a) ds, f = sigma'; the bracket is odd, -1/(1 + e^s) at s > 0."""
    n, z = sp.Symbol("n", integer=True, positive=True), sp.Symbol("z")
    density = sp.exp(-z) / (1 + sp.exp(-z)) ** 2
    chain = Derivation("bias, linear loss", t * (density.subs(z, t * s - a) - density.subs(z, -t * s - a)))
    folded = -2 * t**2 * s * sp.diff(density, z).subs(z, a)
    chain = chain.apply(lambda e: sp.diff(e, t, 2).subs(t, 0) * t**2 / 2, folded, "lowest order in t; f is even")

    def term(e: sp.Expr) -> sp.Expr:  # 1/(1 + e^s) = sum of (-1)^(n-1) e^(-ns)
        return sp.Sum((-1) ** n * sp.integrate(e * sp.exp(-n * s), (s, 0, sp.oo)), (n, 1, sp.oo))

    gap = sp.pi**2 / 6 * t**2 * sp.diff(density, z).subs(z, a)
    chain = chain.apply(lambda e: term(s).doit() * e / s, gap, "integrate against the bracket, term by term")
    third = sp.pi**2 / 6 * t**2 * sp.diff(1 / (1 + sp.exp(-a)), a, 3)
    return chain.apply(lambda e: sp.diff(e, a), third, "differentiate the mean in a"), third


def gradients(logit: float, temperature: float, loss: SampleLoss, through: bool = False) -> tuple[Tensor, Tensor]:
    """Gradients of the shipped estimator at the nodes of a quadrature over its noise, and the weights."""
    x, weights = logistic_rule(logit, temperature)
    estimator = estimators.Concrete(len(x), temperature=temperature, straight_through=through)
    estimate = estimator(Bernoulli(torch.tensor([logit])), loss, noise=x.sigmoid().reshape(1, -1, 1))
    return estimate.gradients[:, 0].detach(), weights


def mean(logit: float, temperature: float, loss: SampleLoss, through: bool = False) -> float:
    """Mean gradient."""
    samples, weights = gradients(logit, temperature, loss, through)
    return float(weights @ samples)


def variance(logit: float, temperature: float, loss: SampleLoss) -> float:
    """Variance of the gradient of one sample."""
    samples, weights = gradients(logit, temperature, loss)
    return float(weights @ samples.square() - (weights @ samples) ** 2)


def power(exponent: int) -> SampleLoss:
    """nu^n."""
    return lambda sample: (sample**exponent).sum(-1)


def bias(exponent: int, through: bool = False) -> Callable[[float], float]:
    """Mean gradient less the exact one, as a function of the temperature."""
    loss = power(exponent)
    exact = float(Exact()(Bernoulli(torch.tensor([LOGIT])), loss).gradient)
    return lambda temperature: mean(LOGIT, temperature, loss, through) - exact


def derivatives(a: float) -> tuple[float, float, float]:
    """sigma', sigma'', sigma''' at a."""
    p = 1 / (1 + math.exp(-a))
    first = p * (1 - p)
    return first, first * (1 - 2 * p), first * (1 - 6 * first)


def at_one(a: float) -> float:
    """Derivative in a of the mean sample at t = 1; 1/6 at a = 0."""
    alpha = math.exp(a)
    return alpha * ((alpha + 1) * a - 2 * (alpha - 1)) / (alpha - 1) ** 3


def exact_slope(a: float) -> float:
    """sigma'(a)."""
    return derivatives(a)[0]


def leading(a: float) -> float:
    """The first term of the bias, taken for all of it."""
    return derivatives(a)[0] + math.pi**2 / 6 * derivatives(a)[2]


def by_quadrature(formula: Callable[[float], float], logit: float, sign: int) -> None:
    """Shipped estimator, and autograd through the shipped law with two widths, at t = 1."""
    a, expected = sign * logit, formula(sign * logit)
    assert_close(mean(a, 1.0, power(1)), expected, rtol=1e-9, atol=0)
    x, weights = logistic_rule(a, 1.0)
    law = Concrete(2, 1.0, torch.tensor([0.0, a]).expand(len(x), 2))
    with gumbels(torch.stack([torch.zeros_like(x), x], -1)):
        (slopes,) = torch.autograd.grad(weights @ law.gates()[:, 1], law.logits)
    assert_close(slopes.sum(0), torch.tensor([-expected, expected]), rtol=1e-9, atol=0)


def trapezoid(coefficients: Tensor) -> float:
    """(L'(0) + L'(1)) / 2 for L = b_1 nu + b_2 nu^2 + b_3 nu^3."""
    return float(coefficients[0] + coefficients @ torch.tensor([1.0, 2.0, 3.0])) / 2


def secant(coefficients: Tensor) -> float:
    """L(1) - L(0), as if it were unbiased in the limit."""
    return float(coefficients.sum())


def at_corner(coefficients: Tensor) -> float:
    """L'(1)."""
    return float(coefficients @ torch.tensor([1.0, 2.0, 3.0]))


def through_limit(formula: Callable[[Tensor], float], coefficients: Tensor, logit: float) -> None:
    """Mean straight-through gradient at t = 1e-5, against its limit; the relaxed one tends to L(1) - L(0)."""

    def loss(sample: Tensor) -> Tensor:
        return (coefficients * sample ** torch.arange(1, 4)).sum(-1)

    slope = derivatives(logit)[0]
    assert_close(mean(logit, 1e-5, loss, through=True), slope * formula(coefficients), rtol=0, atol=1e-4)
    assert_close(mean(logit, 1e-5, loss), slope * secant(coefficients), rtol=0, atol=1e-4)


def half_way() -> dict[str, float]:
    """a = 0, t = 1, L = nu."""
    return {"relaxed": mean(0.0, 1.0, power(1)), "exact": float(Exact()(Bernoulli(torch.zeros(1)), power(1)).gradient)}


def not_monotone() -> dict[str, float]:
    """a = 1, L = nu^2."""
    return {f"t = {t}": bias(2)(t) for t in (1.0, 0.8, 0.4, 0.1)}


def against_score() -> dict[str, float]:
    """a = 0, L = nu: variances at t = 0.1 and of the score function."""
    score = ScoreFunction(2)(Bernoulli(torch.zeros(1)), power(1), noise=torch.tensor([[[0.25], [0.75]]]))
    return {"Concrete": variance(0.0, 0.1, power(1)), "score": score.gradients.var(correction=0).item()}


FIRST, SECOND, THIRD = derivatives(LOGIT)
LINEAR = math.pi**2 / 6 * THIRD
LOW = (0.02, 0.01, 0.005, 0.0025)


def first_order(name: str, error: Callable[[float], float], factor: float, wrong: dict[str, float]) -> Rate:
    """A bias that is factor * sigma''(a) * t."""
    others = {variant: Asymptote(1.0, other * SECOND) for variant, other in wrong.items()}
    order = {"order 2, as for a linear loss": Asymptote(2.0)}
    return Rate(name=name, scales=LOW, error=error, claim=Asymptote(1.0, factor * SECOND), wrong={**others, **order})


IDENTITY = Identity(
    id="B07",
    title="bias and variance of the Concrete gradient",
    source="VMO",
    place="section 3, Concrete gradient estimation, and section 6.1",
    printed=r""""$t$ is a 'temperature' parameter which controls the bias-variance trade-off of the estimator." "the
low-variance, but biased Concrete relaxation".""",
    precise=r"""One Bernoulli gate with logit $a$, $\nu = \sigma((a+X)/t)$ with logistic noise $X$, a loss $L$ that
is smooth on $[0, 1]$, exact gradient $\sigma'(a)(L(1) - L(0))$. As $t \to 0$ the mean of $\frac{d}{da}L(\nu)$
exceeds it by $t\,\sigma''(a)\int(L(\sigma(s)) - L(1[s>0]))\,ds + O(t^2)$. The integral is 0 for $L = \nu$, whose
bias is $\frac{\pi^2}{6}t^2\sigma'''(a) + O(t^4)$; it is $-1$ for $\nu^2$ and $-\frac{3}{2}$ for $\nu^3$. The
variance of one sample is $\frac{1}{t}\sigma'(a)\int(L'(\sigma)\sigma')^2ds + O(1)$, for $L = \nu$ it is
$\sigma'(a)/6t$. So what is printed is true in the limit only: as $t \to 0$ the bias vanishes and the variance grows
without bound. At finite $t$ the bias need not be monotone in $t$ and changes its sign, so that a lower temperature
may have more of it. The variance is not low at low temperatures, and may exceed that of the unbiased score function
at the temperatures that the source anneals through (from $0.1$ to $0$). With straight-through samples the mean
tends to $\sigma'(a)\frac{1}{2}(L'(0) + L'(1))$ instead, which is the exact gradient for quadratic $L$ (the bias is
$-2\log 2\;t\,\sigma''(a) + O(t^2)$ for $\nu^2$), but $\frac{3}{2}$ of it for $\nu^3$.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$E\,L(\nu) - E\,L(1[a + X > 0]) = t\int(L(\sigma(s)) - L(1[s > 0]))f(ts - a)\,ds$ with the density $f
= \sigma'$ of $X$; the bracket decays exponentially, so expand $f(ts-a) = f(a) - ts f'(a) + ...$ and differentiate
in $a$. For $L = \nu$ the bracket is odd (B06). $E(\frac{dL}{da})^2 = \int(L'(\sigma(s))\sigma'(s)/t)^2
f(ts-a)\,t\,ds$. A straight-through gradient is $L'(1[s > 0])\sigma'(s)/t$, with $\int_0^\infty\sigma' =
\frac{1}{2}$ on either side and $\int_0^\infty s\sigma'(s)\,ds = \log 2$ for the next term. The trapezoid rule is
exact for $L'$ affine.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="mean gradient at t = 1, linear loss",
            check=by_quadrature,
            claim=at_one,
            wrong={"unbiased": exact_slope, "first term only": leading},
            given={"logit": strategies.numbers(0.25, 4), "sign": st.sampled_from([1, -1])},
            examples=8,
        ),
        Witness(
            name="limits of relaxed and straight-through gradients, cubic loss",
            check=through_limit,
            claim=trapezoid,
            wrong={"secant": secant, "slope at 1": at_corner},
            given={"coefficients": strategies.tensors(3), "logit": strategies.numbers(-2, 2)},
            examples=8,
        ),
    ),
    rates=(
        Rate(
            name="bias against t, L = nu",
            scales=(0.16, 0.08, 0.04, 0.02),
            error=bias(1),
            claim=Asymptote(2.0, LINEAR),
            wrong={
                "order 1": Asymptote(1.0),
                "sigma'' for sigma'''": Asymptote(2.0, LINEAR * SECOND / THIRD),
                "pi^2/3": Asymptote(2.0, 2 * LINEAR),
                "sign": Asymptote(2.0, -LINEAR),
            },
        ),
        first_order("bias against t, L = nu^2", bias(2), -1.0, {"sign": 1.0, "that of nu^3": -1.5}),
        first_order("bias against t, L = nu^3", bias(3), -1.5, {"sign": 1.5, "that of nu^2": -1.0}),
        first_order(
            "bias against t, L = nu^2, straight-through",
            bias(2, True),
            -2 * math.log(2),
            {"relaxed": -1.0, "half": -0.693},
        ),
        Rate(
            name="variance against t, L = nu",
            scales=LOW,
            error=lambda temperature: variance(LOGIT, temperature, power(1)),
            claim=Asymptote(-1.0, FIRST / 6),
            wrong={"bounded": Asymptote(0.0), "1/t^2": Asymptote(-2.0), "1/4t": Asymptote(-1.0, FIRST / 4)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$a = 0$, $t = 1$, $L = \nu$: the mean gradient is $\int_0^1 u(1-u)\,du = 1/6$, the exact one
$\sigma'(0) = 1/4$.""",
            numbers={"relaxed": 1 / 6, "exact": 0.25},
            compute=half_way,
        ),
        Counterexample(
            text=r"""Less temperature, more bias: for $a = 1$ and $L = \nu^2$ the bias is $-0.0160$ at $t = 1$,
$-0.0019$ at $0.8$, $+0.0173$ at $0.4$ and $+0.0083$ at $0.1$.""",
            numbers={"t = 1.0": -0.0160, "t = 0.8": -0.0019, "t = 0.4": 0.0173, "t = 0.1": 0.0083},
            compute=not_monotone,
            tolerance=5e-5,
        ),
        Counterexample(
            text=r"""Not of low variance: $a = 0$, $L = \nu$. At the temperature $0.1$ at which the source starts,
one Concrete gradient has the variance $0.3538$, about $\sigma'(0)/6t - 1/16 = 0.3542$; the score function, which is
$1/2$ or $0$, has $1/16 = 0.0625$.""",
            numbers={"Concrete": 0.3538, "score": 0.0625},
            compute=against_score,
            tolerance=5e-5,
        ),
    ),
    references=(
        "C. Maddison, A. Mnih and Y. W. Teh, The Concrete distribution, ICLR 2017 (biased at every temperature; the "
        "variance grows as it falls)",
        "G. Tucker et al., REBAR, NeurIPS 2017 (trade-off between bias and variance)",
    ),
    covers=(
        "continuum.estimators.concrete",
        "continuum.estimators.bernoulli",
        "continuum.estimators.exact",
        "continuum.widths.concrete",
    ),
)
