"""Almost everywhere the derivative in gamma is the output gradient times the contribution at the edge."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Interval, Side, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import Engine, mlp

UNITS = 4
Formula = Callable[[Network, float, float], Tensor]
Slope = Callable[[float, Side], float]


def derive() -> list[Derivation]:
    """For any integrand by the fundamental theorem, and for a tile with two outputs and two rows by the chain rule."""
    return [_general(), _tile()]


def _general() -> Derivation:
    gamma, u = sp.symbols("gamma u", positive=True)
    loss, field = sp.Function("F"), sp.Function("c")
    output = sp.Integral(field(u), (u, 0, gamma))
    slope = sp.Subs(sp.diff(loss(u), u), u, output)
    chain = Derivation("F of the integral of c = y W", loss(output))
    chain = chain.apply(lambda e: sp.diff(e, gamma), slope * field(gamma), "chain rule and fundamental theorem")
    return chain.claims(
        slope * field(gamma), {"no F'": field(gamma), "F of the end": sp.diff(loss(field(gamma)), gamma)}
    )


def _tile() -> Derivation:
    a = sp.Symbol("a", positive=True)
    loss = sp.Function("f")
    rows = [(sp.symbols(f"S_{n}0 S_{n}1"), sp.symbols(f"y_{n} z_{n}")) for n in (1, 2)]  # z: of the next neuron
    weight, following = sp.symbols("W_0 W_1"), sp.symbols("V_0 V_1")
    first, second = sp.symbols("o_0 o_1")

    def gradient(row: int, output: int) -> sp.Expr:
        (base, (y, _)) = rows[row]
        at = {o: s + a * y * w for o, s, w in zip((first, second), base, weight, strict=True)}
        return sp.diff(loss(first, second), (first, second)[output]).subs(at)

    def weighted(which: int, vector: tuple[sp.Symbol, ...]) -> sp.Expr:
        terms = (gradient(n, j) * rows[n][1][which] * vector[j] for n in (0, 1) for j in (0, 1))
        return sum(terms) / 2

    losses = (loss(*(s + a * y * w for s, w in zip(base, weight, strict=True))) for base, (y, _) in rows)
    chain = Derivation("mean over two rows of f(S_k + a y_k W_k)", sum(losses) / 2)
    chain = chain.apply(lambda e: sp.diff(e, a), weighted(0, weight), "chain rule", test=_same)
    wrong = {"the next neuron": weighted(1, following), "sum, not mean": 2 * weighted(0, weight)}
    return chain.claims(weighted(0, weight), wrong, test=_same)


def _same(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.expand((left - right).doit()) == 0)


def formula(network: Network, gamma: float, exponent: float) -> Tensor:
    """p a^(p-1) <F'(y2(gamma)), y_k W_k>, k = floor(gamma), a = gamma - k; p = 1 in the source."""
    k = math.floor(gamma)
    return _product(network, gamma, exponent, k) * _slope(gamma, exponent)


def _slope(gamma: float, exponent: float) -> float:
    """p a^(p-1)."""
    return float(exponent * (gamma - math.floor(gamma)) ** (exponent - 1))


def _product(network: Network, gamma: float, exponent: float, neuron: int) -> Tensor:
    """<F'(y2(gamma)), c> with the contribution of a neuron."""
    k = math.floor(gamma)
    gates = torch.tensor([1.0] * k + [(gamma - k) ** exponent] + [0.0] * (network.units - k - 1))
    return (network.output_gradient(gates) * network.contributions()[neuron]).sum()


def next_neuron(network: Network, gamma: float, exponent: float) -> Tensor:
    """Index k + 1: neurons counted from 1 under a floor."""
    after = (math.floor(gamma) + 1) % network.units
    return _product(network, gamma, exponent, after) * _slope(gamma, exponent)


def no_loss(network: Network, gamma: float, exponent: float) -> Tensor:
    """The derivative of the output, without F'."""
    return network.contributions()[math.floor(gamma)].sum() * _slope(gamma, exponent)


def frozen_output(network: Network, gamma: float, exponent: float) -> Tensor:
    """F' at the integer below instead of at gamma."""
    k = math.floor(gamma)
    return _product(network, float(k), 1.0, k) * _slope(gamma, exponent)


def summed(network: Network, gamma: float, exponent: float) -> Tensor:
    """A sum over the rows in place of their mean."""
    return formula(network, gamma, exponent) * len(network.inputs)


