"""The appendix prints the sum of Eq. 6 the wrong way round: it keeps the last units and turns the price round."""

from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Concrete, tail_sums
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network

UNITS = 4
Gates = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """Sum of the printed masks, and of their mean under any law of k."""
    nu = sp.symbols("nu_1:5", nonnegative=True)
    simplex = {nu[0]: 1 - sum(nu[1:])}
    printed = [sum(nu[: i + 1]) for i in range(UNITS)]
    mean = sum((j + 1) * share for j, share in enumerate(nu))
    total = Derivation("units on", sum(printed))
    total = total.rewrite(sum((UNITS - j) * share for j, share in enumerate(nu)), "share j is in the gates j, ..., K")
    total = total.apply(lambda e: sp.expand(e.subs(simplex)), UNITS + 1 - mean.subs(simplex), "the shares add up to 1")
    total.claims(UNITS + 1 - mean.subs(simplex), {"the mean width": mean.subs(simplex)})

    turned = Derivation("printed gate of unit 2", printed[1])
    eq6 = [sum(nu[i:]) for i in range(UNITS)]
    back = dict(zip(nu, reversed(nu), strict=True))
    turned = turned.rewrite(eq6[UNITS - 2].subs(back, simultaneous=True), "Eq. 6 at K + 1 - i for the law of K + 1 - k")
    return [total, turned.claims(nu[0] + nu[1], {"Eq. 6": eq6[1], "less Eq. 6": 1 - eq6[1]})]


def turned_round(shares: Tensor) -> Tensor:
    """Eq. 6 after i -> K + 1 - i and k -> K + 1 - k, by the shipped tail sums."""
    return tail_sums(shares.flip(0)).flip(0)


def complement(shares: Tensor) -> Tensor:
    """The units that Eq. 6 turns off: strict, so off by one from what is printed."""
    return 1 - tail_sums(shares)


def by_definition(formula: Gates, shares: Tensor, network: Network) -> None:
    """Printed sum; number of units; output of a network whose units are listed the other way round."""
    printed = torch.stack([shares[: i + 1].sum() for i in range(UNITS)])
    assert_close(formula(shares), printed, rtol=1e-13, atol=1e-14)
    width = Concrete(UNITS, 1.0, shares.clamp(min=1e-300).log()).cardinality().detach()
    assert_close(printed.sum(), UNITS + 1 - width, rtol=1e-12, atol=1e-13)
    contributions = network.contributions()
    output = torch.einsum("i,inc->nc", tail_sums(shares.flip(0)), contributions.flip(0))
    assert_close(network.output(formula(shares)), output, rtol=1e-12, atol=1e-12)


def example() -> dict[str, float]:
    """K = 4, k = 2, and the price r = k when k goes from 2 to 3."""
    sizes = {}
    for k in (2, 3):
        shares = torch.eye(UNITS)[k - 1]
        sizes[f"Eq. 6 at k = {k}"] = tail_sums(shares).sum().item()
        sizes[f"appendix at k = {k}"] = shares.cumsum(0).sum().item()
    return sizes


IDENTITY = Identity(
    id="B03",
    title="masks of the appendix",
    source="VMO",
    place="section 7",
    printed=r"""$m_i = \sum_{j\leq i}\nu_j$. "As the $t$ approaches 0, $m_i$ approach the hard values from
Equation 6".""",
    precise=r"""Read with the widths of Eq. 6, $\nu = \mathrm{one\_hot}(k)$ gives $m_i = 1[i \geq k]$: the last $K +
1 - k$ units, not the first $k$. It is Eq. 6 after $i \to K+1-i$ and $k \to K+1-k$; for every $\nu$ in the simplex
$\sum_i m_i = K + 1 - \sum_j j\nu_j$. Its limit is not that of Eq. 6 unless $K = 1$. If it were trained with the
price $r = \sum_l k_l$ of the source, the price would reward large layers. The sum $\sum_{j\geq i}\nu_j$ is meant.""",
    verdict=Verdict.FALSE,
    proof=r"""$\sum_{j\leq i}\delta_{jk} = 1$ iff $k \leq i$, and $\#\{i : k \leq i \leq K\} = K+1-k$; the rest is
linear in $\nu$. The substitution turns $j \geq i$ round to $j \leq i$. The two masks agree in all places only if
every $i$ is both $\leq k$ and $\geq k$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="printed sum as Eq. 6 with units and widths counted backwards",
            check=by_definition,
            claim=turned_round,
            wrong={"Eq. 6 itself": tail_sums, "what Eq. 6 turns off": complement},
            given={"shares": strategies.shares(UNITS), "network": strategies.networks(UNITS)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$K = 4$, $k = 2$: Eq. 6 gives $(1, 1, 0, 0)$, the appendix $(0, 1, 1, 1)$, that is 3 units. At
$k = 3$ they are 3 and 2 units: what the source prices higher is smaller.""",
            numbers={
                "Eq. 6 at k = 2": 2.0,
                "appendix at k = 2": 3.0,
                "Eq. 6 at k = 3": 3.0,
                "appendix at k = 3": 2.0,
            },
            compute=example,
        ),
    ),
    covers=("continuum.widths.concrete",),
)
