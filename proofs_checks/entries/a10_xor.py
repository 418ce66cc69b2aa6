"""Some functions need a number of neurons: by how much one monotone neuron misses XOR, and two do not."""

from collections.abc import Callable
from itertools import product

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness
from proofs_checks.shipped import linears

CORNERS = torch.tensor(list(product([-1.0, 1.0], repeat=2)), dtype=torch.float64)
XOR = -CORNERS.prod(1, keepdim=True)  # +1 where the inputs differ
Bound = Callable[[float], float]


def derive() -> list[Derivation]:
    """The relation between the corners, the best monotone fit of each order of them, and two tanh neurons."""
    return [_midpoints(), _pooled(), _two_neurons()]


def _midpoints() -> Derivation:
    w, v, b = sp.symbols("w v b", real=True)

    def p(x: int, y: int) -> sp.Expr:
        return w * x + v * y + b

    chain = Derivation("p(1, 1) + p(-1, -1) for affine p", p(1, 1) + p(-1, -1)).rewrite(2 * b, "the odd part cancels")
    return chain.claims(p(1, -1) + p(-1, 1), {"one corner": 2 * p(1, -1), "the difference": p(1, -1) - p(-1, 1)})


def _pooled() -> Derivation:
    """Targets -1, 1, 1, -1 along the line: a non-decreasing fit pools the last three."""
    h = sp.symbols("h_0:4", real=True)
    targets = (-1, 1, 1, -1)
    chain = Derivation(
        "squared error of values h on the line", sum((a - t) ** 2 for a, t in zip(h, targets, strict=True))
    )
    tied = dict.fromkeys(h[1:], h[1])
    fit = (h[0] + 1) ** 2 + 2 * (h[1] - 1) ** 2 + (h[1] + 1) ** 2
    chain = chain.apply(
        lambda e: e.subs(tied), fit, "the last three are tied (h_3 >= h_1, h_2 and its target is the least)"
    )
    best = sp.solve([sp.diff(fit, x) for x in h[:2]], h[:2])
    chain = chain.apply(lambda e: e.subs(best), sp.Rational(8, 3), "least: h = -1 and 1/3")
    return chain.claims(
        sp.Rational(8, 3), {"zero": sp.Integer(0), "constant fit": sp.Integer(4), "two pooled": sp.Integer(2)}
    )


def _two_neurons() -> Derivation:
    s = sp.Symbol("s", real=True)  # the sum of the inputs: 0 where they differ, else 2 or -2
    bump = sp.tanh(s + 1) - sp.tanh(s - 1)
    gain = 2 / (bump.subs(s, 0) - bump.subs(s, 2))
    values = sp.Matrix([gain * (bump.subs(s, n) - bump.subs(s, 2)) - 1 for n in (0, 2, -2)])
    chain = Derivation("two tanh neurons, scaled and shifted, at s = 0, 2, -2", values)
    return chain.claims(sp.Matrix([1, -1, -1]), {"one value": sp.Matrix([1, -1, 1])})


def least_error(gamma: float) -> float:
    """Greatest lower bound of the sum of squared errors at a width: 4 at 0, 8/3 up to one neuron, 0 above."""
    return 4.0 if gamma == 0 else 8 / 3 if gamma <= 1 else 0.0


def error(net: MLP) -> Tensor:
    """Sum of squared errors over the four corners."""
    output: Tensor = net(CORNERS).detach()
    return (output - XOR).square().sum()


def with_weights(gamma: float, incoming: Tensor, bias: Tensor, outgoing: Tensor, shift: float, activation: str) -> MLP:
    """The shipped network with two allocated units."""
    net = MLP(2, 1, [Interval(2, gamma)], activation).double()
    with torch.no_grad():
        linears(net)[0].weight.copy_(incoming)
        linears(net)[0].bias.copy_(bias)
        linears(net)[1].weight.copy_(outgoing)
        linears(net)[1].bias.fill_(shift)
    return net


def refitted(net: MLP) -> MLP:
    """The readout replaced by the least-squares one: the best that these hidden units can do."""
    hidden = net.sequential()[:-1](CORNERS).detach()
    design = torch.cat([hidden, torch.ones(4, 1)], 1)
    best = torch.linalg.lstsq(design, XOR, driver="gelsd", rcond=1e-12).solution
    with torch.no_grad():
        linears(net)[1].weight.copy_(best[:-1].T)
        linears(net)[1].bias.copy_(best[-1])
    return net


def any_weights(
    bound: Bound, gamma: float, incoming: Tensor, bias: Tensor, outgoing: Tensor, shift: float, activation: str
) -> None:
    """No weights of the shipped network are better than the bound, not even with the best readout."""
    net = with_weights(gamma, incoming, bias, outgoing, shift, activation)
    drawn, best = float(error(net)), float(error(refitted(net)))
    require(min(drawn, best) >= bound(gamma) - 1e-9, f"errors {drawn} and {best} at width {gamma}")


