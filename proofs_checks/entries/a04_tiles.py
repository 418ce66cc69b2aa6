"""The tiles are translates of [0, 1), one for every neuron from the first; dilates of [0, 1] overlap."""

from collections.abc import Callable
from typing import NamedTuple

import sympy as sp
import torch
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.widths import Interval, Side, gamma_derivative
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import Engine, mlp

UNITS = 4


class Tile(NamedTuple):
    """Where one neuron lives."""

    low: float
    high: float
    has_low: bool = True
    has_high: bool = True

    def covered(self, gamma: float) -> float:
        """Length of its part in [0, gamma]."""
        return min(max(gamma - self.low, 0.0), self.high - self.low)

    def holds(self, u: float) -> bool:
        """Whether a point is in it."""
        return self.low < u < self.high or (u == self.low and self.has_low) or (u == self.high and self.has_high)


Tiling = Callable[[int, Side], Tile]


def translates(neuron: int, side: Side) -> Tile:
    """[j, j + 1) for right derivatives, (j, j + 1] for left ones: j = k, or j = k - 1 with k from 1."""
    return Tile(neuron, neuron + 1, has_low=side == "right", has_high=side == "left")


def dilates(neuron: int, side: Side) -> Tile:
    """k [0, 1] = [0, k], k = 1, 2, ...: the letter of the source."""
    return Tile(0, neuron + 1)


def dilates_from_zero(neuron: int, side: Side) -> Tile:
    """[0, k], k = 0, 1, ..."""
    return Tile(0, neuron)


def translates_from_one(neuron: int, side: Side) -> Tile:
    """[k, k + 1), k = 1, 2, ...: no neuron on (0, 1)."""
    return Tile(neuron + 1, neuron + 2, has_high=False)


def closed(neuron: int, side: Side) -> Tile:
    """[j, j + 1]: neighbours share a point."""
    return Tile(neuron, neuron + 1)


def derive() -> list[Derivation]:
    """The printed integrand, integrated literally at a width between 2 and 3, against translates."""
    u, c = sp.Symbol("u", positive=True), sp.symbols("c_1:5", real=True)
    a = 1 / (1 + sp.Symbol("s", positive=True))
    gamma = 2 + a
    overlap = sum(c[k - 1] * sp.Piecewise((1, u <= k), (0, True)) for k in range(1, 5))
    chain = Derivation("sum over k >= 1 of the integral of c_k on [0, k]", overlap)
    lengths = c[0] + 2 * c[1] + gamma * (c[2] + c[3])
    chain = chain.apply(lambda e: sp.integrate(e, (u, 0, gamma)), lengths, "neuron k counts min(gamma, k) times")
    away = sp.Symbol("gamma", positive=True)
    chain = chain.apply(
        lambda e: sp.diff(e.subs(a, away - 2), away), c[2] + c[3], "every neuron with k > gamma moves at once"
    )
    chain = chain.claims(c[2] + c[3], {"the floor formula, from 1": c[1], "the edge neuron": c[2]})
    return [chain, _translated(u, c, gamma, away, a)]


def _translated(u: sp.Symbol, c: tuple[sp.Symbol, ...], gamma: sp.Expr, away: sp.Symbol, a: sp.Expr) -> Derivation:
    tiled = sum(c[k] * sp.Piecewise((0, u < k), (1, u < k + 1), (0, True)) for k in range(4))
    chain = Derivation("sum over k >= 0 of the integral of c_{k+1} on [k, k + 1)", tiled)
    chain = chain.apply(lambda e: sp.integrate(e, (u, 0, gamma)), c[0] + c[1] + a * c[2], "the lengths are 1, 1, a")
    chain = chain.apply(lambda e: sp.diff(e.subs(a, away - 2), away), c[2], "the edge neuron alone moves")
    return chain.claims(c[2], {"dilates": c[2] + c[3], "from 1": c[1], "the next one": c[3]})


def lengths(tiling: Tiling, network: Network, gamma: float) -> None:
    """Output of the shipped network against the sum of covered lengths; so too the gates themselves."""
    covered = torch.tensor([tiling(neuron, "right").covered(gamma) for neuron in range(network.units)])
    width = Interval(network.units, gamma)
    assert_close(width.gates().detach(), covered, rtol=0, atol=1e-15)
    expected = torch.einsum("u,unc->nc", covered, network.contributions())
    assert_close(mlp(network, width)(network.inputs).detach(), expected, rtol=1e-12, atol=1e-12)


def members(tiling: Tiling, network: Network, gamma: float, side: Side) -> None:
    """Derivative on one side (0 beyond the ends) against the contributions of the tiles that hold gamma."""
    width = Interval(network.units, gamma, side=side)
    gradient = network.output_gradient(width.gates().detach())
    here = [float(tiling(neuron, side).holds(gamma)) for neuron in range(network.units)]
    expected = torch.einsum("u,unc,nc->", torch.tensor(here), network.contributions(), gradient)
    assert_close(width.slope(), torch.tensor(here), rtol=0, atol=0)
    closed_form = gamma_derivative(width, network.activations(), network.outgoing, gradient, side)
    assert_close(closed_form, expected, rtol=1e-12, atol=1e-12)
    left, right = Engine.of(network, gamma).derivatives()
    assert_close(right if side == "right" else left, expected, rtol=1e-12, atol=1e-12)


