"""An update by the response alone is the hypergradient only where the outer loss does not see the hyperparameter."""

from collections.abc import Callable
from typing import Any

import sympy as sp
import torch
from torch import Tensor
from torch.func import grad
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Dense, Hermite, Implicit, SelfTuning
from continuum.problems import LinearWidth, QuadraticBilevel
from proofs_checks import strategies
from proofs_checks.bilevel import solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

FEATURES = 4
Formula = Callable[[Any], Tensor]


def derive() -> list[Derivation]:
    """The width of one feature: the total derivative from the solved minimum, its two terms from the two arguments."""
    gate, w = sp.symbols("a w", real=True)
    inner = (gate * w - 1) ** 2 / 2 + w**2 / 2
    outer = (gate * w - 1) ** 2 / 2
    best = sp.solve(sp.diff(inner, w), w)[0]
    minimum = Derivation("minimum", best).rewrite(gate / (gate**2 + 1), "inner gradient = 0")
    slope = minimum.value.diff(gate)
    response = (sp.diff(outer, w) * slope).subs(w, best)
    direct = sp.diff(outer, gate).subs(w, best)

    total = Derivation("outer loss along the minima", outer.subs(w, best))
    total = total.rewrite(1 / (2 * (gate**2 + 1) ** 2), "a w* - 1 = -1 / (a^2 + 1)")
    total = total.apply(lambda e: sp.diff(e, gate), -2 * gate / (gate**2 + 1) ** 3, "total derivative")
    total = total.rewrite(direct + response, "both terms")
    at_one = Derivation("response at a = 1", response).apply(lambda e: e.subs(gate, 1), sp.Integer(0), "w* is largest")
    both = Derivation("total at a = 1", total.value).apply(lambda e: e.subs(gate, 1), sp.Rational(-1, 4), "a = 1")
    return [
        minimum.claims(gate / (gate**2 + 1), {"no penalty": 1 / gate}),
        total.claims(direct + response, {"response alone": response, "direct alone": direct}),
        at_one.claims(sp.Integer(0), {"the total": sp.Rational(-1, 4)}),
        both.claims(sp.Rational(-1, 4), {"response alone": sp.Integer(0)}),
    ]


def total(result: Any) -> Tensor:
    """Direct + response."""
    value: Tensor = result.direct + result.response
    return value


WRONG: dict[str, Formula] = {
    "response alone, as printed": lambda result: result.response,
    "direct alone": lambda result: result.direct,
}


def of_a_width(formula: Formula, problem: LinearWidth, gamma: float) -> None:
    """A ridge regression of real width: shipped closed form and implicit differentiation, against autograd."""
    at = torch.tensor(gamma)
    index = torch.arange(FEATURES)

    def minimum(width: Tensor) -> Tensor:
        rows = problem.x * (width - index).clamp(0, 1)
        hess = rows.mT @ rows / len(problem.y) + problem.decay * torch.eye(FEATURES)
        return solve(hess, rows.mT @ problem.y / len(problem.y))

    def miss(width: Tensor) -> Tensor:
        features = problem.x_val * (width - index).clamp(0, 1)
        return (features @ minimum(width) - problem.y_val).square().mean() / 2

    truth, here = grad(miss)(at), minimum(at)
    assert_close(problem.solution(at), here, rtol=1e-11, atol=1e-12)
    assert_close(problem.outer(here, at), miss(at), rtol=1e-12, atol=1e-13)
    for result in (problem.hypergradient(at), Implicit(Dense())(problem, here, at)):
        assert_close(formula(result), truth, rtol=1e-9, atol=1e-11)
        assert_close(result.total, truth, rtol=1e-9, atol=1e-11)


