"""Descent on a loss raises gamma where the contribution at the edge lowers it; the term itself may grow or fall."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness
from proofs_checks.network import Network, squared
from proofs_checks.shipped import Engine

UNITS, RATE = 4, 1 / 128
Move = Callable[[Network, float], Tensor]
Gain = Callable[[Tensor, Tensor], Tensor]


def derive() -> list[Derivation]:
    """Change of a general loss along its own gradient, and of the size and the value of the last term."""
    a, rate, base, c = sp.symbols("a eta S_k c_k", real=True)
    loss = sp.Function("F")
    slope = sp.diff(loss(base + a * c), a)
    chain = Derivation("loss after a descent step of rate eta", loss(base + (a - rate * slope) * c))
    chain = chain.apply(lambda e: sp.diff(e, rate).subs(rate, 0).doit(), -(slope**2), "to first order in eta")
    ascent = sp.diff(loss(base + (a + rate * slope) * c), rate).subs(rate, 0).doit()
    chain = chain.claims(-(slope**2), {"ascent": ascent, "proportional to the slope": -slope})
    return [chain, *_term()]


def _term() -> list[Derivation]:
    c, a = sp.Symbol("c_k", negative=True), sp.Symbol("a", positive=True)
    size = Derivation("size of the term a c_k of a neuron that lowers the output", sp.Abs(a * c))
    size = size.apply(lambda e: sp.diff(e, a), -c, "differentiate; it grows")
    value = Derivation("its value", a * c).apply(lambda e: sp.diff(e, a), c, "differentiate; it falls")
    return [size.claims(-c, {"it falls": c}), value.claims(c, {"it grows with the size": -c})]


def descent(network: Network, gamma: float) -> Tensor:
    """-eta <F'(y2(gamma)), c_k>."""
    gates = Interval(network.units, gamma).gates().detach()
    return -RATE * (network.output_gradient(gates) * network.contributions()[math.floor(gamma)]).sum()


def ascent(network: Network, gamma: float) -> Tensor:
    """The printed direction, with F the error."""
    return -descent(network, gamma)


def by_magnitude(network: Network, gamma: float) -> Tensor:
    """gamma grows where a larger |c_k| would lower the error."""
    gates = Interval(network.units, gamma).gates().detach()
    size = network.contributions()[math.floor(gamma)].abs()
    return -RATE * (network.output_gradient(gates) * size).sum()


def step(move: Move, network: Network, gamma: float) -> None:
    """The step that the engine takes, which stops at the ends of [0, N]."""
    engine = Engine.of(network, gamma, gamma_lr=RATE)
    engine.step()
    expected = (gamma + move(network, gamma)).clamp(0, UNITS)
    assert_close(engine.gamma, expected, rtol=1e-13, atol=1e-13)


def exact_change(slope: Tensor, curvature: Tensor) -> Tensor:
    """-eta r^2 + (eta r)^2 h / 2 with h the mean of |c_k|^2."""
    return -RATE * slope**2 + (RATE * slope) ** 2 * curvature / 2


def change(gain: Gain, network: Network, gamma: float) -> None:
    """Change of the engine's loss in a step that stays on its tile."""
    k = math.floor(gamma)
    engine = Engine.of(network, gamma, gamma_lr=RATE)
    slope, before = engine.derivatives()[1], engine.loss()
    engine.step()
    if not k <= float(engine.gamma) <= k + 1:
        return
    curvature = network.contributions()[k].square().sum(-1).mean()
    assert_close(engine.loss() - before, gain(slope, curvature), rtol=1e-9, atol=1e-13)


def single(weight: float, target: float) -> Network:
    """One input, one ReLU neuron with activation 1 and that outgoing weight, squared error."""
    one = torch.ones(1, 1, dtype=torch.float64)
    return Network(one, one, one * weight, one * target, torch.relu, squared)


def decrease(rate: float) -> float:
    """Loss before minus loss after one step of the engine: c = -1, target -1, gamma = 1/2, so that r = -1/2."""
    engine = Engine.of(single(-1.0, -1.0), 0.5, gamma_lr=rate)
    before = engine.loss()
    engine.step()
    return float(before - engine.loss())


