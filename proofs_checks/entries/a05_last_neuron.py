"""The integral that gives the last neuron its fraction runs over the covered part of the last tile."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from torch.testing import assert_close

from continuum.ensemble.slicing import slice_curve
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import mlp

UNITS = 4
Domain = Callable[[float], tuple[float, float]]


def covered(gamma: float) -> tuple[float, float]:
    """E(gamma) and [k, k + 1] together: [k, gamma]."""
    return float(math.floor(gamma)), gamma


def whole_tile(gamma: float) -> tuple[float, float]:
    """[k, k + 1], the printed domain with its tile corrected to a translate."""
    return float(math.floor(gamma)), math.floor(gamma) + 1.0


def dilate(gamma: float) -> tuple[float, float]:
    """k [0, 1] = [0, k], the letter of the source."""
    return 0.0, float(math.floor(gamma))


def rest(gamma: float) -> tuple[float, float]:
    """[gamma, k + 1], the part that is not covered."""
    return gamma, math.floor(gamma) + 1.0


def derive() -> list[Derivation]:
    """The integral of y_k W_k over a tile, cut off by the indicator of E(gamma), for any k."""
    u, k, y, weight = sp.symbols("u k y W", real=True)
    a = 1 / (1 + sp.Symbol("s", positive=True))
    inside = sp.Symbol("t", nonnegative=True)
    cut_off = sp.Piecewise((y * weight, u - k <= a), (0, True))
    chain = Derivation("integral over [k, k + 1], cut off at gamma = k + a", sp.Integral(cut_off, (u, k, k + 1)))
    shifted = sp.Integral(sp.Piecewise((y * weight, inside <= a), (0, True)), (inside, 0, 1))
    chain = chain.apply(lambda e: e.transform(u - k, inside), shifted, "u = k + t")
    chain = chain.apply(lambda e: e.doit(), a * y * weight, "the integrand is constant up to a")
    whole, literal = (sp.integrate(y * weight, (u, *ends)) for ends in ((k, k + 1), (0, k)))
    return [chain.claims(a * y * weight, {"whole tile": whole, "dilate": literal, "the rest": (1 - a) * y * weight})]


def difference(domain: Domain, network: Network, gamma: float) -> None:
    """What the shipped network adds between floor(gamma) and gamma, against the integral over the domain."""
    k, (low, high) = math.floor(gamma), domain(gamma)
    at, before = (mlp(network, Interval(network.units, g))(network.inputs).detach() for g in (gamma, float(k)))
    expected = (high - low) * network.contributions()[k]
    assert_close(at - before, expected, rtol=1e-11, atol=1e-12)


def sliced(domain: Domain, network: Network, gamma: float) -> None:
    """The same on a slice, with a bias: the loss at gamma of the output at floor(gamma) and the integral."""
    k, (low, high) = math.floor(gamma), domain(gamma)
    bias = network.targets[0]
    before = network.activations()[:, :k] @ network.outgoing[:k] + bias
    expected = network.criterion(before + (high - low) * network.contributions()[k], network.targets)
    loss, score = slice_curve(
        network.activations(), network.outgoing, bias, network.targets, torch.tensor([gamma]), "regression"
    )
    assert_close(loss[0], expected, rtol=1e-11, atol=1e-12)
    assert_close(score[0], 2 * expected, rtol=1e-11, atol=1e-12)


def example() -> dict[str, float]:
    """gamma = 2.25, y = 1, W = 2."""
    y, weight, gamma = 1.0, 2.0, 2.25
    gates = Interval(3, gamma).gates().detach()
    lengths = {"whole tile": whole_tile, "dilate": dilate, "rest": rest}
    over = {name: (domain(gamma)[1] - domain(gamma)[0]) * y * weight for name, domain in lengths.items()}
    return {**over, "true term": float(gates[2]) * y * weight}


GIVEN = {
    "network": strategies.networks(UNITS, losses=("squared",)),
    "gamma": strategies.interior(UNITS, margin=1 / 32),
}
WRONG = {"the whole tile": whole_tile, "a dilate": dilate, "the rest of the tile": rest}

IDENTITY = Identity(
    id="A05",
    title="the term of the last neuron",
    source="DFM",
    place="section 1.7, display after the derivative",
    printed=r"""$\int_{\lfloor\gamma\rfloor \cdot [0,1]} y^1(u) W^1_{\lfloor\gamma\rfloor} \, d\mu(u) = (\gamma -
\lfloor\gamma\rfloor) \, y^1_{\lfloor\gamma\rfloor} W^1_{\lfloor\gamma\rfloor}$""",
    precise=r"""With $k = \lfloor\gamma\rfloor$ and $y$ constant on $[k, k+1)$, the right-hand side is the
integral over the part of the tile that $E(\gamma)$ covers:
$\int_{E(\gamma) \cap [k, k+1]} y(u) W_k \, d\mu(u) = (\gamma - k) \, y_k W_k = y_2(\gamma) - y_2(k) .$
Over the whole tile $k + [0, 1]$ the integral is $y_k W_k$, whatever $\gamma$ in $[k, k + 1)$. Over the dilate
$[0, k]$ of a constant $y_k W_k$ it is $k \, y_k W_k$.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$[0, \gamma] \cap [k, k+1] = [k, \gamma]$ has length $\gamma - k$, and the integrand is constant
there up to one point. The last equality is additivity of the integral.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="difference of two outputs of the shipped network",
            check=difference,
            claim=covered,
            wrong=WRONG,
            given=GIVEN,
        ),
        Witness(name="a slice with a bias", check=sliced, claim=covered, wrong=WRONG, given=GIVEN),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$\gamma = 2.25$, $y = 1$, $W = 2$: the true term is $0.25 \cdot 2 = 0.5$. The whole tile $[2,
3]$ gives $2$, the literal domain $2 \cdot [0, 1] = [0, 2]$ gives $4$, the uncovered rest $[2.25, 3]$ gives $1.5$.""",
            numbers={"whole tile": 2.0, "dilate": 4.0, "rest": 1.5, "true term": 0.5},
            compute=example,
        ),
    ),
    covers=("continuum.widths.interval", "continuum.nn.mlp", "continuum.ensemble.slicing"),
)
