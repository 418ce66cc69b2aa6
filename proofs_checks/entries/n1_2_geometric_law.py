"""With frozen weights the flow of gamma stops at a kink, and gains at most a geometric number of fresh neurons."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from torch import Tensor
from torch.func import grad, vmap
from torch.testing import assert_close

from continuum.widths import Interval, Side, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import Engine

UNITS = 4
WidthName = Callable[[int], float]
SMALL = 2.0**-20


def derive() -> list[Derivation]:
    """The coins and their mean; the event of crossing a tile, from the loss; its probability, and the two limits."""
    return [*_coins(), *_event(), *_crossing()]


def _coins() -> list[Derivation]:
    """The sign of a symmetric weight whatever its tails, n of them in a row, and the mean number."""
    n, j = sp.symbols("n j", integer=True, positive=True)
    x, tail = sp.symbols("x b", positive=True)
    even = tail * sp.exp(-(x**tail)) / (2 * sp.gamma(1 / tail))  # density of exponential tails |x|^b, on one side
    coin = Derivation("P(r_k < 0 | weights below k), any tails", sp.Integral(even, (x, 0, sp.oo)))
    coin = coin.apply(lambda e: sp.simplify(e.doit()), sp.Rational(1, 2), "one side of an even density")
    coin = coin.claims(sp.Rational(1, 2), {"a third": sp.Rational(1, 3)})
    law = Derivation("product of coins", sp.Product(coin.value, (j, 1, n)))
    law = law.apply(lambda e: e.doit(), sp.Rational(1, 2) ** n, "coin by coin, each given those before")
    law = law.claims(2 ** (-n), {"one less": 2 ** (1 - n), "thirds": sp.Integer(3) ** (-n)})
    mean = Derivation("mean", sp.Sum(sp.Rational(1, 2) ** n, (n, 1, sp.oo)))
    mean = mean.apply(lambda e: e.doit(), sp.Integer(1), "E N = sum of P(N >= n)")
    return [coin, law, mean.claims(sp.Integer(1), {"two": sp.Integer(2)})]


def _event() -> list[Derivation]:
    """Two rows of squared loss: the slope grows along the tile, and at its end is negative iff 0 < W < v."""
    w, a = sp.symbols("W a", real=True)
    rows = sp.symbols("y_1 y_2 r_1 r_2", real=True)
    y, rest = rows[:2], rows[2:]
    loss = sum((a * w * f - r) ** 2 for f, r in zip(y, rest, strict=True)) / 4
    square, pull = sum(f**2 for f in y), sum(f * r for f, r in zip(y, rest, strict=True))
    v = pull / square
    slope = Derivation("slope on the tile", loss)
    slope = slope.apply(lambda e: sp.diff(e, a), square * w * (a * w - v) / 2, "v = <t - S_k, y_k> / |y_k|^2")
    slope.claims(square * w * (a * w - v) / 2, {"feature not normalised": square * w * (a * w - pull) / 2})
    bend = Derivation("curvature", slope.value)
    bend = bend.apply(lambda e: sp.diff(e, a), square * w**2 / 2, "not negative: the slope is largest at the far end")
    reach = sp.Symbol("x", real=True)  # W / v
    ends = Derivation("slope at the far end, in units of v^2 |y|^2 / 2", reach * (reach - 1))
    ends = ends.apply(
        lambda e: sp.solveset(e < 0, reach, sp.S.Reals), sp.Interval.open(0, 1), "negative", lambda p, q: p == q
    )
    ends.claims(sp.Interval.open(0, 1), {"entering": sp.Interval.open(0, sp.oo)}, lambda p, q: p == q)
    return [slope, bend, ends]


def _crossing() -> list[Derivation]:
    """The integral of a normal density over that event, and what is left of it for small and for large weights."""
    u, length, s = sp.symbols("u v s", positive=True)
    density = sp.exp(-(u**2) / (2 * s**2)) / (sp.sqrt(2 * sp.pi) * s)
    phi = (1 + sp.erf(length / (s * sp.sqrt(2)))) / 2
    crossing = Derivation("P(0 < W < v)", sp.Integral(density, (u, 0, length)))
    crossing = crossing.apply(lambda e: e.doit(), phi - sp.Rational(1, 2), "normal density from 0 to v")
    wrong = {"both signs": 2 * phi - 1, "entering": sp.Rational(1, 2), "no entry": phi}
    crossing.claims(phi - sp.Rational(1, 2), wrong)
    small = Derivation("small weights", crossing.value)
    small = small.apply(lambda e: sp.limit(e, s, 0, "+"), sp.Rational(1, 2), "s to 0: the coin again")
    large = Derivation("large weights", crossing.value * s / length)
    large = large.apply(
        lambda e: sp.limit(e, s, sp.oo), 1 / sp.sqrt(2 * sp.pi), "s to infinity: v / s times the density at 0"
    )
    return [
        crossing,
        small.claims(sp.Rational(1, 2), {"surely": sp.Integer(1), "never": sp.Integer(0)}),
        large.claims(1 / sp.sqrt(2 * sp.pi), {"constant": sp.Rational(1, 2)}),
    ]


def slopes_at(network: Network, outgoing: Tensor, gamma: float, side: Side) -> Tensor:
    """One-sided derivatives by the shipped closed form, for a batch of outgoing weights."""
    width = Interval(network.units, torch.full(outgoing.shape[:1], gamma, dtype=outgoing.dtype), side=side)
    y = network.activations().expand(len(outgoing), -1, -1)
    outputs = (y * width.gates().detach().unsqueeze(-2)) @ outgoing
    slope = vmap(grad(lambda output: network.criterion(output, network.targets)))(outputs)
    return gamma_derivative(width, y, outgoing, slope, side)


def slope_at(network: Network, gamma: float, side: Side) -> float:
    """The same for one network."""
    return slopes_at(network, network.outgoing.unsqueeze(0), gamma, side).item()


def entered(network: Network, outgoing: Tensor, start: int) -> Tensor:
    """Number N of tiles that the flow enters from the integer ``start``, for a batch of outgoing weights."""
    going = torch.ones(len(outgoing), dtype=torch.bool)
    count = torch.zeros(len(outgoing))
    for k in range(start, network.units):
        going &= slopes_at(network, outgoing, float(k), "right") < 0
        count += going
        going &= slopes_at(network, outgoing, float(k + 1), "left") < 0
    return count


def signed(network: Network, start: int, scale: float) -> Tensor:
    """All sign patterns of the fresh outgoing weights, times a scale: (patterns, units, outputs)."""
    fresh = network.units - start
    factors = torch.ones(2**fresh, network.units, 1)
    factors[:, start:, 0] = scale * torch.tensor(list(product((1.0, -1.0), repeat=fresh)))
    return network.outgoing * factors


def geometric(n: int) -> float:
    """2^-n."""
    return 2.0**-n


def by_enumeration(law: WidthName, network: Network, start: int, scale: float) -> None:
    """Share of all sign patterns with N >= n: equal for affine or small ones, at most that for the others."""
    small = signed(network, start, SMALL)
    assume(min(slopes_at(network, small, float(k), "right").abs().min() for k in range(start, UNITS)) > SMALL / 64)
    counts, fresh = entered(network, signed(network, start, scale), start), network.units - start
    shares = torch.stack([(counts >= n).double().mean() for n in range(fresh + 1)])
    bound = torch.tensor([law(n) for n in range(fresh + 1)])
    exact = network.criterion is linear or scale == SMALL
    assert_close(shares if exact else torch.maximum(shares, bound), bound, rtol=1e-12, atol=0)
    assert_close(shares[:2], bound[:2], rtol=1e-12, atol=0)  # the first tile is entered by a coin, whatever the loss


def linear(output: Tensor, target: Tensor) -> Tensor:
    """An affine loss."""
    return (output * target).sum(-1).mean()


def nearest_minimum(network: Network) -> float:
    """The first point, from 0 upwards, at which no side descends; squared loss."""
    for k in range(network.units):
        right, left = slope_at(network, float(k), "right"), slope_at(network, float(k + 1), "left")
        if right >= 0:
            return float(k)
        if left >= 0:
            return k + right / (right - left)
    return float(network.units)


def best_minimum(network: Network) -> float:
    """The width of least loss."""
    widths = torch.linspace(0, network.units, 401)
    losses = torch.stack([network.loss(Interval(network.units, width).gates().detach()) for width in widths])
    return widths[losses.argmin()].item()


def next_integer(network: Network) -> float:
    """The flow stops at integers only."""
    return float(-(-nearest_minimum(network) // 1))


def by_small_steps(stop: Callable[[Network], float], network: Network) -> None:
    """The engine with frozen weights and small steps in gamma, from 0."""
    rate, steps = 1 / 16, 80
    steep = [abs(slope_at(network, float(k), "right")) for k in range(UNITS)]
    assume(min(steep) > 0.1)
    engine = Engine.of(network, 0.0, gamma_lr=rate)
    for _ in range(steps):
        engine.step()
    expected, gamma = stop(network), engine.gamma.item()
    # On each tile the flow is slowest at the far end: it must have had the time to come so far.
    slowest = [-slope_at(network, k + 1.0, "left") for k in range(int(nearest_minimum(network)))]
    assume(all(speed > 0 for speed in slowest) and sum(1 / speed for speed in slowest) < 0.8 * rate * steps)
    # A minimum inside a tile is approached at the speed of its curvature; at an integer gamma chatters.
    assume(abs(slope_at(network, gamma, "right")) < 0.02 or expected == round(expected))
    assert_close(gamma, expected, rtol=0, atol=0.1 + rate * max(steep))


def by_quantiles(formula: Callable[[float, float, Tensor], float], y: Tensor, target: Tensor, s: float) -> None:
    """Share of the tile's crossings over equally likely quantiles of W: off by at most one of 2001 at either end."""
    count = 2001
    assume(float(y.square().sum()) > 0.1)
    weights = torch.from_numpy(ndtri((torch.arange(count) + 0.5).numpy() / count)).view(-1, 1, 1) * s
    ends = []
    for gamma, side in ((0.0, "right"), (1.0, "left")):
        width = Interval(1, torch.full((count,), gamma, dtype=torch.float64))
        slope = (gamma * y * weights - target) / len(y)
        batch = y.expand(count, -1, -1)
        ends.append(gamma_derivative(width, batch, weights, slope, "right" if side == "right" else "left"))
    pull = (target * y).sum() / len(y)
    assert_close(ends[0], -pull * weights.flatten(), rtol=1e-12, atol=1e-14)
    assert_close(ends[1], (y.square().mean() * weights.flatten() - pull) * weights.flatten(), rtol=1e-10, atol=1e-12)
    crossed = ((ends[0] < 0) & (ends[1] < 0)).double().mean().item()
    reach = (target * y).sum().item() / y.square().sum().item()
    assert_close(crossed, formula(abs(reach), s, y), rtol=0, atol=2.01 / count)