def linear_gate(network: Network, gamma: float, exponent: float) -> Tensor:
    """The slope of the gate taken as 1 for every power."""
    return _product(network, gamma, exponent, math.floor(gamma))


def by_autograd(claim: Formula, network: Network, gamma: float, exponent: float) -> None:
    """Autograd through the shipped network, and the shipped closed form from either side."""
    expected = claim(network, gamma, exponent)
    for compute in ("active", "all"):
        width = Interval(network.units, gamma, exponent)
        loss = network.criterion(mlp(network, width, compute)(network.inputs), network.targets)
        (slope,) = torch.autograd.grad(loss, width.gamma)
        assert_close(slope, expected, rtol=1e-11, atol=1e-12)
    gradient = network.output_gradient(width.gates().detach())
    for side in ("right", "left"):
        closed = gamma_derivative(width, network.activations(), network.outgoing, gradient, side)
        assert_close(closed, expected, rtol=1e-11, atol=1e-12)


def by_engine(claim: Formula, network: Network, gamma: float, exponent: float) -> None:
    """What the engine reports, and the step that it takes in gamma."""
    expected = claim(network, gamma, exponent)
    engine = Engine.of(network, gamma, gamma_lr=1e-3, exponent=exponent)
    for side in engine.derivatives():
        assert_close(side, expected, rtol=1e-11, atol=1e-12)
    engine.step()
    assert_close(
        (gamma - engine.gamma) / 1e-3, expected.clamp((gamma - UNITS) / 1e-3, gamma / 1e-3), rtol=1e-9, atol=1e-10
    )


def by_differences(claim: Formula, network: Network, gamma: float, exponent: float) -> None:
    """Central differences of the loss of the shipped network, of fourth order."""
    step = 1e-3

    def loss(at: float) -> Tensor:
        output = mlp(network, Interval(network.units, at, exponent))(network.inputs)
        return network.criterion(output, network.targets).detach()

    near, far = (loss(gamma + j * step) - loss(gamma - j * step) for j in (1, 2))
    difference = (8 * near - far) / (12 * step)
    assert_close(difference, claim(network, gamma, exponent), rtol=1e-5, atol=1e-6)


def end_slope(exponent: float, side: Side) -> float:
    """p 0^(p-1) at the birth of a neuron (right), p at its completion (left)."""
    return exponent * (1.0 if side == "left" else 0.0 ** (exponent - 1) if exponent >= 1 else math.inf)


def finite_root(exponent: float, side: Side) -> float:
    """The slope of a root at 0 hidden behind 0, as clamping or masking does."""
    return 0.0 if math.isinf(end_slope(exponent, side)) else end_slope(exponent, side)


def at_ends(claim: Slope, exponent: float, side: Side, k: int, cotangent: float) -> None:
    """Gradient of the shipped gates at an integer; 0 (never NaN) where the loss does not feel the gate."""
    width = Interval(UNITS, float(k), exponent, side=side)
    (slope,) = torch.autograd.grad((width.gates() * cotangent).sum(), width.gamma)
    expected = claim(exponent, side) * cotangent if cotangent else 0.0
    assert_close(slope, torch.tensor(expected), rtol=1e-14, atol=0)
    ones, gradient = torch.ones(1, UNITS), torch.full((1, 1), cotangent)
    assert_close(gamma_derivative(width, ones, ones.T, gradient, side), torch.tensor(expected), rtol=1e-14, atol=0)


def rests(network: Network, k: int, exponent: float) -> float:
    """The right derivative, and 0 in place of an infinite one."""
    return 0.0 if exponent < 1 else _product(network, float(k), 1.0, k).item() * end_slope(exponent, "right")


def runs_off(network: Network, k: int, exponent: float) -> float:
    """An infinite step, clamped to the range."""
    push = _product(network, float(k), 1.0, k).item() if exponent < 1 else 0.0
    return math.copysign(math.inf, push) if push else rests(network, k, exponent)


def finite_part(network: Network, k: int, exponent: float) -> float:
    """As for a linear gate."""
    return _product(network, float(k), 1.0, k).item()


def engine_at_integer(claim: Callable[[Network, int, float], float], network: Network, k: int, exponent: float) -> None:
    """Right derivative that the engine reports at an integer, and its step from there."""
    engine, rate = Engine.of(network, float(k), gamma_lr=1e-3, exponent=exponent), 1e-3
    expected = torch.tensor(claim(network, k, exponent)).clamp((k - UNITS) / rate, k / rate)
    push = _product(network, float(k), 1.0, k)
    reported = torch.where(push == 0, 0.0, push * end_slope(exponent, "right"))
    assert_close(engine.derivatives()[1], reported, rtol=1e-11, atol=1e-12)
    engine.step()
    assert_close((k - engine.gamma) / rate, expected, rtol=1e-9, atol=1e-10)


