"""Fibonacci categories have few real dimensions; modules over a factor of type II_1 have all, and are linear."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

GOLDEN = (1 + sp.sqrt(5)) / 2


def derive() -> list[Derivation]:
    """Dimension of tau from tau tau = 1 + tau, as a character and as a growth rate; no integer will do."""
    size = sp.Symbol("d", real=True)
    fusion = sp.Matrix([[0, 1], [1, 1]])  # tau times 1 is tau, tau times tau is 1 + tau
    wrong = {"an integer": sp.Integer(2), "tau tau = 1 + 2 tau": 1 + sp.sqrt(2), "mean of 1 and 2": sp.Rational(3, 2)}

    character = Derivation("positive character", size**2 - 1 - size)
    character = character.apply(lambda e: max(sp.solve(e, size)), GOLDEN, "d d = 1 + d, d > 0")
    character.claims(GOLDEN, wrong)

    growth = Derivation("Frobenius and Perron", (size * sp.eye(2) - fusion).det())
    growth = growth.rewrite(size**2 - size - 1, "eigenvalues of multiplication by tau")
    growth = growth.apply(lambda e: max(sp.roots(e, size), key=lambda r: sp.Abs(r).evalf()), GOLDEN, "the largest")
    growth.claims(GOLDEN, wrong)

    power = sp.Symbol("n", integer=True, positive=True)
    objects = Derivation("dimension of the n-th power", GOLDEN**power * sp.Integer(1))
    binet = sp.Matrix([[1, GOLDEN]]) * fusion**power * sp.Matrix([1, 0])
    objects = objects.rewrite(
        sp.simplify(binet[0]), "a + b d with the entries of the n-th power of the matrix", _at_few
    )
    objects.claims(GOLDEN**power, {"additive": power * GOLDEN}, _at_few)

    whole = sp.Symbol("k", integer=True)
    none = Derivation("integers with k k = 1 + k", whole**2 - whole - 1)
    none = none.apply(lambda e: sp.discriminant(e, whole), sp.Integer(5), "discriminant, no square")
    none.claims(sp.Integer(5), {"a square": sp.Integer(4)})
    return [character, growth, objects, none]


def _at_few(left: sp.Expr, right: sp.Expr) -> bool:
    power = sp.Symbol("n", integer=True, positive=True)
    return all(sp.simplify(left.subs(power, n) - right.subs(power, n)) == 0 for n in (1, 2, 3, 5))


def example() -> dict[str, float]:
    """The left ideal A p of the 8 by 8 matrices, p the diagonal projection on 5 coordinates."""
    projection = torch.diag(torch.tensor([1.0] * 5 + [0.0] * 3))
    by_p = torch.kron(torch.eye(8), projection)  # X -> X p on the 64 entries of X
    ideal = float(torch.linalg.matrix_rank(by_p))
    smallest = min(a + b * float(GOLDEN) - 3 for a in range(5) for b in range(5) if a + b * float(GOLDEN) > 3)
    return {"of the ideal": ideal, "over A": ideal / 64, "trace": float(projection.trace()) / 8, "gap": smallest}


def by_rank(formula: Callable[[int, int], float], columns: Tensor, size: int, rank: int) -> None:
    """M_n p for a projection p on the span of drawn columns, in skew position; and additive over direct sums."""
    assume(rank < size)
    drawn = columns[:size, :size]
    assume(float(torch.linalg.svdvals(drawn[:, :rank]).min()) > 1e-3)
    basis = torch.linalg.qr(drawn[:, :rank])[0]
    projection = basis @ basis.T
    ideal = torch.linalg.matrix_rank(torch.kron(torch.eye(size), projection), atol=1e-8)
    rest = torch.linalg.matrix_rank(torch.kron(torch.eye(size), torch.eye(size) - projection), atol=1e-8)
    assert_close(float(ideal) / size**2, formula(rank, size), rtol=1e-12, atol=0)
    assert_close(float(projection.trace()) / size, formula(rank, size), rtol=1e-10, atol=0)
    assert_close(float(rest) / size**2, 1 - formula(rank, size), rtol=1e-12, atol=1e-14)


def by_words(formula: Callable[[int], tuple[int, int]], length: int) -> None:
    """Write tau^n as a sum of 1 and tau by tau tau = 1 + tau, one factor after the other; dimensions multiply."""
    ones, taus = 0, 1
    for _ in range(length - 1):
        ones, taus = taus, ones + taus
    assert_close((ones, taus), formula(length), rtol=0, atol=0)
    a, b = formula(length)
    assert_close(a + b * float(GOLDEN), float(GOLDEN) ** length, rtol=1e-12, atol=0)


IDENTITY = Identity(
    id="A27",
    title="spaces of real dimension",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""are there spaces with real algebraic dimension? In a category theoretic sense, this question has an
answer, but all examples (see Fibonacci categories) of fractional algebraic dimension lose the linear structure and
any computable parameterization".""",
    precise=r"""In a Fibonacci category, $\tau\otimes\tau = 1\oplus\tau$, the positive dimension of $\tau$ is $d =
(1+\sqrt{5})/2$, and the dimensions are the numbers $a + bd$, $a, b \in \{0, 1, 2, ...\}$. No functor to vector
spaces that respects $\otimes$ and $\oplus$ exists: $\tau$ would have an integer dimension $n$ with $n^2 = 1 + n$.
So far the claim holds. These dimensions are finitely many below any bound, so they parametrise no continuous width.
But "all examples" is not so: over a factor $A$ of type $\mathrm{II}_1$ with trace $\operatorname{tr}$, the Hilbert
space $L^2(A)p$, $p$ a projection, has dimension $\operatorname{tr}\, p$ over $A$, which takes every value in $[0,
1]$ (sums of these: every real number $\geq 0$). They are linear spaces, and for the hyperfinite factor they are
limits of modules over matrices $M_n$, where the dimension is a rank divided by $n$.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$d$ is the positive root of $d^2 = 1 + d$, also the largest eigenvalue of multiplication by $\tau$;
its discriminant 5 is no square, so the root is no integer. $M_n p$ with $\operatorname{rank} p = r$ has complex
dimension $nr$, that is $r/n$ times that of $M_n$. Murray and von Neumann: in a factor of type $\mathrm{II}_1$ the
trace maps the projections onto $[0, 1]$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="complex dimension of an ideal of matrices over that of all (mathematics alone)",
            check=by_rank,
            claim=lambda rank, size: rank / size,
            wrong={
                "rank": lambda rank, size: float(rank),
                "rank over the entries": lambda rank, size: rank / size**2,
                "square of the share": lambda rank, size: (rank / size) ** 2,
            },
            given={"columns": strategies.tensors(6, 6), "size": st.integers(2, 6), "rank": st.integers(1, 6)},
            examples=15,
        ),
        Witness(
            name="growth of the words in tau, and their number (mathematics alone)",
            check=by_words,
            claim=lambda length: tuple(int(x) for x in (sp.fibonacci(length - 1), sp.fibonacci(length))),
            wrong={
                "one word each": lambda length: (1, length),
                "doubling": lambda length: (2 ** (length - 1), 2 ** (length - 1)),
                "one step late": lambda length: tuple(int(x) for x in (sp.fibonacci(length), sp.fibonacci(length + 1))),
            },
            given={"length": st.integers(1, 12)},
            examples=10,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$A = M_8$ and $p$ the diagonal projection on 5 coordinates: the left ideal $Ap$, all matrices
whose last three columns vanish, has complex dimension 40 and dimension $40/64 = 5/8 = \operatorname{tr}\, p$ over
$A$: not an integer, linear, and computable. The numbers $a + bd$ leave gaps: between $3$ and the next one, $2d$,
there is $\sqrt{5} - 2 = 0.236068$.""",
            numbers={"of the ideal": 40.0, "over A": 0.625, "trace": 0.625, "gap": 0.236068},
            compute=example,
            tolerance=5e-7,
        ),
    ),
    references=(
        "P. Etingof, S. Gelaki, D. Nikshych and V. Ostrik, Tensor Categories, AMS, 2015 (Fibonacci categories, "
        "dimensions, fibre functors)",
        "F. J. Murray and J. von Neumann, On rings of operators, Ann. of Math. 37, 1936 (continuous dimension)",
        "P. Deligne, La categorie des representations du groupe symetrique S_t, lorsque t n'est pas un entier naturel, "
        "2007 (an object of any dimension t, without vectors)",
    ),
)
