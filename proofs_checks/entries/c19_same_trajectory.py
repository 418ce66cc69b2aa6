"""Whether tuned hyperparameters forget where they started: yes at a rate where the outer loss is convex, else no."""

from collections.abc import Callable
from math import exp, log

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Dense, Hermite, Implicit, SelfTuning
from continuum.problems import QuadraticBilevel, Ridge
from proofs_checks import strategies
from proofs_checks.bilevel import power, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

SIZE = 2
RATE = 0.25


def derive() -> list[Derivation]:
    """Two runs on a convex outer loss; two minima of a quartic; two minima of the validation loss of a ridge."""
    alpha, mu, gap, a = sp.symbols("alpha mu d a", positive=True)
    t = sp.Symbol("t", integer=True, nonnegative=True)
    value, best = sp.symbols("lambda b", real=True)
    other = value + gap
    step = Derivation("gap after a step", (other - alpha * mu * (other - best)) - (value - alpha * mu * (value - best)))
    step = step.apply(sp.expand, gap - alpha * mu * gap, "the minimum drops out, also one that moves")
    gaps = sp.Function("D")
    solved = sp.rsolve(gaps(t + 1) - (1 - alpha * mu) * gaps(t), gaps(t), {gaps(0): gap})
    steps = Derivation("gap after t steps", solved).rewrite(gap * (1 - alpha * mu) ** t, "geometric")

    outer = (value**2 - a**2) ** 2 / 4
    slope = Derivation("hypergradient for w* = lambda", outer).apply(
        lambda e: sp.factor(sp.diff(e, value)), value * (value - a) * (value + a), "three zeros"
    )
    at_ends = Derivation(
        "curvature at a, -a and 0", sp.Matrix([sp.diff(outer, value, 2).subs(value, p) for p in (a, -a, 0)])
    )
    at_ends = at_ends.rewrite(sp.Matrix([2 * a**2, 2 * a**2, -(a**2)]), "minima at both ends, none between")
    return [
        step.claims(gap * (1 - alpha * mu), {"kept": gap, "lost at once": sp.Integer(0)}),
        steps.claims(gap * (1 - alpha * mu) ** t, {"one step less": gap * (1 - alpha * mu) ** (t - 1)}),
        slope.claims(value**3 - a**2 * value, {"one zero": value**3}),
        at_ends.claims(sp.Matrix([2 * a**2, 2 * a**2, -(a**2)]), {"one minimum": sp.Matrix([2 * a**2, 0, 0])}),
        *_ridge(),
    ]


def _ridge() -> list[Derivation]:
    """Features of variance 1 and 100, whose best shrinkages are 9/10 and 1/10."""
    x = sp.Symbol("x", real=True)
    one, two = 1 / (1 + sp.exp(x)), 100 / (100 + sp.exp(x))
    loss = (one - sp.Rational(9, 10)) ** 2 + (two - sp.Rational(1, 10)) ** 2
    mirror = Derivation("penalty p -> 100 / p", loss.subs(x, sp.log(100) - x) - loss)
    mirror = mirror.apply(sp.simplify, sp.Integer(0), "the shrinkages change places")
    ridge = Derivation("curvature at p = 10", sp.diff(loss, x, 2).subs(x, sp.log(10)))
    claim = sp.Rational(-2804, 14641)
    ridge = ridge.apply(sp.nsimplify, claim, "negative: a maximum, for slope 0 by symmetry")
    return [
        mirror.claims(sp.Integer(0), {"another loss": loss}),
        ridge.claims(claim, {"flat": sp.Integer(0), "a minimum": -claim}),
    ]


Gap = Callable[[Tensor, Tensor, int], Tensor]


def contracted(curvature: Tensor, gap: Tensor, steps: int) -> Tensor:
    """(I - alpha K)^T (lambda - lambda')."""
    return power(torch.eye(SIZE) - RATE / 4 * curvature, steps) @ gap


def by_two_runs(formula: Gap, problem: QuadraticBilevel, first: Tensor, second: Tensor, steps: int) -> None:
    """Self-tuning from two starts, weights at the best response; K is the shipped curvature of the outer loss."""
    scale = float(torch.linalg.eigvalsh(problem.outer_curvature(first)).amax())
    slopes = solve(problem.a, problem.slope)
    method = SelfTuning(0.5, steps=0, lr=0.1, noise=Hermite(2), slopes=slopes, linearised=False)
    ends = []
    for start in (first, second):
        here = start
        for _ in range(steps):
            here = here - RATE / 4 * 4 / scale * method(problem, problem.solution(here), here).total
        ends.append(here)
    expected = formula(4 / scale * problem.outer_curvature(first), first - second, steps)
    assert_close(ends[0] - ends[1], expected, rtol=1e-9, atol=1e-10)


def bistable(apart: float) -> Bilevel:
    """Inner (w - lambda)^2 / 2, outer (w^2 - a^2)^2 / 4."""
    return Bilevel(lambda w, h: (w - h).square() / 2, lambda w, h: (w.square() - apart**2).square() / 4)


def tuned(problem: Bilevel, start: float, steps: int, rate: float) -> float:
    """Where weights and hyperparameter end that are trained in turn, with a response fitted under noise."""
    method = SelfTuning(0.5, steps=2, lr=1.0, noise=Hermite(2), linearised=False)
    weight = here = torch.tensor(start)
    for _ in range(steps):
        here = here - rate * method(problem, weight, here).total
        weight = weight - (weight - here) / 2
    return float(here)


def by_start(formula: Callable[[float, float], float], start: float, apart: float) -> None:
    """Joint descent from a start with the weight at its best response."""
    end = tuned(bistable(apart), start, 12, 0.4 / apart**2)
    assert_close(end, formula(start, apart), rtol=0, atol=0.05)


