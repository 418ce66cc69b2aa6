"""At a minimum of the training loss the response sees the difference of the two losses alone: equal losses, none."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, jacfwd
from torch.testing import assert_close

from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit, Unrolled
from proofs_checks import strategies
from proofs_checks.bilevel import Curved
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

PARAMETERS, HYPERPARAMETERS = 3, 2
Response = Callable[[Curved, Tensor, float], Tensor]


def derive() -> list[Derivation]:
    """The response at a minimum, for an outer loss (1 - s) L + s F; and after T steps, where it has not gone yet."""
    lam, w, s = sp.symbols("lambda w s", real=True)
    third = sp.symbols("c_0:4", real=True)
    best = sp.Function("m", real=True)(lam)
    train = (w - best) ** 2 * sum(c**2 * lam ** (2 * i) for i, c in enumerate(third[:2])) / 2 + (w - best) ** 4
    other = sp.Function("F", real=True)(w, lam)
    outer = (1 - s) * train + s * other
    response = Derivation("response at the minimum", (sp.diff(outer, w) * sp.diff(best, lam)).subs(w, best))
    mark = sp.Symbol("F_w", real=True)
    response = response.apply(
        lambda e: sp.simplify(
            e.doit()
            .subs(sp.diff(other, w).subs(w, best).doit(), mark)
            .replace(lambda x: isinstance(x, sp.Subs), lambda x: mark)
        ),
        s * mark * sp.diff(best, lam),
        "the training loss has no slope there",
    )
    equal = response.apply(lambda e: e.subs(s, 0), sp.Integer(0), "equal losses")
    equal.claims(sp.Integer(0), {"of the other loss": mark * sp.diff(best, lam)})

    start, rate = sp.symbols("w_0 eta", real=True)
    steps = sp.Symbol("T", integer=True, positive=True)
    track = lam + (1 - rate) ** steps * (start - lam)  # descent on (w - lambda)^2 / 2
    moved = Derivation("first step", lam + (1 - rate) * (start - lam)).rewrite(start - rate * (start - lam), "descent")
    late = Derivation("response after T steps, equal losses", (track - lam) * sp.diff(track, lam))
    left = (1 - rate) ** steps
    late = late.rewrite(left * (1 - left) * (start - lam), "chain rule", _at_few)
    half = late.apply(lambda e: e.subs({rate: sp.Rational(1, 2), steps: 1}), (start - lam) / 4, "one step of rate 1/2")
    return [
        equal,
        moved.claims(start - rate * (start - lam), {"no step": start}),
        half.claims((start - lam) / 4, {"none": sp.Integer(0)}),
    ]


def _at_few(left: sp.Expr, right: sp.Expr) -> bool:
    steps = sp.Symbol("T", integer=True, positive=True)
    return all(sp.expand((left - right).subs(steps, n)) == 0 for n in (1, 2, 5))


def mixed_loss(curve: Curved, share: float) -> Callable[[Tensor, Tensor], Tensor]:
    """(1 - s) L + s F."""
    return lambda w, h: (1 - share) * curve.inner(w, h) + share * curve.outer(w, h)


def of_the_difference(curve: Curved, at: Tensor, share: float) -> Tensor:
    """(dw*/dlambda)' of the slope of (outer loss - L) in w."""
    w = curve.minimum(at)
    gap = grad(lambda p: mixed_loss(curve, share)(p, at) - curve.inner(p, at))(w)
    response: Tensor = jacfwd(curve.minimum)(at).mT @ gap
    return response


def nothing(curve: Curved, at: Tensor, share: float) -> Tensor:
    """0, whatever the losses."""
    return torch.zeros(HYPERPARAMETERS)


def whole(curve: Curved, at: Tensor, share: float) -> Tensor:
    """As if the outer loss were F however small its share."""
    return of_the_difference(curve, at, 1.0)


def sum_of_slopes(curve: Curved, at: Tensor, share: float) -> Tensor:
    """From the sum of the losses in place of their difference, with the training loss a little off its minimum."""
    w = curve.minimum(at) + 0.125
    both = grad(lambda p: mixed_loss(curve, share)(p, at) + curve.inner(p, at))(w)
    response: Tensor = jacfwd(curve.minimum)(at).mT @ both
    return response


def by_share(formula: Response, curve: Curved, at: Tensor, share: float) -> None:
    """Shipped responses for the outer loss (1 - s) L + s F; at s = 0 both losses are one, and direct is the total."""
    problem = Bilevel(curve.inner, mixed_loss(curve, share))
    for method in (Implicit(Dense()), Implicit(ConjugateGradient(PARAMETERS))):
        result = method(problem, curve.minimum(at), at)
        assert_close(result.response, formula(curve, at, share), rtol=1e-8, atol=1e-9)
    if share == 0:
        envelope = grad(lambda h: curve.inner(curve.minimum(h), h))(at)
        assert_close(result.direct + formula(curve, at, share), envelope, rtol=1e-8, atol=1e-9)


