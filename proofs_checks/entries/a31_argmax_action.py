"""An action that is the argmax of a softmax jumps at ties with derivative 0 elsewhere; its mean over noise has one."""

from collections.abc import Callable

import numpy as np
import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.func import jacrev
from torch.testing import assert_close

from continuum.estimators import Categorical
from continuum.search.environments.representations import SoftmaxArgmax
from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.noise import gumbels

ACTIONS = 4
STEP = 2.0**-12
Jacobian = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """Two actions: the jump, its derivative off the tie, and the derivative of its mean under two laws of noise."""
    gap, x = sp.symbols("d x", real=True)
    share = 1 / (1 + sp.exp(-gap))  # softmax of (d, 0)
    action = Derivation("first action taken", sp.Heaviside(2 * share - 1))
    action = action.rewrite(sp.Heaviside(gap), "softmax keeps the order", _off_the_tie)
    action = action.apply(lambda e: sp.diff(e, gap), sp.DiracDelta(gap), "as a distribution")
    action = action.apply(lambda e: e.subs(gap, sp.Symbol("d", nonzero=True)), sp.Integer(0), "off the tie")
    action.claims(sp.Integer(0), {"softmax": sp.diff(share, gap)}, _at_points)
    jump = Derivation("difference across the tie", sp.Heaviside(x) - sp.Heaviside(-x))
    jump = jump.apply(lambda e: sp.limit(e, x, 0, "+"), sp.Integer(1), "from both sides")

    # The difference of two Gumbel variables is logistic.
    density = sp.exp(-x) / (1 + sp.exp(-x)) ** 2
    noisy = Derivation("mean under Gumbel noise", sp.Integral(density, (x, -gap, sp.oo)))
    noisy = noisy.rewrite(share, "primitive 1 / (1 + exp(-x))", _by_slope)
    noisy = noisy.apply(lambda e: sp.diff(e, gap), share * (1 - share), "derivative in the logit")
    normal = Derivation("mean under normal noise", (1 + sp.erf(gap / 2)) / 2)  # differences have variance 2
    normal = normal.apply(
        lambda e: sp.diff(e, gap), sp.exp(-(gap**2) / 4) / (2 * sp.sqrt(sp.pi)), "derivative in the logit"
    )
    return [
        action,
        jump.claims(sp.Integer(1), {"continuous": sp.Integer(0)}),
        noisy.claims(share * (1 - share), {"none": sp.Integer(0), "share": share}),
        normal.claims(sp.exp(-(gap**2) / 4) / (2 * sp.sqrt(sp.pi)), {"none": sp.Integer(0)}),
    ]


def _off_the_tie(left: sp.Expr, right: sp.Expr) -> bool:
    gap = sp.Symbol("d", real=True)
    return all(left.subs(gap, value) == right.subs(gap, value) for value in (-2, -sp.Rational(1, 9), 1, 5))


def _at_points(left: sp.Expr, right: sp.Expr) -> bool:
    values = [sp.Rational(1, 3), 1, 2]
    return all(abs(sp.N((left - right).subs(symbol, v))) < 1e-12 for v in values for symbol in _symbols(left - right))


def _symbols(expression: sp.Expr) -> list[sp.Symbol]:
    return sorted(expression.free_symbols, key=str) or [sp.Symbol("none")]


def _by_slope(left: sp.Integral, right: sp.Expr) -> bool:
    gap, (x, low, _) = sp.Symbol("d", real=True), left.limits[0]
    slope = -left.function.subs(x, low) * sp.diff(low, gap)
    return bool(sp.simplify(slope - sp.diff(right, gap)) == 0 and sp.limit(right, gap, -sp.oo) == 0)


def none(logits: Tensor) -> Tensor:
    """0."""
    return torch.zeros(ACTIONS, ACTIONS)


def softmax(logits: Tensor) -> Tensor:
    """diag(p) - p p'."""
    p = logits.softmax(-1)
    return p.diag() - p.outer(p)


def pinned(logits: Tensor) -> Tensor:
    """The row of the winner, as if it kept its own slope."""
    best = int(logits.argmax())
    return softmax(logits) * torch.eye(ACTIONS)[best].unsqueeze(-1)


