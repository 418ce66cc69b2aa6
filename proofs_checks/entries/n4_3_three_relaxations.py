"""Random gates extend a loss from masks to grades: independent ones multilinearly, nested ones as Lovasz did."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.func import vmap

from continuum.estimators import Bernoulli, Categorical, Exact
from continuum.widths import Concrete, Fuzzy, tail_sums
from continuum.widths.fuzzy import Mode
from proofs_checks import strategies
from proofs_checks.compare import close, require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import LOSSES, Network
from proofs_checks.noise import cells, uniforms

UNITS, PARTS, OUTPUTS = 3, 8, 3
SetLoss = Callable[[Tensor], Tensor]  # rows of masks to losses
Extension = Callable[[SetLoss, Tensor], Tensor]


def derive() -> list[Derivation]:
    """The threshold integral for three grades in order, its gradient, and the gap for two units and for a square."""
    return [_threshold(), _gradient(), _two_units(), _square()]


def _threshold() -> Derivation:
    u = sp.Symbol("u", positive=True)
    small, gap, lift, rest = sp.symbols("x d e f", positive=True)  # g_3 < g_2 < g_1 < 1
    third, second, first, one = small, small + gap, small + gap + lift, small + gap + lift + rest
    loss = sp.symbols("L_0:4")  # of the empty set, of the first unit, ...
    edges = [0, third, second, first, one]
    cuts = (sp.Integral(loss[3 - j], (u, edges[j], edges[j + 1])) for j in range(4))
    chain = Derivation("E L(cut at U), U uniform on [0, f + g_1]", sum(cuts))
    steps = rest * loss[0] + lift * loss[1] + gap * loss[2] + small * loss[3]
    chain = chain.apply(lambda e: e.doit(), steps, "between two grades the cut does not change")
    gains = one * loss[0] + first * (loss[1] - loss[0]) + second * (loss[2] - loss[1]) + third * (loss[3] - loss[2])
    wrong = {"no empty set": gains - one * loss[0], "rising order": gains.subs({loss[1]: loss[2], loss[2]: loss[1]})}
    return chain.claims(gains, wrong)


def _gradient() -> Derivation:
    """P(k > i) and the derivative of the expected loss of a random prefix, all gates but one held."""
    q, loss, move = sp.symbols("q_1:4"), sp.symbols("L_1:4"), sp.Symbol("d")
    moved = [q[0] - move, q[1] + move, q[2]]  # raises g_1 = P(k > 1) alone
    chain = Derivation("expected loss of a random width", sum(p * value for p, value in zip(moved, loss, strict=True)))
    chain = chain.apply(lambda e: sp.diff(e, move), loss[1] - loss[0], "derivative in g_1")
    return chain.claims(loss[1] - loss[0], {"next unit": loss[2] - loss[1], "from nothing": loss[1]})


def _two_units() -> Derivation:
    low, gap = sp.symbols("g_2 d", positive=True)
    high = low + gap
    none, first, second, both = sp.symbols("L_00 L_10 L_01 L_11")
    nested = (1 - high) * none + gap * first + low * both
    free = (1 - high) * (1 - low) * none + high * (1 - low) * first + (1 - high) * low * second + high * low * both
    chain = Derivation("nested less independent", nested - free)
    bend = none + both - first - second
    wrong = {"g_1 (1 - g_2)": high * (1 - low) * bend, "sign": -low * (1 - high) * bend}
    return chain.claims(low * (1 - high) * bend, wrong)


def _square() -> Derivation:
    """Any second moments p_ij of three gates, with p_ii = g_i."""
    c, g, target = sp.symbols("c_1:4", real=True), sp.symbols("g_1:4"), sp.Symbol("t", real=True)
    joint = {(i, j): sp.Symbol(f"p_{i}{j}") for i in range(3) for j in range(i + 1, 3)}
    cross = 2 * sum(p * c[i] * c[j] for (i, j), p in joint.items())
    square = cross + sum(a * b**2 for a, b in zip(g, c, strict=True))
    mean = square / 2 - target * sum(a * b for a, b in zip(g, c, strict=True)) + target**2 / 2
    free = mean.subs({p: g[i] * g[j] for (i, j), p in joint.items()})
    chain = Derivation("any coupling less independent units, squared loss", mean - free)
    claim = sum((p - g[i] * g[j]) * c[i] * c[j] for (i, j), p in joint.items())
    return chain.claims(claim, {"half": claim / 2, "each pair twice": 2 * claim})


def masks() -> Tensor:
    """All of {0, 1}^N."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * UNITS)


def multilinear(loss: SetLoss, grades: Tensor) -> Tensor:
    """Sum over all masks of their probability for independent units."""
    every = masks()
    return torch.where(every > 0, grades, 1 - grades).prod(-1) @ loss(every)


