"""Two units a layer cannot separate a disc from the annulus around it, unless their activation turns back."""

from collections.abc import Callable
from math import cos, pi, sin

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
from proofs_checks.identity import Asymptote, Identity, Rate, Verdict, Witness
from proofs_checks.shipped import filled, linears

ACTIVATIONS = ("tanh", "relu", "gelu")
#: Where the second derivative does not vanish; for GELU its only minimum.
CENTRES = {"tanh": 0.5, "relu": 0.0, "gelu": -0.7517915246935644}
ANGLES = torch.arange(256, dtype=torch.float64) * (2 * pi / 256)
CIRCLE = torch.stack([ANGLES.cos(), ANGLES.sin()], -1)
DISC = torch.cat([CIRCLE[::16] * radius for radius in (0.0, 0.25, 0.5)])


def derive() -> list[Derivation]:
    """Three directions cancel the first order and leave a cup; two do at a minimum; orientation of a layer."""
    radius, angle, eps = sp.symbols("r theta epsilon", positive=True)
    values = sp.symbols("s0:4", real=True)

    def sigma(step: sp.Expr) -> sp.Expr:
        return sum(value * step**n / sp.factorial(n) for n, value in enumerate(values))

    thirds = [angle - 2 * sp.pi * sp.Rational(j, 3) for j in range(3)]
    ring = sum(sigma(eps * radius * sp.expand_trig(sp.cos(third))) for third in thirds)
    cup = 3 * values[0] + sp.Rational(3, 4) * values[2] * (eps * radius) ** 2
    ripple = values[3] * (eps * radius) ** 3 * (4 * sp.cos(angle) ** 3 - 3 * sp.cos(angle)) / 8
    three = Derivation("three units", ring).rewrite(cup + ripple, "sums of powers of three cosines")

    x, y = sp.symbols("x y", real=True)
    pair = Derivation("two units at a minimum", (sigma(eps * x) + sigma(eps * y)).subs({values[1]: 0, values[3]: 0}))
    pair = pair.rewrite(2 * values[0] + values[2] * eps**2 * (x**2 + y**2) / 2, "no first order")

    slopes, weight = sp.diag(*sp.symbols("d1 d2", positive=True)), sp.Matrix(2, 2, sp.symbols("w0:4", real=True))
    turn = Derivation("Jacobian of a layer", sp.det(slopes * weight))
    turn = turn.rewrite(slopes[0, 0] * slopes[1, 1] * sp.det(weight), "product of determinants")

    slack, slope = sp.symbols("t delta", positive=True)
    injective = Derivation("slope of relu + delta t, on", sp.diff(slack + slope * slack, slack))
    injective = injective.rewrite(1 + slope, "positive").apply(lambda e: sp.limit(e, slope, 0), sp.Integer(1), "limit")
    return [
        three.claims(cup + ripple, {"no cup": 3 * values[0] + ripple, "no ripple": cup}),
        pair.claims(2 * values[0] + values[2] * eps**2 * (x**2 + y**2) / 2, {"a saddle": 2 * values[0]}),
        turn.claims(slopes[0, 0] * slopes[1, 1] * sp.det(weight), {"never turned over": slopes[0, 0] * slopes[1, 1]}),
        injective.claims(sp.Integer(1), {"flat": sp.Integer(0)}),
    ]


def drawn(depth: int, widths: Tensor, values: Tensor, activation: str) -> MLP:
    """A perceptron of so many layers of two units, of real widths, with these weights and biases in order."""
    network = MLP(2, 1, [Interval(2, float(width)) for width in widths[:depth]], activation)
    return filled(network.double(), values)


def spread(units: int, activation: str, angle: float, eps: float = 0.25) -> MLP:
    """Sum of so many units in directions that are an angle apart."""
    network = MLP(2, 1, [Interval(units, float(units))], activation).double()
    hidden, readout = linears(network)
    with torch.no_grad():
        hidden.weight.copy_(eps * torch.tensor([[cos(angle * j), sin(angle * j)] for j in range(units)]))
        hidden.bias.fill_(CENTRES[activation])
        readout.weight.fill_(1.0)
        readout.bias.zero_()
    return network


