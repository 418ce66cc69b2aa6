"""The gradient of a sampled architecture's validation loss at fixed shared weights is the direct term and no more."""

from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.func import grad
from torch.testing import assert_close

from continuum.estimators import Categorical, Exact, ScoreFunction
from continuum.hypergrad import Bilevel, ConjugateGradient, Dense, Implicit
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.shared_weights import SharedWeights

MODELS, WEIGHTS = 3, 2
Terms = Callable[[SharedWeights, Tensor], tuple[Tensor, Tensor]]


def derive() -> list[Derivation]:
    """Score function mean; and the response of a weight that two quadratic models share, from its solved minimum."""
    phi, w = sp.symbols("phi w", real=True)
    first, second = 1 / (1 + sp.exp(-phi)), 1 / (1 + sp.exp(phi))
    losses = sp.symbols("F_1 F_2", real=True)
    score = Derivation(
        "E[loss d log q]", sum(q * f * sp.diff(sp.log(q), phi) for q, f in zip((first, second), losses, strict=True))
    )
    score = score.rewrite(sp.diff(first * losses[0] + second * losses[1], phi), "q d log q = dq: the losses are held")
    score.claims(first * second * (losses[0] - losses[1]), {"mean loss": first * losses[0] + second * losses[1]})

    # Training losses h_A (w - m_A)^2 / 2 and validation losses (w - v_A)^2 / 2 of two models with one weight.
    h, m, v = (sp.symbols(f"{name}_1 {name}_2", positive=True) for name in "hmv")
    q = (first, second)
    inner = sum(share * stiff * (w - best) ** 2 / 2 for share, stiff, best in zip(q, h, m, strict=True))
    outer = sum(share * (w - aim) ** 2 / 2 for share, aim in zip(q, v, strict=True))
    minimum = sp.solve(sp.diff(inner, w), w)[0]
    hessian = sp.diff(inner, w, 2)
    mixed = sum(sp.diff(share, phi) * stiff * (w - best) for share, stiff, best in zip(q, h, m, strict=True))
    moves = Derivation("dw*/dphi", sp.diff(minimum, phi))
    moves = moves.rewrite((-mixed / hessian).subs(w, minimum), "-H^-1 sum of dq_A grad L_A at w*")
    moves.claims(
        (-mixed / hessian).subs(w, minimum), {"sign": (mixed / hessian).subs(w, minimum), "none": sp.Integer(0)}
    )
    direct = sum(sp.diff(share, phi) * (w - aim) ** 2 / 2 for share, aim in zip(q, v, strict=True)).subs(w, minimum)
    response = (sp.diff(outer, w) * -mixed / hessian).subs(w, minimum)
    total = Derivation("total derivative along w*", sp.diff(outer.subs(w, minimum), phi))
    at = {phi: sp.log(2), **dict(zip((*h, *m, *v), (1, 2, 3, 1, 2, 5), strict=True))}
    total = total.apply(
        lambda e: e.subs(at), (direct + response).subs(at), "direct + response, at a point in rationals"
    )
    total.claims(
        (direct + response).subs(at), {"REINFORCE alone": direct.subs(at), "response alone": response.subs(at)}
    )

    agree = Derivation("response where the models agree on w*", moves.value)
    agree = agree.apply(lambda e: e.subs(m[1], m[0]), sp.Integer(0), "every grad L_A is 0")
    return [score, moves, total, agree.claims(sp.Integer(0), {"still moves": sp.Integer(1)})]


def both(problem: SharedWeights, logits: Tensor) -> tuple[Tensor, Tensor]:
    """sum dq_A F_A and -(sum dq_A grad L_A)' H^-1 sum q_A grad F_A, at the shared minimum."""
    return problem.terms(logits)


def no_response(problem: SharedWeights, logits: Tensor) -> tuple[Tensor, Tensor]:
    """As the source says that ENAS has it."""
    direct, response = both(problem, logits)
    return direct, 0 * response


def own_minima(problem: SharedWeights, logits: Tensor) -> tuple[Tensor, Tensor]:
    """The direct term with each model at its own minimum, as without sharing."""
    _, response = both(problem, logits)
    q = logits.softmax(-1)
    held = torch.stack([problem.validate(problem.centres[model], model) for model in range(MODELS)])
    return (q.diag() - q.outer(q)) @ held, response


def sign(problem: SharedWeights, logits: Tensor) -> tuple[Tensor, Tensor]:
    """The response with the other sign."""
    direct, response = both(problem, logits)
    return direct, -response


