"""The cardinality of a fuzzy layer is a real number; the number of active units is a law, which the coupling sets."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths.fuzzy import Fuzzy, Mode
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noise import cells, uniforms

UNITS, PARTS = 4, 8
COUPLINGS: tuple[Mode, ...] = ("bernoulli", "systematic", "comonotone")
WidthName = Callable[[Tensor, str], Tensor]


def derive() -> list[Derivation]:
    """The mean from any joint law of three units; the variances from the three couplings."""
    return [_mean(), _independent(), _comonotone(), _systematic()]


def _mean() -> Derivation:
    joint = {(i, j, k): sp.Symbol(f"p_{i}{j}{k}") for i in (0, 1) for j in (0, 1) for k in (0, 1)}
    grades = sp.symbols("g_1:4")
    single = {(1, 0, 0): grades[0], (0, 1, 0): grades[1], (0, 0, 1): grades[2]}
    # P(only unit i) follows from its grade and the other joint probabilities, which stay free: any coupling.
    margins = {joint[s]: g - sum(p for t, p in joint.items() if t[s.index(1)] and t != s) for s, g in single.items()}
    chain = Derivation("mean count under any coupling", sum(sum(s) * p for s, p in joint.items()))
    by_unit = sum(sum(p for s, p in joint.items() if s[i]) for i in range(3))
    chain = chain.rewrite(by_unit, "sum over units first")
    chain = chain.apply(lambda e: e.subs(margins, simultaneous=True), sum(grades), "each sum is a grade")
    return chain.claims(sum(grades), {"independence is needed": sum(grades) - grades[0] * grades[1]})


def _independent() -> Derivation:
    g = sp.symbols("g_1:4")
    second = sum(g[i] if i == j else g[i] * g[j] for i in range(3) for j in range(3))
    chain = Derivation("variance, independent", second - sum(g) ** 2)
    return chain.claims(sum(x * (1 - x) for x in g), {"of a Poisson law": sum(g)})


def _comonotone() -> Derivation:
    third, gap, lift = sp.symbols("g_3 d e", positive=True)  # g_1 >= g_2 >= g_3
    second, first, u = third + gap, third + gap + lift, sp.Symbol("u", real=True)
    pieces = sp.Integral(9, (u, 0, third)) + sp.Integral(4, (u, third, second)) + sp.Integral(1, (u, second, first))
    chain = Derivation("mean square, comonotone", pieces)
    chain = chain.apply(lambda e: e.doit(), first + 3 * second + 5 * third, "the count is 3, then 2, then 1")
    minima = first + second + third + 2 * (second + third + third)
    wrong = {"products": (first + second + third) ** 2, "maxima": 5 * first + 3 * second + third}
    return chain.claims(minima, wrong)


def _systematic() -> Derivation:
    whole, part, u = sp.symbols("n f u", positive=True)
    mean = sp.Integral(whole, (u, 0, 1 - part)) + sp.Integral(whole + 1, (u, 1 - part, 1))
    square = sp.Integral(whole**2, (u, 0, 1 - part)) + sp.Integral((whole + 1) ** 2, (u, 1 - part, 1))
    chain = Derivation("variance of floor(n + f + U)", square - mean**2)
    chain = chain.apply(lambda e: e.doit(), part * (1 - part), "n up to u = 1 - f, then n + 1")
    return chain.claims(part - part**2, {"of a uniform law": sp.Rational(1, 12), "f": part})


def count_law(grades: Tensor, mode: str) -> Tensor:
    """P(count = 0), ..., P(count = N)."""
    if mode == "bernoulli":
        return _convolved(grades)
    if mode == "comonotone":
        return _steps(grades.sort(descending=True).values)
    whole, law = int(grades.sum()), torch.zeros(UNITS + 2)
    law[whole + 1] = grades.sum() - whole
    law[whole] = 1 - law[whole + 1]
    return law[:-1]


def _convolved(grades: Tensor) -> Tensor:
    law = torch.ones(1)
    for grade in grades:
        zero = torch.zeros(1)
        law = torch.cat([law * (1 - grade), zero]) + torch.cat([zero, law * grade])
    return law


def _steps(at_least: Tensor) -> Tensor:
    return -torch.cat([torch.ones(1), at_least, torch.zeros(1)]).diff()


def unsorted(grades: Tensor, mode: str) -> Tensor:
    """P(count >= k) is the grade of unit k, not the k-th largest one."""
    return _steps(grades) if mode == "comonotone" else count_law(grades, mode)


def binomial(grades: Tensor, mode: str) -> Tensor:
    """Grades replaced by their mean."""
    return _convolved(grades.mean().expand(UNITS)) if mode == "bernoulli" else count_law(grades, mode)


def swapped(grades: Tensor, mode: str) -> Tensor:
    """The fraction of c goes to the smaller number."""
    return count_law(1 - grades, mode).flip(0) if mode != "systematic" else count_law(grades, mode).roll(1)


def samples(grades: Tensor, mode: Mode) -> tuple[Fuzzy, Tensor]:
    """All equally likely samples of the shipped law, whose grades are multiples of 1/8."""
    noise = cells(PARTS, UNITS if mode == "bernoulli" else 1)
    every = grades.expand(len(noise), UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode=mode)
    with uniforms(noise):
        return width, width.gates().detach()


def by_enumeration(formula: WidthName, grades: Tensor, mode: Mode) -> None:
    """The law of the number of active units, over all cells of the noise."""
    width, gates = samples(grades, mode)
    shares_of_counts = torch.bincount(gates.sum(-1).long(), minlength=UNITS + 1) / len(gates)
    assert_close(shares_of_counts, formula(grades, mode), rtol=1e-12, atol=1e-14)
    assert_close(gates.mean(0), grades, rtol=1e-12, atol=1e-14)
    assert_close(width.cardinality(), gates.sum(-1).mean().expand(len(gates)), rtol=1e-12, atol=1e-13)


def variance(grades: Tensor, mode: str) -> Tensor:
    """sum g (1 - g); sum of min(g_i, g_j) - g_i g_j; f (1 - f)."""
    if mode == "bernoulli":
        return (grades * (1 - grades)).sum()
    if mode == "comonotone":
        return torch.minimum(grades, grades.unsqueeze(-1)).sum() - grades.sum() ** 2
    part = grades.sum() - grades.sum().floor()
    return part * (1 - part)


def same_for_all(grades: Tensor, mode: str) -> Tensor:
    """As if the grades set the law of the count."""
    return variance(grades, "bernoulli")


def diagonal_only(grades: Tensor, mode: str) -> Tensor:
    """min(g_i, g_j) of different units counted once."""
    if mode != "comonotone":
        return variance(grades, mode)
    return torch.minimum(grades, grades.unsqueeze(-1)).triu().sum() - grades.sum() ** 2


def spread(formula: WidthName, grades: Tensor, mode: Mode) -> None:
    """The variance of the count, and its bounds over all couplings."""
    counts = samples(grades, mode)[1].sum(-1)
    actual = counts.var(correction=0)
    assert_close(actual, formula(grades, mode), rtol=1e-12, atol=1e-13)
    inside = actual.clamp(variance(grades, "systematic"), variance(grades, "comonotone"))
    assert_close(actual, inside, rtol=1e-12, atol=1e-13)


def example() -> dict[str, float]:
    """g = (.9, .2, .5, .7): multiples of 1/10, so that 10 cells are all cases of one uniform number."""
    grades = torch.tensor([0.9, 0.2, 0.5, 0.7])
    figures = {"mean": Fuzzy(UNITS, grades.sum(), grades).dimension().item()}
    for mode in COUPLINGS:
        noise = cells(10, UNITS if mode == "bernoulli" else 1)
        every = grades.expand(len(noise), UNITS)
        with uniforms(noise):
            counts = Fuzzy(UNITS, every.sum(-1), every, mode=mode).gates().sum(-1)
        figures[mode] = counts.var(correction=0).item()
    return figures


GIVEN = {"grades": strategies.coarse_grades(UNITS, PARTS), "mode": st.sampled_from(COUPLINGS)}

IDENTITY = Identity(
    id="A22",
    title="cardinality and number of active units",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""As fuzzy sets, their cardinality [...] is not an integer, but a fuzzy integer; that is to say,
their cardinality is a postivie real number." "The grading of a neuron is a value in $[0,1]$ and as such can be
thought of as a probability, in essence the 'number' of hidden units is an expectation on the activity of those
hidden units".""",
    precise=r"""Let $g \in [0,1]^N$, $c = \sum_i g_i$ and let $m \in \{0,1\}^N$ be random with $P(m_i = 1) = g_i$
and any joint law (a coupling). The real number $c$ (the sigma-count) is $E\sum_i m_i$ for every coupling. The law
of the number $|m| = \sum_i m_i$ is another thing, and is not determined by $g$: independent units have
$\operatorname{Var}|m| = \sum_i g_i(1-g_i)$; a common threshold $m_i = 1[g_i > U]$ (comonotone) has $P(|m| \geq k) =
g_{(k)}$, the k-th largest grade, which is the fuzzy integer of fuzzy set theory, and $\operatorname{Var}|m| =
\sum_{i,j} \min(g_i, g_j) - c^2$, the largest of all couplings; systematic sampling has $|m| \in \{\lfloor c\rfloor,
\lceil c\rceil\}$ and $\operatorname{Var}|m| = f(1-f)$ with $f = c - \lfloor c\rfloor$, the smallest. So "positive
real number" is true of the sigma-count, and not of the fuzzy integer.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$E\sum_i m_i = \sum_i P(m_i = 1)$ needs no independence. Under a common threshold $|m| \geq k$ iff the
k-th largest grade exceeds $U$; and $E\,m_i m_j = P(U < \min(g_i, g_j))$. For any coupling $E\,m_i m_j \leq
\min(g_i, g_j)$, so this variance is the largest. An integer-valued $X$ with mean $n + f$ has $(X - n)(X - n - 1)
\geq 0$, so $\operatorname{Var} X \geq f(1-f)$, with equality iff $X \in \{n, n+1\}$; systematic sampling counts
$\lfloor c + U\rfloor$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="law of the count, all samples enumerated",
            check=by_enumeration,
            claim=count_law,
            wrong={
                "grades not sorted": unsorted,
                "binomial with the mean grade": binomial,
                "next integer": swapped,
                "one law for every coupling": lambda grades, mode: count_law(grades, "bernoulli"),
            },
            given=GIVEN,
        ),
        Witness(
            name="variance of the count, and its bounds",
            check=spread,
            claim=variance,
            wrong={"the grades alone set it": same_for_all, "each pair once": diagonal_only},
            given=GIVEN,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$g = (0.9, 0.2, 0.5, 0.7)$ has $c = 2.3$ whatever the coupling. The number of active units
has variance $0.09 + 0.16 + 0.25 + 0.21 = 0.71$ for independent units, $0.9 + 3\cdot 0.7 + 5\cdot 0.5 + 7\cdot 0.2 -
2.3^2 = 1.61$ for a common threshold, and $0.3\cdot 0.7 = 0.21$ for systematic sampling.""",
            numbers={"mean": 2.3, "bernoulli": 0.71, "comonotone": 1.61, "systematic": 0.21},
            compute=example,
        ),
    ),
    references=(
        "A. De Luca and S. Termini, A definition of a nonprobabilistic entropy in the setting of fuzzy sets theory, "
        "Information and Control 20, 1972 (the sigma-count)",
        "L. A. Zadeh, A computational approach to fuzzy quantifiers in natural languages, Computers and Mathematics "
        "with Applications 9, 1983 (the fuzzy integer)",
        "W. G. Madow, On the theory of systematic sampling, II, Ann. Math. Statist. 20, 1949",
    ),
    covers=("continuum.widths.sampling", "continuum.widths.fuzzy"),
)