def attained(bound: Bound, gamma: float) -> None:
    """Some weights come as near to the bound as one likes: a steep unit at one corner, then a bump of two tanh."""
    incoming = torch.tensor([[1.0, 1.0], [1.0, 1.0]]) * (20.0 if gamma <= 1 else 1.0)
    bias = torch.tensor([20.0, -20.0]) if gamma <= 1 else torch.tensor([1.0, -1.0])
    net = refitted(with_weights(gamma, incoming, bias, torch.zeros(1, 2), 0.0, "tanh"))
    assert_close(error(net), torch.tensor(bound(gamma)), rtol=1e-9, atol=1e-12)


def relu_pair(readout: tuple[float, float, float], shift: float) -> None:
    """The shipped network of width 2 with incoming sums s + 2 and s, and a readout, represents XOR exactly."""
    *weights, bias = readout
    rows, biases = torch.ones(2, 2), torch.tensor([2.0, 0.0])
    net = with_weights(2.0, rows, biases, torch.tensor([weights]), bias + shift, "relu")
    assert_close(net(CORNERS).detach(), XOR + shift, rtol=0, atol=1e-15)


IDENTITY = Identity(
    id="A10",
    title="functions that need a number of neurons",
    source="DFM",
    place="section 1.7, footnote 7",
    printed="There are functions which are unlearnable without a sufficient number of neurons for example.",
    precise=r"""For every activation that is monotone (tanh, ReLU), XOR on the corners of $[-1, 1]^2$ with targets
$\pm 1$ is missed by a layer of width $0 < \gamma \leq 1$ with any weights and a bias at the output by a sum of
squared errors of at least $8/3$, and this is the greatest lower bound for tanh. At every width $\gamma > 1$ two
tanh neurons represent it exactly, and at $\gamma = 2$ so do two ReLU neurons: $\mathrm{relu}(s + 2) -
2\,\mathrm{relu}(s) - 1$, $s = x_1 + x_2$.""",
    verdict=Verdict.HOLDS,
    proof=r"""The output is $h(p(x))$ with $p$ affine and $h$ monotone (gate, outgoing weight and bias go into
$h$). The pairs $p(1,1), p(-1,-1)$ and $p(1,-1), p(-1,1)$ have the same midpoint, so one pair lies between the
other two on the line: in order of $p$ the targets are $-1, 1, 1, -1$ or $1, -1, -1, 1$ (with ties, fewer values
of $h$ are free). For a non-decreasing $h$ and the first order pooling adjacent violators gives $-1, 1/3, 1/3,
1/3$, with error $2(2/3)^2 + (4/3)^2 = 8/3$; the other orders are its mirror images. Steep tanh neurons tend to
this step function. Above 1: $\tanh(s + 1) - \tanh(s - 1)$ of $s = x_1 + x_2$ has equal values at $s = \pm 2$ and
another at 0; a readout maps them to $-1$ and $1$, and a gate $a > 0$ is undone by an outgoing weight divided by
$a$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="any weights of the shipped network",
            check=any_weights,
            claim=least_error,
            wrong={
                "constant fit up to one neuron": lambda gamma: 4.0 if gamma <= 1 else 0.0,
                "two corners missed by one": lambda gamma: 3.0 if 0 < gamma <= 1 else least_error(gamma),
                "needs two whole neurons": lambda gamma: 8 / 3 if gamma < 2 else 0.0,
            },
            given={
                "gamma": st.sampled_from([0.0, 0.25, 0.75, 1.0, 1.25, 2.0]),
                # Parallel units separate the corners best.
                "incoming": st.one_of(strategies.tensors(2, 2, low=-4, high=4), st.just(torch.ones(2, 2).double())),
                "bias": strategies.tensors(2, low=-4, high=4),
                "outgoing": strategies.tensors(1, 2),
                "shift": strategies.numbers(-1, 1),
                "activation": st.sampled_from(["tanh", "relu"]),
            },
            examples=60,
        ),
        Witness(
            name="weights that attain the bound",
            check=attained,
            claim=least_error,
            wrong={
                "zero at one neuron": lambda gamma: 4.0 if gamma == 0 else 0.0,
                "two corners missed": lambda gamma: 2.0 if 0 < gamma <= 1 else least_error(gamma),
                "needs two whole neurons": lambda gamma: 8 / 3 if 0 < gamma < 2 else least_error(gamma),
            },
            given={"gamma": st.one_of(st.integers(0, 2).map(float), strategies.interior(2, margin=1 / 16))},
        ),
        Witness(
            name="two ReLU neurons",
            check=relu_pair,
            claim=(1.0, -2.0, -1.0),
            wrong={"relu(s + 2) - relu(s) - 1": (1.0, -1.0, -1.0), "AND": (1.0, -1.0, 1.0)},
            given={"shift": strategies.tensors(1).map(float)},
            examples=3,
        ),
    ),
    references=(
        "M. Minsky, S. Papert, Perceptrons, 1969 (XOR)",
        "M. Ayer et al., An empirical distribution function for sampling with incomplete information, Annals of "
        "Mathematical Statistics 26, 1955 (pooling adjacent violators)",
    ),
    covers=("continuum.nn.mlp", "continuum.widths.interval"),
)