def by_methods(formula: Terms, problem: SharedWeights, logits: Tensor) -> None:
    """Shipped hypergradients, the shipped estimators at fixed weights, and autograd along the shared minimum."""
    direct, response = formula(problem, logits)
    w = problem.minimum(logits)
    for method in (Implicit(Dense()), Implicit(ConjugateGradient(WEIGHTS))):
        result = method(Bilevel(problem.inner, problem.outer), w, logits)
        assert_close((result.direct, result.response), (direct, response), rtol=1e-8, atol=1e-9)

    def loss(sample: Tensor) -> Tensor:
        return sample @ torch.stack([problem.validate(w, model) for model in range(MODELS)])

    law = Categorical(logits)
    assert_close(Exact()(law, loss).gradient, direct, rtol=1e-10, atol=1e-11)
    assert_close(reinforce(law, loss), direct, rtol=1e-10, atol=1e-11)
    truth = grad(lambda a: problem.outer(problem.minimum(a), a))(logits)
    assert_close(direct + response, truth, rtol=1e-8, atol=1e-9)


def reinforce(law: Categorical, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean of the shipped score function over noise that makes each model win as often as it should."""
    total = torch.zeros_like(law.logits)
    for model, share in enumerate(law.probabilities()):
        noise = torch.full((1, 1, MODELS), 1e-9)
        noise[0, 0, model] = 1 - 1e-9
        total = total + share * ScoreFunction(1)(law, loss, noise=noise).gradient
    return total


def example() -> dict[str, float]:
    """Two models in equal shares: training minima 0 and 1, validation aims 1 and 1, one weight."""
    problem = SharedWeights(
        torch.ones(2, 1, 1), torch.tensor([[0.0], [1.0]]), torch.tensor([[1.0], [1.0]]), torch.ones(2, 1, 1)
    )
    logits = torch.zeros(2)
    result = Implicit(Dense())(Bilevel(problem.inner, problem.outer), problem.minimum(logits), logits)
    return {
        "w*": float(problem.minimum(logits)),
        "direct": float(result.direct[1]),
        "response": float(result.response[1]),
    }


IDENTITY = Identity(
    id="C13",
    title="the gradient of ENAS is the direct term",
    source="MSHO",
    place="section 3, after equation 2",
    printed=r""""In ENAS, the direct gradient is computed using REINFORCE, while the response gradient is assumed to be
0.".""",
    precise=r"""A controller $q_\phi$ over models $A$ with shared weights, $w^*(\phi) = \arg\min_w\sum_A
q_A(\phi)L_A(w)$, and $\bar F(\phi) = \sum_A q_A(\phi)F_A(w^*(\phi))$, $L_A$ and $F_A$ the training and the validation
loss of $A$; $H = \sum_A q_A\nabla^2 L_A(w^*)$ positive definite. REINFORCE at fixed weights has the mean
$E[F_A(w^*)\nabla_\phi\log q_A] = \sum_A F_A(w^*)\nabla_\phi q_A$, which is the direct term (for ENAS with accuracy as
the reward, $F_A$ minus the accuracy). The response is
$-\left(\sum_A\nabla L_A(w^*)\,(\nabla_\phi q_A)^T\right)^T H^{-1}\sum_A q_A\nabla F_A(w^*)$.
It is 0 where all models agree on the weights ($\nabla L_A(w^*) = 0$ for each), where $q$ is a point mass, and where
$\sum_A q_A\nabla F_A = 0$. Without sharing, each $w_A^*$ free of $\phi$, there is none: that it may be dropped is
true of NAS and not of ENAS.""",
    verdict=Verdict.HOLDS,
    proof=r"""$q_A\nabla\log q_A = \nabla q_A$. The minimum solves $\sum_A q_A(\phi)\nabla L_A(w) = 0$; differentiate:
$H\,dw^*/d\phi + \sum_A\nabla L_A(\nabla_\phi q_A)^T = 0$. The chain rule gives both terms (C01).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped hypergradients and score function on models that share weights",
            check=by_methods,
            claim=both,
            wrong={
                "response 0": no_response,
                "weights of its own for each model": own_minima,
                "sign of the response": sign,
            },
            given={"problem": strategies.shared_weights(MODELS, WEIGHTS), "logits": strategies.logits(MODELS)},
            examples=8,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""That the response is 0 is an assumption, and a wrong one: one weight, two models in equal shares,
$L_A = (w - A)^2/2$ for $A = 0, 1$, both with the validation loss $(w-1)^2/2$. $w^* = q_1 = 1/2$, the direct term
is $0$ since the models are equally good at any $w$, and the response in the logit of model 1 is $q_1q_0(w^*-1) =
-1/8$: the controller should prefer model 1, because it trains the weights better.""",
            numbers={"w*": 0.5, "direct": 0.0, "response": -0.125},
            compute=example,
        ),
    ),
    references=(
        "H. Pham, M. Y. Guan, B. Zoph, Q. V. Le and J. Dean, ENAS, ICML 2018",
        "R. J. Williams, Machine Learning 8, 1992",
        "H. Liu, K. Simonyan and Y. Yang, DARTS, ICLR 2019 (an approximate response for a relaxed architecture)",
    ),
    covers=(
        "continuum.hypergrad.implicit",
        "continuum.estimators.score",
        "continuum.estimators.exact",
        "continuum.estimators.categorical",
    ),
)