def ridge() -> Ridge:
    """Two features of mean square 1 and 100 with weights 1; validation wants 9/10 of one and 1/10 of the other."""
    scale = torch.tensor([2.0, 200.0]).sqrt()
    rows = torch.diag(scale)
    return Ridge(rows, scale.clone(), torch.eye(2), torch.tensor([0.9, 0.1]))


def from_both_sides() -> dict[str, float]:
    """Descent of the penalty by implicit differentiation, from 8 and from 12; and the loss on the way."""
    problem = ridge()

    def loss(penalty: float) -> float:
        here = torch.tensor(log(penalty))
        return float(problem.outer(problem.solution(here), here))

    figures = {"loss at 10": loss(10.0)}
    for start in (8.0, 12.0):
        here = torch.tensor(log(start))
        for _ in range(60):
            here = here - 40 * Implicit(Dense())(problem, problem.solution(here), here).total
        figures |= {f"log10 of the end from {start:g}": float(here) / log(10), f"loss from {start:g}": loss(exp(here))}
    return figures


def two_ends() -> dict[str, float]:
    """Two starts on the outer loss with minima at 0 and 1: the bistable one, shifted by 1/2."""
    ends = {start: tuned(bistable(0.5), start - 0.5, 22, 1.6) + 0.5 for start in (0.45, 0.55)}
    return {f"from {start:g}": end for start, end in ends.items()}


IDENTITY = Identity(
    id="C19",
    title="the same trajectory from any start",
    source="STN",
    place="slide on hyperparameter schedules",
    printed=r""""The same trajectory is followed regardless of the initial hyperparameter value".""",
    precise=r"""Seen in one experiment (a dropout rate from 0.3, 0.5, 0.7 and 0.9), not a property of the method.
Descent on the total derivative of outer losses $F_t$ that may change in time, but are the same ones for both runs,
with $\mu \leq F_t'' \leq M$ and a rate $\alpha$: the distance of two runs shrinks at each step by at least the
factor $\max(|1-\alpha\mu|, |1-\alpha M|)$, and exactly as $(I - \alpha K)^T$ if $F_t$ is quadratic with Hessian
$K$. So the start is forgotten, at a geometric rate and never at once, if $0 < \alpha < 2/M$. Without convexity it
is not: with $w^* = \lambda$ and $F = (w^2-a^2)^2/4$, self-tuning ends at $a$ from $\lambda > 0$ and at $-a$ from
$\lambda < 0$. Validation losses of one penalty need not be convex, nor have one minimum: ridge regression on two
features has two (below). And as weights remember their past, $F_t$ is not the same for both runs before training
has converged.""",
    verdict=Verdict.FALSE,
    proof=r"""$x - \alpha F'(x) - (y - \alpha F'(y)) = (I - \alpha\bar H)(x - y)$ with $\bar H$ the mean of $F''$
between $x$ and $y$, whose eigenvalues are in $[\mu, M]$. In the second case the hypergradient is
$\lambda(\lambda^2-a^2)$, of the sign of $\lambda$ beyond $\pm a$ and opposite within; small steps do not pass 0 or
the minimum of their side.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="two runs of self-tuning on a quadratic problem",
            check=by_two_runs,
            claim=contracted,
            wrong={
                "the start is kept": lambda curvature, gap, steps: gap,
                "forgotten at once": lambda curvature, gap, steps: torch.zeros(SIZE),
                "one step more": lambda curvature, gap, steps: contracted(curvature, gap, steps + 1),
            },
            given={
                "problem": strategies.quadratics(SIZE, SIZE),
                "first": strategies.tensors(SIZE),
                "second": strategies.tensors(SIZE),
                "steps": st.integers(1, 4),
            },
            examples=4,
        ),
        Witness(
            name="where self-tuning ends, between two minima",
            check=by_start,
            claim=lambda start, apart: apart if start > 0 else -apart,
            wrong={
                "the same end, as printed": lambda start, apart: apart,
                "where it began": lambda start, apart: start,
                "between them": lambda start, apart: 0.0,
            },
            given={
                "start": strategies.signed(strategies.numbers(0.25, 1)),
                "apart": strategies.numbers(0.5, 1),
            },
            examples=5,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Ridge regression on two orthogonal features of mean square 1 and 100, both with the weight 1 in
training; on validation the best weights are 0.9 and 0.1. A penalty $p$ leaves $1/(1+p)$ and $100/(100+p)$, so a
small one suits the first and a large one the second: the validation loss is symmetric under $p \to 100/p$, with a
maximum of 0.327 at $p = 10$. From $p = 8$ descent ends at $p = 10^{-0.902}$, from $p = 12$ at $10^{2.902}$, both
with a loss of 0.202.""",
            numbers={
                "loss at 10": 0.327,
                "log10 of the end from 8": -0.902,
                "loss from 8": 0.202,
                "log10 of the end from 12": 2.902,
                "loss from 12": 0.202,
            },
            compute=from_both_sides,
            tolerance=5e-4,
        ),
        Counterexample(
            text=r"""A rate in $[0, 1]$ whose validation loss is $(\rho(\rho-1))^2/4$ at the best response, with
minima at 0 and 1: from 0.45 self-tuning ends at 0, from 0.55 at 1.""",
            numbers={"from 0.45": 0.0, "from 0.55": 1.0},
            compute=two_ends,
            tolerance=5e-3,
        ),
    ),
    covers=(
        "continuum.hypergrad.selftuning",
        "continuum.hypergrad.implicit",
        "continuum.problems.bilevel",
        "continuum.problems.ridge",
    ),
)