def off_ties(formula: Jacobian, logits: Tensor) -> None:
    """Differences of the shipped argmax of a softmax, entry by entry; and autograd through hard samples."""
    best = logits.topk(2).values
    assume(float(best[0] - best[1]) > 4 * STEP)
    actions = [Categorical(logits).harden((logits + step).softmax(-1)) for step in (STEP * torch.eye(ACTIONS))]
    actions_back = [Categorical(logits).harden((logits - step).softmax(-1)) for step in (STEP * torch.eye(ACTIONS))]
    quotients = (torch.stack(actions, -1) - torch.stack(actions_back, -1)) / (2 * STEP)
    assert_close(quotients, formula(logits), rtol=0, atol=1e-6)
    law = Concrete(ACTIONS, 0.5, logits, mode="hard")
    with gumbels(torch.zeros(ACTIONS)):
        assert_close(law.gates().requires_grad, bool(formula(logits).any()))


def off_ties_of_the_environment(formula: Jacobian, logits: Tensor) -> None:
    """Differences of the width that the environment's action of logits means, logit by logit."""
    representation = SoftmaxArgmax(resolution=ACTIONS, on_grid=False)
    logits = logits / 4  # into the box of actions
    best = logits.topk(2).values
    assume(float(best[0] - best[1]) > 4 * STEP)

    def width(shift: Tensor) -> float:
        return representation.point(torch.cat([logits + shift, torch.zeros(1)]).numpy()).gamma

    quotients = [(width(step) - width(-step)) / (2 * STEP) for step in STEP * torch.eye(ACTIONS)]
    assert_close(torch.tensor(quotients), torch.tensor(representation.widths) @ formula(logits), rtol=0, atol=1e-6)


def of_the_mean(formula: Jacobian, logits: Tensor, surrogate: bool) -> None:
    """Derivative of the mean action over Gumbel noise; and of the straight-through sample, where its noise is 0."""
    law = Concrete(ACTIONS, 1.0, logits, mode="straight_through")
    if surrogate:
        with gumbels(torch.zeros(ACTIONS)):
            gates = law.gates()
        rows = [torch.autograd.grad(gate, law.logits, retain_graph=True)[0] for gate in gates[1:]]
        tails = torch.stack(rows)  # m_i = sum of nu_j over j >= i, and m_0 = 1
        actual = torch.cat([-tails[:1], tails[:-1] - tails[1:], tails[-1:]])
    else:
        actual = jacrev(lambda a: Categorical(a).probabilities())(logits)
    assert_close(actual, formula(logits), rtol=1e-10, atol=1e-12)


def at_a_tie(step: float) -> float:
    """Difference quotient of the first of two actions around equal logits."""
    q = Categorical(torch.zeros(2))
    ahead, back = (q.harden(torch.tensor([sign * step, 0.0]).softmax(-1))[0] for sign in (1, -1))
    return float(ahead - back) / (2 * step)


def example() -> dict[str, float]:
    """Value Q = 3 of action 1, 0 of action 2, logits (-1, 1): what the actor is told, with and without noise."""
    logits, values = torch.tensor([-1.0, 1.0]), torch.tensor([3.0, 0.0])
    policy = jacrev(lambda a: Categorical(a).probabilities() @ values)(logits)
    leaf = logits.clone().requires_grad_()
    through = (Categorical(leaf.detach()).harden(leaf.softmax(-1)) @ values).requires_grad
    return {"of the mean": float(policy[0]), "through the argmax": float(through)}


def slopes() -> dict[str, float]:
    """Two actions, the first with probability 1/4, of value x - 1.8 x^2 at x = 0 or 1: three slopes in its logit."""
    logits = torch.tensor([0.0, float(np.log(3.0))], requires_grad=True)
    law = Categorical(logits)
    p = law.probabilities()

    def value(x: Tensor) -> Tensor:
        return x - 1.8 * x**2

    hard = [harden + (p - p.detach()) for harden in law.support()]  # forward the action, backward the softmax
    through = sum(share.detach() * value(action[0]) for share, action in zip(p, hard, strict=True))
    mean = p @ value(law.support()[:, 0])
    slope = {"of the mean": mean, "soft": value(p[0]), "straight through": through}
    return {name: float(torch.autograd.grad(of, logits, retain_graph=True)[0][0]) for name, of in slope.items()}


