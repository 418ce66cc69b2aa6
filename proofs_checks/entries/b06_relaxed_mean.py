"""The mean of a relaxed sample is not q: a closed form at t = 1, and the first term of the difference."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.estimators import Bernoulli
from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.noise import gumbels, logistic_rule

LOGIT = 1.0
Mean = Callable[[float], float]


def derive() -> list[Derivation]:
    """At t = 1 over the uniform number behind the noise; at small t over the layer where the sample is soft."""
    u, alpha, t = sp.Symbol("u", positive=True), sp.Symbol("alpha", positive=True), sp.Symbol("t", positive=True)
    odds = alpha * u / (1 - u)
    mean = Derivation("relaxed sample", odds / (1 + odds))
    mean = mean.rewrite(alpha / (alpha - 1) * (1 - 1 / (1 + (alpha - 1) * u)), "logistic noise log(u / (1 - u))")
    inner = alpha / (alpha - 1) * (u - sp.log(1 + (alpha - 1) * u) / (alpha - 1))
    mean = mean.rewrite(sp.diff(inner, u), "an antiderivative")
    claim = alpha * (alpha - 1 - sp.log(alpha)) / (alpha - 1) ** 2
    mean = mean.apply(lambda _: inner.subs(u, 1) - inner.subs(u, 0), claim, "integrate over (0, 1)")
    wrong = {"q": alpha / (1 + alpha), "sign of the logarithm": alpha * (alpha - 1 + sp.log(alpha)) / (alpha - 1) ** 2}
    mean.claims(claim, wrong)

    # E nu - q = t int (sigma(s) - H(s)) f(ts - a) ds, where f(ts - a) = f(a) - t s f'(a) + ..., f = sigma' even.
    s, n = sp.Symbol("s", positive=True), sp.Symbol("n", integer=True, positive=True)
    second = Derivation("int s (sigma - H) ds", -2 * sp.Sum((-1) ** (n - 1) / n**2, (n, 1, sp.oo)))
    term = sp.integrate(s * sp.exp(-n * s), (s, 0, sp.oo))
    second = second.rewrite(-2 * sp.Sum((-1) ** (n - 1) * term, (n, 1, sp.oo)), "1/(1+e^s) in powers of e^-s", _summand)
    second = second.apply(lambda e: -2 * sp.summation((-1) ** (n - 1) / n**2, (n, 1, sp.oo)), -(sp.pi**2) / 6, "Euler")
    slope = sp.Symbol("f_1", real=True)  # f'(a) = sigma''(a), and f'(-a) = -f_1
    first = Derivation("first term", t * (t * -slope * second.value))
    first = first.claims(sp.pi**2 / 6 * t**2 * slope, {"sign": -(sp.pi**2) / 6 * t**2 * slope, "order": t * slope})
    return [mean, second.claims(-(sp.pi**2) / 6, {"half": -(sp.pi**2) / 12, "double": -(sp.pi**2) / 3}), first]


def _summand(left: sp.Expr, right: sp.Expr) -> bool:
    return all(sp.simplify(left.subs(sp.oo, m).doit() - right.subs(sp.oo, m).doit()) == 0 for m in (1, 2, 5))


def relaxed_mean(logit: float, temperature: float) -> float:
    """E nu_2 of the shipped law with two widths, by quadrature over the difference of its noise."""
    x, weights = logistic_rule(logit, temperature)
    law = Concrete(2, temperature, torch.tensor([0.0, logit]).expand(len(x), 2))
    with gumbels(torch.stack([torch.zeros_like(x), x], -1)), torch.no_grad():
        gates = law.gates()
    assert_close(gates[:, 0], torch.ones_like(x), rtol=0, atol=0)
    return float(weights @ gates[:, 1])


def closed(alpha: float) -> float:
    """alpha (alpha - 1 - log alpha) / (alpha - 1)^2."""
    return alpha * (alpha - 1 - math.log(alpha)) / (alpha - 1) ** 2


def unbiased(alpha: float) -> float:
    """q."""
    return alpha / (alpha + 1)


def mixed_up(alpha: float) -> float:
    """The mean of the other category."""
    return 1 - closed(alpha)


def at_one(formula: Mean, logit: float, sign: int) -> None:
    """Both shipped samplers at t = 1, and their symmetry."""
    a = sign * logit
    expected = formula(math.exp(a))
    assert_close(relaxed_mean(a, 1.0), expected, rtol=1e-10, atol=0)
    x, weights = logistic_rule(a, 1.0)
    q = Bernoulli(torch.full((len(x), 1), a))
    sample: Tensor = q.relax(q.perturb(x.sigmoid().unsqueeze(-1)), 1.0)[:, 0]
    assert_close(float(weights @ sample), expected, rtol=1e-10, atol=0)
    assert_close(1 - formula(math.exp(-a)), expected, rtol=1e-10, atol=0)


def curvature(a: float) -> float:
    """sigma''(a)."""
    p = 1 / (1 + math.exp(-a))
    return p * (1 - p) * (1 - 2 * p)


def error(temperature: float) -> float:
    """E nu - q."""
    return relaxed_mean(LOGIT, temperature) - 1 / (1 + math.exp(-LOGIT))


def example() -> dict[str, float]:
    """alpha = 9."""
    law = Concrete(2, 1.0, torch.tensor([0.0, math.log(9)]))
    return {"q": float(law.probabilities()[1].detach()), "mean": relaxed_mean(math.log(9), 1.0)}


CONSTANT = math.pi**2 / 6 * curvature(LOGIT)

IDENTITY = Identity(
    id="B06",
    title="mean of a relaxed sample",
    source="VMO",
    place="section 3, Concrete gradient estimation",
    printed=r""""The Concrete relaxation replaces the discrete categorical distribution with a continuous