def given(**options: object) -> dict[str, object]:
    """Widths off the integers, and powers of the gate."""
    return {
        "network": strategies.networks(UNITS, **options),  # type: ignore[arg-type]
        "gamma": strategies.interior(UNITS, margin=1 / 32),
        "exponent": st.sampled_from([1.0, 0.5, 2.0]),
    }


WRONG = {
    "index k + 1": next_neuron,
    "F' dropped": no_loss,
    "F' at the integer below": frozen_output,
    "sum over rows": summed,
    "slope of the gate dropped": linear_gate,
}

IDENTITY = Identity(
    id="A02",
    title="the derivative of the loss in gamma",
    source="DFM",
    place="section 1.7, display, last line",
    printed=r"""$\frac{\partial F}{\partial\gamma} = \frac{dF}{dy^2} \cdot y^1_{\lfloor\gamma\rfloor}
W^1_{\lfloor\gamma\rfloor}$""",
    precise=r"""Let $F$ be $C^1$ and $y W$ locally integrable. Then $y_2(\gamma) = \int_{[0,\gamma]} y W \, d\mu$
is absolutely continuous on bounded intervals, and for almost every $\gamma$
$\frac{d}{d\gamma} F(y_2(\gamma)) = \langle F'(y_2(\gamma)), \, y(\gamma) W(\gamma)\rangle .$
For piecewise constant $y$ and $W$ it holds at every $\gamma$ that is not an integer, with $y_k W_k$, $k =
\lfloor\gamma\rfloor$ counted from 0. $\langle\cdot,\cdot\rangle$ sums over outputs and takes the mean over rows of
data. For gates $a^p$ in place of $a = \gamma - k$ there is a further factor $p\,a^{p-1}$; at an integer it is $p$
from the left, and from the right $0$ for $p > 1$, $1$ for $p = 1$, $+\infty$ for $p < 1$ (there the engine lets
$\gamma$ rest).""",
    verdict=Verdict.ALMOST_EVERYWHERE,
    proof=r"""Lebesgue's differentiation theorem gives $y_2' = yW$ at every Lebesgue point of $yW$, hence almost
everywhere; $F$ is differentiable, so the chain rule holds there. A point inside a tile is a Lebesgue point of a
function that is constant on the tile. With a gate, $y_2 = S_k + a^p y_k W_k$ on the tile, and $(a^p)' =
p\,a^{p-1}$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="autograd and the shipped closed form",
            check=by_autograd,
            claim=formula,
            wrong=WRONG,
            given=given(),
            examples=18,
        ),
        Witness(
            name="derivative and step of the engine",
            check=by_engine,
            claim=formula,
            wrong=WRONG,
            given=given(losses=("squared",)),
            examples=18,
        ),
        Witness(
            name="central differences",
            check=by_differences,
            claim=formula,
            wrong=WRONG,
            given=given(),
            examples=10,
        ),
        Witness(
            name="the engine at an integer: a root gate rests",
            check=engine_at_integer,
            claim=rests,
            wrong={"runs off the range": runs_off, "moves like a linear gate": finite_part},
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "k": st.integers(1, UNITS - 1),
                "exponent": st.sampled_from([0.5, 1.0, 2.0]),
            },
            examples=8,
        ),
        Witness(
            name="slope of a power at the ends of a tile",
            check=at_ends,
            claim=end_slope,
            wrong={
                "finite for roots": finite_root,
                "1 for every power": lambda exponent, side: 1.0,
                "sides swapped": lambda exponent, side: end_slope(exponent, "left" if side == "right" else "right"),
            },
            given={
                "exponent": st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0]),
                "side": st.sampled_from(["right", "left"]),
                "k": st.integers(1, UNITS - 1),
                "cotangent": st.sampled_from([1.0, -0.5, 0.0]),
            },
        ),
    ),
    references=("H. L. Royden, Real Analysis, 3rd ed., 1988, section 5.4 (derivative of an indefinite integral)",),
    covers=(
        "continuum.widths.interval",
        "continuum.widths.derivative",
        "continuum.widths.power",
        "continuum.nn.mlp",
        "continuum.ensemble.gating",
        "continuum.ensemble.chunk",
    ),
)
