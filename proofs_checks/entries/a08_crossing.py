"""A step enables the next neuron when it passes the end of the tile; convexity says when the next step retreats."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network, squared
from proofs_checks.shipped import Engine, mlp

UNITS = 4
Threshold = Callable[[float], float]
Slope = Callable[[Network, float, float], Tensor]


def derive() -> list[Derivation]:
    """The tile that a step ends in, and the slope along a tile of a quadratic and of any loss."""
    k, a, move, beyond = sp.symbols("k a Delta b", real=True)
    landing = Derivation("gamma + Delta for gamma = k + a, relative to k + 1", k + a + move - (k + 1))
    landing = landing.rewrite(move - (1 - a), "the gate of neuron k + 1 is its positive part")
    start = landing.apply(lambda e: sp.solve(e, move)[0], 1 - a, "where it opens")
    start = start.claims(1 - a, {"one": sp.Integer(1), "a": a, "1 + a": 1 + a})
    base, c = sp.symbols("S_{k+1} c_{k+1}", real=True)
    loss = sp.Function("F")
    slope = Derivation("loss on the tile of neuron k + 1, at fraction b", loss(base + beyond * c))
    here = sp.diff(loss(base + beyond * c), beyond)
    slope = slope.apply(lambda e: sp.diff(e, beyond), here, "the next step is -eta times")
    curved = c**2 * sp.diff(loss(base), base, 2).subs(base, base + beyond * c)
    slope = slope.apply(lambda e: sp.diff(e, beyond), curved, "grows with b if F is convex", test=_at_exponential)
    wrong = {"sign of c_{k+1}": curved / c, "constant along the tile": sp.Integer(0)}
    return [start, slope.claims(curved, wrong, test=_at_exponential)]


def _at_exponential(left: sp.Expr, right: sp.Expr) -> bool:
    """Equal for F = exp, whose derivatives do not vanish."""
    difference = (left - right).replace(sp.Function("F"), sp.exp).doit()
    return bool(sp.simplify(difference) == 0)


def end_of_tile(gamma: float) -> float:
    """1 - (gamma - k)."""
    return 1 - (gamma - math.floor(gamma))


def enabled(threshold: Threshold, gamma: float, move: float) -> None:
    """Neuron k + 1 has an open gate after the move iff this is beyond the threshold, if units are left."""
    k = math.floor(gamma)
    gates = Interval(UNITS, gamma + move, learnable=False).gates()
    require(bool(gates[k + 1] > 0) == (move > threshold(gamma)), f"gate {float(gates[k + 1])} after a move of {move}")


def slope_at(network: Network, gamma: float, neuron: int) -> Tensor:
    """<F'(y2(gamma)), c> for the contribution of a neuron; closed-form gates."""
    gates = (gamma - torch.arange(network.units)).clamp(0, 1)
    return (network.output_gradient(gates) * network.contributions()[neuron]).sum()


def landed(network: Network, gamma: float, after: float) -> Tensor:
    """The neuron of the tile that gamma is in now, with F' at gamma."""
    return slope_at(network, after, math.floor(after))


def old_neuron(network: Network, gamma: float, after: float) -> Tensor:
    """The neuron of the tile that was left."""
    return slope_at(network, after, math.floor(gamma))


def at_entry(network: Network, gamma: float, after: float) -> Tensor:
    """F' at the integer where the tile begins."""
    return slope_at(network, float(math.floor(after)), math.floor(after))


def two_steps(slope: Slope, network: Network, gamma: float, beyond: float) -> None:
    """Two steps of the engine with frozen weights; the first lands at that fraction of the next tile."""
    k = math.floor(gamma)
    first = float(slope_at(network, gamma, k))
    assume(first < -1e-3)
    rate = (k + 1 + beyond - gamma) / -first
    engine = Engine.of(network, gamma, gamma_lr=rate)
    engine.step()
    after = float(engine.gamma)
    assert_close(after, k + 1 + beyond, rtol=1e-12, atol=1e-12)
    loss = squared(network.output((after - torch.arange(UNITS)).clamp(0, 1)), network.targets)
    assert_close(engine.loss(), loss, rtol=1e-11, atol=1e-12)
    engine.step()
    step = rate * slope(network, gamma, after)
    assert_close(engine.gamma, (after - step).clamp(0, UNITS), rtol=1e-10, atol=1e-10)


def retreats(sense: float, network: Network, k: int, fraction: float) -> None:
    """F convex: the slope at any fraction of the tile is at least that at its start."""
    slopes = []
    for gamma in (float(k), k + fraction):
        width = Interval(UNITS, gamma)
        loss = network.criterion(mlp(network, width)(network.inputs), network.targets)
        slopes.append(torch.autograd.grad(loss, width.gamma)[0])
    entry, inside = slopes
    require(sense * float(inside - entry) >= -1e-12, f"slope {float(entry)} at the start, {float(inside)} inside")


def steep_network() -> Network:
    """Contributions 1, 0.5, -0.8, target 1.9."""
    one = torch.ones(1, 1, dtype=torch.float64)
    outgoing = torch.tensor([[1.0], [0.5], [-0.8]], dtype=torch.float64)
    return Network(one, one.expand(1, 3), outgoing, 1.9 * one, torch.relu, squared)