def of_self_tuning(formula: Formula, problem: QuadraticBilevel, at: Tensor) -> None:
    """Self-tuning at its fixed point, on a quadratic problem whose outer loss sees the hyperparameters."""

    def miss(h: Tensor) -> Tensor:
        w = solve(problem.a, problem.b + problem.slope @ h)
        return (w - problem.target).square().sum() / 2 + w @ problem.cross @ h + h.square().sum() / 2

    slopes = solve(problem.a, problem.slope)
    here = solve(problem.a, problem.b + problem.slope @ at)
    method = SelfTuning(0.5, steps=2, lr=0.1, noise=Hermite(3), slopes=slopes, linearised=False)
    result = method(problem, here, at)
    truth = grad(miss)(at)
    assert_close(formula(result), truth, rtol=1e-10, atol=1e-11)
    assert_close(formula(problem.hypergradient(at)), truth, rtol=1e-10, atol=1e-11)


def example() -> dict[str, float]:
    """Inner (a w - 1)^2/2 + w^2/2, outer (a w - 1)^2/2 at the gate a = 1, by the shipped methods."""
    problem = Bilevel(lambda w, a: (a * w - 1) ** 2 / 2 + w**2 / 2, lambda w, a: (a * w - 1) ** 2 / 2)
    here = torch.tensor(0.5)
    result = Implicit(Dense())(problem, here, torch.tensor(1.0))
    return {"w*": float(here), "direct": float(result.direct), "response": float(result.response)}


IDENTITY = Identity(
    id="C06",
    title="update by the response alone",
    source="STN",
    place="slide on approximating the best-response function, hyperparameter update",
    printed=r"""Update the hyperparameters using the validation loss gradient: $\frac{\partial\mathcal{L}_{val}(
\hat{\mathbf{w}}_\phi(\lambda))}{\partial\hat{\mathbf{w}}_\phi(\lambda)}
\frac{\partial\hat{\mathbf{w}}_\phi(\lambda)} {\partial\lambda}$""",
    precise=r"""Let $\hat w(\lambda)$ be differentiable with $\hat w = w^*$ and
$\partial_\lambda\hat w = dw^*/d\lambda$ at $\lambda_0$. The printed product is the total derivative of
$F(w^*(\lambda), \lambda)$ at $\lambda_0$ iff $\partial_\lambda F(w^*, \lambda_0) = 0$, for instance where only the
training loss is regularised, which is the case that the slides have in mind: they write
$\mathcal{L}_{val}(\hat w_\phi(\lambda))$ without $\lambda$ as an argument. For a width the direct term is there,
because validation runs the gated network, too. The slides' own Algorithm 1 differentiates
$F(\lambda, \hat w_\phi(\lambda))$ in both arguments and is right.""",
    verdict=Verdict.CORRECTED,
    proof=r"""By C01 the total is $\partial_\lambda F + (d w^*/d\lambda)^T\partial_w F$, and the printed product is
the second term.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="width of a linear model",
            check=of_a_width,
            claim=total,
            wrong=WRONG,
            given={
                "problem": strategies.regressions(LinearWidth, features=FEATURES, decay=0.25),
                "gamma": strategies.interior(FEATURES),
            },
            examples=8,
        ),
        Witness(
            name="self-tuning on a quadratic problem",
            check=of_self_tuning,
            claim=total,
            wrong=WRONG,
            given={"problem": strategies.quadratics(3, 2), "at": strategies.tensors(2)},
            examples=6,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One feature with gate $a$: inner loss $(aw-1)^2/2 + w^2/2$, outer loss $(aw-1)^2/2$.
$w^* = a/(a^2+1)$ has its maximum at $a = 1$, so the response is 0 there and the printed update stands still; but
the outer loss along the minima is $1/(2(a^2+1)^2)$, of slope $-1/4$: all of it is direct,
$(aw^*-1)w^* = -1/2\cdot 1/2$.""",
            numbers={"w*": 0.5, "direct": -0.25, "response": 0.0},
            compute=example,
        ),
    ),
    covers=(
        "continuum.problems.width",
        "continuum.problems.quadratic",
        "continuum.problems.bilevel",
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.selftuning",
    ),
)