def computed(tiling: Tiling, gamma: float, side: Side) -> None:
    """The number of units that the shipped law asks for: up to the last tile that counts or is about to."""
    needed = [j + 1 for j in range(UNITS) if tiling(j, side).holds(gamma) or tiling(j, side).covered(gamma) > 0]
    active = int(Interval(UNITS, gamma).active(side))
    require(active == max(needed, default=0), f"{active} units are active")


def example() -> dict[str, float]:
    """Contributions 1, 2, 4, 8 of the neurons 1, 2, 3, 4, at gamma = 2.5."""
    c, gamma = torch.tensor([1.0, 2.0, 4.0, 8.0]), 2.5
    width = Interval(4, gamma)
    (slope,) = torch.autograd.grad(width.gates() @ c, width.gamma, retain_graph=True)

    def output(tiling: Tiling) -> float:
        return sum(tiling(j, "right").covered(gamma) * float(c[j]) for j in range(4))

    return {
        "literal output": output(dilates),
        "literal derivative": sum(float(c[j]) for j in range(4) if dilates(j, "right").holds(gamma)),
        "output from k = 1": output(translates_from_one),
        "output": float(width.gates().detach() @ c),
        "derivative": float(slope),
    }


WRONG = {"dilates": dilates, "dilates from 0": dilates_from_zero, "translates from 1": translates_from_one}

IDENTITY = Identity(
    id="A04",
    title="tiles are translates, from the first neuron on",
    source="DFM",
    place="section 1.7, display, lines 2 and 3",
    printed=r"""$\int_{[0,\gamma]} \sum_{k=1}^\infty [\sigma \circ \mathfrak{d}(x)](u) \, \chi_{k \cdot [0,1]}(u)
\, W_k^1 \, d\mu(u)$""",
    precise=r"""The tile of a neuron must be the translate $k + [0, 1)$, with a sum from $k = 0$; or $(k-1, k]$
with a sum from $k = 1$ and $\lceil\gamma\rceil$ in place of $\lfloor\gamma\rfloor$. Both give the same integral.
With the first, $\sum_k \chi_k(\gamma) \langle F', c_k\rangle$ is the right derivative at every $\gamma$ in $[0,
N)$; with the second it is the left derivative at every $\gamma$ in $(0, N]$. Read literally, $k\cdot[0,1] = [0,
k]$: the tiles overlap, neuron $k$ counts $\min(\gamma, k)$ times, and the derivative at $\gamma$ is the sum over
all $k \geq \gamma$. With translates $k + [0, 1)$ from $k = 1$ there is no neuron on $(0, 1)$ and a layer of width
$m$ has $m - 1$ neurons. Closed translates $k + [0, 1]$ give the right integral, and two contributions at an
integer.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$\int_{[0,\gamma]} \chi_T \, d\mu = \mu([0,\gamma] \cap T)$, which is $\mathrm{clip}(\gamma - k, 0,
1)$ for either translate and $\min(\gamma, k)$ for $T = [0, k]$. The one-sided derivatives of the clip are
$\chi_{[k,k+1)}(\gamma)$ (right) and $\chi_{(k,k+1]}(\gamma)$ (left); that of $\min(\gamma, k)$ is 1 wherever
$\gamma < k$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="covered lengths against the shipped gates and network",
            check=lengths,
            claim=translates,
            wrong=WRONG,
            given={"network": strategies.networks(UNITS), "gamma": strategies.gammas(UNITS)},
        ),
        Witness(
            name="tiles that hold gamma against the one-sided derivatives",
            check=members,
            claim=translates,
            wrong={
                **WRONG,
                "closed translates": closed,
                "sides swapped": lambda neuron, side: translates(neuron, "left" if side == "right" else "right"),
            },
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "gamma": strategies.gammas(UNITS),
                "side": st.sampled_from(["right", "left"]),
            },
        ),
        Witness(
            name="units that are computed",
            check=computed,
            claim=translates,
            wrong={**WRONG, "closed translates": closed},
            given={"gamma": strategies.gammas(UNITS), "side": st.sampled_from(["right", "left"])},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Contributions $c_1, \ldots, c_4 = 1, 2, 4, 8$ at $\gamma = 2.5$. Literal tiles $[0, k]$:
output $1 \cdot 1 + 2 \cdot 2 + 2.5 \cdot 4 + 2.5 \cdot 8 = 35$, derivative $4 + 8 = 12$. Translates $k + [0, 1)$
from $k = 1$: output $1 + 0.5 \cdot 2 = 2$. Translates from 0: output $1 + 2 + 0.5 \cdot 4 = 5$, derivative $4$.""",
            numbers={
                "literal output": 35.0,
                "literal derivative": 12.0,
                "output from k = 1": 2.0,
                "output": 5.0,
                "derivative": 4.0,
            },
            compute=example,
        ),
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.nn.mlp",
        "continuum.ensemble.gating",
    ),
)
