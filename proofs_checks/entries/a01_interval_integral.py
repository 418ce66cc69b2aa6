"""The integral over [0, gamma] of a piecewise constant layer is a sum with one fractional neuron."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor

from continuum.ensemble.slicing import slice_curve
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.compare import close
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness
from proofs_checks.network import Network
from proofs_checks.shipped import Engine, mlp

UNITS = 4
Integrand = Callable[[Network, float], Tensor]


def derive() -> list[Derivation]:
    """From the integral to the sum, for two whole tiles in sympy's own way and for any k by additivity."""
    return [_by_sympy(), _for_any_k()]


def _by_sympy() -> Derivation:
    u, c = sp.Symbol("u", real=True), sp.symbols("c_0:4", real=True)
    more = sp.Symbol("s", positive=True)
    a = 1 / (1 + more)  # in (0, 1)
    field = sp.Piecewise((c[0], u < 1), (c[1], u < 2), (c[2], u < 3), (c[3], True))
    chain = Derivation("gamma = 2 + a", sp.Integral(field, (u, 0, 2 + a)))
    chain = chain.apply(lambda e: e.doit(), c[0] + c[1] + a * c[2], "integrate the step function")
    wrong = {"tiles from 1": c[0] + a * c[1], "whole last neuron": sum(c[:3]), "one more": c[0] + c[1] + a * c[3]}
    return chain.claims(sum(c[:2]) + a * c[2], wrong)


def _for_any_k() -> Derivation:
    u, a = sp.symbols("u a", positive=True)
    j, k = sp.symbols("j k", integer=True, nonnegative=True)
    c = sp.Function("c")
    tiles = sp.Sum(sp.Integral(c(j), (u, j, j + 1)), (j, 0, k - 1)) + sp.Integral(c(k), (u, k, k + a))
    chain = Derivation("any gamma = k + a: additivity over the tiles", tiles)
    chain = chain.apply(
        lambda e: e.doit(), sp.Sum(c(j), (j, 0, k - 1)) + a * c(k), "each tile has length 1, the last a"
    )
    chain = chain.apply(lambda e: e.subs(a, 0), sp.Sum(c(j), (j, 0, k - 1)), "at an integer")
    wrong = {"one neuron less": sp.Sum(c(j), (j, 1, k - 1)), "one more": sp.Sum(c(j), (j, 0, k))}
    return chain.claims(sp.Sum(c(j), (j, 0, k - 1)), wrong)


def piecewise_constant(network: Network, u: float) -> Tensor:
    """y(u) W(u) = y_k W_k on [k, k + 1), shape (rows, outputs)."""
    return network.contributions()[int(np.floor(u))]


def tiles_from_one(network: Network, u: float) -> Tensor:
    """Neuron k - 1 on [k, k + 1), and none on [0, 1): the sum that starts at k = 1."""
    k = int(np.floor(u))
    return network.contributions()[k - 1] * (k > 0)


def nearest(network: Network, u: float) -> Tensor:
    """Tiles centred at the integers."""
    return network.contributions()[min(int(np.floor(u + 0.5)), network.units - 1)]


def piecewise_linear(network: Network, u: float) -> Tensor:
    """Neurons at the integers, and straight lines between them."""
    c, k = network.contributions(), int(np.floor(u))
    return torch.lerp(c[k], c[min(k + 1, network.units - 1)], u - k)


def integral(field: Integrand, network: Network, gamma: float) -> Tensor:
    """Integral over [0, gamma] by a rule that is exact for polynomials between multiples of 1/2."""
    places, weights = np.polynomial.legendre.leggauss(2)
    edges = np.unique(np.append(np.arange(0, gamma, 0.5), gamma))
    total = torch.zeros_like(network.targets)
    for low, high in pairwise(edges):
        for place, weight in zip(places, weights, strict=True):
            total += (high - low) / 2 * weight * field(network, (low + high + (high - low) * place) / 2)
    return total