def gauss(reach: float, s: float, y: Tensor) -> float:
    """Phi(|v|/s) - 1/2."""
    return float(ndtr(reach / s)) - 0.5


def trained() -> dict[str, float]:
    """The right derivative at 1 before and after W_0 is trained to its optimum."""

    incoming, targets = torch.tensor([[1.0, 1.0], [0.0, 1.0]]), torch.tensor([[1.0], [-0.5]])

    def slope(first: float, second: float) -> float:
        network = Network(torch.eye(2), incoming, torch.tensor([[first], [second]]), targets, torch.relu)
        return slope_at(network, 1.0, "right")

    return {"before, +": slope(0.1, 1.0), "before, -": slope(0.1, -1.0), "after, -": slope(1.0, -1.0)}


def skipping() -> dict[str, float]:
    """One step of rate 1 from 1/2 under F(z) = z and contributions -2, 1, 1."""
    outgoing = torch.tensor([[-2.0], [1.0], [1.0]])
    network = Network(torch.ones(1, 1), torch.ones(1, 3), outgoing, torch.ones(1, 1), torch.relu, linear)
    return {"landing": 0.5 - slope_at(network, 0.5, "right"), "right derivative at 1": slope_at(network, 1.0, "right")}


IDENTITY = Identity(
    id="N1.2",
    title="pinning, and a geometric number of neurons",
    source="here",
    place="pinning",
    printed="",
    precise=r"""Interval gates, $F$ convex and $C^1$, all weights frozen, $\gamma$ follows an exact solution of
$\gamma' \in -\partial\ell(\gamma)$ (Clarke subdifferential) from an integer $k_0$. Going up, it stops at, or tends
to, the first point where no side descends: a minimum inside a tile, or an integer with $l \leq 0 \leq r$. (At an
integer with $l = 0 > r$ it may also stay.) Let the outgoing weights of neurons $k \geq k_0$ be independent and
symmetric given all $V$ and the data. Then the number $N$ of fresh tiles entered satisfies
$P(N \geq n) \leq 2^{-n}, \quad E N \leq 1$
for every $F$, data and target. For a flow that goes up whenever it can, as far as units are allocated: equality
holds for affine $F$ if $k_0 = 0$ and $P(r_k = 0) = 0$ for all $k$; $P(N \geq n) \rightarrow 2^{-n}$ if the fresh
weights are $s\tilde W_k$ with $s \rightarrow 0$ and $P(\langle\tilde W_k, g_k\rangle = 0) = 0$ for the limiting
gradients $g_k = \langle F'(S_{k_0}), y_k\rangle$; and for squared loss, one output, $y_k \neq 0$ and $W_k$ normal
with variance $s^2$ the tile is crossed with probability $\Phi(|v|/s) - \frac{1}{2}$, $v = \langle t - S_k,
y_k\rangle/|y_k|^2$. Nothing of this holds for weights that are trained meanwhile, or for discrete steps.""",
    verdict=Verdict.HOLDS,
    proof=r"""On a tile $\ell$ is convex, so that $\ell'$ increases: once the flow has entered a tile upwards it
stops at its first minimum, tends to it, or reaches the next integer, where $l \leq 0$, and goes on only if $r < 0$.
Entering tile $k$ needs $r_k < 0$. Given all weights of the neurons below $k$ this has probability at most $1/2$, by
symmetry: multiply. For affine $F$ the slope is constant on a tile, so that $r_k < 0$ is also enough to cross it. As
$s \rightarrow 0$ the derivatives $\ell'/s$ on all tiles converge to $\langle\tilde W_k, F'(S_{k_0}), y_k\rangle$,
uniformly. For squared loss $\ell'$ at the far end of the tile has the sign of $W(W-v)$, $v > 0$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="all sign patterns of frozen weights",
            check=by_enumeration,
            claim=geometric,
            wrong={
                "one less": lambda n: min(1.0, 2.0 ** (1 - n)),
                "thirds": lambda n: 3.0**-n,
                "uniform": lambda n: 1 / (n + 1),
            },
            given={
                "network": st.one_of(
                    strategies.networks(UNITS),
                    strategies.networks(UNITS).map(lambda network: replace(network, criterion=linear)),
                ),
                "start": st.integers(0, 1),
                "scale": st.sampled_from([SMALL, 0.125, 1.0]),
            },
            examples=6,
        ),
        Witness(
            name="where the engine stops",
            check=by_small_steps,
            claim=nearest_minimum,
            wrong={"the best width": best_minimum, "the next integer": next_integer},
            given={"network": strategies.networks(UNITS, outputs=1, losses=("squared",))},
            examples=6,
        ),
        Witness(
            name="crossing a tile, Gaussian weights by quantiles",
            check=by_quantiles,
            claim=gauss,
            wrong={
                "entering only": lambda reach, s, y: 0.5,
                "both signs": lambda reach, s, y: 2 * gauss(reach, s, y),
                "feature not normalised": lambda reach, s, y: gauss(reach * y.square().sum().item(), s, y),
            },
            given={
                "y": strategies.tensors(3, 1),
                "target": strategies.tensors(3, 1),
                "s": st.sampled_from([0.25, 0.5, 1.0, 2.0]),
            },
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Trained weights: $y_0 = (1, 0)$, $y_1 = (1, 1)$, target $(1, -0.5)$, mean squared loss
halved, $W_0 = 0.1$. At $\gamma = 1$ the right derivative is $-0.2W_1$, so that $W_1 = 1$ enters at once. Training
takes $W_0$ to $1$, and the right derivative becomes $0.25W_1$: now $W_1 = -1$ enters as well, and $P(N \geq 1) =
1$.""",
            numbers={"before, +": -0.2, "before, -": 0.2, "after, -": -0.25},
            compute=trained,
        ),
        Counterexample(
            text=r"""Discrete steps: $F(z) = z$, contributions $(-2, 1, 1)$, a step of rate $1$ from $\gamma =
0.5$ lands at $2.5$: neuron $1$, whose right derivative $1$ would have stopped the flow, is skipped, and tile $2$
is entered with probability $1$.""",
            numbers={"landing": 2.5, "right derivative at 1": 1.0},
            compute=skipping,
        ),
    ),
    references=(
        "F. H. Clarke, Optimization and Nonsmooth Analysis, 1983",
        "A. F. Filippov, Differential Equations with Discontinuous Righthand Sides, 1988 (sliding)",
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.ensemble.gating",
        "continuum.ensemble.chunk",
    ),
    document="n1_2_geometric_law.md",
)