def nested(order: str = "falling", *, empty: bool = True) -> Extension:
    """L(nothing) + sum over units, grades falling, of grade times marginal gain; the Lovasz extension."""

    def value(loss: SetLoss, grades: Tensor) -> Tensor:
        places = {"falling": grades.argsort(descending=True), "rising": grades.argsort(), "given": torch.arange(UNITS)}
        place = places[order]
        chain = torch.tril(torch.ones(UNITS + 1, UNITS), -1)[:, place.argsort()]
        values = loss(chain)
        return grades[place] @ values.diff() + (values[0] if empty else 0)

    return value


def mean_field(loss: SetLoss, grades: Tensor) -> Tensor:
    """The loss at gates that are the grades."""
    return loss(grades.unsqueeze(0)).squeeze(0)


def sampled(loss: SetLoss, grades: Tensor, mode: Mode) -> Tensor:
    """Mean loss over all equally likely samples of the shipped law; grades are multiples of 1/8."""
    noise = cells(PARTS, UNITS if mode == "bernoulli" else 1)
    every = grades.expand(len(noise), UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode=mode)
    with uniforms(noise):
        return loss(width.gates().detach()).mean()


def of(network: Network) -> SetLoss:
    """Loss for each row of gates."""
    return lambda gates: vmap(network.loss)(gates.reshape(-1, UNITS)).reshape(gates.shape[:-1])


def by_samples(formula: dict[str, Extension], network: Network, grades: Tensor) -> None:
    """Independent and comonotone samples, the exact estimator, and gates that scale."""
    loss = of(network)
    for mode in ("bernoulli", "comonotone"):
        close(sampled(loss, grades, mode), formula[mode](loss, grades), 1e-11)
    inside = grades.clamp(1 / 16, 15 / 16)
    close(Exact()(Bernoulli(inside.logit()), loss).value.squeeze(), formula["bernoulli"](loss, inside), 1e-11)
    scaled = Fuzzy(UNITS, grades.sum(), grades).gates().detach()
    close(network.loss(scaled), formula["scale"](loss, grades), 1e-11)


def by_widths(formula: Extension, network: Network, logits: Tensor) -> None:
    """The random width of VMO: value, and gradient in the logits through its expected gates."""
    loss, law, q = of(network), Concrete(UNITS, 1.0, logits), Categorical(logits)
    estimate = Exact()(q, lambda one_hot: loss(tail_sums(one_hot)))
    grades = law.expected_gates()
    larger = [q.probabilities()[i:].sum() for i in range(UNITS)]  # P(k > i), the widths being 1..N
    close(grades.detach(), torch.stack(larger))
    value = formula(loss, grades)
    close(estimate.value.squeeze(), value.detach(), 1e-11)
    slope = torch.autograd.grad(value, law.logits)[0]
    close(estimate.gradient, slope, 1e-11)


Gains = Callable[[SetLoss, Tensor], Tensor]


def gains(loss: SetLoss, grades: Tensor) -> Tensor:
    """L(units of no smaller grade) - L(units of larger grade), for grades all different."""
    below = torch.stack([(grades > g).double() for g in grades])
    return loss(torch.maximum(below, torch.eye(UNITS))) - loss(below)


def from_nothing(loss: SetLoss, grades: Tensor) -> Tensor:
    """Each unit alone."""
    return loss(torch.eye(UNITS)) - loss(torch.zeros(UNITS, UNITS))


def from_the_top(loss: SetLoss, grades: Tensor) -> Tensor:
    """Marginal gains in rising order."""
    return gains(loss, -grades)


def by_steps(formula: Gains, network: Network, grades: Tensor) -> None:
    """Difference quotients of the mean over comonotone samples; the order of the grades does not change."""
    assume(len(set(grades.tolist())) == UNITS and float(grades.max()) < 1)
    loss, step = of(network), 1 / PARTS / 2
    noise = cells(2 * PARTS)
    moved = torch.stack([grades, *(grades + step * torch.eye(UNITS))])
    means = []
    for row in moved:
        every = row.expand(2 * PARTS, UNITS)
        with uniforms(noise):
            means.append(loss(Fuzzy(UNITS, every.sum(-1), every, mode="comonotone").gates().detach()).mean())
    values = torch.stack(means)
    close((values[1:] - values[0]) / step, formula(loss, grades), 1e-10)


def linear_output(contributions: Tensor, target: Tensor, criterion: str) -> SetLoss:
    """F(sum of m_i c_i) for rows of gates, c_i in R^3."""
    return vmap(lambda gates: LOSSES[criterion](gates @ contributions, target))


Pairs = Callable[[Tensor, Tensor], Tensor]