def outputs(field: Integrand, network: Network, gamma: float) -> None:
    """The shipped network in its two forms against the integral."""
    expected = integral(field, network, gamma)
    for compute in ("active", "all"):
        module = mlp(network, Interval(network.units, gamma), compute)
        close(module(network.inputs).detach(), expected)
    close(module.sequential()(network.inputs).detach(), expected)


def losses(field: Integrand, network: Network, gamma: float) -> None:
    """Loss of the engine, and of one point of its slice, against the loss of the integral."""
    expected = network.criterion(integral(field, network, gamma), network.targets)
    outgoing, bias = network.outgoing, torch.zeros(network.outgoing.shape[1])
    sliced, _ = slice_curve(network.activations(), outgoing, bias, network.targets, torch.tensor([gamma]), "regression")
    close(sliced[0], expected)
    close(Engine.of(network, gamma).loss(), expected)


def usual_layer(units_of: Callable[[int], int], network: Network, k: int) -> None:
    """At an integer: an ordinary layer of that many neurons."""
    n = units_of(k)
    plain = network.activation(network.inputs @ network.incoming[:, :n]) @ network.outgoing[:n]
    close(mlp(network, Interval(network.units, float(k)))(network.inputs).detach(), plain)


WRONG = {"sum from k = 1": tiles_from_one, "centred tiles": nearest, "interpolated neurons": piecewise_linear}

IDENTITY = Identity(
    id="A01",
    title="a layer of real width is an integral",
    source="DFM",
    place="section 1.7, first display and the sentence before it",
    printed=r"""Let $\mathcal{N}$ be the $\mathfrak{n}$-discrete instantiation of the DFM
$\mathcal{O}: \mathbb{R}^n \to L^1(E(\gamma)) \to \mathbb{R}$
with $E(\gamma) = [0, \gamma]$ and a piecewise constant parametrisation of the weights.""",
    precise=r"""Let $y(u) = y_k$ and $W(u) = W_k \in \mathbb{R}^m$ on the tile $[k, k+1)$, $k = 0, \ldots, N-1$,
and $\gamma = k + a$ with $0 \leq a < 1$, $\gamma \leq N$. Then
$\int_{[0,\gamma]} y(u) W(u) \, d\mu(u) = \sum_{j<k} y_j W_j + a \, y_k W_k$
(the last term is absent at $\gamma = N$). At an integer $\gamma = k$ this is the output of an ordinary layer of
$k$ neurons. It does not depend on which of two tiles an integer belongs to.""",
    verdict=Verdict.HOLDS,
    proof=r"""$[0, \gamma]$ is the disjoint union of $[j, j+1)$, $j < k$, and $[k, \gamma]$. The integrand is
constant on each, up to one point of measure 0; the lengths are $1$ and $a$. The integral is additive.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="output of the shipped network against quadrature of the integral",
            check=outputs,
            claim=piecewise_constant,
            wrong=WRONG,
            given={"network": strategies.networks(UNITS), "gamma": strategies.gammas(UNITS)},
        ),
        Witness(
            name="loss of the engine and of a slice against quadrature",
            check=losses,
            claim=piecewise_constant,
            wrong=WRONG,
            given={
                "network": strategies.networks(UNITS, losses=("squared",)),
                "gamma": strategies.gammas(UNITS),
            },
        ),
        Witness(
            name="at integers against an ordinary layer",
            check=usual_layer,
            claim=lambda k: k,
            wrong={"k - 1 neurons": lambda k: k - 1, "k + 1 neurons": lambda k: k + 1},
            given={"network": strategies.networks(UNITS), "k": st.integers(1, UNITS - 1)},
        ),
    ),
    covers=(
        "continuum.widths.interval",
        "continuum.nn.mlp",
        "continuum.nn.gate",
        "continuum.ensemble.slicing",
        "continuum.ensemble.chunk",
        "continuum.ensemble.layers",
    ),
)
