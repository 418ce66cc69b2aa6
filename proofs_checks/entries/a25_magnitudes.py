"""Sampled gates and gates that scale agree for multi-affine losses only; the gap of a squared loss is a covariance."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths.fuzzy import Fuzzy, Mode
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.noise import cells, uniforms

UNITS, PARTS = 3, 8
Gap = Callable[[Network, Tensor, str], Tensor]


def derive() -> list[Derivation]:
    """Sum over all masks of three independent units: any multi-affine loss, and any quadratic one."""
    grades, masks = sp.symbols("g_1:4", positive=True), [(i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    gates = sp.symbols("m_1:4", real=True)

    def expected(loss: sp.Expr) -> sp.Expr:
        shares = (sp.prod([g if on else 1 - g for g, on in zip(grades, m, strict=True)]) for m in masks)
        values = (loss.subs(dict(zip(gates, m, strict=True))) for m in masks)
        return sum(share * value for share, value in zip(shares, values, strict=True))

    def at_means(loss: sp.Expr) -> sp.Expr:
        return loss.subs(dict(zip(gates, grades, strict=True)))

    affine = sum(
        sp.Symbol("b_" + "".join(map(str, m))) * sp.prod([x**p for x, p in zip(gates, m, strict=True)]) for m in masks
    )
    same = Derivation("multi-affine loss", expected(affine)).rewrite(at_means(affine), "E of a product of gates")

    factors = sp.symbols("c_1:4", real=True)
    target = sp.Symbol("t", real=True)
    square = (sum(c * m for c, m in zip(factors, gates, strict=True)) - target) ** 2 / 2
    claim = sum(g * (1 - g) * c**2 for g, c in zip(grades, factors, strict=True)) / 2
    gap = Derivation("squared loss", expected(square) - at_means(square))
    wrong = {
        "no gap": sp.Integer(0),
        "g instead of g (1 - g)": sum(g * c**2 for g, c in zip(grades, factors, strict=True)) / 2,
        "factor 1/2 lost": 2 * claim,
    }
    curvature = sum(g * (1 - g) * sp.diff(square, m, 2) for g, m in zip(grades, gates, strict=True)) / 2
    gap = gap.rewrite(curvature, "half the sum of g (1 - g) times the second derivatives")
    return [
        same.claims(at_means(affine), {"at the corner": affine.subs(dict.fromkeys(gates, 1))}),
        gap.claims(claim, wrong),
    ]


def covariance(grades: Tensor, mode: str) -> Tensor:
    """Of the gates, by the definition of each coupling."""
    if mode == "bernoulli":
        return (grades * (1 - grades)).diag()
    if mode == "comonotone":
        return torch.minimum(grades, grades.unsqueeze(-1)) - grades.outer(grades)
    ends = grades.cumsum(0)
    offsets = cells(PARTS)
    gates = (ends + offsets).floor() - (ends - grades + offsets).floor()
    return gates.T @ gates / PARTS - grades.outer(grades)


def half_trace(network: Network, grades: Tensor, mode: str) -> Tensor:
    """1/2 sum of Cov(m_i, m_j) <c_i, c_j>, the mean over data included."""
    c = network.contributions()
    inner = torch.einsum("inc,jnc->ij", c, c) / c.shape[1]
    return (covariance(grades, mode) * inner).sum() / 2


def none(network: Network, grades: Tensor, mode: str) -> Tensor:
    """E L(m) = L(g)."""
    return torch.zeros(())


def raw(network: Network, grades: Tensor, mode: str) -> Tensor:
    """g in place of its variance."""
    return network.contributions().square().sum(-1).mean(-1) @ grades / 2


def independent(network: Network, grades: Tensor, mode: str) -> Tensor:
    """As if every coupling were independent."""
    return half_trace(network, grades, "bernoulli")


def by_enumeration(formula: Gap, network: Network, grades: Tensor, mode: Mode) -> None:
    """Mean loss over all samples of the shipped law, less the loss at its mean gates."""
    noise = cells(PARTS, UNITS if mode == "bernoulli" else 1)
    every = grades.expand(len(noise), UNITS)
    width = Fuzzy(UNITS, every.sum(-1), every, mode=mode)
    with uniforms(noise):
        sampled = network.loss(width.gates().unsqueeze(1))  # the mean over all samples
    scaled = network.loss(width.eval().gates()[0])
    assert_close((sampled - scaled).detach(), formula(network, grades, mode), rtol=1e-11, atol=1e-12)


def example() -> dict[str, float]:
    """One unit with contribution 1, target 0, grade 1/2, F = z^2 / 2."""
    width = Fuzzy(1, torch.full((2,), 0.5), torch.full((2, 1), 0.5), mode="bernoulli")
    with uniforms(torch.tensor([0.25, 0.75])):
        sampled = (width.gates().square() / 2).mean()
    return {"sampled": sampled.item(), "scaled": (width.eval().gates()[0].square() / 2).item()}


IDENTITY = Identity(
    id="A25",
    title="in expectation, not in magnitude",
    source="DFM",
    place="section 1.7, fuzzy vector spaces",
    printed=r""""we gradient ascend on which neurons will be active in expectation and not in the magnitudes of
their contributions".""",
    precise=r"""Let $m_i \in \{0,1\}$ be independent with $P(m_i=1) = g_i$ and $L$ a function on $[0,1]^N$. Then
$E\,L(m) = L(g)$ for all $g$ iff $L$ is multi-affine (affine in each gate): then a grade acts as a probability and
as a magnitude alike. For a quadratic $L$ the difference is exactly $E\,L(m) - L(g) =
\frac{1}{2}\sum_{i,j}\operatorname{Cov}(m_i,m_j)\,\partial_{ij}L$ under any coupling; for independent gates and $L =
\frac{1}{2}|\sum_i m_i c_i - t|^2$ it is $\frac{1}{2}\sum_i g_i(1-g_i)|c_i|^2$. So the printed sentence is true of
gates that are sampled; gates that scale by their grade are magnitudes.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$E\,L(m) = \sum_S L(1_S)\prod_{i\in S} g_i \prod_{i\notin S}(1-g_i)$ is multi-affine in $g$, so if it
equals $L$, $L$ is. Conversely the mean of a product of different independent gates is the product of their means.
For a quadratic $L$ the Taylor formula at $g$ is exact, and the linear term has mean 0.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="sampled and scaled gates of the fuzzy law, squared loss",
            check=by_enumeration,
            claim=half_trace,
            wrong={"no gap": none, "g instead of g (1 - g)": raw, "every coupling as if independent": independent},
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "grades": strategies.coarse_grades(UNITS, PARTS),
                "mode": st.sampled_from(["bernoulli", "systematic", "comonotone"]),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One unit with contribution 1, target 0, $L(m) = \frac{1}{2}m^2$ and $g = 1/2$: on or off with
equal chances it loses $1/4$ in the mean; scaled by its grade it loses $1/8$.""",
            numbers={"sampled": 0.25, "scaled": 0.125},
            compute=example,
        ),
    ),
    references=(
        "G. Calinescu, C. Chekuri, M. Pal and J. Vondrak, Maximizing a monotone submodular function subject to a "
        "matroid constraint, SIAM J. Comput. 40, 2011 (multilinear extension)",
        "S. Wager, S. Wang and P. Liang, Dropout training as adaptive regularization, NIPS 2013 (the quadratic gap)",
    ),
    covers=("continuum.widths.fuzzy", "continuum.widths.sampling"),
)