IDENTITY = Identity(
    id="A31",
    title="softmax, then argmax, as an action",
    source="DFM",
    place="section 1.1, item 7, with footnote 2",
    printed=r"""RL on a discrete representation "using DDPG with a non-differentiable transition function": "This
basically forces the continuous actions of the actor to be in a softmax distribution and then selects the argmax as
the discrete action.".""",
    precise=r"""Let $b(a) = \mathrm{onehot}(\arg\max\,\mathrm{softmax}(a))$, $a \in R^K$, $K \geq 2$. Where the
largest entry is unique $b$ is constant nearby, so its derivative is 0: almost everywhere. Where two entries tie for
the largest $b$ jumps, whatever the rule for ties, and has no derivative. So the claim holds, and more: the gradient
that DDPG sends to its actor, $\nabla_b Q\cdot\partial b/\partial a$, is 0 at almost every action, and the softmax has
no part in it. With Gumbel noise on $a$ the *mean* of $b$ is $p = \mathrm{softmax}(a)$, with derivative
$\mathrm{diag}(p) - p p^T$; a straight-through sample puts such a derivative in the place of the 0. A real width
$\gamma$ needs neither: its network has a derivative in $\gamma$ between integers (A02).""",
    verdict=Verdict.HOLDS,
    proof=r"""Softmax is strictly increasing in the order of the entries, so $b$ depends on the signs of their
differences only, and these are constant in the open set without ties, whose complement is a finite union of
hyperplanes. At a tie of the largest entries raising one of them and raising the other give different $b$ at every
distance. $P(a_i + g_i = \max_j(a_j + g_j)) = p_i$ for independent Gumbel $g$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="differences of the shipped hard action, off ties",
            check=off_ties,
            claim=none,
            wrong={"softmax": softmax, "softmax, at the winner": pinned},
            given={"logits": strategies.logits(ACTIONS)},
        ),
        Witness(
            name="differences of the width that the shipped environment reads from logits, off ties",
            check=off_ties_of_the_environment,
            claim=none,
            wrong={"softmax": softmax, "softmax, at the winner": pinned},
            given={"logits": strategies.logits(ACTIONS)},
        ),
        Witness(
            name="shipped mean action, and straight-through samples",
            check=of_the_mean,
            claim=softmax,
            wrong={"none": none, "softmax, at the winner": pinned},
            given={"logits": strategies.logits(ACTIONS), "surrogate": st.booleans()},
        ),
    ),
    rates=(
        Rate(
            name="difference quotient at a tie, against its step",
            scales=[2.0**-k for k in range(4, 12)],
            error=at_a_tie,
            claim=Asymptote(-1, 0.5),
            wrong={"bounded": Asymptote(0), "twice the jump": Asymptote(-1, 1)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Two actions of values 3 and 0, logits $(-1, 1)$. The mean value $3p_1$ has the slope $3p_1p_2 =
0.31498$ in the first logit, and the better action would be learned; through the argmax autograd finds no gradient at
all.""",
            numbers={"of the mean": 0.31498, "through the argmax": 0.0},
            compute=example,
            tolerance=5e-6,
        ),
        Counterexample(
            text=r"""Derivatives that are put in the place of the 0 can point the wrong way. Two actions, the first
with probability $p = 1/4$; the value is $Q(x) = x - 1.8 x^2$ at $x = 1$ for the first and $x = 0$ for the second.
The mean value has the slope $p(1-p)(Q(1)-Q(0)) = -0.15$ in the first logit. The soft action, $Q$ at $x = p$, has
$p(1-p)Q'(p) = 0.01875$, and the straight-through one, $Q'$ at the action taken, $p(1-p)[pQ'(1)+(1-p)Q'(0)] = 0.01875$
in the mean: both up, where the truth is down. All three agree where $Q$ is linear.""",
            numbers={"of the mean": -0.15, "soft": 0.01875, "straight through": 0.01875},
            compute=slopes,
        ),
    ),
    references=(
        "T. P. Lillicrap et al., Continuous control with deep reinforcement learning, ICLR 2016 (DDPG)",
        "E. J. Gumbel, Statistical theory of extreme values, 1954; C. J. Maddison, D. Tarlow, T. Minka, A* sampling, "
        "NeurIPS 2014 (the maximum of perturbed logits)",
        "Y. Bengio, N. Leonard and A. Courville, arXiv:1308.3432, 2013 (straight-through)",
    ),
    covers=(
        "continuum.estimators.categorical",
        "continuum.widths.concrete",
        "continuum.search.environments.representations",
    ),
)