def minima(grades: Tensor, sizes: Tensor) -> Tensor:
    """Sum over pairs of (min(g_i, g_j) - g_i g_j) <c_i, c_j>."""
    return ((torch.minimum(grades, grades[:, None]) - grades.outer(grades)) * sizes).triu(1).sum()


def both_sides(formula: Pairs, contributions: Tensor, target: Tensor, grades: Tensor) -> None:
    """Comonotone less independent samples for a squared loss."""
    loss, sizes = linear_output(contributions, target, "squared"), contributions @ contributions.T
    gap = sampled(loss, grades, "comonotone") - sampled(loss, grades, "bernoulli")
    close(gap, formula(grades, sizes), 1e-11)


def ordered(formula: tuple[int, int], contributions: Tensor, grades: Tensor, target: Tensor, criterion: str) -> None:
    """Signs of nested less other couplings, for contributions of one sign and for pairs of negative product."""
    shift = contributions.abs().max() + 1
    repelling = (1.5 * shift + 0.5) * torch.eye(UNITS) - shift  # all products of two rows are -shift
    alike = linear_output(contributions.abs(), target, criterion)
    apart = linear_output(repelling, target, "squared")
    for loss, sign in ((alike, formula[0]), (apart, formula[1])):
        top = sampled(loss, grades, "comonotone")
        others = [sampled(loss, grades, mode) for mode in ("bernoulli", "systematic")]
        require(all(float(sign * (top - other)) >= -1e-11 for other in others), "another coupling goes beyond")
        low = mean_field(loss, grades)
        require(all(float(other - low) >= -1e-11 for other in (*others, top)), "below the mean field")


def mixed() -> dict[str, float]:
    """c = (1, 1, -1), target 0: nested less independent at two points."""
    loss = linear_output(torch.tensor([[1.0], [1.0], [-1.0]]), torch.zeros(1), "squared")
    points = {"g = (1/2, 1/2, 1)": [0.5, 0.5, 1.0], "g = (1/2, 1, 1/2)": [0.5, 1.0, 0.5]}
    figures = {}
    for name, point in points.items():
        grades = torch.tensor(point)
        figures[name] = float(sampled(loss, grades, "comonotone") - sampled(loss, grades, "bernoulli"))
    return figures


GIVEN = {"network": strategies.networks(UNITS), "grades": strategies.coarse_grades(UNITS, PARTS)}
CLAIM: dict[str, Extension] = {"bernoulli": multilinear, "comonotone": nested(), "scale": mean_field}
VECTORS = {
    "contributions": strategies.tensors(UNITS, OUTPUTS),
    "target": strategies.tensors(OUTPUTS),
    "grades": strategies.coarse_grades(UNITS, PARTS),
}

