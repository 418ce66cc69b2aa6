"""Linear transformations, however many, separate nothing that one line does not; two spirals need a bend."""

from collections.abc import Callable, Sequence
from functools import reduce
from math import pi

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.separation import separated
from proofs_checks.shipped import filled, linears

#: Points of an arm to half a turn.
HALF_TURN = 8

Affine = tuple[Tensor, Tensor]


def derive() -> list[Derivation]:
    """Two affine layers are one; four points of the arms refute any affine score; less than half a turn does not."""
    w1, w2 = sp.Matrix(2, 2, sp.symbols("p0:4")), sp.Matrix(2, 2, sp.symbols("q0:4"))
    b1, b2, x = (sp.Matrix(sp.symbols(f"{name}0:2")) for name in ("b", "c", "x"))
    both = Derivation("two layers", w2 * (w1 * x + b1) + b2).rewrite(w2 * w1 * x + (w2 * b1 + b2), "distributivity")

    a1, a2, b, u, v = sp.symbols("a1 a2 b u v", real=True)
    ratio, radius = sp.symbols("rho r", positive=True)
    mid, angle = sp.symbols("m t", real=True)

    def score(x: sp.Expr, y: sp.Expr) -> sp.Expr:
        return a1 * x + a2 * y + b

    # On one arm g and g' = -rho g, half a turn on; on the other -g and -g'.
    first = ratio * score(u, v) + score(-ratio * u, -ratio * v)
    second = ratio * score(-u, -v) + score(ratio * u, ratio * v)
    gap = Derivation("rho f(g) + f(g') less the same of the other arm", first - second)
    gap = gap.apply(sp.expand, sp.Integer(0), "each of the two is (1 + rho) b")
    level = Derivation("of one arm", first).apply(sp.expand, b + b * ratio, "the direction drops out")

    short = Derivation("score along the middle", radius * (sp.cos(mid) * sp.cos(angle) + sp.sin(mid) * sp.sin(angle)))
    short = short.rewrite(radius * sp.cos(angle - mid), "angle between the point and the middle of its arm")
    end = Derivation("at the end of half a turn", sp.cos(sp.pi / 2)).rewrite(sp.Integer(0), "not positive any more")
    return [
        both.claims(w2 * w1 * x + (w2 * b1 + b2), {"the other order": w1 * w2 * x + (w2 * b1 + b2)}),
        gap.claims(sp.Integer(0), {"twice the offset": 2 * b * (1 + ratio)}),
        level.claims(b + b * ratio, {"no offset": sp.Integer(0)}),
        short.claims(radius * sp.cos(angle - mid), {"a quarter on": radius * sp.sin(angle - mid)}),
        end.claims(sp.Integer(0), {"still positive": sp.Integer(1)}),
    ]


def stack(widths: Sequence[float], values: Tensor) -> MLP:
    """Layers without activation, of real widths, whose weights and biases are these values in order."""
    return filled(MLP(2, 1, [Interval(2, width) for width in widths], activation=nn.Identity).double(), values)


def composed(layers: Sequence[Affine], gates: Sequence[Tensor]) -> Affine:
    """W = W_L D_(L-1) W_(L-1) ... W_1, and the biases through what is above them."""
    weight, bias = layers[0]
    for (above, more), gate in zip(layers[1:], gates, strict=True):
        weight, bias = above * gate @ weight, above * gate @ bias + more
    return weight, bias


def without_gates(layers: Sequence[Affine], gates: Sequence[Tensor]) -> Affine:
    """All units whole."""
    return composed(layers, [torch.ones_like(gate) for gate in gates])


def last_bias(layers: Sequence[Affine], gates: Sequence[Tensor]) -> Affine:
    """Biases below are forgotten."""
    return composed(layers, gates)[0], layers[-1][1]