def example() -> dict[str, float]:
    """gamma = 1.9, rate 3: a step below 1 that enables the third neuron and is taken back."""
    engine = Engine.of(steep_network(), 1.9, gamma_lr=3.0)
    figures = {"loss before": float(engine.loss())}
    engine.step()
    figures |= {"step": float(engine.gamma) - 1.9, "loss after": float(engine.loss())}
    right = engine.derivatives()[1]
    return {**figures, "next step, unclipped": -3.0 * float(right)}


def converse() -> dict[str, float]:
    """c = (1, 1), target 1.25, landing at 1.5: the slope is -0.25 at the integer and +0.25 at the landing."""
    one = torch.ones(1, 1, dtype=torch.float64)
    network = Network(one, one.expand(1, 2), torch.ones(2, 1, dtype=torch.float64), 1.25 * one, torch.relu, squared)
    return {
        "at the integer": float(Engine.of(network, 1.0).derivatives()[1]),
        "at the landing": float(Engine.of(network, 1.5).derivatives()[1]),
    }


IDENTITY = Identity(
    id="A08",
    title="when a step enables the next neuron",
    source="DFM",
    place="section 1.7, paragraph on local search",
    printed=r"""[...] a step in $\gamma$ of more than integral amount can increase error. To see this let $k =
\lfloor\gamma\rfloor$. When $\Delta\gamma > 1$ then the $(k+1)$th neuron is then "enabled" so-to-speak. However,
this $(k+1)$th neuron may perform a computation that increases error and so in the next step of gradient descent
$\Delta\gamma$ would be negative [...]""",
    precise=r"""Let $\gamma = k + a$, $0 \leq a < 1$, $k + 1 < N$ and neurons counted from 0. After a step
$\Delta$ the gate of neuron $k + 1$ is open iff $\Delta > 1 - a .$ $\Delta > 1$ suffices and is not needed. For $1
- a < \Delta < 2 - a$ the next step has the sign of $-\langle F'(S_{k+1} + b\,c_{k+1}), c_{k+1}\rangle$, $b =
\Delta - (1 - a)$. If $F$ is convex and the slope at the integer, $r_{k+1} = \langle F'(S_{k+1}), c_{k+1}\rangle$,
is positive, then the error grows along the whole tile and the next step is negative. If $r_{k+1} \leq 0$ the next
step may have either sign: the slope that counts is that at the landing. Error can also grow in a step within a
tile that overshoots.""",
    verdict=Verdict.CORRECTED,
    proof=r"""The gate of neuron $k + 1$ at $\gamma + \Delta$ is $\mathrm{clip}(\Delta - (1 - a), 0, 1)$. On its
tile the output is $S_{k+1} + b\,c_{k+1}$, and the slope in $b$ is as stated. For convex $F$ a convex function of
$b$ has a slope that does not decrease.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="open gate after a move",
            check=enabled,
            claim=end_of_tile,
            wrong={
                "one": lambda gamma: 1.0,
                "the fraction": lambda gamma: gamma - math.floor(gamma),
                "to the next tile's end": lambda gamma: 1 + end_of_tile(gamma),
            },
            given={
                "gamma": strategies.interior(2, margin=1 / 16),
                "move": st.integers(0, 127).map(lambda n: n / 64 + 1 / 128),
            },
        ),
        Witness(
            name="two steps of the engine, the first across an integer",
            check=two_steps,
            claim=landed,
            wrong={"the neuron that was left": old_neuron, "slope at the integer": at_entry},
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "gamma": strategies.interior(UNITS - 1, margin=1 / 16),
                "beyond": strategies.fractions(1 / 16),
            },
        ),
        Witness(
            name="slope inside a tile against the slope at its start",
            check=retreats,
            claim=1.0,
            wrong={"it decreases": -1.0},
            given={
                "network": strategies.networks(UNITS),
                "k": st.integers(0, UNITS - 1),
                "fraction": strategies.fractions(),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Contributions $(1, 0.5, -0.8)$, target $1.9$, half the squared error, $\gamma = 1.9$, $\eta =
3$. Output $1.45$, residual $-0.45$, slope $-0.225$: the step is $0.675 < 1$, and crosses to $2.575$. Output $1.5
- 0.575 \cdot 0.8 = 1.04$: the loss rises from $0.10125$ to $0.3698$, and the next step would be $-3 \cdot (-0.86)
\cdot (-0.8) = -2.064$.""",
            numbers={
                "loss before": 0.10125,
                "step": 0.675,
                "loss after": 0.3698,
                "next step, unclipped": -2.064,
            },
            compute=example,
        ),
        Counterexample(
            text=r"""The sign at the integer does not decide: contributions $(1, 1)$, target $1.25$. At $\gamma =
1$ the slope is $1 - 1.25 = -0.25$; landing at $1.5$ it is $1.5 - 1.25 = 0.25$, and the next step retreats all the
same.""",
            numbers={"at the integer": -0.25, "at the landing": 0.25},
            compute=converse,
        ),
    ),
    covers=("continuum.widths.interval", "continuum.nn.mlp", "continuum.ensemble.chunk", "continuum.ensemble.gating"),
)
