"""How many weights a perceptron has, and what doubling its width or its depth does to the number."""

from collections.abc import Callable
from itertools import pairwise

import sympy as sp
import torch
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.nn import MLP, export
from continuum.widths import Interval
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

Count = Callable[[int, int, list[int]], tuple[int, int]]


def derive() -> list[Derivation]:
    """From one weight per pair of neighbouring neurons to a polynomial in width and depth, and its three values."""
    inputs, outputs, width, depth = sp.symbols("i o h L", integer=True, positive=True)
    layer = sp.Symbol("l", integer=True)
    pairs = inputs * width + sp.Sum(width * width, (layer, 2, depth)) + width * outputs
    weights = (inputs + outputs) * width + (depth - 1) * width**2
    total = Derivation("weights", pairs).apply(lambda e: e.doit(), weights, "the L - 1 inner layers are alike")
    total = total.apply(
        lambda e: e.subs({inputs: 10, outputs: 4}), 14 * width + (depth - 1) * width**2, "10 inputs, 4 outputs"
    )

    def at(name: str, neurons: int, layers: int, claim: int, wrong: dict[str, int]) -> Derivation:
        chain = Derivation(name, total.value)
        chain = chain.apply(lambda e: e.subs(width, neurons), 14 * neurons + (depth - 1) * neurons**2, "width")
        return chain.apply(lambda e: e.subs(depth, layers), sp.Integer(claim), "depth").claims(sp.Integer(claim), wrong)

    wide = Derivation("twice the width", weights.subs(width, 2 * width) - 2 * weights)
    wide = wide.rewrite(2 * (depth - 1) * width**2, "the inner layers grow fourfold, the outer two twofold")
    deep = Derivation("twice the depth", weights.subs(depth, 2 * depth) - weights)
    deep = deep.rewrite(depth * width**2, "L more inner layers")
    return [
        total.claims(14 * width + (depth - 1) * width**2, {"an inner layer for each hidden one": weights + width**2}),
        at("as asked", 10, 3, 340, {"with biases": 374, "inner layers counted L times": 440}),
        at("double width", 20, 3, 1080, {"twice as many": 680, "four times as many": 1360}),
        at("double depth", 10, 6, 640, {"twice as many": 680}),
        wide.claims(2 * (depth - 1) * width**2, {"twice as many": sp.Integer(0)}),
        deep.claims(depth * width**2, {"twice as many": weights}),
    ]


def counted(inputs: int, outputs: int, widths: list[int]) -> tuple[int, int]:
    """Weights: one for each pair of neighbours; biases: one for each neuron that is no input."""
    sizes = [inputs, *widths, outputs]
    return sum(a * b for a, b in pairwise(sizes)), sum(sizes[1:])


def with_biases(inputs: int, outputs: int, widths: list[int]) -> tuple[int, int]:
    """Biases among the weights."""
    weights, biases = counted(inputs, outputs, widths)
    return weights + biases, biases


def without_readout(inputs: int, outputs: int, widths: list[int]) -> tuple[int, int]:
    """The last matrix is forgotten."""
    weights, biases = counted(inputs, outputs, widths)
    return weights - widths[-1] * outputs, biases - outputs


def polynomial(inputs: int, outputs: int, widths: list[int]) -> tuple[int, int]:
    """(i + o) h + (L - 1) h^2, for equal widths."""
    depth, width = len(widths), widths[0]
    return (inputs + outputs) * width + (depth - 1) * width**2, depth * width + outputs


def one_too_many(inputs: int, outputs: int, widths: list[int]) -> tuple[int, int]:
    """L inner matrices."""
    weights, biases = polynomial(inputs, outputs, widths)
    return weights + widths[0] ** 2, biases


def parameters(module: torch.nn.Module) -> tuple[int, int]:
    """Entries of matrices and of vectors, by the shapes of the parameters."""
    named = dict(module.named_parameters())
    return (
        sum(p.numel() for name, p in named.items() if name.endswith("weight")),
        sum(p.numel() for name, p in named.items() if name.endswith("bias")),
    )


def by_modules(formula: Count, inputs: int, outputs: int, widths: list[int], spare: int) -> None:
    """A network that allocates these units has so many parameters; one that allocates more has them once exported."""
    network = MLP(inputs, outputs, [Interval(units, float(units)) for units in widths])
    assert_close(parameters(network), formula(inputs, outputs, widths), rtol=0, atol=0)
    larger = MLP(inputs, outputs, [Interval(units + spare, float(units)) for units in widths])
    assert_close(parameters(export(larger).module), formula(inputs, outputs, widths), rtol=0, atol=0)


def as_printed(formula: Count) -> None:
    """10 inputs, 4 outputs, 3 layers of 10; twice the width; twice the depth."""
    sizes = {340: [10] * 3, 1080: [20] * 3, 640: [10] * 6}
    for weights, widths in sizes.items():
        network = MLP(10, 4, [Interval(units, float(units)) for units in widths])
        assert_close(parameters(network), formula(10, 4, widths), rtol=0, atol=0)
        assert_close(formula(10, 4, widths)[0], weights, rtol=0, atol=0)


IDENTITY = Identity(
    id="D01",
    title="how many weights a network has",
    source="Notes",
    place="slides on 10 inputs, 3 layers of 10 neurons, 4 outputs",
    printed=r""""If there are 10 inputs, 3 layers of 10 neurons, and 4 outputs, how many weights are there total?
What if we double the depth?" $W_1, ..., W_6 \in \mathbb{R}^{10\times 10}$, $W_7 \in \mathbb{R}^{10\times 4}$, Total
= 640""",
    precise=r"""A perceptron with $i$ inputs, $L \geq 1$ hidden layers of $h$ neurons and $o$ outputs has
$P(h, L) = (i+o)h + (L-1)h^2$ weights and $Lh + o$ biases. For $i = 10$, $o = 4$: $P(10, 3) = 340$,
$P(20, 3) = 1080$ and $P(10, 6) = 640$; with biases 374, 1144 and 704. So twice the width costs $2(L-1)h^2$ weights
more than twice as many, and twice the depth $Lh^2$ more than before. The figures of the first two questions are not
legible in the text of the slides; the third is.""",
    verdict=Verdict.HOLDS,
    proof=r"""There is one weight for each pair of neighbours in successive layers: $ih$ into the first hidden
layer, $h^2$ between two hidden ones, of which there are $L-1$ pairs, and $ho$ out of the last. Each neuron that is
no input has one bias.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="parameters of the perceptron and of its export",
            check=by_modules,
            claim=counted,
            wrong={"biases among the weights": with_biases, "no readout": without_readout},
            given={
                "inputs": st.integers(1, 4),
                "outputs": st.integers(1, 3),
                "widths": st.lists(st.integers(1, 4), min_size=1, max_size=3),
                "spare": st.integers(0, 2),
            },
            examples=12,
        ),
        Witness(
            name="the three networks of the slides",
            check=as_printed,
            claim=polynomial,
            wrong={"L inner matrices": one_too_many, "biases among the weights": with_biases},
        ),
    ),
    covers=("continuum.nn.mlp", "continuum.nn.export"),
)
