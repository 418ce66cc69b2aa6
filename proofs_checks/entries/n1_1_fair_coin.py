"""The sign of the derivative at a fresh neuron is a fair coin, whatever was trained before."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from scipy.stats import chi2, ncx2
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Affine, Interval, SoftSupport, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import Engine
from proofs_checks.training import Descent, mirrored

UNITS = 4
Coin = Callable[[Network, float, int], Tensor]  # trained network, width on arrival, k
Look = Callable[[Engine, int], Tensor]
Chance = Callable[[int, float, float], float]  # outputs m, |v|/s, gate a


def derive() -> list[Derivation]:
    """From the loss on the tile of neuron k to the probability and the mean under a symmetric law."""
    base, y, weight, a = sp.symbols("S_k y_k W_k a", real=True)
    slope, width = sp.Symbol("F'", real=True, nonzero=True), sp.Symbol("s", positive=True)
    loss = sp.Function("F")
    side = Derivation("derivative at the integer", loss(base + a * y * weight)).apply(
        lambda e: sp.diff(e, a).subs(a, 0).doit(), y * weight * loss(base).diff(base), "chain rule at a = 0"
    )
    flipped = side.apply(
        lambda e: e.subs(weight, -weight), -y * weight * loss(base).diff(base), "S_k does not contain W_k"
    )
    flipped = flipped.claims(-weight * y * loss(base).diff(base), {"even": weight * y * loss(base).diff(base)})

    density = sp.exp(-(weight**2) / (2 * width**2)) / (sp.sqrt(2 * sp.pi) * width)
    negative = Derivation("P(r < 0), Gaussian W, G = 1", density).apply(
        lambda e: sp.integrate(e, (weight, -sp.oo, 0)), sp.Rational(1, 2), "r = W G < 0 iff W < 0"
    )
    mean = Derivation("E r", weight * slope * density).apply(
        lambda e: sp.integrate(e, (weight, -sp.oo, sp.oo)), sp.Integer(0), "odd integrand"
    )
    return [
        *_landing(),
        flipped,
        negative.claims(sp.Rational(1, 2), {"one in four": sp.Rational(1, 4)}),
        mean.claims(sp.Integer(0), {"mean of |W|": slope * width}),
    ]


def _landing() -> list[Derivation]:
    """The slope where a step lands, squared loss: it descends inside a ball through 0 with centre v/2a."""
    base, y, weight, target = sp.symbols("S_k y_k W_k t", real=True)
    a = sp.Symbol("a", positive=True)
    v = (target - base) / y
    slope = Derivation("slope at a landing", (base + a * y * weight - target) ** 2 / 2).apply(
        lambda e: sp.diff(e, a), y**2 * (a * weight**2 - weight * v), "chain rule, v = (t - S)/y"
    )
    ball = slope.apply(
        lambda e: sp.expand(e / (a * y**2)),
        (weight - v / (2 * a)) ** 2 - (v / (2 * a)) ** 2,
        "divided by a |y|^2, the square completed",
    )
    wrong = {"centre v/a": (weight - v / a) ** 2 - (v / a) ** 2}
    return [ball.claims((weight - v / (2 * a)) ** 2 - (v / (2 * a)) ** 2, wrong)]


def at_integer(network: Network, gamma: float, k: int) -> Tensor:
    """Right derivative at the integer, with the weights as they are on arrival."""
    return _derivative(network, Interval(network.units, float(k)))


def at_landing(network: Network, gamma: float, k: int) -> Tensor:
    """Derivative where a discrete step lands, beyond the integer."""
    return _derivative(network, Interval(network.units, gamma))


def before(network: Network, gamma: float, k: int) -> Tensor:
    """Left derivative at the integer: that of the neuron which is already on."""
    return _derivative(network, Interval(network.units, float(k), side="left"))


def _derivative(network: Network, width: Interval) -> Tensor:
    slope = network.output_gradient(width.gates().detach())
    return gamma_derivative(width, network.activations(), network.outgoing, slope, width.side)


def opposite_after_descent(coin: Coin, network: Network, descent: Descent, k: int, part: float) -> None:
    """Train at a width below k from W_k and from -W_k: nothing else differs, and the coin falls on its other side."""
    runs = [network, mirrored(network, k)]
    gates = Interval(UNITS, k - part).gates().detach()
    trained = [descent(run, gates) for run in runs]
    assert_close(trained[0].incoming, trained[1].incoming, rtol=0, atol=0)
    assert_close(trained[0].outgoing, mirrored(trained[1], k).outgoing, rtol=0, atol=0)
    by_hand = trained[0].output_gradient(Interval(UNITS, float(k)).gates().detach()) * trained[0].contributions()[k]
    assert_close(at_integer(trained[0], float(k), k), by_hand.sum(), rtol=1e-12, atol=1e-14)
    first, second = (coin(run, k + part, k).detach() for run in trained)
    assert_close(first, -second, rtol=1e-12, atol=1e-14)


def engine_at_integer(engine: Engine, k: int) -> Tensor:
    """Right derivative that the engine reports at the integer."""
    engine.chunk.gamma.fill_(float(k))
    engine.chunk.refresh()
    return engine.derivatives()[1]


def engine_left(engine: Engine, k: int) -> Tensor:
    """Left derivative that the engine reports at the integer."""
    engine.chunk.gamma.fill_(float(k))
    engine.chunk.refresh()
    return engine.derivatives()[0]


def engine_inside(engine: Engine, k: int) -> Tensor:
    """The derivative a quarter of a tile beyond the integer."""
    engine.chunk.gamma.fill_(k + 0.25)
    engine.chunk.refresh()
    return engine.derivatives()[1]


def _by_network(engine: Engine, network: Network, k: int) -> Tensor:
    """<W_k, G_k> from the engine's weights and biases."""
    (incoming, bias), (outgoing, shift) = engine.chunk.unpack("weights")[0].slots["weights"]
    y = network.activation(network.inputs @ incoming.T + bias)
    residual = y[:, :k] @ outgoing[:k] + shift - network.targets
    return (residual * y[:, k : k + 1] * outgoing[k]).sum() / len(y)


