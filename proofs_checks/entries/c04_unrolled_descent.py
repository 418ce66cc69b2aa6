"""What differentiating through T steps of descent leaves of the response of the minimum."""

from collections.abc import Callable
from typing import Any

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, Unrolled
from continuum.problems import FeatureRidge, PlainRidge
from proofs_checks import strategies
from proofs_checks.bilevel import jacobian, power, solve
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness

FEATURES = 3
MODES: tuple[Any, ...] = ("reverse", "forward")
START, RATE = 10.5, 0.05  # of the scalar example, whose Hessian is 2: each step keeps 0.9 of the error


def derive() -> list[Derivation]:
    """One eigenvalue h of the Hessian: the recursions of w_t and of its derivative, solved by induction."""
    steps, last = sp.symbols("T K", integer=True, positive=True)
    eta, gram, price, start, right = sp.symbols("eta g lambda w_0 c", positive=True)
    h = gram + price
    best, shrink = right / h, 1 - eta * h
    slope = sp.diff(best, price)

    def weight(count: sp.Expr) -> sp.Expr:
        return best + shrink**count * (start - best)

    step = Derivation("weights, induction", weight(steps) - eta * (h * weight(steps) - right))
    step = step.rewrite(weight(steps + 1), "a step of descent on h w^2/2 - c w")
    begin = Derivation("weights, begin", weight(sp.Integer(0))).rewrite(start, "no step")

    error = Derivation("unrolled", sp.diff(weight(steps), price) - slope)
    claim = -(shrink**steps) * slope - eta * steps * shrink ** (steps - 1) * (start - best)
    error = error.rewrite(claim, "differentiate in the penalty, c and g held")

    # Z_{t+1} = (1 - eta h) Z_t - eta w_t, from 0 at t = T - K: solved by guess and checked by induction.
    def carried(count: sp.Expr) -> sp.Expr:
        first = steps - last
        return slope - shrink**count * slope - eta * count * shrink ** (first + count - 1) * (start - best)

    truncated = Derivation("last K steps, induction", shrink * carried(last) - eta * weight(steps))
    shifted = slope - shrink ** (last + 1) * slope - eta * (last + 1) * shrink**steps * (start - best)
    truncated = truncated.rewrite(shifted, "one step more is tracked")
    keeps, offset = sp.symbols("a e", positive=True)  # a = 1 - eta h, below 1 or not; e = w_0 - w*
    ratio = Derivation("error over T a^T", (-(keeps**steps) * slope - eta * steps * keeps ** (steps - 1) * offset))
    ratio = ratio.apply(lambda e: sp.expand(e / keeps**steps / steps), -slope / steps - eta * offset / keeps, "divide")
    ratio = ratio.apply(lambda e: sp.limit(e, steps, sp.oo), -eta * offset / keeps, "T to infinity")
    return [
        step.claims(weight(steps + 1), {"error not shrunk": weight(steps)}),
        begin.claims(start, {"the minimum": best}),
        error.claims(claim, {"pure power": -(shrink**steps) * slope, "power T": claim.subs(steps, steps + 1)}),
        truncated.claims(shifted, {"pure power": slope - shrink ** (last + 1) * slope}),
        ratio.claims(-eta * offset / keeps, {"pure power": sp.Integer(0), "sign": eta * offset / keeps}),
    ]


class Setting:
    """A ridge regression in a few matrices, computed here from its rows."""

    def __init__(self, problem: PlainRidge, penalty: Tensor, start: Tensor, share: float) -> None:
        self.start, n = start, len(problem.y)
        self.hessian = problem.x.mT @ problem.x / n + penalty * torch.eye(FEATURES)
        self.minimum = solve(self.hessian, problem.x.mT @ problem.y / n)
        self.slope = -solve(self.hessian, self.minimum)
        self.rate = share / float(torch.linalg.eigvalsh(self.hessian)[-1])
        self.shrink = torch.eye(FEATURES) - self.rate * self.hessian


Formula = Callable[[Setting, int, int], Tensor]