distribution [...] Samples from this distribution can replace any 1-hot samples".""",
    precise=r"""A one-hot sample has the mean $q$; a relaxed one in general has not, at $t > 0$ (it has if $q$ is
uniform). For two categories with odds $\alpha = q_1/q_2 = e^a \neq 1$ and $t = 1$, $E\,\nu_1 = \alpha(\alpha - 1 -
\log\alpha)/(\alpha-1)^2$. As $t \to 0$, $E\,\nu_1 - q_1 = \frac{\pi^2}{6}t^2\sigma''(a) + O(t^4)$: towards the
uniform law. So the mean of the relaxed masks of Eq. 6, and with it the mean relaxed width, $E\sum_i m_i = \sum_j
j\,E\,\nu_j$, is not that of the law that is tested.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$\nu_1 = \sigma((a + X)/t)$ with $X = G_1 - G_2$ logistic, density $f = \sigma'$. At $t = 1$, $\nu_1 =
\alpha u/(\alpha u + 1 - u)$ with $X = \log(u/(1-u))$; integrate over $u$. For small $t$, $E\,\nu_1 - q_1 =
t\int(\sigma(s) - 1[s > 0])f(ts - a)\,ds$; the bracket is odd, so only odd terms of the Taylor series of $f$ at $-a$
count, $\int s(\sigma(s) - 1[s>0])\,ds = -\pi^2/6$ and $f'(-a) = -f'(a) = -\sigma''(a)$. A symmetry of the
categories makes the mean uniform if $q$ is.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="closed form at t = 1, by quadrature over the noise",
            check=at_one,
            claim=closed,
            wrong={"q": unbiased, "the other category": mixed_up},
            given={"logit": strategies.numbers(0.1, 4), "sign": st.sampled_from([1, -1])},
            examples=10,
        ),
    ),
    rates=(
        Rate(
            name="E nu - q against t, logit 1",
            scales=(0.2, 0.1, 0.05, 0.025),
            error=error,
            claim=Asymptote(2.0, CONSTANT),
            wrong={
                "order 1": Asymptote(1.0),
                "order 4": Asymptote(4.0),
                "pi^2/3": Asymptote(2.0, 2 * CONSTANT),
                "away from uniform": Asymptote(2.0, -CONSTANT),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Odds 9: $q = 0.9$, but at $t = 1$ the mean is
$9(8 - \log 9)/64 = 9\cdot 5.802775/64 = 0.816015$.""",
            numbers={"q": 0.9, "mean": 0.816015},
            compute=example,
            tolerance=5e-7,
        ),
    ),
    references=(
        "C. Maddison, A. Mnih and Y. W. Teh, The Concrete distribution, ICLR 2017 (the density of the sample)",
    ),
    covers=("continuum.widths.concrete", "continuum.estimators.bernoulli"),
)