def opposite_in_the_engine(look: Look, network: Network, k: int, part: float, rate: float) -> None:
    """The engine trains weights, biases and gamma until gamma reaches k (or for five steps)."""
    engines = [Engine.of(run, k - part, lr=rate, gamma_lr=rate) for run in (network, mirrored(network, k))]
    for _ in range(5):
        if bool(engines[0].gamma >= k):
            break
        for engine in engines:
            engine.step()
    first, second = (engine.outgoing for engine in engines)
    assert_close(engines[0].gamma, engines[1].gamma, rtol=0, atol=0)
    assert_close(engine_at_integer(engines[0], k), _by_network(engines[0], network, k), rtol=1e-10, atol=1e-13)
    assert_close(first[:k], second[:k], rtol=0, atol=0)
    assert_close(torch.stack([first[k], second[k]]), torch.stack([network.outgoing[k], -network.outgoing[k]]))
    assert_close(look(engines[0], k), -look(engines[1], k), rtol=1e-12, atol=1e-14)


def noncentral(outputs: int, reach: float, a: float) -> float:
    """P(slope at k + a < 0), squared loss, W normal of deviation s, reach = |v|/s."""
    square = (reach / (2 * a)) ** 2
    return float(ncx2.cdf(square, outputs, square))


def coin(outputs: int, reach: float, a: float) -> float:
    """As if the landing were the integer."""
    return 0.5


def whole(outputs: int, reach: float, a: float) -> float:
    """As if the gate were 1: the probability of crossing the tile."""
    return noncentral(outputs, reach, 1.0)


def central(outputs: int, reach: float, a: float) -> float:
    """The ball about 0 in place of the one through 0."""
    return float(chi2.cdf((reach / (2 * a)) ** 2, outputs))