def left_over(s: Setting, steps: int, last: int) -> Tensor:
    """-(I - eta H)^K w*' - eta K (I - eta H)^{T-1} (w_0 - w*)."""
    fade = power(s.shrink, last) @ s.slope
    return -fade - s.rate * last * power(s.shrink, steps - 1) @ (s.start - s.minimum)


def pure_power(s: Setting, steps: int, last: int) -> Tensor:
    """Without the term that grows with T."""
    return -power(s.shrink, last) @ s.slope


def late_power(s: Setting, steps: int, last: int) -> Tensor:
    """(I - eta H)^T in the second term."""
    fade = power(s.shrink, last) @ s.slope
    return -fade - s.rate * last * power(s.shrink, steps) @ (s.start - s.minimum)


def all_steps(s: Setting, steps: int, last: int) -> Tensor:
    """T for K."""
    return left_over(s, steps, steps)


def other_sign(s: Setting, steps: int, last: int) -> Tensor:
    """The second term added."""
    return 2 * pure_power(s, steps, last) - left_over(s, steps, last)


def by_unrolling(
    formula: Formula, problem: PlainRidge, penalty: Tensor, start: Tensor, share: float, counts: tuple[int, int]
) -> None:
    """The shipped unrolling in both modes, and the shipped closed form: the slope of the minimum, and what is left."""
    last, steps = sorted(counts)
    s = Setting(problem, penalty, start, share)
    expected = (s.slope + formula(s, steps, last)).unsqueeze(-1)
    for mode in MODES:
        method = Unrolled(steps, s.rate, truncate=last, mode=mode)
        assert_close(jacobian(method, problem.inner, start, penalty), expected, rtol=1e-11, atol=1e-12)
        trained = s.minimum + power(s.shrink, steps) @ (start - s.minimum)
        assert_close(method(problem, start, penalty).parameters, trained, rtol=1e-12, atol=1e-13)
    closed = problem.unrolled(start, penalty, s.rate, steps, last)
    final = problem.trained(start, penalty, s.rate, steps)
    pull = expected.mT @ problem.outer_gradient(final, penalty)
    assert_close(closed.response, pull.squeeze(), rtol=1e-10, atol=1e-11)


def in_order(shrink: Tensor, slope: Tensor, error: Tensor, steps: int) -> Tensor:
    """sum_t A^{T-1-t} H' A^t e."""
    terms = [power(shrink, steps - 1 - t) @ slope @ power(shrink, t) @ error for t in range(steps)]
    return torch.stack(terms).sum(0)


def commuted(shrink: Tensor, slope: Tensor, error: Tensor, steps: int) -> Tensor:
    """T A^{T-1} H' e, as if the penalty acted alike on all weights."""
    return steps * power(shrink, steps - 1) @ slope @ error


def by_features(
    formula: Callable[[Tensor, Tensor, Tensor, int], Tensor],
    problem: FeatureRidge,
    at: Tensor,
    start: Tensor,
    steps: int,
) -> None:
    """A penalty a feature, whose H' does not commute with H."""
    hess = problem.x.mT @ problem.x / len(problem.y) + torch.diag(at.exp())
    end = solve(hess, problem.x.mT @ problem.y / len(problem.y))
    rate = 1 / float(torch.linalg.eigvalsh(hess)[-1])
    shrink = torch.eye(FEATURES) - rate * hess
    columns = []
    for i in range(FEATURES):
        slope = torch.diag(at.exp() * torch.eye(FEATURES)[i])
        response = -solve(hess, slope @ end)
        columns.append(response - power(shrink, steps) @ response - rate * formula(shrink, slope, start - end, steps))
    expected = torch.stack(columns, -1)
    actual = jacobian(Unrolled(steps, rate, mode="forward"), problem.inner, start, at)
    assert_close(actual, expected, rtol=1e-11, atol=1e-12)
    assert_close(problem.trained_jacobian(start, at, rate, steps), expected, rtol=1e-11, atol=1e-12)