def other_order(layers: Sequence[Affine], gates: Sequence[Tensor]) -> Affine:
    """The inner matrices from the top down."""
    inner = [weight for weight, _ in layers[:-1]]
    product: Tensor = reduce(torch.matmul, inner)
    return layers[-1][0] * gates[-1] @ product, composed(layers, gates)[1]


def by_network(
    formula: Callable[[Sequence[Affine], Sequence[Tensor]], Affine], widths: list[float], values: Tensor, x: Tensor
) -> None:
    """A shipped perceptron without activations is the affine map."""
    network = stack(widths, values)
    pairs = [(layer.weight.detach(), layer.bias.detach()) for layer in linears(network)]
    gates = [width.gates().detach() for width in network.widths]  # type: ignore[operator]
    weight, bias = formula(pairs, gates)
    assert_close(network(x).detach(), x @ weight.mT + bias, rtol=1e-12, atol=1e-12)


def arms(steps: int, start: float, growth: float) -> tuple[np.ndarray, np.ndarray]:
    """Two arms, opposite of one another, with their labels: the radius grows by a factor every half turn."""
    turns = np.arange(steps + 1) / HALF_TURN
    angles, radius = start + pi * turns, growth**turns
    arm = np.c_[radius * np.cos(angles), radius * np.sin(angles)]
    return np.concatenate([arm, -arm]), np.repeat([0, 1], steps + 1)


def by_turn(formula: Callable[[float], bool], steps: int, start: float, growth: float) -> None:
    """A linear program on points of two arms."""
    assert_close(separated(*arms(steps, start, growth)), formula(steps / HALF_TURN), rtol=0, atol=0)


def by_errors(formula: Callable[[int], float], copies: int, start: float, growth: float, values: Tensor) -> None:
    """Errors of networks without activations on quadruples g, g', -g, -g': a drawn one, and the best for one."""
    angles = torch.tensor(start) + torch.arange(copies) * (pi / 4 / copies)
    near = torch.stack([angles.cos(), angles.sin()], -1)
    points = torch.cat([near, -growth * near, -near, growth * near])
    first = torch.arange(4 * copies) < 2 * copies
    # Along g the arms alternate at -growth, -1, 1, growth; a threshold between -growth and -1 errs once.
    best = torch.cat([-near[0], torch.tensor([-(1 + growth) / 2])])
    through = torch.cat([torch.eye(2).flatten(), torch.zeros(2), best])
    for network in (stack([2.0, 2.0], values), stack([2.0], through)):
        wrong = ((network(points).squeeze(-1) > 0) != first).sum()
        share = float(wrong) / (4 * copies)
        assert_close(max(share, formula(copies)), share, rtol=0, atol=0)


def with_a_bend() -> dict[str, float]:
    """One and a half turns: the fewest errors of any line, and of a shipped perceptron with one hidden layer."""
    points, labels = arms(3 * HALF_TURN, 0.0, 1.5)
    x, first = torch.from_numpy(points), torch.from_numpy(labels) == 0
    i, j = torch.triu_indices(len(x), len(x), 1)
    across = (x[j] - x[i]) @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
    heights = torch.einsum("lf,pf->lp", across, x) - (across * x[i]).sum(-1, keepdim=True)
    # Lines through two points, moved a little to either side, cut off every set that any line cuts off.
    shifted = torch.cat([heights + shift * across.norm(dim=-1, keepdim=True) for shift in (-1e-6, 1e-6)])
    turned = torch.cat([shifted, torch.stack([torch.ones(len(x)), -torch.ones(len(x))])]) > 0
    errors = torch.minimum((turned != first).sum(-1), (turned == first).sum(-1))
    network = MLP(2, 1, [Interval(64, 64.0)]).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        hidden, readout = linears(network)
        hidden.weight.copy_(2 * torch.randn(64, 2, generator=generator))
        hidden.bias.copy_(2 * torch.randn(64, generator=generator))
        features = torch.tanh(hidden(x))
        target = torch.where(first, 1.0, -1.0)
        readout.weight.copy_(torch.linalg.lstsq(features, target.unsqueeze(-1)).solution.mT)
        readout.bias.zero_()
        bent = ((network(x).squeeze(-1) > 0) != first).sum()
    return {"points": len(x), "errors of the best line": int(errors.min()), "errors with 64 units": int(bent)}