def lands_by(chance: Chance, network: Network, k: int, a: float, spread: float) -> None:
    """Shipped derivatives at k + a over equally likely W: 1001 quantiles, or 61 times 61 for two outputs."""
    y, outputs = network.activations(), network.targets.shape[1]
    residual, fresh = network.targets - y[:, :k] @ network.outgoing[:k], y[:, k : k + 1]
    assume(float(fresh.square().sum()) > 0.01)
    v = (residual * fresh).sum(0) / fresh.square().sum()
    count = 1001 if outputs == 1 else 61
    quantiles = spread * torch.special.ndtri((torch.arange(count, dtype=torch.float64) + 0.5) / count)
    weights = quantiles.unsqueeze(-1) if outputs == 1 else torch.cartesian_prod(quantiles, quantiles)
    width = Interval(network.units, torch.full((len(weights),), k + a, dtype=torch.float64))
    outgoing = network.outgoing.repeat(len(weights), 1, 1)
    outgoing[:, k] = weights
    slope = ((y * width.gates().detach().unsqueeze(1)) @ outgoing - network.targets) / len(y)
    share = (gamma_derivative(width, y.expand(len(weights), -1, -1), outgoing, slope) < 0).double().mean()
    assert_close(share.clamp(max=0.5 + 1 / count), share, rtol=0, atol=0)  # convexity, whatever W
    # One output: two ends of an interval. Two: the edge of a disc cuts cells of the grid.
    expected = torch.tensor(chance(outputs, float(v.norm()) / spread, a), dtype=torch.float64)
    assert_close(share, expected, rtol=0, atol=2 / count if outputs == 1 else 0.02)


DESCENTS = {
    "descent": Descent(0.25, 3),
    "momentum and decay": Descent(0.25, 3, momentum=0.5, decay=0.125),
    "Adam": Descent(0.25, 3, adam=True),
    "Adam with decay": Descent(0.25, 3, decay=0.125, adam=True),
}


def one_neuron(weight: float) -> Network:
    """z = a W on one row with y = 1 and target 1."""
    one = torch.ones(1, 1)
    return Network(one, one, torch.tensor([[weight]]), one, torch.relu)


def landing() -> dict[str, float]:
    """Share of negative derivatives over W = 3 and W = -3, at the integer and at a = 1/2."""
    runs = [one_neuron(weight) for weight in (3.0, -3.0)]
    return {
        "integer": sum(float(at_integer(run, 0.5, 0) < 0) for run in runs) / 2,
        "landing": sum(float(at_landing(run, 0.5, 0) < 0) for run in runs) / 2,
        "derivative for W = 3": float(at_landing(runs[0], 0.5, 0)),
        "derivative for W = -3": float(at_landing(runs[1], 0.5, 0)),
    }


def one_signed() -> dict[str, float]:
    """Share of negative derivatives over W = 1 and W = 2."""
    return {"share": sum(float(at_integer(one_neuron(weight), 0.0, 0) < 0) for weight in (1.0, 2.0)) / 2}


def soft() -> dict[str, float]:
    """Gate of neuron 1 under the soft support at gamma = 3/4, kappa = 4."""
    return {"gate": SoftSupport(2, Affine(torch.tensor(0.75)), 4.0).gates()[1].item()}