def after(left: float) -> float:
    """Response after T steps of rate 1/2 on (w - lambda)^2/2 from w = 2 at lambda = 1, left = 2^-T, equal losses."""
    steps = round(-torch.tensor(left).log2().item())

    def loss(w: Tensor, h: Tensor) -> Tensor:
        return (w - h) ** 2 / 2

    return float(Unrolled(steps, 0.5)(Bilevel(loss, loss), torch.tensor(2.0), torch.tensor(1.0)).response)


def orthogonal() -> dict[str, float]:
    """w in the plane, w* = (lambda, 0), F = w_2: unequal losses whose response is 0; and equal ones before the end."""
    problem = Bilevel(
        lambda w, h: ((w[0] - h) ** 2 + w[1] ** 2) / 2,
        lambda w, h: w[1] + 0 * h,
    )
    result = Implicit(Dense())(problem, torch.tensor([1.0, 0.0]), torch.tensor(1.0))
    return {"orthogonal": float(result.response), "one step": after(0.5)}


IDENTITY = Identity(
    id="C14",
    title="when the response matters",
    source="MSHO",
    place="section 1",
    printed=r"""The response gradient "can be important when the validation and training loss want to update in
different directions, as is the case with preventing overfitting.".""",
    precise=r"""Setting of C01, $w^*$ a strict local minimum of the training loss $L(\cdot, \lambda)$. The response is
$(dw^*/d\lambda)^T\,\partial_w(F - L)$ at $w^*$, as $\partial_w L = 0$ there. So it is 0 if $F = L$
near $w^*$, $\lambda$ held (the envelope theorem: the total is then $\partial_\lambda F$), or if only their slopes in
$w$ agree there, that is if $\partial_w F = 0$: the training loss wants no update at all there, and what counts is that
validation does. Different losses are needed for a response and are not enough: it is 0 also where
$\partial_w F$ is orthogonal to the motion of $w^*$. And the statement is about the minimum: after $T$ steps the
response of equal losses is not 0, and dies out like the training itself.""",
    verdict=Verdict.HOLDS,
    proof=r"""By C01 the response is $(dw^*/d\lambda)^T\partial_w F$; subtract $(dw^*/d\lambda)^T\partial_w L = 0$.
With $\partial_w F = 0$ the chain rule leaves $\partial_\lambda F$. For $L = F = (w-\lambda)^2/2$, $T$ steps of rate
$\eta$ and $r = (1-\eta)^T$: $w_T = \lambda + r(w_0-\lambda)$, and the response $(w_T - \lambda)\,dw_T/d\lambda$ is
$r(1-r)(w_0-\lambda)$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped responses for mixtures of both losses, equal losses among them",
            check=by_share,
            claim=of_the_difference,
            wrong={
                "never any": nothing,
                "that of F, however small its share": whole,
                "sum of the losses, off the minimum": sum_of_slopes,
            },
            given={
                "curve": strategies.curved(PARAMETERS, HYPERPARAMETERS),
                "at": strategies.tensors(HYPERPARAMETERS, low=-1, high=1),
                "share": st.sampled_from([0.0, 0.25, 1.0]),
            },
            examples=9,
        ),
    ),
    rates=(
        Rate(
            name="response of equal losses after T steps, against what is left of the start",
            scales=[2.0**-k for k in range(6, 16)],
            error=after,
            claim=Asymptote(1, 1.0),
            wrong={"second order": Asymptote(2), "half": Asymptote(1, 0.5)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Not enough: $L = ((w_1-\lambda)^2 + w_2^2)/2$, $F = w_2$: at $w^* = (\lambda, 0)$ the losses
differ in slope by $(0, 1)$, $w^*$ moves along $(1, 0)$, and the response is $0$. Before the minimum: $L = F =
(w-\lambda)^2/2$, one step of rate $1/2$ from $w = 2$ at $\lambda = 1$: the response is $\frac{1}{2}\cdot\frac{1}{2} =
0.25$.""",
            numbers={"orthogonal": 0.0, "one step": 0.25},
            compute=orthogonal,
        ),
    ),
    references=(
        "J. Danskin, The theory of max-min, 1967; P. Milgrom and I. Segal, Envelope theorems, Econometrica 70, 2002",
        "F. Pedregosa, Hyperparameter optimization with approximate gradient, ICML 2016",
    ),
    covers=(
        "continuum.hypergrad.implicit",
        "continuum.hypergrad.unrolled",
        "continuum.hypergrad.solvers.dense",
    ),
)