IDENTITY = Identity(
    id="D05",
    title="linear transformations and a spiral",
    source="Notes",
    place="Deep Networks and Representation Learning, caption of the figure of a spiral",
    printed=r""""A series of linear transformations (4) applied to (x, y) coordinates to separate a spiral".""",
    precise=r"""A composition of affine maps is affine, so if a line separates the images of two sets under any
number of linear (or affine) layers, of any width, whole or real, then a line separates the sets. Let the arms be
$g(t) = r(t)(\cos t, \sin t)$ and $-g(t)$ with a continuous $r > 0$ and $t$ in a closed interval of length $L$. A
line separates them if and only if $L < \pi$; so two interleaved spirals, which wind at least half a turn, cannot be
separated by linear layers. Of four points $g$, $g'$, $-g$, $-g'$ with $g' = g(t + \pi)$ every affine map errs on
one at least, so on data made of such quadruples its error is at least 1/4. The page that the slide cites draws
layers of the form $\tanh(Wx + b)$: it is the bends that separate.""",
    verdict=Verdict.FALSE,
    proof=r"""$W_2(W_1x + b_1) + b_2 = (W_2W_1)x + (W_2b_1 + b_2)$; a gate on a unit is a diagonal factor. If $L
\geq \pi$, take $g = g(t)$ and $g' = g(t+\pi) = -\rho g$ with $\rho > 0$. For affine $f$, $\rho f(g) + f(g') =
(1+\rho)f(0) = \rho f(-g) + f(-g')$. Were $f$ positive on the first arm and negative on the other, the left side
would be positive and the right side negative: one of the four signs is wrong. If $L < \pi$, with $m$ the middle of
the interval, $x\cos m + y\sin m$ is $r(t)\cos(t - m) > 0$ on the first arm and negative on the other.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="a perceptron without activations is affine",
            check=by_network,
            claim=composed,
            wrong={"gates left out": without_gates, "last bias alone": last_bias, "other order": other_order},
            given={
                "widths": st.lists(strategies.gammas(2), min_size=2, max_size=3),
                "values": strategies.tensors(21),
                "x": strategies.tensors(3, 2),
            },
        ),
        Witness(
            name="arms that a line separates",
            check=by_turn,
            claim=lambda turn: turn < 1,
            wrong={
                "a full turn": lambda turn: turn < 2,
                "half a turn and no less": lambda turn: turn <= 1,
                "a quarter": lambda turn: turn < 0.5,
                "always, as printed": lambda turn: True,
            },
            given={
                "steps": st.integers(1, 20),
                "start": strategies.numbers(-3, 3),
                "growth": strategies.numbers(1.05, 2),
            },
            examples=20,
        ),
        Witness(
            name="errors of a perceptron without activations",
            check=by_errors,
            claim=lambda copies: 0.25,
            wrong={"one half": lambda copies: 0.5, "one in three": lambda copies: 1 / 3},
            given={
                "copies": st.integers(1, 4),
                "start": strategies.numbers(-3, 3),
                "growth": strategies.numbers(1.05, 2),
                "values": strategies.tensors(15),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Two arms of one and a half turns whose radius grows by half every half turn, 25 points each:
the best of all lines errs on 17 of 50, a perceptron with one hidden layer of 64 tanh units (drawn, with a readout
by least squares) on none.""",
            numbers={"points": 50, "errors of the best line": 17, "errors with 64 units": 0},
            compute=with_a_bend,
        ),
    ),
    references=("C. Olah, Neural networks, manifolds, and topology, 2014 (where the figure is from)",),
    covers=("continuum.nn.mlp", "continuum.nn.prefix"),
)
