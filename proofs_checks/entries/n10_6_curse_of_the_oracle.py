"""Who is chosen by noisy values looks better than it is, an oracle that is chosen by the judging rows above all."""

from collections.abc import Callable
from functools import cache
from math import exp, pi, sqrt
from statistics import NormalDist

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from continuum.search.driver import run
from continuum.search.random import Random
from continuum.search.trace import Trace
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noisy_task import Known

#: Deviation of a noisy value, the true value of the better candidate, searches for each gap, and the standard errors
#: that a mean may be off: the closest wrong variant is 7 of them away.
NOISE, BEST, SEARCHES, ERRORS = 0.05, 0.5, 1600, 4.5
#: Gaps between two candidates, in deviations.
GAPS = (0.0, 0.5, 1.0, 2.0)


def derive() -> list[Derivation]:
    """The least of two noisy values, the true value of the one that is taken, and the gap that costs most."""
    gap, spread = sp.symbols("Delta theta", positive=True)
    x = sp.Symbol("x", real=True)
    density = sp.exp(-((x + gap) ** 2) / (2 * spread**2)) / (spread * sp.sqrt(2 * sp.pi))
    # X_1 - X_2 is normal with mean -Delta and deviation theta; the less of the two is X_2 + min(X_1 - X_2, 0).
    least = Derivation("mean of the less, from the better one's", gap + sp.integrate(x * density, (x, -sp.oo, 0)))
    wrong = _above(gap / spread)
    claim = gap * wrong - spread * _density(gap / spread)
    least = least.rewrite(claim, "mean of the negative part", test=_same)
    taken = Derivation("the worse is taken where X_1 > X_2", gap * sp.integrate(density, (x, 0, sp.oo)))
    taken = taken.rewrite(gap * wrong, "a normal tail", test=_same)
    optimism = Derivation("seen less true", claim - gap * wrong)
    optimism = optimism.rewrite(-spread * _density(gap / spread), "the regret cancels")
    slope = Derivation("regret in the gap", gap * wrong)
    at = wrong - gap / spread * _density(gap / spread)
    slope = slope.apply(lambda e: sp.diff(e, gap), at, "0 where the tail is x times the density", test=_same)
    return [
        least.claims(claim, {"regret alone": gap * wrong}, test=_same),
        taken.claims(gap * wrong, {"never": sp.Integer(0), "half": gap / 2}, test=_same),
        optimism.claims(-spread * _density(gap / spread), {"none": sp.Integer(0)}),
        slope.claims(at, {"rises for ever": wrong}, test=_same),
    ]


def _density(x: sp.Expr) -> sp.Expr:
    return sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)


def _above(x: sp.Expr) -> sp.Expr:
    return sp.erfc(x / sp.sqrt(2)) / 2


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.simplify(sp.expand((left - right).rewrite(sp.erf))) == 0)


Means = Callable[[float, float], tuple[float, float]]


def seen_and_true(gap: float, noise: float) -> tuple[float, float]:
    """Mean of the least noisy value, and of its candidate's value on other rows, above the better candidate's."""
    spread = sqrt(2) * noise
    regret = gap * NormalDist().cdf(-gap / spread)
    return regret - spread * exp(-((gap / spread) ** 2) / 2) / sqrt(2 * pi), regret


def believed(gap: float, noise: float) -> tuple[float, float]:
    """As if what was chosen by were unbiased."""
    _, regret = seen_and_true(gap, noise)
    return regret, regret


def found(gap: float, noise: float) -> tuple[float, float]:
    """As if the better one were always taken."""
    return seen_and_true(gap, noise)[0], 0.0


def noise_of_one(gap: float, noise: float) -> tuple[float, float]:
    """As if one of the two alone were noisy."""
    return seen_and_true(gap, noise / sqrt(2))


def by_searching(formula: Means, gap: float) -> None:
    """The shipped driver searches both candidates; what its answer is worth there, and on rows of its own."""
    values = searched(gap)
    for sample, claimed, what in zip(values.T, formula(gap * NOISE, NOISE), ("seen", "on other rows"), strict=True):
        error = float(sample.std()) / sqrt(SEARCHES)
        actual = float(sample.mean()) - BEST
        require(abs(actual - claimed) <= ERRORS * error, f"{what}: {actual:.4f}, not {claimed:.4f}")


