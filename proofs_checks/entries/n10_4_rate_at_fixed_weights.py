"""What a controller's own gradient says of a learning rate: nothing at fixed weights, all by looking ahead."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.func import grad
from torch.testing import assert_close

from continuum.estimators import Categorical, ScoreFunction
from continuum.hypergrad import Bilevel, Direct, Unrolled
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.shared_weights import SharedWeights

MODELS, WEIGHTS = 2, 2
#: Learning rates that the controller chooses from.
LRS = (0.05, 0.4)


def derive() -> list[Derivation]:
    """A reward that knows the parameter; a rate at fixed weights; and one that looks a step ahead."""
    theta, eta, w, h, k = sp.symbols("theta eta w h K", real=True)
    q = 1 / (1 + sp.exp(-theta))
    f, g = sp.Function("f")(theta), sp.Function("g")(theta)
    whole = Derivation("d/dtheta of the mean of f and g", sp.diff(q * f + (1 - q) * g, theta))
    score = q * f * sp.diff(sp.log(q), theta) + (1 - q) * g * sp.diff(sp.log(1 - q), theta)
    path = q * sp.diff(f, theta) + (1 - q) * sp.diff(g, theta)
    whole = whole.rewrite(score + path, "product rule, dq = q dlog q").claims(
        score + path, {"score alone": score, "path alone": path}
    )

    reward, shares = sp.symbols("F_1 F_2", real=True), sp.symbols("p_1 p_2", positive=True)
    rate = Derivation("a rate's logit, reward of architectures alone", sum(
        p * (q * r * sp.diff(sp.log(q), theta) + (1 - q) * r * sp.diff(sp.log(1 - q), theta))
        for p, r in zip(shares, reward, strict=True)
    ))  # fmt: skip
    rate = rate.rewrite(sp.Integer(0), "the score of the rate has mean 0 whatever the architecture")
    rate = rate.claims(sp.Integer(0), {"the mean reward": reward[0], "some": q * (1 - q)})

    first, second, slope = sp.symbols("eta_1 eta_2 l", real=True)

    def ahead(step: sp.Expr) -> sp.Expr:
        return k * (w - step * slope - h) ** 2 / 2

    look = Derivation("looking ahead", sp.diff(q * ahead(first) + (1 - q) * ahead(second), theta))
    look = look.rewrite(q * (1 - q) * (ahead(first) - ahead(second)), "two rates")
    leading = look.value.subs({first: eta * first, second: eta * second})
    look = Derivation("leading order in the size of rates", leading)
    claim = -q * (1 - q) * (first - second) * k * (w - h) * slope
    look = look.apply(lambda e: sp.diff(e, eta).subs(eta, 0), claim, "slope at 0")
    return [whole, rate, look.claims(claim, {"none": sp.Integer(0), "sign": -claim})]


def losses(problem: SharedWeights, w: Tensor) -> Tensor:
    """Validation losses by architecture and rate, one step ahead of w on the training loss of the architecture."""
    rows = []
    for model in range(MODELS):
        pull = grad(problem.train)(w, model)
        rows.append(torch.stack([problem.validate(w - lr * pull, model) for lr in LRS]))
    return torch.stack(rows)


def now(problem: SharedWeights, w: Tensor) -> Tensor:
    """The same at w: no rate has a part in it."""
    return torch.stack([problem.validate(w, model) for model in range(MODELS)])[:, None].expand(-1, len(LRS))


Gradient = Callable[[SharedWeights, Tensor, Tensor, Tensor, bool], Tensor]


def covariance(problem: SharedWeights, w: Tensor, architecture: Tensor, rate: Tensor, ahead: bool) -> Tensor:
    """Of the rate's logits: 0 at fixed weights; ahead, rho_j (mean reward at rate j - mean reward)."""
    if not ahead:
        return torch.zeros_like(rate)
    shares = rate.softmax(-1)
    means = architecture.softmax(-1) @ losses(problem, w)
    return shares * (means - shares @ means)


def blind(problem: SharedWeights, w: Tensor, architecture: Tensor, rate: Tensor, ahead: bool) -> Tensor:
    """As if looking ahead said nothing, either."""
    return 0 * covariance(problem, w, architecture, rate, ahead)


def without_baseline(problem: SharedWeights, w: Tensor, architecture: Tensor, rate: Tensor, ahead: bool) -> Tensor:
    """rho_j times the mean reward at rate j, as if the score did not have mean 0."""
    reward = losses(problem, w) if ahead else now(problem, w)
    return rate.softmax(-1) * (architecture.softmax(-1) @ reward)


def opposite(problem: SharedWeights, w: Tensor, architecture: Tensor, rate: Tensor, ahead: bool) -> Tensor:
    """The other sign."""
    return -covariance(problem, w, architecture, rate, ahead)


