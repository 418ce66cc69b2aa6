"""A fuzzy vector space has a real dimension: the mean dimension of its cuts. Independent dropout is no fuzzy space."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths.fuzzy import Fuzzy, Mode
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noise import cells, uniforms

UNITS, PARTS = 4, 8
Membership = Callable[[Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Integrate the dimension of the cuts of three units; the arithmetic of the bound by it for any basis."""
    third, gap, lift = sp.symbols("g_3 d e", positive=True)  # g_1 >= g_2 >= g_3, spaced by d and e
    second, first, level = third + gap, third + gap + lift, sp.Symbol("alpha", real=True)
    cuts = sum(sp.Integral(n, (level, a, b)) for n, a, b in ((3, 0, third), (2, third, second), (1, second, first)))
    chain = Derivation("mean dimension of the cuts", cuts)
    chain = chain.apply(lambda e: e.doit(), 3 * third + 2 * (second - third) + first - second, "constant in between")
    total = chain.claims(first + second + third, {"largest grade": first, "units of grade > 0": sp.Integer(3)})

    # That a basis has at most dim(cut) = 3, 2, 1 vectors in a cut is linear algebra (the proof); this sums it up.
    counts = sp.symbols("n_1:4", integer=True, nonnegative=True)
    lost = sp.symbols("l_1:4", nonnegative=True)
    steps = (third, second - third, first - second)
    basis = Derivation("arithmetic of the bound for a basis", sum(n * s for n, s in zip(counts, steps, strict=True)))
    short = {n: size - loss for n, size, loss in zip(counts, (3, 2, 1), lost, strict=True)}
    missing = sum(loss * s for loss, s in zip(lost, steps, strict=True))
    basis = basis.apply(lambda e: e.subs(short), first + second + third - missing, "with 3, 2, 1 less what it lacks")
    return [total, basis.claims(first + second + third - missing, {"every basis attains it": first + second + third})]


def minimum(grades: Tensor, support: Tensor) -> Tensor:
    """min of the grades that the vector needs; 1 for the vector 0."""
    return torch.where(support, grades, 1.0).amin(-1)


def product(grades: Tensor, support: Tensor) -> Tensor:
    """What independent dropout gives."""
    return torch.where(support, grades, 1.0).prod(-1)


def mean(grades: Tensor, support: Tensor) -> Tensor:
    """The mean grade of the support."""
    return torch.where(support, grades, 0.0).sum(-1) / support.sum(-1).clamp(min=1) + (~support).all(-1)


def bounded(grades: Tensor, support: Tensor) -> Tensor:
    """Lukasiewicz: as if the units excluded each other as much as they can."""
    return (1 - torch.where(support, 1 - grades, 0.0).sum(-1)).clamp(min=0)


def fuzzy_law(grades: Tensor, mode: Mode = "scale") -> Fuzzy:
    """The shipped law with these grades."""
    return Fuzzy(grades.shape[-1], grades.sum(-1), grades, mode=mode)


def axiom(formula: Membership, grades: Tensor, x: Tensor, y: Tensor, a: int, b: int) -> None:
    """mu(ax + by) >= min(mu(x), mu(y)), for the grades of the shipped law."""
    g = fuzzy_law(grades).grades().detach()
    together, x_grade, y_grade = (formula(g, v != 0) for v in (a * x + b * y, x, y))
    floor = torch.minimum(x_grade, y_grade)
    assert_close(torch.maximum(together, floor), together, rtol=1e-12, atol=1e-14)


def by_coupling(formula: Membership, grades: Tensor, support: Tensor) -> None:
    """The grade of a vector is the probability that a common threshold leaves it all its units."""
    noise = cells(PARTS)
    with uniforms(noise):
        gates = fuzzy_law(grades.expand(PARTS, UNITS), "comonotone").gates()
    share = (gates.bool() | ~support).all(-1).double().mean()
    assert_close(share, formula(grades, support), rtol=1e-12, atol=1e-14)
    levels = noise.flatten().tolist()
    sizes = torch.stack([fuzzy_law(grades).cut_dimension(level) for level in levels])
    assert_close(sizes.double(), gates.sum(-1), rtol=0, atol=0)


def total_of(grades: Tensor) -> Tensor:
    """Sum of the grades."""
    return grades.sum()


def live_units(grades: Tensor) -> Tensor:
    """Dimension of the largest cut."""
    return (grades > 0).sum().double()


def crossed(grades: Tensor) -> Tensor:
    """Sum of the grades of one basis, e_i + e_N and e_N."""
    return torch.minimum(grades, grades[-1]).sum()


def by_cuts_and_bases(formula: Callable[[Tensor], Tensor], grades: Tensor, basis: Tensor) -> None:
    """Shipped dimension; mean over 8 levels of the shipped cut dimension; the best of some bases."""
    width, claim = fuzzy_law(grades), formula(grades)
    assert_close(width.dimension().detach(), claim, rtol=1e-12, atol=1e-14)
    cuts = [width.cut_dimension(level).item() for level in cells(PARTS).flatten().tolist()]
    assert_close(torch.tensor(cuts).double().mean(), claim, rtol=1e-12, atol=1e-14)
    assume(abs(torch.linalg.det(basis)) > 0.5)  # integers
    sums = torch.stack([minimum(width.grades().detach(), b != 0).sum() for b in (basis, torch.eye(UNITS))])
    assert_close(sums.max(), claim, rtol=1e-12, atol=1e-14)


