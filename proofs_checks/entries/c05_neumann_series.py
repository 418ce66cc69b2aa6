"""What K terms of the Neumann series leave, and the training that they are."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.func import hessian
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Implicit, Neumann, Outcome, Unrolled
from continuum.problems import QuadraticBilevel
from proofs_checks import strategies
from proofs_checks.bilevel import Curved, jacobian, power, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness

SIZE = 3


def derive() -> list[Derivation]:
    """The geometric sum on one eigenvalue; the recursion of the unrolled derivative from the minimum."""
    terms = sp.Symbol("K", integer=True, nonnegative=True)
    h, v = sp.symbols("h v", positive=True)
    eta, cross = sp.Symbol("eta", positive=True), sp.Symbol("M", real=True)

    def left(count: sp.Expr) -> sp.Expr:
        return -((1 - eta * h) ** count) * v / h

    error = Derivation("error, induction over K", left(terms) + eta * (1 - eta * h) ** terms * v)
    error = error.rewrite(left(terms + 1), "the next term is added")
    begin = Derivation("error, no term", 0 - v / h).rewrite(left(sp.Integer(0)), "the sum is empty")

    def tracked(count: sp.Expr) -> sp.Expr:
        return -(1 - (1 - eta * h) ** count) * cross / h

    unrolled = Derivation("unrolled from the minimum, induction", (1 - eta * h) * tracked(terms) - eta * cross)
    unrolled = unrolled.rewrite(tracked(terms + 1), "Z <- (1 - eta h) Z - eta M, at the same w* in every step")
    edge = Derivation("stable rates", sp.solve(sp.Eq(1 - eta * h, -1), eta)[0]).rewrite(2 / h, "1 - eta h > -1")
    return [
        error.claims(left(terms + 1), {"power not raised": left(terms), "no inverse": left(terms + 1) * h}),
        begin.claims(-v / h, {"no error": sp.Integer(0)}),
        unrolled.claims(tracked(terms + 1), {"no minus": -tracked(terms + 1), "a step behind": tracked(terms)}),
        edge.claims(2 / h, {"1 / L": 1 / h, "4 / L": 4 / h}),
    ]


Formula = Callable[[Tensor, Tensor, float, int], Tensor]


def left_over(hess: Tensor, target: Tensor, rate: float, terms: int) -> Tensor:
    """-(I - eta H)^K H^{-1} v."""
    fade = power(torch.eye(SIZE) - rate * hess, terms)
    return -fade @ solve(hess, target)


WRONG: dict[str, Formula] = {
    "power K + 1": lambda hess, target, rate, terms: left_over(hess, target, rate, terms + 1),
    "power K - 1": lambda hess, target, rate, terms: left_over(hess, target, rate, terms - 1),
    "no inverse": lambda hess, target, rate, terms: hess @ left_over(hess, target, rate, terms),
    "other sign": lambda hess, target, rate, terms: -left_over(hess, target, rate, terms),
}


def by_solving(formula: Formula, problem: QuadraticBilevel, target: Tensor, share: float, terms: int) -> None:
    """The shipped series, its residual, and the shipped closed form of what it makes of a quadratic problem."""
    top = float(torch.linalg.eigvalsh(problem.a)[-1])
    rate = share / top
    series = Neumann(terms, rate)(lambda vector: problem.a @ vector, target)
    error = formula(problem.a, target, rate, terms)
    assert_close(series.solution - solve(problem.a, target), error, rtol=1e-10, atol=1e-13)
    size = torch.linalg.vector_norm(target)
    assert_close(series.residual * size, torch.linalg.vector_norm(problem.a @ error), rtol=1e-10, atol=1e-13)
    at = target[:2]
    minimum = solve(problem.a, problem.b + problem.slope @ at)
    pull = solve(problem.a, minimum - problem.target + problem.cross @ at)
    solved = pull + formula(problem.a, problem.a @ pull, rate, terms)
    for response in (
        Implicit(Neumann(terms, rate))(problem, minimum, at).response,
        problem.neumann(minimum, at, rate, terms).response,
    ):
        assert_close(response, problem.slope.mT @ solved, rtol=1e-10, atol=1e-12)


def bound(values: Tensor, rate: float, terms: int) -> float:
    """rho^K / mu."""
    return float((1 - rate * values).abs().max() ** terms / values[0])


def by_bound(
    formula: Callable[[Tensor, float, int], float], problem: QuadraticBilevel, target: Tensor, share: float, terms: int
) -> None:
    """No drawn error is above the bound; along the eigenvector of mu it is reached, where that decides rho."""
    values, vectors = torch.linalg.eigh(problem.a)
    rate = share / float(values[-1])

    def error(vector: Tensor) -> Tensor:
        solved = Neumann(terms, rate)(lambda w: problem.a @ w, vector)
        return (solved.solution - solve(problem.a, vector)).square().sum().sqrt()

    highest = formula(values, rate, terms) * torch.linalg.vector_norm(target)
    assert_close(torch.maximum(error(target), highest), highest, rtol=1e-10, atol=1e-13)
    none = torch.zeros(2)
    closed = problem.contraction(none, rate) ** terms * problem.condition(none) / float(values[-1])
    assert_close(closed, formula(values, rate, terms), rtol=1e-10, atol=1e-14)
    if share <= 1:
        reached = torch.tensor(formula(values, rate, terms))
        assert_close(error(vectors[:, 0].contiguous()), reached, rtol=1e-10, atol=1e-13)


def from_the_minimum(formula: Callable[[int], int], curve: Curved, at: Tensor, steps: int) -> None:
    """T unrolled steps that start at the minimum, against terms of the series; no quadratic is needed."""
    minimum = curve.minimum(at)
    rate = 1 / float(torch.linalg.eigvalsh(hessian(curve.inner)(minimum, at))[-1])
    unrolled = jacobian(Unrolled(steps, rate, mode="forward"), curve.inner, minimum, at)
    series = jacobian(Implicit(Neumann(formula(steps), rate)), curve.inner, minimum, at)
    assert_close(unrolled, series, rtol=1e-10, atol=1e-11)


def by_divergence(formula: float, problem: QuadraticBilevel, target: Tensor) -> None:
    """Rates a tenth below and above the edge: the outcome says DIVERGED above it only."""
    values, vectors = torch.linalg.eigh(problem.a)
    top = vectors[:, -1] @ target
    assume(abs(float(top)) > 1e-2)
    grew = []
    for factor in (0.9, 1.1):
        rate = factor * formula / float(values[-1])
        status = Neumann(40, rate)(lambda w: problem.a @ w, target).status
        grew.append(status == int(Outcome.DIVERGED))
        response = Implicit(Neumann(40, rate))(_reading(problem, target), target, torch.ones(2)).response
        grew.append(response.isnan().all())
    assert_close(torch.stack(grew), torch.tensor([False, False, True, True]))


def _reading(problem: QuadraticBilevel, target: Tensor) -> Bilevel:
    return Bilevel(problem.inner, lambda w, h: target @ w)


def by_outcome(expected: tuple[Outcome, Outcome]) -> None:
    """Four terms on H = 1 leave 0.75^4 of the answer; 200 leave less than rounding."""
    outcomes = [int(Neumann(terms, 0.25)(lambda w: w, torch.ones(1)).status) for terms in (4, 200)]
    assert_close(outcomes, [int(outcome) for outcome in expected], rtol=0, atol=0)


def error_at(scale: float) -> float:
    """Error of the series on H = 1 with rate 1/4 from v = 1, where K terms leave 0.75^K = scale."""
    terms = round(float(torch.tensor(scale).log() / torch.tensor(0.75).log()))
    return float(Neumann(terms, 0.25)(lambda w: w, torch.ones(1)).solution) - 1


PROBLEM = strategies.quadratics(SIZE, 2)

IDENTITY = Identity(
    id="C05",
    title="truncated Neumann series",
    source="MSHO",
    place="section 3, approximation of the response gradient; the series is a link between the two",
    printed=r""""we approximate the response gradient using either unrolled differentiation as in Maclaurin et al.
