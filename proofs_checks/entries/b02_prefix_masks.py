"""Eq. 6 turns on the first k units; for any point of the simplex the gates add up to the mean width."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import one_hot
from torch.testing import assert_close

from continuum.widths import Concrete, tail_sums
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness
from proofs_checks.noise import gumbels

UNITS = 5
Gates = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """The sum over the indicator of j = k; then the double sum, exchanged."""
    i, j, k, last = sp.symbols("i j k K", integer=True, positive=True)
    gate = Derivation("gate of unit i", sp.Sum(sp.KroneckerDelta(j, k), (j, i, last)))
    claim = sp.Piecewise((1, sp.And(i <= k, k <= last)), (0, True))
    gate = gate.apply(lambda e: e.doit(), claim, "one term of the sum is 1, if it is there", _on_grid)
    gate.claims(
        claim, {"strict": sp.Piecewise((1, i < k), (0, True)), "j <= i": sp.Piecewise((1, k <= i), (0, True))}, _on_grid
    )

    nu = sp.IndexedBase("nu")
    total = Derivation(
        "sum of the gates", sp.Add(*[sp.Sum(nu[j], (j, unit, UNITS)).doit() for unit in range(1, UNITS + 1)])
    )
    claim = sp.Sum(j * nu[j], (j, 1, UNITS)).doit()
    total = total.rewrite(claim, "share j is in the gates 1, ..., j")
    wrong = {"counted from 0": sp.Sum((j - 1) * nu[j], (j, 1, UNITS)).doit(), "1": sp.Sum(nu[j], (j, 1, UNITS)).doit()}
    return [gate, total.claims(claim, wrong)]


def _on_grid(left: sp.Expr, right: sp.Expr) -> bool:
    i, k, last = sp.symbols("i k K", integer=True, positive=True)
    values = [{i: a, k: b, last: c} for c in (1, 4) for a in range(1, c + 1) for b in range(1, c + 1)]
    return all(sp.simplify(left.subs(v)) == sp.simplify(right.subs(v)) for v in values)


def tails(shares: Tensor) -> Tensor:
    """m_i = sum of nu_j over j >= i."""
    return torch.stack([shares[i:].sum() for i in range(len(shares))])


def strict(shares: Tensor) -> Tensor:
    """j > i."""
    return tails(shares) - shares


def heads(shares: Tensor) -> Tensor:
    """j <= i, as the appendix of the source prints it."""
    return shares.cumsum(0)


def by_shares(formula: Gates, shares: Tensor) -> None:
    """Shipped tail sums of a point of the simplex; their sum is the mean width; the first one is 1."""
    gates = tail_sums(shares)
    assert_close(gates, formula(shares), rtol=1e-14, atol=1e-15)
    widths = torch.arange(1, len(shares) + 1, dtype=shares.dtype)
    assert_close(formula(shares).sum(), shares @ widths, rtol=1e-14, atol=1e-15)
    # Exactly 1, also where shares add up to 1 only after rounding.
    rounded = torch.outer(torch.linspace(-3, 3, 50), torch.arange(len(shares)) + shares).softmax(-1)
    assert_close(tail_sums(rounded)[:, 0], torch.ones(50), rtol=0, atol=0)


def by_samples(formula: Gates, k: int, temperature: float) -> None:
    """Hard and straight-through samples of the shipped law when the noise lets width k win."""
    noise = torch.zeros(UNITS)
    noise[k - 1] = 3.0
    expected = formula(one_hot(torch.tensor(k - 1), UNITS).double())
    for mode in ("hard", "straight_through"):
        law = Concrete(UNITS, temperature, torch.zeros(UNITS), mode=mode)
        with gumbels(noise):
            assert_close(law.gates().detach(), expected, rtol=0, atol=1e-15)
    assert_close(expected.sum().item(), float(k), rtol=0, atol=0)
    # Where the noise gives each width its turn once, the mean is that of the uniform law.
    law = Concrete(UNITS, temperature, torch.zeros(UNITS, UNITS), mode="hard")
    with gumbels(3 * torch.eye(UNITS)):
        assert_close(law.gates().mean(0), law.expected_gates()[0].detach(), rtol=0, atol=1e-15)


WRONG = {"strict sum": strict, "the other half": heads}

IDENTITY = Identity(
    id="B02",
    title="masks of the first k units",
    source="VMO",
    place="Eq. 6",
    printed=r"""$(m_l)_i = \sum_{j\geq i}\mathrm{one\_hot}(k_l)_j$, for the mask
$m_l = [1, ..., 1, 0, ..., 0]$ of $k_l$ ones and $K_l - k_l$ zeros.""",
    precise=r"""Units and widths are counted from 1 to $K$. For $k \in \{1, ..., K\}$, $m_i = \sum_{j\geq
i}\delta_{jk} = 1[i \leq k]$: the first $k$ units. For every $\nu$ in the simplex $m_i = \sum_{j\geq i}\nu_j$ has
$m_1 = 1$, does not increase in $i$, and $\sum_i m_i = \sum_j j\nu_j$. As $m_1 = 1$, no layer can lose its last
unit.""",
    verdict=Verdict.HOLDS,
    proof=r"""The sum has the term $j = k$ iff $k \geq i$. $m_i - m_{i+1} = \nu_i \geq 0$ and $m_1 = \sum_j \nu_j =
1$. $\sum_i\sum_{j\geq i}\nu_j = \sum_j\nu_j\,\#\{i : i \leq j\}$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped tail sums of points of the simplex",
            check=by_shares,
            claim=tails,
            wrong=WRONG,
            given={"shares": strategies.shares(UNITS)},
        ),
        Witness(
            name="shipped samples when width k wins",
            check=by_samples,
            claim=tails,
            wrong=WRONG,
            given={"k": st.integers(1, UNITS), "temperature": st.sampled_from([1.0, 0.1])},
            examples=10,
        ),
    ),
    covers=("continuum.widths.concrete",),
)
