"""What one step of training tells a controller: REINFORCE, with the agreement of two gradients for its reward."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad, hessian
from torch.testing import assert_close

from continuum.estimators import Categorical, Exact
from continuum.hypergrad import Bilevel, Unrolled
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.shared_weights import SharedWeights

MODELS, WEIGHTS = 3, 2
#: Of a problem, weights, logits and a step: the response.
Response = Callable[[SharedWeights, Tensor, Tensor, float], Tensor]


def derive() -> list[Derivation]:
    """Two models, one weight, any smooth losses: the derivative of F(w - eta sum q L') in the logit."""
    phi, w, eta = sp.symbols("phi w eta", real=True)
    first = 1 / (1 + sp.exp(-phi))
    shares = first, 1 - first
    losses = [sp.Function(f"L_{k}")(w) for k in (1, 2)]
    slopes = [sp.diff(loss, w) for loss in losses]
    stepped = w - eta * sum(q * slope for q, slope in zip(shares, slopes, strict=True))
    pull = sp.Symbol("g", real=True)  # F' at the weights after the step
    chain = Derivation("derivative of F after the step, over F'", sp.diff(stepped, phi) * pull)
    mean = sum(q * (-eta * pull * slope) * sp.diff(sp.log(q), phi) for q, slope in zip(shares, slopes, strict=True))
    chain = chain.rewrite(mean, "q d log q = dq: a score function with losses -eta g L'")
    two = -eta * pull * first * (1 - first) * (slopes[0] - slopes[1])
    wrong = {"sign": -two, "no step": two / eta, "sum": two.subs(slopes[1], -slopes[1])}
    return [chain.claims(two, wrong), _two_steps(), _ahead()]


def _two_steps() -> Derivation:
    """Two quadratic training losses, two steps, F = w: the first step's reward is carried by an adjoint."""
    phi, w, eta = sp.symbols("phi w eta", real=True)
    stiff, aims = sp.symbols("k_1 k_2", positive=True), sp.symbols("a_1 a_2", real=True)
    q = 1 / (1 + sp.exp(-phi)), 1 / (1 + sp.exp(phi))

    def pulls(at: sp.Expr) -> list[sp.Expr]:
        return [k * (at - aim) for k, aim in zip(stiff, aims, strict=True)]

    def stepped(at: sp.Expr) -> sp.Expr:
        return at - eta * sum(share * pull for share, pull in zip(q, pulls(at), strict=True))

    def score(losses: list[sp.Expr]) -> sp.Expr:
        return sum(f * share * sp.diff(sp.log(share), phi) for f, share in zip(losses, q, strict=True))

    curvature = sum(share * k for share, k in zip(q, stiff, strict=True))
    last = [-eta * pull for pull in pulls(stepped(w))]
    both = [-eta * (1 - eta * curvature) * pull + end for pull, end in zip(pulls(w), last, strict=True)]
    chain = Derivation("derivative of two steps", sp.diff(stepped(stepped(w)), phi))
    chain = chain.rewrite(score(both), "adjoint 1 - eta H over the second step")
    return chain.claims(score(both), {"last step alone": score(last)})


def _ahead() -> Derivation:
    """What a step of one model takes off a loss with slope l and curvature K."""
    slope, bend, pull, eta = sp.symbols("l K p eta", real=True)
    fall = Derivation("fall of F", slope * eta * pull - bend * (eta * pull) ** 2 / 2)
    fall = fall.apply(lambda e: sp.diff(e, eta).subs(eta, 0), slope * pull, "leading order in eta")
    return fall.claims(slope * pull, {"half": slope * pull / 2})


def agreement(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float) -> Tensor:
    """sum dq_A (-eta <g, grad L_A(w)>), g the validation gradient after the step."""
    q, models = logits.softmax(-1), range(MODELS)
    pull = torch.stack([grad(problem.train)(weights, model) for model in models])
    after = weights - lr * (q @ pull)
    push = q @ torch.stack([grad(problem.validate)(after, model) for model in models])
    return Exact()(Categorical(logits), lambda one: one @ (-lr * (pull @ push))).gradient


def before(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float) -> Tensor:
    """With the validation gradient before the step."""
    q, models = logits.softmax(-1), range(MODELS)
    pull, push = (
        torch.stack([grad(loss)(weights, model) for model in models]) for loss in (problem.train, problem.validate)
    )
    return Exact()(Categorical(logits), lambda one: one @ (-lr * (pull @ (q @ push)))).gradient


def own_gradients(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float) -> Tensor:
    """Each model's training gradient against its own validation gradient."""
    q, models = logits.softmax(-1), range(MODELS)
    pull = torch.stack([grad(problem.train)(weights, model) for model in models])
    after = weights - lr * (q @ pull)
    push = torch.stack([grad(problem.validate)(after, model) for model in models])
    return Exact()(Categorical(logits), lambda one: one @ (-lr * (pull * push).sum(-1))).gradient


def loss_for_reward(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float) -> Tensor:
    """The other sign."""
    return -agreement(problem, weights, logits, lr)


def by_unrolling(formula: Response, problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float) -> None:
    """The response of one unrolled step of the shipped hypergradient."""
    result = Unrolled(1, lr)(Bilevel(problem.inner, problem.outer), weights, logits)
    assert_close(result.response, formula(problem, weights, logits, lr), rtol=1e-10, atol=1e-11)


def adjoints(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float, steps: int) -> Tensor:
    """sum dq_A f_A, f_A = -eta sum over steps of <adjoint after the step, grad L_A before it>."""
    path = [weights]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(problem.inner)(path[-1], logits))
    adjoint, losses = grad(problem.outer)(path[-1], logits), torch.zeros(MODELS)
    for at in reversed(path[:-1]):
        pull = torch.stack([grad(problem.train)(at, model) for model in range(MODELS)])
        losses = losses - lr * pull @ adjoint
        adjoint = adjoint - lr * hessian(problem.inner)(at, logits) @ adjoint
    return Exact()(Categorical(logits), lambda one: one @ losses).gradient