IDENTITY = Identity(
    id="N1.1",
    title="the fair coin",
    source="here",
    place="pinning",
    printed="",
    precise=r"""Interval gates $a^p$ with $p \geq 1$, loss $F$ in $C^1$. Let the initial state be such that $(W_k,
\mathrm{rest})$ and $(-W_k, \mathrm{rest})$ have the same law, where the rest holds $V_k$, all other weights, the
data and the order of minibatches. Train by any deterministic rule under which neuron $k$ receives gradient zero
while its gate is zero, and which commutes with the sign of $W_k$ (gradient descent; momentum and Adam from zero
memories of $W_k$; decay; clipping by the norm). Let $\tau$ be the first time at which $\gamma \geq k$, $S_k$ the
output of the neurons $j < k$ with their weights at $\tau$, $G_k = \langle F'(S_k), y_k\rangle$, and $r_k = \langle
W_k, G_k\rangle$ the right derivative of the loss at the integer $k$ (for $p = 1$; for $p > 1$ it is zero, and $r_k$
is the derivative in the gate). If $P(r_k = 0, \tau < \infty) = 0$, then on $\tau < \infty$
$P\left(r_k < 0 \mid \mathcal{H}\right) = \frac{1}{2}$
where $\mathcal{H}$ is generated by the whole history of all else, by $V_k$ and by the pair of $W_k$ and $-W_k$
without order; $E[r_k \mid \mathcal{H}] = 0$ if $r_k$ is integrable. The signs at successive fresh integers are
independent fair coins as long as they are reached. The statement is about the derivative at the integer: the one
seen by a discrete step that lands at $k + a$, $0 < a < 1$, contains $aW_k$: call it $r_a$. If $F$ is convex,
$P(r_a < 0 \mid \mathcal{H}) = \frac{1}{2} - P(r_k < 0 \leq r_a \mid \mathcal{H}) \leq \frac{1}{2}$
also while features move. For squared loss with $m$ outputs and $W_k$ normal with covariance $s^2 I$, given all else,
$P(r_a < 0) = P\left(\chi_m^2(\mu^2) < \mu^2\right)$
with a noncentral chi-squared, $\mu = |v|/2as$, $v = \langle t - S_k, y_k\rangle/|y_k|^2$.""",
    verdict=Verdict.HOLDS,
    proof=r"""Up to $\tau$ the gate of neuron $k$ is zero, so that all gradients in $V_k$ and $W_k$ vanish, and
nothing else depends on $W_k$ but through terms that are even in it. Hence the run from $-W_k$ has the same
history $\mathcal{H}$, the same $\tau$ and $G_k$, and $-W_k$ at $\tau$ instead of $W_k$: $r_k$ changes its sign.
The two runs are equally likely given $\mathcal{H}$. The landing $a$ is part of the history. The loss is convex in the
gate, so that its slope at $a$ is at least the one at $0$: $r_a < 0$ implies $r_k < 0$. For the squared loss
$r_a = |y_k|^2(a|W_k|^2 - \langle W_k, v\rangle)$, negative iff $|W_k - v/2a| < |v|/2a$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="training from W and from -W, four optimisers",
            check=opposite_after_descent,
            claim=at_integer,
            wrong={"where the step lands": at_landing, "left derivative": before},
            given={
                "network": strategies.networks(UNITS),
                "descent": st.sampled_from(list(DESCENTS.values())),
                "k": st.integers(1, UNITS - 1),
                "part": strategies.fractions(1 / 8),
            },
            examples=20,
        ),
        Witness(
            name="the engine, gamma trained until it arrives",
            check=opposite_in_the_engine,
            claim=engine_at_integer,
            wrong={"inside the tile": engine_inside, "left derivative": engine_left},
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "k": st.integers(1, UNITS - 1),
                "part": strategies.fractions(1 / 8),
                "rate": st.sampled_from([0.0625, 0.25]),
            },
            examples=15,
        ),
        Witness(
            name="where a step lands, over quantiles of W",
            check=lands_by,
            claim=noncentral,
            wrong={"the coin": coin, "gate 1": whole, "ball about 0": central},
            given={
                "network": strategies.networks(UNITS, losses=("squared",), activations=("tanh",)),
                "k": st.integers(0, UNITS - 1),
                "a": strategies.fractions(1 / 8),
                "spread": st.sampled_from([0.5, 2.0]),
            },
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The coin is not fair where a step lands: $F(z) = \frac{1}{2}(z-1)^2$, $S_k = 0$, $y_k = 1$,
$W = \pm 3$. At the integer the derivative is $-W$, negative in $1/2$ of the cases. At $a = 1/2$ it is $W(W/2-1)$,
that is $1.5$ for $W = 3$ and $7.5$ for $W = -3$: negative in $0$ of the cases.""",
            numbers={"integer": 0.5, "landing": 0.0, "derivative for W = 3": 1.5, "derivative for W = -3": 7.5},
            compute=landing,
        ),
        Counterexample(
            text=r"""Symmetry is needed: the same with $W = 1$ or $2$. The derivative $-W$ is negative with
probability $1$.""",
            numbers={"share": 1.0},
            compute=one_signed,
        ),
        Counterexample(
            text=r"""Soft gates leak: at $\gamma = 3/4$, $\kappa = 4$ the gate of neuron $1$ is
$\frac{1}{4}\log\frac{1+e^{-1}}{1+e^{-5}} = 0.076637$, so that $W_1$ is trained before $\gamma$ reaches $1$.""",
            numbers={"gate": 0.076637},
            compute=soft,
            tolerance=5e-7,
        ),
    ),
    references=(
        "U. Evci, B. van Merrienboer, T. Unterthiner, F. Pedregosa, M. Vladymyrov, GradMax, ICLR 2022 (gradients of "
        "new neurons as a signal for growth)",
        "L. Wu, D. Wang, Q. Liu, Splitting steepest descent, NeurIPS 2019",
    ),
    covers=("continuum.widths.interval", "continuum.widths.derivative", "continuum.ensemble.gating"),
    document="n1_1_fair_coin.md",
)
