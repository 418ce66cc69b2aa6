"""The learning rate of training moves where training is, not where it ends."""

from collections.abc import Callable
from typing import Any

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Unrolled
from continuum.problems import QuadraticBilevel
from proofs_checks import strategies
from proofs_checks.bilevel import jacobian, power, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness

SIZE = 3
MODES: tuple[Any, ...] = ("reverse", "forward")
Formula = Callable[[Tensor, Tensor, float, int], Tensor]


def derive() -> list[Derivation]:
    """One eigenvalue: the minimum and the T-th iterate, differentiated in the rate."""
    steps = sp.Symbol("T", integer=True, nonnegative=True)
    eta, h, c, start = sp.symbols("eta h c w_0", positive=True)
    w = sp.Symbol("w", real=True)
    best = Derivation("minimum", sp.solve(sp.diff(h * w**2 / 2 - c * w, w), w)[0]).rewrite(c / h, "h w = c")
    minimum = best.value
    best = best.apply(lambda e: sp.diff(e, eta), sp.Integer(0), "no rate in it")

    def iterate(count: sp.Expr) -> sp.Expr:
        return minimum + (1 - eta * h) ** count * (start - minimum)

    step = Derivation("iterate, induction", iterate(steps) - eta * (h * iterate(steps) - c))
    step = step.rewrite(iterate(steps + 1), "a step of descent; w_0 at T = 0")
    claim = -steps * h * (1 - eta * h) ** (steps - 1) * (start - minimum)
    moved = Derivation("iterate in the rate", iterate(steps)).apply(lambda e: sp.diff(e, eta), claim, "differentiate")
    spread, batch = sp.symbols("s2 B", positive=True)
    noisy = Derivation("mean excess loss under noise (D08)", eta * spread / (2 * batch * (2 - eta * h)))
    noisy = noisy.apply(lambda e: sp.diff(e, eta), spread / (batch * (2 - eta * h) ** 2), "differentiate in the rate")
    end = Derivation("T to infinity, eta h = 1/4", claim.subs(eta, 1 / (4 * h)))
    end = end.apply(lambda e: sp.limit(e, steps, sp.oo), sp.Integer(0), "T (3/4)^T tends to 0")
    return [
        best.claims(sp.Integer(0), {"moves": minimum}),
        step.claims(iterate(steps + 1), {"error not shrunk": iterate(steps)}),
        moved.claims(claim, {"nothing": sp.Integer(0), "power T": claim.subs(steps, steps + 1), "no T": claim / steps}),
        noisy.claims(spread / (batch * (2 - eta * h) ** 2), {"nothing, as of the minimum": sp.Integer(0)}),
        end.claims(sp.Integer(0), {"stays": -h * (start - minimum)}),
    ]


def moved(hess: Tensor, error: Tensor, rate: float, steps: int) -> Tensor:
    """-T H (I - eta H)^{T-1} (w_0 - w*)."""
    return -steps * hess @ power(torch.eye(SIZE) - rate * hess, steps - 1) @ error


WRONG: dict[str, Formula] = {
    "nothing, as at the minimum": lambda hess, error, rate, steps: torch.zeros(SIZE),
    "power T": lambda hess, error, rate, steps: moved(hess, error, rate, steps + 1) * steps / (steps + 1),
    "other sign": lambda hess, error, rate, steps: -moved(hess, error, rate, steps),
    "no factor T": lambda hess, error, rate, steps: moved(hess, error, rate, steps) / steps,
    "no Hessian": lambda hess, error, rate, steps: solve(hess, moved(hess, error, rate, steps)),
}


def by_unrolling(formula: Formula, problem: QuadraticBilevel, start: Tensor, share: float, steps: int) -> None:
    """The shipped unrolling with the rate as its hyperparameter."""
    rate = share / float(torch.linalg.eigvalsh(problem.a)[-1])
    none = torch.zeros(2)
    error = start - solve(problem.a, problem.b)
    expected = formula(problem.a, error, rate, steps).unsqueeze(-1)
    for mode in MODES:
        method = Unrolled(steps, lr=lambda eta: eta, mode=mode)
        actual = jacobian(method, lambda w, eta: problem.inner(w, none), start, torch.tensor(rate))
        assert_close(actual, expected, rtol=1e-10, atol=1e-11)