def last_alone(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float, steps: int) -> Tensor:
    """The last step's reward."""
    for _ in range(steps - 1):
        weights = weights - lr * grad(problem.inner)(weights, logits)
    return agreement(problem, weights, logits, lr)


def not_carried(problem: SharedWeights, weights: Tensor, logits: Tensor, lr: float, steps: int) -> Tensor:
    """The validation gradient at the end against the gradients of each step."""
    path = [weights]
    for _ in range(steps):
        path.append(path[-1] - lr * grad(problem.inner)(path[-1], logits))
    pull = sum(torch.stack([grad(problem.train)(at, model) for model in range(MODELS)]) for at in path[:-1])
    push = grad(problem.outer)(path[-1], logits)
    return Exact()(Categorical(logits), lambda one: one @ (-lr * (pull @ push))).gradient


def by_steps(
    formula: Callable[[SharedWeights, Tensor, Tensor, float, int], Tensor],
    problem: SharedWeights,
    weights: Tensor,
    logits: Tensor,
    lr: float,
    steps: int,
) -> None:
    """The response of several unrolled steps of the shipped hypergradient."""
    result = Unrolled(steps, lr)(Bilevel(problem.inner, problem.outer), weights, logits)
    assert_close(result.response, formula(problem, weights, logits, lr, steps), rtol=1e-9, atol=1e-10)


def fall(lr: float) -> float:
    """Fall of F = (w - 1)^2 / 2 by a shipped step on L = (w - 2)^2 / 2 from w = 0, less the reward, 2 eta."""
    problem = Bilevel(lambda w, h: (w - 2) ** 2 / 2, lambda w, h: (w - 1) ** 2 / 2)
    end = Unrolled(1, lr)(problem, torch.tensor(0.0), torch.tensor(0.0)).parameters
    return 0.5 - float((end - 1) ** 2 / 2) - 2 * lr


def example() -> dict[str, float]:
    """Two models with equal validation losses, whose training pulls the weight apart."""
    one = torch.ones(2, 1, 1)
    problem = SharedWeights(one, torch.tensor([[-1.0], [1.0]]), torch.tensor([[1.0], [1.0]]), one)
    result = Unrolled(1, 0.5)(Bilevel(problem.inner, problem.outer), torch.zeros(1), torch.zeros(2))
    return {"direct": float(result.direct[1]), "response": float(result.response[1])}