def confined(network: MLP) -> bool:
    """Whether outputs on the disc lie between those on the circle, up to what 256 points of it can miss."""
    with torch.no_grad():
        inside, around = network(DISC), network(CIRCLE)
    steepest = 1.2  # the largest slope of an activation, that of GELU
    for layer in linears(network):
        steepest *= 1.2 * float(torch.linalg.matrix_norm(layer.weight.detach(), 2))
    slack = steepest * pi / len(CIRCLE) + 1e-12
    above, below = inside.max() - around.max(), around.min() - inside.min()
    return float(torch.maximum(above, below)) <= slack


Drawn = tuple[int, Tensor, Tensor]


def by_width(formula: int, network: Drawn, activation: str) -> None:
    """Up to this width outputs on the disc are confined; one unit more, in directions all around, and they are not."""
    require(confined(drawn(*network, activation)), "two units a layer have separated a disc")
    rings = [confined(spread(units, "tanh", 2 * pi / units)) for units in range(1, formula + 2)]
    require(all(rings[:formula]), f"confined with units 1, 2, ...: {rings}")
    require(not rings[formula], f"confined with units 1, 2, ...: {rings}")


def by_activation(formula: Callable[[str], bool], network: Drawn, activation: str) -> None:
    """Two units on the axes, and a drawn network: both are confined iff the activation is monotone."""
    seen = confined(spread(2, activation, pi / 2)) and confined(drawn(*network, activation))
    assert_close(seen, formula(activation), rtol=0, atol=0)


def by_winding(formula: Callable[[list[float]], int], factors: list[tuple[float, float, float, bool]]) -> None:
    """How often the image of the circle winds around the image of a point inside, by a shipped network of tanh."""
    network = MLP(2, 1, [Interval(2, 2.0)] * len(factors)).double()
    signs = []
    with torch.no_grad():
        for layer, (angle, first, second, flip) in zip(linears(network), factors, strict=False):
            turn = torch.tensor([[cos(angle), -sin(angle)], [sin(angle), cos(angle)]])
            layer.weight.copy_(turn @ torch.diag(torch.tensor([first, -second if flip else second])))
            layer.bias.copy_(torch.tensor([first - 1, 1 - second]) / 4)
            signs.append(float(torch.linalg.det(layer.weight)))
        hidden = network.sequential()[:-1]
        curve = torch.view_as_complex(hidden(CIRCLE).contiguous()) - torch.view_as_complex(hidden(DISC[20:21]))
    steps = (curve.roll(-1) / curve).angle()
    require(float(steps.abs().max()) < pi / 2, "the circle is sampled too thinly")
    assert_close(round(float(steps.sum()) / (2 * pi)), formula(signs), rtol=0, atol=0)


def orientation(determinants: list[float]) -> int:
    """Product of the signs of the determinants."""
    return 1 if sum(value < 0 for value in determinants) % 2 == 0 else -1


def ripple(eps: float) -> float:
    """Sum of three units less the cup, at radius 1 in the first direction, by a shipped network."""
    value = torch.tensor(CENTRES["tanh"]).tanh()
    bend = -2 * value * (1 - value**2)
    point = torch.tensor([[1.0, 0.0]])
    with torch.no_grad():
        return float(spread(3, "tanh", 2 * pi / 3, eps)(point) - 3 * value - 0.75 * bend * eps**2)


_TANH = torch.tensor(CENTRES["tanh"], dtype=torch.float64).tanh()
THIRD = float((1 - _TANH**2) * (6 * _TANH**2 - 2))

NETWORKS = st.tuples(
    st.integers(1, 4), strategies.tensors(4, low=0, high=2), strategies.tensors(27, low=-1.5, high=1.5)
)