@cache
def searched(gap: float) -> np.ndarray:
    """Value of the answer where it was chosen, and on other rows, of many searches."""
    random = np.random.default_rng(round(10 * gap))
    true, answers = BEST + np.array([0.0, gap * NOISE]), []
    for seed in range(SEARCHES):
        chosen, judged = (true + random.normal(scale=NOISE, size=2) for _ in range(2))
        task = Known(chosen)
        row = run(Random(task.space, seed), task, budget=2).answer(2)
        if row is None:
            raise ValueError("a search of two trainings has an answer")
        answers.append((float(row["value"]), judged[int(Trace.point(row).gamma) - 1]))
    return np.array(answers)


def figures() -> dict[str, float]:
    """Two equal candidates; the gap that costs most; and twenty equal ones."""
    gaps = np.linspace(0, 4, 40001)
    regrets = np.array([gap * NormalDist().cdf(-gap / sqrt(2)) for gap in gaps])
    grid = np.linspace(-8, 8, 4001)
    normal = NormalDist()
    tail = np.array([normal.cdf(-x) for x in grid])
    density = np.exp(-(grid**2) / 2) / sqrt(2 * pi)
    return {
        "two equal": seen_and_true(0.0, 1.0)[0],
        "worst gap": float(gaps[regrets.argmax()]),
        "worst regret": float(regrets.max()),
        "twenty equal": float(np.trapezoid(grid * 20 * density * tail**19, grid)),
    }


IDENTITY = Identity(
    id="N10.6",
    title="the oracle's curse",
    source="here",
    place="for searches that choose by noisy values",
    printed=r"""$E\min_kX_k \leq \min_k\mu_k \leq E\,\mu_{\hat k}, \quad \hat k = \arg\min_kX_k$""",
    precise=r"""Candidates $k = 1, \ldots, K$ with true values $\mu_k$, of which a set of seeds or rows sees $X_k =
\mu_k + \varepsilon_k$, $E\varepsilon_k = 0$, and another, independent one $Y_k$ likewise; $\hat k$ has the least $X_k$.
(i) $E\min_kX_k \leq \min_k\mu_k \leq E\,\mu_{\hat k} = E\,Y_{\hat k}$: judged where it was chosen the choice looks too
good, judged elsewhere without bias, and it is no oracle.
(ii) For two candidates, normal errors of deviation $\sigma$, $\mu_2 - \mu_1 = \Delta$ and $\theta = \sqrt{2}\sigma$ the
regret $E\mu_{\hat k} - \mu_1$ is $\Delta\,P(N > \Delta/\theta)$, and the value seen is below the true one by
$\theta\varphi(\Delta/\theta)$ on average. The regret is largest, $0.2404\sigma$, at $\Delta = 1.063\sigma$.
(iii) So a regret against $\min_kY_k$ is positive in the mean even for the best candidate, by more with more candidates
(up to $\sigma\sqrt{2\log K}$ for sub-Gaussian errors); one against an oracle that was chosen on rows of its own is
unbiased for the difference of two true values, and may be negative.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) $\min_kX_k \leq X_j$ for each $j$; $\mu_{\hat k} \geq \min_k\mu_k$ always; given $\hat k$, $Y_{\hat
k}$ has the mean $\mu_{\hat k}$. (ii) $X_1 - X_2$ is normal with mean $-\Delta$ and deviation $\theta$; the less of the
two is $X_2 + \min(X_1 - X_2, 0)$. (iii) (i) for $Y$; the maximal inequality (N7.5).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="answers of the shipped driver, where they were chosen and on other rows",
            check=by_searching,
            claim=seen_and_true,
            wrong={
                "no bias where it was chosen": believed,
                "the best is found": found,
                "noise of one": noise_of_one,
            },
            given={"gap": st.sampled_from(GAPS)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Normal errors of deviation 1: of two equal candidates the less of both values is 0.5642 below the
truth in the mean, of twenty 1.8675. Two that differ by 1.0632 cost most, 0.2404 in the mean.""",
            numbers={"two equal": -0.5642, "worst gap": 1.0632, "worst regret": 0.2404, "twenty equal": -1.8675},
            compute=figures,
            tolerance=1e-4,
        ),
    ),
    references=(
        "J. E. Smith and R. L. Winkler, The optimizer's curse, Management Science 52, 2006",
        "G. C. Cawley and N. L. C. Talbot, On over-fitting in model selection, JMLR 11, 2010",
        "C. E. Clark, The greatest of a finite set of random variables, Operations Research 9, 1961 (two candidates)",
    ),
    covers=("continuum.search.driver", "continuum.search.judgement", "continuum.search.trace"),
    document="n10_6_curse_of_the_oracle.md",
)