def example() -> dict[str, float]:
    """c = -0.5, target -1, squared error; gamma = 0.2, a step of rate 2/9."""
    engine = Engine.of(single(-0.5, -1.0), 0.2, gamma_lr=2 / 9)
    before = engine.loss()
    engine.step()
    return {
        "gamma": float(engine.gamma),
        "term before": -0.5 * float(Interval(1, 0.2, learnable=False).gates()),
        "term after": -0.5 * float(Interval(1, engine.gamma, learnable=False).gates()),
        "loss before": float(before),
        "loss after": float(engine.loss()),
    }


GIVEN = {
    "network": strategies.networks(UNITS, losses=("squared",)),
    "gamma": strategies.interior(UNITS, margin=1 / 16),
}

IDENTITY = Identity(
    id="A06",
    title="when a gradient step raises gamma",
    source="DFM",
    place="section 1.7, paragraph after the first display",
    printed=r"""Gradient ascent on $F$ with respect to $\gamma$ will increase $\gamma$ if the error will decrease
when the contribution of the last output neuron is increased (in magnitude); that is, if $\gamma' > \gamma$ then
$(\gamma - \lfloor\gamma\rfloor)$ increases, and thus $E$ decreases by virtue of the term $(\gamma -
\lfloor\gamma\rfloor) \, y^1_{\lfloor\gamma\rfloor} W^1_{\lfloor\gamma\rfloor}$ increasing.""",
    precise=r"""Let $F$ be a $C^1$ loss (the error $E$), $\gamma = k + a$ with $0 < a < 1$, and $r = \langle
F'(y_2(\gamma)), c_k\rangle$. A step of gradient *descent*, $\gamma \to \gamma - \eta r$, raises $\gamma$ iff $r <
0$, and changes the loss by $-\eta r^2 + o(\eta)$ on the tile; for half the squared error by exactly $-\eta r^2 +
\eta^2 r^2 h/2$, with $h$ the mean of $\|c_k\|^2$. (Ascent on $F$ is descent if $F = -E$.) A larger $a$ makes the
term $a c_k$ larger in norm. It does not make it larger in value: where $c_k < 0$ and a smaller output is wanted,
$\gamma$ rises because the term falls.""",
    verdict=Verdict.CORRECTED,
    proof=r"""On the tile $\ell(a) = F(S_k + a c_k)$ is differentiable with $\ell' = r$, so $\ell(a - \eta r) =
\ell(a) - \eta r^2 + o(\eta)$; for half the squared error $\ell$ is quadratic with $\ell'' = h$. $\|a c_k\| =
a\|c_k\|$ is monotone in $a$, and $a c_k$ has slope $c_k$ of any sign.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="step of the engine in gamma",
            check=step,
            claim=descent,
            wrong={"ascent on the error": ascent, "by the magnitude of the contribution": by_magnitude},
            given=GIVEN,
        ),
        Witness(
            name="change of the engine's loss",
            check=change,
            claim=exact_change,
            wrong={
                "increase": lambda slope, curvature: -exact_change(slope, curvature),
                "first order only": lambda slope, curvature: -RATE * slope**2,
                "proportional to r": lambda slope, curvature: RATE * slope,
            },
            given=GIVEN,
        ),
    ),
    rates=(
        Rate(
            name="decrease of the loss in one step, against the rate eta",
            scales=(1e-2, 1e-3, 1e-4),
            error=decrease,
            claim=Asymptote(order=1.0, constant=0.25),
            wrong={
                "increase": Asymptote(order=1.0, constant=-0.25),
                "second order": Asymptote(order=2.0),
                "constant |r|": Asymptote(order=1.0, constant=0.5),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$c_0 = -0.5$, target $-1$, half the squared error, $\gamma = 0.2$: output $-0.1$, $F' = 0.9$,
$r = -0.45$. A descent step of rate $2/9$ raises $\gamma$ to $0.3$. The term $a c_0$ goes from $-0.1$ to $-0.15$:
it falls, and the loss goes from $0.405$ to $0.36125$.""",
            numbers={
                "gamma": 0.3,
                "term before": -0.1,
                "term after": -0.15,
                "loss before": 0.405,
                "loss after": 0.36125,
            },
            compute=example,
        ),
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.ensemble.chunk",
        "continuum.ensemble.gating",
        "continuum.ensemble.optimizer",
    ),
)
