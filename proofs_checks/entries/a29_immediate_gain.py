"""A fresh unit of full size helps at once with a probability below 1/2 that depends on the size of its weights."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import chi2, ncx2
from torch import Tensor
from torch.func import functional_call, vmap
from torch.testing import assert_close

from continuum.widths import Interval, gamma_derivative
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import mlp

Chance = Callable[[float, int], tuple[float, float]]
#: Quantiles of each weight, by the number of outputs.
QUANTILES = {1: 1001, 2: 61, 3: 25}


def derive() -> list[Derivation]:
    """The change of the loss, its sign under normal weights for one output and for three, and its mean."""
    w, rest, y, n = sp.symbols("W t y n", positive=True)
    change = Derivation("one row: change of the loss", ((rest - w * y) ** 2 - rest**2) / (2 * n))
    v = rest / y
    change = change.rewrite(y**2 * w * (w - 2 * v) / (2 * n), "v = <t - S, y> / |y|^2")
    helps = change.apply(lambda e: sp.solve(e / w, w)[0], 2 * v, "negative iff 0 < W < 2 v").claims(2 * v, {"v": v})

    s, mu, u = sp.symbols("s mu u", positive=True)
    density = sp.exp(-(u**2) / 2) / sp.sqrt(2 * sp.pi)
    phi = (1 + sp.erf(sp.sqrt(2) * mu)) / 2  # normal distribution function at 2 mu
    one = Derivation("one output", sp.Integral(density, (u, 0, 2 * mu)))
    one = one.apply(lambda e: e.doit(), phi - sp.Rational(1, 2), "W = s u, mu = v / s")
    wrong = {"a half": sp.Rational(1, 2), "crossing the tile": sp.erf(mu / sp.sqrt(2)) / 2, "never": sp.Integer(0)}
    one.claims(phi - sp.Rational(1, 2), wrong)

    # Three outputs: the distance u of a normal point from one at distance mu has the density
    # u / mu (phi(u - mu) - phi(u + mu)); each part is integrated around its own mean.
    parts = [sp.Integral((u + sign * mu) * density, (u, -sign * mu, mu - sign * mu)) / mu for sign in (1, -1)]
    less = (1 - sp.exp(-2 * mu**2)) / (mu * sp.sqrt(2 * sp.pi))
    three = Derivation("three outputs", parts[0] - parts[1])
    three = three.apply(lambda e: e.doit(), phi - sp.Rational(1, 2) - less, "P(|W - v| < |v|)")
    three.claims(phi - sp.Rational(1, 2) - less, {"as for one output": phi - sp.Rational(1, 2)})

    z = sp.Symbol("z", real=True)
    law = sp.exp(-(z**2) / (2 * s**2)) / (sp.sqrt(2 * sp.pi) * s)
    mean = Derivation("mean change, one row and output", ((rest - z * y) ** 2 - rest**2) / 2 * law)
    mean = mean.apply(
        lambda e: sp.integrate(sp.expand(e), (z, -sp.oo, sp.oo)), s**2 * y**2 / 2, "odd terms vanish: harm in the mean"
    )
    half = Derivation("P(slope < 0), pull of one sign", law).apply(
        lambda e: sp.integrate(e, (z, 0, sp.oo)), sp.Rational(1, 2), "slope -W <t - S, y> / n"
    )
    return [
        helps,
        one,
        three,
        mean.claims(s**2 * y**2 / 2, {"none": sp.Integer(0), "gain": -(s**2) * y**2 / 2}),
        half.claims(sp.Rational(1, 2), {"never": sp.Integer(0)}),
    ]


def chances(reach: float, outputs: int) -> tuple[float, float]:
    """Of a negative slope at the integer, and of a lower loss with the whole unit; reach is |v| / s."""
    return 0.5, float(ncx2.cdf(reach**2, outputs, reach**2))


def one_output(reach: float, outputs: int) -> tuple[float, float]:
    """The law of one output for any number of them."""
    return 0.5, float(ndtr(2 * reach)) - 0.5


def crossing(reach: float, outputs: int) -> tuple[float, float]:
    """The loss falls on the whole tile, as a flow needs it: W between 0 and v."""
    return 0.5, float(ncx2.cdf(reach**2 / 4, outputs, reach**2 / 4))


def central(reach: float, outputs: int) -> tuple[float, float]:
    """The ball is centred at 0."""
    return 0.5, float(chi2.cdf(reach**2, outputs))


def by_quantiles(formula: Chance, network: Network, s: float) -> None:
    """Losses of the shipped network with and without unit 1, whose weights take equally likely values."""
    y, outputs = network.activations()[:, 1], network.targets.shape[1]
    assume(float(y.square().sum()) > 0.25)
    count = QUANTILES[outputs]
    line = s * torch.from_numpy(ndtri((torch.arange(count) + 0.5).numpy() / count))
    fresh = torch.cartesian_prod(*[line] * outputs).reshape(-1, outputs)
    every = torch.stack([network.outgoing[0].expand_as(fresh), fresh], -1)
    without, whole = (losses(network, every, gamma) for gamma in (1.0, 2.0))
    residual = network.targets - network.output(torch.tensor([1.0, 0.0]))
    reach = (residual.T @ y / y.square().sum()).norm() / s
    assume(float(reach) > 0.05)
    helped = (whole < without - 1e-15).double().mean().item()
    descends = (slopes(network, every.mT) < 0).double().mean().item()
    tolerance = 2.01 / count if outputs == 1 else 0.035  # cells that the sphere cuts, at most
    assert_close((descends, helped), formula(float(reach), outputs), rtol=0, atol=tolerance)


def losses(network: Network, weights: Tensor, gamma: float) -> Tensor:
    """Of the shipped network at a width, for each of many matrices of outgoing weights (outputs, units)."""
    model = mlp(network, Interval(2, gamma), compute="all")

    def loss(matrix: Tensor) -> Tensor:
        return network.criterion(functional_call(model, {"layers.1.weight": matrix}, network.inputs), network.targets)

    values: Tensor = vmap(loss)(weights).detach()
    return values


def slopes(network: Network, weights: Tensor) -> Tensor:
    """The shipped right derivative in the width at 1."""
    width = Interval(2, torch.ones(len(weights)))
    gradient = network.output_gradient(torch.tensor([1.0, 0.0])).expand(len(weights), -1, -1)
    return gamma_derivative(width, network.activations().expand(len(weights), -1, -1), weights, gradient)


def example() -> dict[str, float]:
    """The chance of an immediate gain at |v| = 2 s, at |v| = s / 10, and at |v| = s for three and for ten outputs."""
    cases = {"near": (2.0, 1), "far": (0.1, 1), "three": (1.0, 3), "ten": (1.0, 10)}
    return {name: chances(*case)[1] for name, case in cases.items()}


IDENTITY = Identity(
    id="A29",
    title="gains of new capacity are almost never immediate",
    source="DFM",
    place="section 1.1, item 1",
    printed=r""""when adding capacity, (randomly initialized), the gains to performance will almost never be immediate