def excess(steps: float) -> float:
    """(dw_T/dlambda - dw*/dlambda) / 0.9^T of the scalar example, by the shipped unrolling."""
    problem = Bilevel(lambda w, h: (1 + h) * w**2 / 2 - w, lambda w, h: w)
    result = Unrolled(int(steps), RATE)(problem, torch.tensor(START), torch.tensor(1.0))
    return (float(result.response) + 0.25) / float(0.9**steps)


IDENTITY = Identity(
    id="C04",
    title="error of unrolled differentiation",
    source="MSHO",
    place="section 3, approximation of the response gradient; no error is given",
    printed=r""""we approximate the response gradient using either unrolled differentiation as in Maclaurin et al.
[2015] or the Implicit Function Theorem as in Pedregosa [2016]".""",
    precise=r"""Ridge as in C03, gradient descent from a fixed $w_0$ with rate $\eta$, $A = I - \eta H$ with
$H = G + \lambda I$. After $T$ steps, of which the last $K \leq T$ are differentiated,
$\frac{dw_T}{d\lambda} - \frac{dw^*}{d\lambda} = -A^K \frac{dw^*}{d\lambda} - \eta K A^{T-1}(w_0 - w^*)$.
So with $K = T$ and $\rho = \|A\|$ the error is of the order of $T\rho^{T-1}$, and not of $\rho^T$, at which $w_T$
itself converges. Where the derivative $H'$ of $H$ in the hyperparameter does not commute with $H$, the second term
is
$-\eta\sum_{t<K} A^{K-1-t} H' A^t (w_{T-K} - w^*)$,
with $w_{T-K} - w^* = A^{T-K}(w_0 - w^*)$.""",
    verdict=Verdict.HOLDS,
    proof=r"""$w_t - w^* = A^t(w_0 - w^*)$ by induction on $w_{t+1} = w_t - \eta(Hw_t - c)$. For $K = T$
differentiate in $\lambda$: $dA^T/d\lambda = -\eta\sum_t A^{T-1-t}H'A^t$, and $w_0$ is fixed. For $K < T$ the
tracked steps are those from the fixed point $w_{T-K}$, so put $K$ for $T$ and $w_{T-K} - w^* = A^{T-K}(w_0 - w^*)$
for the first error.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="one penalty: both modes, truncated or not",
            check=by_unrolling,
            claim=left_over,
            wrong={
                "pure power": pure_power,
                "power T for T - 1": late_power,
                "T for K": all_steps,
                "other sign": other_sign,
            },
            given={
                "problem": strategies.regressions(PlainRidge, features=FEATURES),
                "penalty": st.sampled_from([0.5, 1.0, 2.0]).map(torch.tensor),
                "start": strategies.tensors(FEATURES),
                "share": strategies.numbers(0.25, 1.75),
                "counts": st.tuples(st.integers(1, 6), st.integers(1, 6)),
            },
            examples=6,
        ),
        Witness(
            name="a penalty a feature",
            check=by_features,
            claim=in_order,
            wrong={"as if H' commuted": commuted},
            given={
                "problem": strategies.regressions(FeatureRidge, features=FEATURES),
                "at": strategies.tensors(FEATURES, low=-1, high=1),
                "start": strategies.tensors(FEATURES),
                "steps": st.integers(1, 6),
            },
            examples=6,
        ),
    ),
    rates=(
        Rate(
            name="error over rho^T against T",
            scales=(20, 40, 80, 160),
            error=excess,
            claim=Asymptote(1, -RATE * 10 / 0.9),
            wrong={"pure power": Asymptote(0), "T^2": Asymptote(2), "power T": Asymptote(1, -RATE * 10)},
        ),
    ),
    references=(
        "R. Grazzi, L. Franceschi, M. Pontil, S. Salzo, On the iteration complexity of hypergradient computation, "
        "ICML 2020",
        "A. Shaban, C.-A. Cheng, N. Hatch, B. Boots, Truncated back-propagation for bilevel optimization, AISTATS 2019",
    ),
    covers=("continuum.hypergrad.unrolled", "continuum.hypergrad.descent", "continuum.problems.quadratic"),
)