IDENTITY = Identity(
    id="N10.2",
    title="one step's response is a reward for agreeing gradients",
    source="here",
    place="continuum/search/shared/response.py",
    printed="",
    precise=r"""A controller $q_\phi$ over models $A$ that share weights $w$; one step $w' = w - \eta\sum_A
q_A\nabla L_A(w)$ on the mean training loss, from a $w$ that does not depend on $\phi$; the mean validation loss
$\bar F(w', \phi) = \sum_A q_AF_A(w')$, $g = \sum_A q_A\nabla F_A(w')$. The response, its derivative in $\phi$
through $w'$, is $E_q[f_A \nabla_\phi\log q_A]$ with the loss $f_A = -\eta\,g^T\nabla L_A(w)$: REINFORCE (C13)
with a second reward, $\eta\,g^T\nabla L_A(w)$, which is high for the models whose training gradient points
where validation wants the weights to go, whatever those models score themselves. It is of order $\eta$, and
exactly 0 where all $\nabla L_A(w)$ are equal. So a controller with and without its response differ little where
a step is small, or where models train alike. To first order the reward is what a step of $A$ alone takes off
the validation loss. Over $T$ steps $w_0 = w, w_1, \ldots, w_T$ the loss is $f_A = -\eta\sum_{t<T}p_{t+1}^T\nabla
L_A(w_t)$ with the adjoints $p_T = g$ at $w_T$, $p_t = (I - \eta H_t)p_{t+1}$, $H_t = \sum_Aq_A\nabla^2L_A(w_t)$.""",
    verdict=Verdict.HOLDS,
    proof=r"""$dw'/d\phi = -\eta\sum_A\nabla L_A(w)(\nabla_\phi q_A)^T$, and $\nabla_\phi q_A =
q_A\nabla_\phi\log q_A$. A constant added to all $f_A$ changes nothing, since $\sum_A\nabla_\phi q_A = 0$. For more
steps $dw_{t+1}/d\phi = (I - \eta H_t)dw_t/d\phi - \eta\sum_A\nabla L_A(w_t)(\nabla_\phi q_A)^T$, which the adjoints
sum from the end.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="response of one unrolled step, by the shipped hypergradient",
            check=by_unrolling,
            claim=agreement,
            wrong={
                "validation gradient before the step": before,
                "each model's own validation gradient": own_gradients,
                "loss for reward": loss_for_reward,
            },
            given={
                "problem": strategies.shared_weights(MODELS, WEIGHTS),
                "weights": strategies.tensors(WEIGHTS),
                "logits": strategies.logits(MODELS),
                "lr": st.sampled_from([0.01, 0.125, 0.5]),
            },
        ),
        Witness(
            name="response of two and three unrolled steps",
            check=by_steps,
            claim=adjoints,
            wrong={"last step alone": last_alone, "without adjoints": not_carried},
            given={
                "problem": strategies.shared_weights(MODELS, WEIGHTS),
                "weights": strategies.tensors(WEIGHTS),
                "logits": strategies.logits(MODELS),
                "lr": st.sampled_from([0.01, 0.125, 0.25]),
                "steps": st.integers(2, 3),
            },
            examples=8,
        ),
    ),
    rates=(
        Rate(
            name="fall of the loss by a step, less the reward, against eta",
            scales=[2.0**-k for k in range(2, 10)],
            error=fall,
            claim=Asymptote(2, -2),
            wrong={"first order": Asymptote(1), "no half": Asymptote(2, -4)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Validation scores alone can be blind: two models in equal shares with the same validation
loss $(w-1)^2/2$, training losses $(w+1)^2/2$ and $(w-1)^2/2$, $w = 0$, $\eta = 1/2$. The direct term is 0. The
mean training gradient is 0, so $w' = 0$, $g = -1$, the gradients are $1$ and $-1$, and the response in the
second logit is $-\frac{1}{2}\cdot\frac{1}{4}\cdot 2 = -1/4$: raise it.""",
            numbers={"direct": 0.0, "response": -0.25},
            compute=example,
        ),
    ),
    references=(
        "R. J. Williams, Machine Learning 8, 1992",
        "H. Liu, K. Simonyan and Y. Yang, DARTS, ICLR 2019 (one step, for a relaxed architecture)",
        "X. Wang, H. Pham et al., Optimizing data usage via differentiable rewards, ICML 2020 (of rows, not models)",
    ),
    covers=("continuum.hypergrad.unrolled", "continuum.estimators.exact", "continuum.estimators.categorical"),
    document="n10_2_response_as_reward.md",
)