def example() -> dict[str, float]:
    """g = (.9, .7, .7, .25)."""
    width = fuzzy_law(torch.tensor([0.9, 0.7, 0.7, 0.25]))
    grades, unit = width.grades().detach(), torch.eye(UNITS) != 0
    both = unit[1] | unit[2]
    return {
        "dimension": width.dimension().item(),
        "crossed basis": minimum(grades, unit | unit[3]).sum().item(),
        "needed": torch.minimum(minimum(grades, unit[1]), minimum(grades, unit[2])).item(),
        "product": product(grades, both).item(),
    }


VECTORS = st.lists(st.integers(-1, 1), min_size=UNITS, max_size=UNITS).map(torch.tensor)
BASES = st.lists(VECTORS, min_size=UNITS, max_size=UNITS).map(lambda rows: torch.stack(rows).double())
GRADES = strategies.coarse_grades(UNITS, PARTS)

IDENTITY = Identity(
    id="A23",
    title="dimension of a fuzzy vector space",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""In these spaces, a basis is a fuzzy set of vectors which both span their space and are linearly
independent to eachother. As fuzzy sets, their cardinality, and hence the dimensionality of the spece, is not an
integer, but a fuzzy integer; that is to say, their cardinality is a postivie real number. [...] it suffices to
think of this approach as similar to that of dropout".""",
    precise=r"""A fuzzy vector space is a vector space $V$, here of finite dimension, with grades $\mu: V \to [0,1]$
such that $\mu(ax + by) \geq \min(\mu(x), \mu(y))$ for all $x$, $y$ and scalars $a$, $b$; say $\mu(0) = 1$. Its
dimension is $\dim\mu = \sup_B \sum_{v\in B}\mu(v)$ over the bases $B$ of $V$. Then $\dim\mu = \int_0^1 \dim\{\mu
\geq \alpha\}\, d\alpha$, and a basis attains it. For units with grades $g_i$ let $\mu(\sum_i a_i e_i) = \min\{g_i :
a_i \neq 0\}$: that is a fuzzy vector space of dimension $\sum_i g_i$, the sigma-count of the fuzzy basis $\{e_i\}$;
not each basis attains it. "Fuzzy integer" and "real number" are not the same: the counts $\#\{i : g_i \geq
\alpha\}$ over all levels $\alpha$ are a fuzzy integer, and the real number, which may be an integer, is only their
mean. As random units $\mu$ is the common threshold $m_i = 1[g_i > U]$: $\mu(v)$ is the probability that all units of
$v$ stay. Independent dropout gives $v$ the product of the grades instead, which breaks the axiom.""",
    verdict=Verdict.CORRECTED,
    proof=r"""The cuts $V_\alpha = \{\mu \geq \alpha\}$ are subspaces, by the axiom. For any basis $B$, $\sum_{v\in
B}\mu(v) = \int_0^1 \#(B \cap V_\alpha)\, d\alpha \leq \int_0^1 \dim V_\alpha\, d\alpha$, because independent
vectors in $V_\alpha$ are at most $\dim V_\alpha$. The cuts decrease in $\alpha$ and so take finitely many values, a
flag; a basis adapted to the flag has $\dim V_\alpha$ vectors in each (at its finitely many ends $\alpha$ the
integral does not see), so equality holds. For the minimum, the support of $ax + by$ lies in the union of those of
$x$ and $y$, and $V_\alpha$ is spanned by the $e_i$ with $g_i \geq \alpha$. $P(U < g_i\ \mathrm{for\ all}\ i) = \min
g_i$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="axiom of a fuzzy subspace (mathematics alone)",
            check=axiom,
            claim=minimum,
            wrong={"product, as in dropout": product, "mean grade": mean, "bounded difference": bounded},
            given={"grades": GRADES, "x": VECTORS, "y": VECTORS, "a": st.integers(-1, 2), "b": st.integers(1, 2)},
            examples=60,
        ),
        Witness(
            name="grade of a vector as a probability, and cuts as samples",
            check=by_coupling,
            claim=minimum,
            wrong={"product, as in dropout": product, "mean grade": mean, "bounded difference": bounded},
            given={"grades": GRADES, "support": VECTORS.map(lambda v: v != 0)},
        ),
        Witness(
            name="dimension, mean of the cuts, best basis",
            check=by_cuts_and_bases,
            claim=total_of,
            wrong={"units of grade > 0": live_units, "any basis serves": crossed},
            given={"grades": GRADES, "basis": BASES},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$g = (0.9, 0.7, 0.7, 0.25)$ has dimension $2.55$, but the basis $e_1+e_4, e_2+e_4, e_3+e_4,
e_4$ has the sum $4\cdot 0.25 = 1$: not every basis serves. Dropout gives $e_2 + e_3$ the grade $0.7\cdot 0.7 =
0.49$, less than the $0.7$ that $e_2$ and $e_3$ have each: it is no fuzzy vector space.""",
            numbers={"dimension": 2.55, "crossed basis": 1.0, "needed": 0.7, "product": 0.49},
            compute=example,
        ),
    ),
    references=(
        "A. K. Katsaras and D. B. Liu, Fuzzy vector spaces and fuzzy topological vector spaces, J. Math. Anal. Appl. "
        "58, 1977 (the axiom)",
        "Lubczonok, Fuzzy vector spaces, Fuzzy Sets and Systems 38, 1990 (a dimension that is a real number)",
        "F.-G. Shi and C.-E. Huang, Fuzzy bases and the fuzzy dimension of fuzzy vector spaces, Mathematical "
        "Communications 15, 2010 (a dimension that is a fuzzy number instead)",
    ),
    covers=("continuum.widths.fuzzy", "continuum.widths.sampling"),
)
