"""A graphon is symmetric and its operator linear: its powers are no network; with activations they hold one."""

from collections.abc import Callable
from itertools import pairwise

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.shipped import linears

SIZES = (2, 3, 3, 2)
DEPTH = len(SIZES) - 1
Surface = Callable[[list[Tensor], list[Tensor], Tensor], Tensor]


def derive() -> list[Derivation]:
    """The operator of a step function; its adjoint; its square, for a chain of three, directed and symmetric."""
    n = 3
    kernel = sp.Matrix(n, n, lambda i, j: sp.Symbol(f"w_{i}{j}", real=True))
    f, g = (sp.Matrix(n, 1, lambda i, _, name=name: sp.Symbol(f"{name}_{i}", real=True)) for name in ("f", "g"))
    x, y, size = sp.Symbol("x"), sp.Symbol("y"), sp.Rational(1, n)
    pieces = [(f[j], y < (j + 1) * size) for j in range(n - 1)] + [(f[n - 1], True)]
    row = [(kernel[0, j], y < (j + 1) * size) for j in range(n - 1)] + [(kernel[0, n - 1], True)]
    steps = sum(
        sp.Integral(
            sp.Piecewise(*row).subs(y, (j + sp.Rational(1, 2)) * size)
            * sp.Piecewise(*pieces).subs(y, (j + sp.Rational(1, 2)) * size),
            (x, j * size, (j + 1) * size),
        )
        for j in range(n)
    )
    operator = Derivation("(T f) on the first of three tiles", steps)
    operator = operator.apply(lambda e: e.doit(), (kernel * f)[0] / n, "the integrand is constant on each tile")
    operator.claims((kernel * f)[0] / n, {"transposed": (kernel.T * f)[0] / n, "no measure": (kernel * f)[0]})

    adjoint = Derivation("<g, T f> - <T g, f>", (g.T * kernel * f - (kernel * g).T * f)[0] / n**2)
    symmetric = {kernel[i, j]: sp.Symbol(f"s_{min(i, j)}{max(i, j)}", real=True) for i in range(n) for j in range(n)}
    adjoint = adjoint.apply(lambda e: sp.expand(e.subs(symmetric)), sp.Integer(0), "symmetric kernel: self-adjoint")

    first, second, third = sp.symbols("a b c", real=True)  # c: a skip connection
    chain = sp.Matrix([[0, 0, 0], [first, 0, 0], [third, second, 0]])
    cube = Derivation("three steps along a chain of three", chain)
    cube = cube.apply(lambda m: m**2, sp.Matrix([[0, 0, 0], [0, 0, 0], [first * second, 0, 0]]), "two steps")
    cube = cube.apply(lambda m: chain * m, sp.zeros(3, 3), "the third leads nowhere")
    both = Derivation("trace of the square, symmetric kernel", ((chain + chain.T) ** 2).trace())
    both = both.rewrite(2 * (first**2 + second**2 + third**2), "sum of squares: 0 for the kernel 0 alone")
    return [
        operator,
        adjoint.claims(sp.Integer(0), {"any kernel": (g.T * kernel * f - f.T * kernel * g)[0] / n**2}),
        cube.claims(sp.zeros(3, 3), {"the symmetric kernel": (chain + chain.T) ** 3}),
        both.claims(2 * (first**2 + second**2 + third**2), {"nilpotent": sp.Integer(0)}),
    ]


def blocks(weights: list[Tensor]) -> Tensor:
    """The kernel on all layers, one after the other: layer l reads layer l - 1."""
    kernel = torch.zeros(sum(SIZES), sum(SIZES))
    ends = torch.tensor(SIZES).cumsum(0).tolist()
    starts = [0, *ends]
    for layer, weight in enumerate(weights, 1):
        kernel[starts[layer] : starts[layer + 1], starts[layer - 1] : starts[layer]] = weight
    return kernel