def at_the_minimum(formula: float, problem: QuadraticBilevel, rate: float) -> None:
    """Implicit differentiation, and unrolling that starts at the minimum."""
    none = torch.zeros(2)
    minimum = solve(problem.a, problem.b)
    for method in (Implicit(Dense()), Implicit(ConjugateGradient(SIZE)), Unrolled(3, lr=lambda eta: eta)):
        actual = jacobian(method, lambda w, eta: problem.inner(w, none), minimum, torch.tensor(rate))
        assert_close(actual, torch.full((SIZE, 1), formula), rtol=0, atol=1e-12)


def slope(steps: float) -> float:
    """(dw_T/d eta) / 0.9^T for w^2 from w_0 = 1 with eta = 0.05, by the shipped unrolling."""
    problem = Bilevel(lambda w, eta: w**2, lambda w, eta: w)
    result = Unrolled(int(steps), lr=lambda eta: eta)(problem, torch.tensor(1.0), torch.tensor(0.05))
    return float(result.response) / float(0.9**steps)


IDENTITY = Identity(
    id="C12",
    title="inner learning rates have no best response",
    source="STN",
    place="slide on what can and cannot be tuned",
    printed=r""""Because we collapsed the bilevel problem into a single-level one, there is no inner training loop:
we cannot tune inner optimization hyperparameters like learning rates".""",
    precise=r"""Let $w^*$ be a strict minimum of an inner loss that does not contain $\eta$. Then $dw^*/d\eta = 0$:
implicit differentiation and any fitted best response give the response 0. After $T$ steps of gradient descent on
$w^THw/2 - c^Tw$ from $w_0$, $\frac{dw_T}{d\eta} = -T H (I - \eta H)^{T-1}(w_0 - w^*)$, which is not 0 in general
and tends to 0 like $T\rho^{T-1}$: what can be tuned is how fast training gets there, by unrolling, and only before
it has got there. That is descent without noise: with a constant rate and independent batches the weights keep a
variance that depends on $\eta$ (D08), and the mean excess loss keeps the slope $s^2/(B(2-\eta h)^2)$ in $\eta$ for
ever, of which a best response sees nothing. If there are several minima, or training stops early, $\eta$ may decide
where it ends, and that is outside the claim.""",
    verdict=Verdict.HOLDS,
    proof=r"""$w^*(\eta)$ solves $\partial_w L(w) = 0$, where $\eta$ does not occur; the solution is locally unique,
so constant. $w_T - w^* = (I-\eta H)^T(w_0 - w^*)$; differentiate in $\eta$, all factors commute. Under noise,
differentiate $\eta s^2/(2B(2-\eta h))$ of D08.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="T steps, with the rate as hyperparameter",
            check=by_unrolling,
            claim=moved,
            wrong=WRONG,
            given={
                "problem": strategies.quadratics(SIZE, 2),
                "start": strategies.tensors(SIZE),
                "share": strategies.numbers(0.25, 1.75),
                "steps": st.integers(2, 6),
            },
            examples=6,
        ),
        Witness(
            name="at the minimum",
            check=at_the_minimum,
            claim=0.0,
            wrong={"the slope of one step": -1.0},
            given={"problem": strategies.quadratics(SIZE, 2), "rate": strategies.numbers(0.125, 0.5)},
            examples=3,
        ),
    ),
    rates=(
        Rate(
            name="slope over rho^T against T",
            scales=(20, 40, 80, 160),
            error=slope,
            claim=Asymptote(1, -2 / 0.9),
            wrong={"pure power": Asymptote(0), "T^2": Asymptote(2), "power T": Asymptote(1, -2)},
        ),
    ),
    references=(
        "M. MacKay, P. Vicol, J. Lorraine, D. Duvenaud, R. Grosse, Self-Tuning Networks, ICLR 2019",
        "D. Maclaurin, D. Duvenaud, R. Adams, Gradient-based hyperparameter optimization through reversible learning, "
        "ICML 2015",
    ),
    covers=("continuum.hypergrad.unrolled", "continuum.hypergrad.descent", "continuum.hypergrad.implicit"),
)