IDENTITY = Identity(
    id="D07",
    title="two units a layer cannot separate a disc from an annulus",
    source="Notes",
    place="slides on the manifold hypothesis and on knot untanglers, with the address of a page by Olah",
    printed=r""""Data may be hard to classify in its original form, but a series of transformations can transform it
to a representation where classification is easy. Neural Networks may be knot "untanglers"" (the page that the slide
cites proves that layers of two units cannot classify a disc surrounded by an annulus).""",
    precise=r"""Let a network have two inputs, any number of hidden layers of at most two units each, any weights
(singular ones and gates of any value included), an activation $\sigma$ that is continuous and monotone, and one
affine output $z$. (a) On a closed disc $K$ every output of $z$ is taken on its boundary, too: $z(K) = z(\partial
K)$. So no function of $z$ has one sign on a disc and another on an annulus around it, at any depth. It is monotony
that counts, not that layers are homeomorphisms: ReLU layers fold, and cannot either. (b) If $\sigma$ is strictly
increasing and all hidden matrices $W_l$ are square and nonsingular, the image of the circle winds $\prod_l
\mathrm{sign}\,\det W_l$ times around the image of each point inside. (c) Three units in one layer suffice, for
every $\sigma$ that has $\sigma''(c) \neq 0$ somewhere: with directions $u_j$ a third of a turn apart,
$\sum_j\sigma(c + \epsilon\,u_j\cdot x) = 3\sigma(c) + \frac{3}{4}\sigma''(c)\epsilon^2|x|^2 + O(\epsilon^3)$, which
separates any disc from any annulus around it, once $\epsilon$ is small. (d) Without monotony two units suffice:
GELU has a minimum at $c$, where $\sigma(c + \epsilon x_1) + \sigma(c + \epsilon x_2)$ is a cup as well.""",
    verdict=Verdict.HOLDS,
    proof=r"""(a) Let $\sigma$ be strictly monotone first. Take the first matrix of rank at most 1, the readout at
the latest. The layers $f$ before it are injective and continuous on the plane, and what comes after depends on
$t(x) = v\cdot f(x)$ alone. If $v \neq 0$: $f$ maps the interior of $K$ onto an open set (invariance of domain), on
which a linear function has no maximum and no minimum; so those of $t$ on the compact $K$ are on $\partial K$ only.
As $\partial K$ is connected, $t(\partial K)$ is the whole interval between them and equals $t(K)$. If $v = 0$, $t$
is constant. A $\sigma$ that is only monotone is the limit, uniformly on compact sets, of the strictly monotone
$\sigma(t) \pm \delta t$; the outputs converge uniformly, so outputs on $K$ stay between the least and the largest
on $\partial K$, which is connected. (b) A homeomorphism onto its image maps the circle to a Jordan curve that winds
$\pm 1$ times around the image of each point inside, $+1$ iff it keeps the orientation; a strictly increasing
$\sigma$ on each coordinate is deformed into the identity through injective maps by $(1-s)\sigma(t) + st$, so that
it keeps the orientation, and $Wx + b$ keeps it iff $\det W > 0$. (c), (d) Taylor: $\sum_j u_j = 0$ and $\sum_j
(u_j\cdot x)^2 = \frac{3}{2}|x|^2$. Gates of 0 and narrower layers are matrices of lower rank.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="outputs on a disc and on its circle",
            check=by_width,
            claim=2,
            wrong={"one unit": 1, "three units": 3},
            given={"network": NETWORKS, "activation": st.sampled_from(["tanh", "relu"])},
        ),
        Witness(
            name="activations with which two units separate",
            check=by_activation,
            claim=lambda name: name != "gelu",
            wrong={
                "all that are not injective": lambda name: name == "tanh",
                "none": lambda name: True,
                "all that have a bend": lambda name: False,
            },
            given={"network": NETWORKS, "activation": st.sampled_from(ACTIVATIONS)},
        ),
        Witness(
            name="winding number of the image of a circle",
            check=by_winding,
            claim=orientation,
            wrong={
                "none": lambda determinants: 0,
                "always once": lambda determinants: 1,
                "the last layer decides": lambda determinants: orientation(determinants[-1:]),
                "once a layer": lambda determinants: len(determinants) * orientation(determinants),
            },
            given={
                "factors": st.lists(
                    st.tuples(
                        strategies.numbers(-3, 3),
                        strategies.numbers(0.5, 1.5),
                        strategies.numbers(0.5, 1.5),
                        st.booleans(),
                    ),
                    min_size=1,
                    max_size=3,
                )
            },
        ),
    ),
    rates=(
        Rate(
            name="three units less the cup, against the scale",
            scales=(0.04, 0.02, 0.01, 0.005),
            error=ripple,
            claim=Asymptote(3, THIRD / 8),
            wrong={"second order": Asymptote(2), "fourth": Asymptote(4), "no eighth": Asymptote(3, THIRD)},
            relative=0.05,
        ),
    ),
    references=(
        "C. Olah, Neural networks, manifolds, and topology, 2014",
        "J. Johnson, Deep, skinny neural networks are not universal approximators, ICLR 2019 (activations that are "
        "limits of injective ones)",
    ),
    covers=("continuum.nn.mlp", "continuum.nn.prefix", "continuum.widths.interval"),
)