def by_score(
    formula: Gradient, problem: SharedWeights, w: Tensor, architecture: Tensor, rate: Tensor, ahead: bool
) -> None:
    """The shipped score function, enumerated, on one law of both choices, in the logits of the rate."""
    reward = losses(problem, w) if ahead else now(problem, w)
    joint = (architecture[:, None] + rate).flatten()
    gradient = enumerated(Categorical(joint), lambda sample: sample @ reward.flatten())
    assert_close(
        gradient.reshape(MODELS, len(LRS)).sum(0),
        formula(problem, w, architecture, rate, ahead),
        rtol=1e-10,
        atol=1e-11,
    )


def enumerated(law: Categorical, loss: Callable[[Tensor], Tensor]) -> Tensor:
    """Mean of the shipped score function over noise that makes each outcome win as often as it should."""
    total = torch.zeros_like(law.logits)
    for outcome, share in enumerate(law.probabilities()):
        noise = torch.full((1, 1, law.outcomes), 1e-9)
        noise[0, 0, outcome] = 1 - 1e-9
        total = total + share * ScoreFunction(1)(law, loss, noise=noise).gradient
    return total


Parts = Callable[[Tensor, Tensor], Tensor]


def score_and_path(logits: Tensor, values: Tensor) -> Tensor:
    """Of sum_k q_k v_k sin(theta_k + k): the probabilities' part and the reward's own."""
    q, inside = logits.softmax(-1), logits + torch.arange(len(logits))
    reward = values * inside.sin()
    return q * (reward - q @ reward) + q * values * inside.cos()


def score_alone(logits: Tensor, values: Tensor) -> Tensor:
    """As if the reward did not know the parameter."""
    q, reward = logits.softmax(-1), values * (logits + torch.arange(len(logits))).sin()
    return q * (reward - q @ reward)


def path_alone(logits: Tensor, values: Tensor) -> Tensor:
    """As if the probabilities did not move."""
    return score_and_path(logits, values) - score_alone(logits, values)


def by_both(formula: Parts, logits: Tensor, values: Tensor) -> None:
    """The shipped score function, enumerated, and what flows back through its losses."""
    leaf = logits.clone().requires_grad_()

    def reward(sample: Tensor) -> Tensor:
        return (sample * values * (leaf + torch.arange(len(logits))).sin()).sum(-1)

    law, path = Categorical(logits), torch.zeros_like(logits)
    for outcome, share in zip(law.support(), law.probabilities(), strict=True):
        path = path + share * torch.autograd.grad(reward(outcome), leaf)[0]
    assert_close(enumerated(law, reward) + path, formula(logits, values), rtol=1e-9, atol=1e-10)


def by_bilevel(formula: Callable[[float, Tensor, Tensor], tuple[float, Tensor]], w: Tensor, lr: float) -> None:
    """The shipped direct term and one-step response in the logarithm of a rate."""
    problem = Bilevel(lambda w, h: (w**2).sum() / 2 + (w[0] * w[1]), lambda w, h: (w - 1).square().sum() / 2)
    start = torch.tensor(lr).log()
    direct = Direct()(problem, w, start)
    ahead = Unrolled(1, lr=lambda h: h.exp())(problem, w, start)
    pull = w + w.flip(0)
    claim = formula(lr, pull, w - lr * pull - 1)
    assert_close((float(direct.total), ahead.response), claim, rtol=1e-10, atol=1e-11)


def response(lr: float, pull: Tensor, push: Tensor) -> tuple[float, Tensor]:
    """0, and -eta <grad F at the new weights, grad L>."""
    return 0.0, -lr * push @ pull


def at_old_weights(lr: float, pull: Tensor, push: Tensor) -> tuple[float, Tensor]:
    """The slope of F before the step."""
    return 0.0, -lr * (push + lr * pull) @ pull


def nothing(lr: float, pull: Tensor, push: Tensor) -> tuple[float, Tensor]:
    """No response."""
    return 0.0, 0 * pull.sum()


def remainder(size: float) -> float:
    """Gradient of a rate's logit, two rates of the size s and 2 s, less its leading order."""
    target, w = 1.0, 0.0  # F = (w - 1)^2 / 2, L = (w - 2)^2 / 2
    values = torch.tensor([(w + size * k * 2.0 - target) ** 2 / 2 for k in (1, 2)])
    gradient = enumerated(Categorical(torch.zeros(2)), lambda sample: sample @ values)
    return float(gradient[1]) + size / 4 * 2.0


def example() -> dict[str, float]:
    """F = (w - 1)^2 / 2, L = (w - 2)^2 / 2, w = 0, rates 0.1 and 0.4, each with probability 1/2."""
    law = Categorical(torch.zeros(2))
    fixed, ahead = torch.tensor([0.5, 0.5]), torch.tensor([0.32, 0.02])
    return {
        "fixed": float(enumerated(law, lambda sample: sample @ fixed)[1]),
        "ahead": float(enumerated(law, lambda sample: sample @ ahead)[1]),
    }