IDENTITY = Identity(
    id="N4.3",
    title="three relaxations of a loss on masks",
    source="here",
    place="grades and couplings",
    printed="",
    precise=r"""Let $L: \{0,1\}^N \to \mathbb{R}$, $g \in [0,1]^N$, and $f_C(g) = E\,L(m)$ for a coupling $C$ of
gates with $P(m_i = 1) = g_i$.

(i) Independent gates give the multilinear extension. A common threshold $m_i = 1[g_i > U]$, which is the coupling
of a fuzzy vector space, gives the Lovasz extension (Choquet integral): with the grades falling, $g_{(1)} \geq
\ldots \geq g_{(N)}$, and $L_j$ the loss of the first $j$ units, $f_{co}(g) = L_0 + \sum_j g_{(j)}(L_j - L_{j-1})$.
For grades all different, its gradient is the marginal gain of each unit in that order.

(ii) A random width $k \in \{1..N\}$ (VMO) with $g_i = P(k > i)$, units counted from 0, is the same coupling:
$E\,L = f_{co}(g)$ and $\partial E\,L/\partial g_i = L_{i+1} - L_i$. Every $g$ with $1 = g_0 \geq g_1 \geq \ldots$
comes from one such law; the first unit is never dropped.

(iii) If $L$ is supermodular ($L(S \cup T) + L(S \cap T) \geq L(S) + L(T)$), then $f_{co}(g) \geq f_C(g)$ for
*every* coupling $C$; if $L$ is submodular, $\leq$. For two units, $g_1 \geq g_2$: $f_{co} - f_{ind} =
g_2(1-g_1)(L_{00} + L_{11} - L_{10} - L_{01})$.

(iv) If $L$ is the restriction of $F(\sum_i m_i c_i)$ with $F$ convex, scaling gates by their grades gives at most
$f_C(g)$, for every coupling. Such an $L$ is supermodular if all $c_i \geq 0$ entry by entry and $F$ is a sum of
convex functions of one output each. For the squared loss it is super- (sub-) modular iff all $\langle c_i,
c_j\rangle \geq 0$ ($\leq 0$), $i \ne j$, and $f_{co} - f_{ind} = \sum_{i<j}(\min(g_i,g_j) - g_i g_j)\langle c_i,
c_j\rangle$; a network is in general neither, and no order between the two holds.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) Between neighbouring grades the cut $\{g_i > U\}$ does not change; sum by parts. (ii) The gates
$1[k > i]$ are nested with these means, and a law on a chain of sets is determined by its means. (iii) Among the
couplings of $g$ with the largest $E\,L$ (a compact set) take one with the largest $E|m|^2$. If it charged $S$ and
$T$, neither in the other, then moving mass from both to $S \cup T$ and $S \cap T$ would keep the means, not lower
$E\,L$, and raise $E|m|^2$. So it lives on a chain, and is the common threshold. (iv) Jensen for $m \mapsto F(\sum_i
m_i c_i)$. A convex function of a sum of non-negative numbers is supermodular. For the square $L(S \cup T) + L(S
\cap T) - L(S) - L(T) = \sum_{i \in S \setminus T, j \in T \setminus S}\langle c_i, c_j\rangle$, and only second
moments enter.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="samples of the fuzzy law, and the exact estimator",
            check=by_samples,
            claim=CLAIM,
            wrong={
                "one extension for both": CLAIM | {"comonotone": multilinear},
                "rising order": CLAIM | {"comonotone": nested("rising")},
                "order of the units": CLAIM | {"comonotone": nested("given")},
                "no empty set": CLAIM | {"comonotone": nested(empty=False)},
                "independent is scaling": CLAIM | {"bernoulli": mean_field},
                "scaling is independent": CLAIM | {"scale": multilinear},
            },
            given=GIVEN,
            examples=12,
        ),
        Witness(
            name="random widths",
            check=by_widths,
            claim=nested(),
            wrong={"multilinear": multilinear, "mean field": mean_field, "rising order": nested("rising")},
            given={"network": strategies.networks(UNITS), "logits": strategies.logits(UNITS)},
            examples=12,
        ),
        Witness(
            name="gradient in the grades",
            check=by_steps,
            claim=gains,
            wrong={"each unit alone": from_nothing, "rising order": from_the_top},
            given=GIVEN,
            examples=12,
        ),
        Witness(
            name="the gap for a squared loss",
            check=both_sides,
            claim=minima,
            wrong={
                "no order of the grades": lambda g, sizes: (g.outer(g) * sizes).triu(1).sum(),
                "each pair twice": lambda g, sizes: 2 * minima(g, sizes),
                "with the diagonal": lambda g, sizes: minima(g, sizes) + (g * (1 - g)) @ sizes.diagonal(),
            },
            given=VECTORS,
            examples=12,
        ),
        Witness(
            name="order of the couplings and of the mean field",
            check=ordered,
            claim=(1, -1),
            wrong={"always above": (1, 1), "always below": (-1, -1)},
            given=VECTORS | {"criterion": st.sampled_from(["squared", "logistic"])},
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Without a sign of the $\langle c_i, c_j\rangle$ there is no order. $N = 3$, one output, $c =
(1, 1, -1)$, target 0, $F = z^2/2$: at $g = (\frac{1}{2}, \frac{1}{2}, 1)$ nested less independent gates give
$(\frac{1}{2}-\frac{1}{4})\cdot 1 = 0.25$, at $g = (\frac{1}{2}, 1, \frac{1}{2})$ they give $(\frac{1}{2} -
\frac{1}{4})\cdot(-1) = -0.25$.""",
            numbers={"g = (1/2, 1/2, 1)": 0.25, "g = (1/2, 1, 1/2)": -0.25},
            compute=mixed,
        ),
    ),
    references=(
        "L. Lovasz, Submodular functions and convexity, in: Mathematical Programming, the State of the Art, 1983",
        "G. Calinescu, C. Chekuri, M. Pal, J. Vondrak, Maximizing a monotone submodular function subject to a matroid "
        "constraint, SIAM J. Comput. 40, 2011 (multilinear extension)",
        "A. H. Tchen, Inequalities for distributions with given marginals, Ann. Probab. 8, 1980 (iii)",
        "S. Agrawal, Y. Ding, A. Saberi, Y. Ye, Price of correlations in stochastic optimization, Oper. Res. 60, 2012",
        "G. Puccetti, R. Wang, Extremal dependence concepts, Statist. Sci. 30, 2015",
        "O. Rippel, M. Gelbart, R. Adams, Learning ordered representations with nested dropout, ICML 2014",
    ),
    covers=(
        "continuum.widths.fuzzy",
        "continuum.widths.sampling",
        "continuum.widths.concrete",
        "continuum.estimators.exact",
        "continuum.estimators.bernoulli",
        "continuum.estimators.categorical",
    ),
    document="n4_3_three_relaxations.md",
)