def applied(kernel: Tensor, gates: list[Tensor], inputs: Tensor, times: int, *, linear: bool = False) -> Tensor:
    """Activity of all layers when the surface has been applied to itself so many times, tanh between."""
    measure = torch.cat([torch.ones(SIZES[0]), *gates, torch.ones(SIZES[-1])])
    state = torch.cat([inputs, torch.zeros(len(inputs), sum(SIZES[1:]))], -1)
    for time in range(times):
        state = (state * measure) @ kernel.T
        if not linear and time < times - 1:
            state = state.tanh()
    return state


def directed(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """Kernel from each layer to the next, applied as often as there are layers."""
    return applied(blocks(weights), gates, inputs, DEPTH)


def undirected(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """The same with each edge in both directions, as a graphon has it."""
    kernel = blocks(weights)
    return applied(kernel + kernel.T, gates, inputs, DEPTH)


def power(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """The power of the symmetric operator."""
    kernel = blocks(weights)
    return applied(kernel + kernel.T, gates, inputs, DEPTH, linear=True)


def directed_power(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """The power of the directed operator."""
    return applied(blocks(weights), gates, inputs, DEPTH, linear=True)


def once_more(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """One application more than there are layers."""
    return applied(blocks(weights), gates, inputs, DEPTH + 1)


def echo(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """The symmetric kernel, two applications later: there and back once more."""
    kernel = blocks(weights)
    return applied(kernel + kernel.T, gates, inputs, DEPTH + 2)


def unmeasured(weights: list[Tensor], gates: list[Tensor], inputs: Tensor) -> Tensor:
    """Every unit counts 1, whatever the width."""
    return applied(blocks(weights), [torch.ones_like(gate) for gate in gates], inputs, DEPTH)


def shipped(weights: list[Tensor], inputs: Tensor, gammas: tuple[float, float]) -> tuple[Tensor, list[Tensor]]:
    """Output and gates of the shipped network of two hidden layers of real width."""
    laws = [Interval(units, gamma) for units, gamma in zip(SIZES[1:-1], gammas, strict=True)]
    model = MLP(SIZES[0], SIZES[-1], laws, "tanh").double()
    with torch.no_grad():
        for layer, weight in zip(linears(model), weights, strict=True):
            layer.weight.copy_(weight)
            layer.bias.zero_()
    return model(inputs).detach(), [law.gates().detach() for law in laws]


def whole(formula: Surface, weights: list[Tensor], inputs: Tensor, gammas: tuple[float, float]) -> None:
    """The whole surface: the output of the network on the last layer, and silence on all others."""
    output, gates = shipped(weights, inputs, gammas)
    silence = torch.zeros(len(inputs), sum(SIZES[:-1]))
    assert_close(formula(weights, gates, inputs), torch.cat([silence, output], -1), rtol=1e-12, atol=1e-13)


def last(formula: Surface, weights: list[Tensor], inputs: Tensor, gammas: tuple[float, float]) -> None:
    """The last layer alone."""
    output, gates = shipped(weights, inputs, gammas)
    assert_close(formula(weights, gates, inputs)[:, -SIZES[-1] :], output, rtol=1e-12, atol=1e-13)


def example() -> dict[str, float]:
    """Two units and one edge: its kernel squared, directed and symmetric; eigenvalues of a rotation's kernel."""
    edge = torch.tensor([[0.0, 0.0], [1.0, 0.0]])
    both = edge + edge.T
    turn = torch.linalg.eigvals(torch.tensor([[0.0, -1.0], [1.0, 0.0]]))
    return {
        "directed, back at the input": float((edge @ edge)[0, 0]),
        "symmetric, back at the input": float((both @ both)[0, 0]),
        "imaginary part": float(turn.imag.abs().max()),
    }


GIVEN = {
    "weights": st.tuples(*[strategies.tensors(b, a) for a, b in pairwise(SIZES)]).map(list),
    "inputs": strategies.tensors(3, SIZES[0]),
    "gammas": st.tuples(*[strategies.interior(units) for units in SIZES[1:-1]]),
}

IDENTITY = Identity(
    id="A32",
    title="graphons and deep function machines",
    source="DFM",
    place="section 1.3, fifth item",
    printed=r""""Graphons = DFMs (how many times you apply surface to itself determines how deep in the network you
go)".""",
    precise=r"""A graphon is a symmetric measurable $W: [0,1]^2 \rightarrow [0,1]$, with the operator $(Tf)(x) =
\int_0^1 W(x, y) f(y)\,dy$: linear, compact, self-adjoint, the same at every application. A layer of a DFM is $y
\mapsto \sigma\left(\int_E \omega(\cdot, v) y(v)\,dv\right)$ with a kernel that need not be symmetric, nor
nonnegative, nor bounded by 1, and changes from layer to layer, as $E$ may; $\sigma$ is not linear. Step functions of
$n$ tiles are matrices in both cases, symmetric ones for a graphon. Powers of a graphon are no depth: $T^L$ is linear,
has the eigenfunctions of $T$, and is 0 only for $T = 0$. What is true: put the $L + 1$ layers of a DFM side by side on
one interval, and let $K$ lead from each of them to the next. $K$ is directed, $K^{L+1} = 0$, and $L$ applications with
$\sigma$ between them ($\sigma(0) = 0$) leave the output of the network on the last layer and 0 elsewhere. Of the
symmetric kernel $K + K^T$ the last layer says the same at that moment, when the signal first arrives; but echoes go on
for ever, backwards too. So with $\sigma$ and signs the number of applications does determine the depth at which one
reads; a graphon is the DFM with a symmetric kernel in $[0, 1]$, $\sigma$ the identity, and tied layers.""",
    verdict=Verdict.CORRECTED,
    proof=r"""The kernel of the adjoint is $W(y, x)$. For $T = T^*$, $|T^{2}f|\,|f| \geq \langle T^2f, f\rangle =
|Tf|^2$, so $T^2 = 0$ only if $T = 0$, and $T^L = 0$ implies $T^{2^j} = 0$ for $2^j \geq L$, so $T = 0$. A state that
is supported on layer $l$ is taken to layer $l + 1$ by $K$, and to nothing from the last. Under $K + K^T$ layer $l$ is
silent before time $l$, so that what layer $l$ holds at time $l$ comes from layer $l - 1$ at time $l - 1$ alone, its
other neighbour being silent then.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="shipped network of real widths, on the whole of a directed surface",
            check=whole,
            claim=directed,
            wrong={
                "symmetric, as a graphon": undirected,
                "its power, without activation": directed_power,
                "one application more": once_more,
                "the width left out of the measure": unmeasured,
            },
            given=GIVEN,
            examples=15,
        ),
        Witness(
            name="shipped network of real widths, on the last layer of a symmetric surface",
            check=last,
            claim=undirected,
            wrong={"a graphon's power": power, "two applications later": echo},
            given=GIVEN,
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Two units, one edge. Directed, $K = (0, 0; 1, 0)$ has $K^2 = 0$: after two steps the signal has
left the network. As a graphon, $W = (0, 1; 1, 0)$ has $W^2 = I$ (up to the measure): it is back at the input. And the
kernel $(0, -1; 1, 0)$ of a layer has the eigenvalues $\pm i$, which no symmetric kernel has.""",
            numbers={
                "directed, back at the input": 0.0,
                "symmetric, back at the input": 1.0,
                "imaginary part": 1.0,
            },
            compute=example,
        ),
    ),
    references=(
        "L. Lovasz, Large networks and graph limits, AMS, 2012 (graphons and their operators; directed ones in ch. 13)",
        "W. H. Guss, Deep function machines: generalized neural networks for topological layer expression, "
        "arXiv:1612.04799",
    ),
    covers=("continuum.nn.mlp", "continuum.widths.interval"),
)