IDENTITY = Identity(
    id="N10.4",
    title="a learning rate at fixed weights",
    source="here",
    place="for controllers of architecture and optimiser that share weights",
    printed=r"""$\partial_\theta E f = E[f\,\partial_\theta\log q + \partial_\theta f]$""",
    precise=r"""(i) $k \sim q_\theta$ with finitely many outcomes and smooth $q > 0$, $f(k, \theta)$ smooth: the
derivative of $E f$ in $\theta$ is $E[f\,\partial_\theta\log q_\theta(k) + \partial_\theta f(k, \theta)]$; REINFORCE
is its first part, and all of it where the reward does not know $\theta$.
(ii) A controller draws an architecture $A$ and an optimiser's setting $j$, such as a rate, with a law $q(A)q(j|A)$.
Judged by $F_A(w)$ at weights $w$ that are given, the mean reward has the derivative *exactly 0* in each parameter that
moves $q(j|A)$ alone, whether or not $j$ depends on $A$: what REINFORCE reports of them is noise of mean 0.
(iii) Judged a step ahead, by $F_A(w - \eta_j\nabla L_A(w))$, a logit $\psi_j$ of a rate that is drawn for itself, with
probability $\rho_j$, has the derivative $\rho_j(\bar F_j - \sum_i\rho_i\bar F_i)$, $\bar F_j$ the mean over $A$; to
first order in the size of rates it is $-\rho_j(\eta_j - \bar\eta)\,E_A\langle\nabla F_A, \nabla L_A\rangle$. A rate
$\eta$ that is no draw but a number has the direct term 0 and the one-step response $-\langle\nabla F(w'), \nabla
L(w)\rangle$, $w' = w - \eta\nabla L(w)$. So a joint controller learns a rate by the response or by looking ahead,
and by nothing else.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) The product rule and $\partial q = q\,\partial\log q$. (ii) $\sum_A q(A)F_A(w)\sum_j\partial q(j|A) =
0$, since $\sum_j q(j|A) = 1$. (iii) $\partial\rho_i/\partial\psi_j = \rho_i(1_{i=j} - \rho_j)$, and $\bar F_j = \bar
F - \eta_jE\langle\nabla F_A, \nabla L_A\rangle + O(\eta_j^2)$; the chain rule in $\eta$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped score function over architectures and rates, at fixed weights and a step ahead",
            check=by_score,
            claim=covariance,
            wrong={"nothing by looking ahead": blind, "score without mean 0": without_baseline, "sign": opposite},
            given={
                "problem": strategies.shared_weights(MODELS, WEIGHTS),
                "w": strategies.tensors(WEIGHTS),
                "architecture": strategies.logits(MODELS),
                "rate": strategies.logits(len(LRS)),
                "ahead": st.booleans(),
            },
            examples=12,
        ),
        Witness(
            name="shipped score function of a reward that knows its parameter",
            check=by_both,
            claim=score_and_path,
            wrong={"score alone": score_alone, "path alone": path_alone},
            given={"logits": strategies.logits(3), "values": strategies.tensors(3)},
            examples=12,
        ),
        Witness(
            name="shipped direct term and response of a rate that is a number",
            check=by_bilevel,
            claim=response,
            wrong={"slope at the old weights": at_old_weights, "no response": nothing},
            given={"w": strategies.tensors(WEIGHTS), "lr": strategies.numbers(0.01, 0.5)},
        ),
    ),
    rates=(
        Rate(
            name="gradient of a rate's logit less its leading order, against the size of rates",
            scales=[2.0**-k for k in range(2, 10)],
            error=remainder,
            claim=Asymptote(2, 1.5),
            wrong={"first order": Asymptote(1), "half": Asymptote(2, 0.75)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One weight $w = 0$, $F = (w-1)^2/2$, $L = (w-2)^2/2$, rates 0.1 and 0.4 with probability 1/2 each.
At fixed weights both are worth $F = 0.5$, and the logit of 0.4 has the slope 0. A step ahead they are worth 0.32 and
0.02, and it has the slope $\frac{1}{4}(0.02 - 0.32) = -0.075$: the larger rate is learned.""",
            numbers={"fixed": 0.0, "ahead": -0.075},
            compute=example,
        ),
    ),
    references=(
        "R. J. Williams, Machine Learning 8, 1992",
        "J. Schulman, N. Heess, T. Weber and P. Abbeel, Gradient estimation using stochastic computation graphs, "
        "NIPS 2015 (i)",
        "A. G. Baydin et al., Online learning rate adaptation with hypergradient descent, ICLR 2018 (the response)",
    ),
    covers=("continuum.estimators.score", "continuum.hypergrad.direct", "continuum.hypergrad.unrolled"),
    document="n10_4_rate_at_fixed_weights.md",
)
