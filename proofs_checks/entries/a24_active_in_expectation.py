"""The gradient of the expected loss in the probability of a unit is the mean change that turning it on makes."""

from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.estimators import Bernoulli, Exact, ScoreFunction
from continuum.widths import Fuzzy
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.noise import cells, uniforms

UNITS, PARTS = 3, 8
Gradient = Callable[[Network, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Any loss on {0, 1}^3: differentiate the sum over all masks; then the mean of loss times score."""
    grades, masks = sp.symbols("g_1:4", positive=True), [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    loss = {m: sp.Symbol(f"L_{m[0]}{m[1]}{m[2]}") for m in masks}

    def probability(m: tuple[int, ...], units: tuple[int, ...] = (0, 1, 2)) -> sp.Expr:
        return sp.prod([grades[i] if m[i] else 1 - grades[i] for i in units])

    expected = sum(probability(m) * loss[m] for m in masks)

    def side(value: int) -> sp.Expr:
        return sum(probability(m, (1, 2)) * loss[m] for m in masks if m[0] == value)

    wrong = {"at the means of the others": loss[1, 1, 1] - loss[0, 1, 1], "other order": side(0) - side(1)}
    direct = Derivation("derivative in g_1", expected).apply(
        lambda e: sp.diff(e, grades[0]), side(1) - side(0), "each probability is affine in g_1"
    )
    score = sum(probability(m) * loss[m] * sp.diff(sp.log(probability(m)), grades[0]) for m in masks)
    by_score = Derivation("mean of loss times score", score)
    by_score = by_score.rewrite(side(1) - side(0), "the score is 1/g_1 or -1/(1 - g_1)")
    return [direct.claims(side(1) - side(0), wrong), by_score.claims(sp.diff(expected, grades[0]), wrong)]


def losses(network: Network, gates: Tensor) -> Tensor:
    """Loss for each row of gates."""
    flat = [network.loss(row) for row in gates.reshape(-1, network.units)]
    return torch.stack(flat).reshape(gates.shape[:-1])


def probability(grades: Tensor, masks: Tensor) -> Tensor:
    """Of the masks, for independent units."""
    return torch.where(masks > 0, grades, 1 - grades).prod(-1)


def secant(network: Network, grades: Tensor) -> Tensor:
    """E[L | m_i = 1] - E[L | m_i = 0]."""
    masks = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * UNITS)
    secants = []
    for unit in range(UNITS):
        share = [
            probability(grades.index_fill(0, torch.tensor([unit]), 0.5), masks) * 2 * (masks[:, unit] == value)
            for value in (1, 0)
        ]
        secants.append(((share[0] - share[1]) * losses(network, masks)).sum())
    return torch.stack(secants)


def mean_field(network: Network, grades: Tensor) -> Tensor:
    """dL/dg_i of the network whose gates are the grades."""
    gates = grades.clone().requires_grad_()
    return torch.autograd.grad(network.loss(gates), gates)[0]


def one_at_a_time(network: Network, grades: Tensor) -> Tensor:
    """Each unit alone is on or off, the others at their grades."""
    on, off = (torch.stack([grades.index_fill(0, torch.tensor([i]), v) for i in range(UNITS)]) for v in (1.0, 0.0))
    return losses(network, on) - losses(network, off)


def by_estimators(formula: Gradient, network: Network, logits: Tensor) -> None:
    """Exact gradient and secants, and the mean of the score function with and without a baseline."""
    q = Bernoulli(logits)
    grades = q.probabilities()
    expected = formula(network, grades)

    def loss(gates: Tensor) -> Tensor:
        return losses(network, gates)

    assert_close(Exact().secants(q, loss), expected, rtol=1e-11, atol=1e-12)
    in_logits = grades * (1 - grades) * expected
    assert_close(Exact()(q, loss).gradient, in_logits, rtol=1e-11, atol=1e-12)
    masks = q.support()
    # One sample for each mask: noise in the middle of the part of [0, 1] that gives its outcome.
    noise = torch.where(masks > 0, 1 - grades / 2, (1 - grades) / 2).unsqueeze(0)
    for baseline in (None, 0.7):
        estimate = ScoreFunction(len(masks), baseline=baseline)(q, loss, noise=noise)
        mean = (q.log_prob(masks).exp().unsqueeze(-1) * estimate.gradients).sum(0)
        assert_close(mean, in_logits, rtol=1e-11, atol=1e-12)


def straight_through(network: Network, grades: Tensor) -> Tensor:
    """The exact derivative, plus |c_i|^2 (g_i - 1/2)."""
    size = network.contributions().square().sum(-1).mean(-1)
    return secant(network, grades) + size * (grades - 0.5)


def twice(network: Network, grades: Tensor) -> Tensor:
    """The offset for a loss without the factor 1/2."""
    return 2 * straight_through(network, grades) - secant(network, grades)


def on_the_law(formula: Gradient, network: Network, grades: Tensor) -> None:
    """Mean straight-through gradient of the shipped law, in its scores, over all samples."""
    noise = cells(PARTS, UNITS)
    every = grades.expand(len(noise), UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode="bernoulli")
    with uniforms(noise):
        loss = network.loss(width.gates().unsqueeze(1))  # the mean over all samples
    gradient = torch.autograd.grad(loss, width.scores)[0].sum(0)
    secants = formula(network, grades)
    assert_close(gradient, secants - secants.mean(), rtol=1e-11, atol=1e-12)  # all grades are free: dg/dp = I - 11'/N


INTERIOR = strategies.coarse_grades(UNITS, PARTS - 2).map(lambda g: (g * (PARTS - 2) + 1) / PARTS)

IDENTITY = Identity(
    id="A24",
    title="gradient of the expected loss in a grade",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""in a sense we gradient ascend on which neurons will be active in expectation".""",
    precise=r"""Let $m_i$ be independent with $P(m_i = 1) = g_i = \sigma(a_i)$, $0 < g_i < 1$, and $L$ any function
on $\{0,1\}^N$. Then $\frac{\partial}{\partial g_i} E\,L(m) = E[L \mid m_i = 1] - E[L \mid m_i = 0]$, and
$\frac{\partial}{\partial a_i} E\,L(m) = g_i(1-g_i)$ times that. The score function $(L(m) - b)(m_i - g_i)$, $b$ any
constant, has this mean, so that a step along it does ascend on which units are active. A straight-through gradient,
$\partial_i L$ at the sample, has it if $L$ is affine in each $m_i$; for $L = \frac{1}{2}|\sum_i m_i c_i - t|^2$ it
is too large by $|c_i|^2(g_i - \frac{1}{2})$.""",
    verdict=Verdict.HOLDS,
    proof=r"""$E\,L = g_i E[L \mid m_i=1] + (1-g_i) E[L \mid m_i=0]$, where the two conditional means do not depend
on $g_i$. The score of $m_i$ in $a_i$ is $m_i - g_i$, which has mean 0, and $E[L(m)(m_i-g_i)] = g_i(1-g_i)(E[L \mid
m_i=1] - E[L \mid m_i=0])$. For the square, with $z = \sum_j g_j c_j$, $E\,\partial_i L = \langle z - t,
c_i\rangle$, while the difference is $\langle z - g_i c_i - t, c_i\rangle + \frac{1}{2}|c_i|^2$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="exact estimator and enumerated score function",
            check=by_estimators,
            claim=secant,
            wrong={"gates are the grades": mean_field, "the others at their means": one_at_a_time},
            given={"network": strategies.networks(UNITS), "logits": strategies.logits(UNITS)},
            examples=10,
        ),
        Witness(
            name="mean straight-through gradient of the fuzzy law, squared loss",
            check=on_the_law,
            claim=straight_through,
            wrong={"unbiased": secant, "offset without the 1/2": twice},
            given={"network": strategies.networks(UNITS, losses=("squared",)), "grades": INTERIOR},
            examples=10,
        ),
    ),
    references=(
        "R. J. Williams, Simple statistical gradient-following algorithms for connectionist reinforcement learning, "
        "Machine Learning 8, 1992",
        "Y. Bengio, N. Leonard and A. Courville, Estimating or propagating gradients through stochastic neurons, "
        "arXiv:1308.3432, 2013 (straight-through)",
    ),
    covers=(
        "continuum.estimators.exact",
        "continuum.estimators.score",
        "continuum.estimators.bernoulli",
        "continuum.widths.fuzzy",
        "continuum.widths.sampling",
    ),
)