[2015] or the Implicit Function Theorem as in Pedregosa [2016]".""",
    precise=r"""Let $H$ be symmetric and positive definite with eigenvalues from $\mu$ to $\ell$, and $\eta > 0$.
Then
$\eta\sum_{k=0}^{K-1}(I - \eta H)^k v = H^{-1}v - (I - \eta H)^K H^{-1}v$,
so the error has norm at most $\rho^K |v|/\mu$ with $\rho = \max(|1-\eta\mu|, |1-\eta\ell|)$, and equality along the
eigenvector of $\mu$ if $\eta \leq 1/\ell$. The series converges for all $v$ iff $0 < \eta < 2/\ell$. Unrolling $T$
steps of descent with rate $\eta$ that start at a strict minimum $w^*$ of any $C^2$ inner loss gives exactly the
response with $T$ terms of the series.""",
    verdict=Verdict.HOLDS,
    proof=r"""$\eta H = I - A$ with $A = I - \eta H$, and $(I - A)\sum_{k<K} A^k = I - A^K$ telescopes; multiply by
$H^{-1}$, which commutes with $A$. In the eigenbasis the error has the components $(1-\eta\mu_i)^K v_i/\mu_i$. From
$w^*$ the gradient is 0, so that $w_t = w^*$ for all $t$ and $Z_{t+1} = AZ_t - \eta\,\partial_{w\lambda}L$ from
$Z_0 = 0$, which is
$Z_T = -\eta\sum_{k<T}A^k\,\partial_{w\lambda}L$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="error of K terms",
            check=by_solving,
            claim=left_over,
            wrong=WRONG,
            given={
                "problem": PROBLEM,
                "target": strategies.tensors(SIZE),
                "share": strategies.numbers(0.25, 1.75),
                "terms": st.integers(1, 6),
            },
            examples=8,
        ),
        Witness(
            name="bound, and where it is reached",
            check=by_bound,
            claim=bound,
            wrong={
                "no 1/mu": lambda values, rate, terms: bound(values, rate, terms) * float(values[0]),
                "one power more": lambda values, rate, terms: bound(values, rate, terms + 1),
                "1/L for 1/mu": lambda values, rate, terms: bound(values, rate, terms) * float(values[0] / values[-1]),
            },
            given={
                "problem": PROBLEM,
                "target": strategies.tensors(SIZE),
                "share": strategies.numbers(0.25, 1.75),
                "terms": st.integers(1, 6),
            },
        ),
        Witness(
            name="unrolled from the minimum",
            check=from_the_minimum,
            claim=lambda steps: steps,
            wrong={"T + 1 terms": lambda steps: steps + 1, "twice as many": lambda steps: 2 * steps},
            given={
                "curve": strategies.curved(SIZE, 2),
                "at": strategies.tensors(2, low=-1, high=1),
                "steps": st.integers(1, 5),
            },
            examples=5,
        ),
        Witness(
            name="what the outcome says",
            check=by_outcome,
            claim=(Outcome.TRUNCATED, Outcome.SOLVED),
            wrong={"always solved": (Outcome.SOLVED, Outcome.SOLVED), "never": (Outcome.TRUNCATED, Outcome.TRUNCATED)},
        ),
        Witness(
            name="edge of convergence, as a multiple of 1 / (largest eigenvalue)",
            check=by_divergence,
            claim=2.0,
            wrong={"1 / L": 1.0, "4 / L": 4.0},
            given={"problem": PROBLEM, "target": strategies.tensors(SIZE)},
            examples=4,
        ),
    ),
    rates=(
        Rate(
            name="error against rho^K",
            scales=[0.75**terms for terms in (4, 8, 16, 32)],
            error=error_at,
            claim=Asymptote(1, -1),
            wrong={"root": Asymptote(0.5), "square": Asymptote(2), "one power less": Asymptote(1, -1 / 0.75)},
        ),
    ),
    references=(
        "J. Lorraine, P. Vicol, D. Duvenaud, Optimizing millions of hyperparameters by implicit differentiation, "
        "AISTATS 2020",
    ),
    covers=(
        "continuum.hypergrad.solvers.neumann",
        "continuum.hypergrad.unrolled",
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.solvers.solver",
        "continuum.hypergrad.result",
        "continuum.problems.quadratic",
        "continuum.problems.bilevel",
    ),
)