but in how quickly learning converges and how accurate the model is on the test set.".""",
    precise=r"""Add one unit, frozen, with features $y \neq 0$ on $n$ rows and outgoing weights $W \in R^m$, normal
with mean 0 and covariance $s^2 I$, to a network whose output is $S$; mean squared loss halved, $v = \langle t - S,
y\rangle/|y|^2 \in R^m$, $v \neq 0$. (i) The slope of the loss at the integer is negative with probability $1/2$
(N1.1). (ii) The whole unit lowers the loss iff $|W - v| < |v|$, which has the probability $p_m = P(\chi^2_m(\delta) <
\delta)$, $\delta = |v|^2/s^2$, of the noncentral $\chi^2$ law: $p_1 = \Phi(2|v|/s) - \frac{1}{2}$, and $p_3$ is less
by $(1 - e^{-2\delta})/\sqrt{2\pi\delta}$. $p_m$ increases from 0 to $1/2$ with $|v|/s$, and falls to 0 as outputs are
added, $|v|/s$ held. (iii) In the mean the loss rises, by $m s^2|y|^2/2n$. So an immediate gain is never the more likely
outcome, and it is rare for weights that are large beside what is left to explain, or for many outputs; but it is as
likely as not in the limit of small weights, and "almost never" is not true in general. What the unit is worth after
training is another question (N2, N3).""",
    verdict=Verdict.CORRECTED,
    proof=r"""The loss changes by $\frac{|y|^2}{2n}(|W|^2 - 2\langle W, v\rangle) = \frac{|y|^2}{2n}(|W - v|^2 -
|v|^2)$. The ball $|W - v| < |v|$ touches 0; with $|v|/s$ these balls grow, each within the next, to a half space,
whose probability is $1/2$. In coordinates with $v$ along the first axis the event is $|W|^2 < 2|v|W_1$: one more
coordinate makes the left side larger, and $|W|^2 \to \infty$ with $m$. For $m = 1$ it is $0 < W/v < 2$. The mean of
$|W|^2$ is $ms^2$, that of $W$ is 0.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped network with and without the unit, weights by quantiles",
            check=by_quantiles,
            claim=chances,
            wrong={
                "almost never": lambda reach, outputs: (0.0, 0.0),
                "as often as the slope": lambda reach, outputs: (0.5, 0.5),
                "one output for any number": one_output,
                "all along the tile": crossing,
                "ball around 0": central,
            },
            given={
                "network": st.integers(1, 3).flatmap(
                    lambda outputs: strategies.networks(2, outputs=outputs, losses=("squared",))
                ),
                "s": st.sampled_from([0.25, 0.5, 1.0, 2.0]),
            },
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""One output: $|v| = 2s$ gives $p_1 = \Phi(4) - \frac{1}{2} = 0.49997$, and $|v| = s/10$ gives
$0.07926$. At $|v| = s$ three outputs have $p_3 = 0.13230$, ten have $p_{10} = 0.00011$.""",
            numbers={"near": 0.49997, "far": 0.07926, "three": 0.13230, "ten": 0.00011},
            compute=example,
            tolerance=5e-6,
        ),
    ),
    references=("N. L. Johnson, S. Kotz and N. Balakrishnan, Continuous Univariate Distributions 2, 1995, chapter 29",),
    covers=("continuum.widths.interval", "continuum.widths.derivative", "continuum.nn.mlp"),
)
