"""How many more parameters a layer has that follows hyperparameters."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from continuum.nn import HyperLinear
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Asymptote, Counterexample, Identity, Rate, Verdict, Witness

Formula = Callable[[int, int, int], Fraction]


def derive() -> list[Derivation]:
    """Count the entries of the six tensors of the code on the slide."""
    inputs, outputs, hyper = sp.symbols("i o h", positive=True)
    elementary = outputs * inputs + outputs
    moving = outputs * inputs + outputs + hyper * (2 * outputs)
    ratio = Derivation("ratio", (elementary + moving) / elementary)
    ratio = ratio.rewrite(2 + 2 * hyper / (inputs + 1), "two scales an output and hyperparameter over i + 1")
    wide = Derivation("many inputs", ratio.value).apply(lambda e: sp.limit(e, inputs, sp.oo), sp.Integer(2), "limit")
    return [
        ratio.claims(2 + 2 * hyper / (inputs + 1), {"twice": sp.Integer(2), "one scale": 2 + hyper / (inputs + 1)}),
        wide.claims(sp.Integer(2), {"once more for the scales": sp.Integer(3)}),
    ]


def ratio(inputs: int, outputs: int, hyperparameters: int) -> Fraction:
    """2 + 2h/(i + 1)."""
    return 2 + Fraction(2 * hyperparameters, inputs + 1)


WRONG: dict[str, Formula] = {
    "twice": lambda i, o, h: Fraction(2),
    "one scale for weight and bias": lambda i, o, h: 2 + Fraction(h, i + 1),
    "biases forgotten": lambda i, o, h: 2 + Fraction(2 * h, i),
    "outputs for inputs": lambda i, o, h: 2 + Fraction(2 * h, o + 1),
}


def size(module: nn.Module) -> int:
    """Number of parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


def by_counting(formula: Formula, inputs: int, outputs: int, hyperparameters: int) -> None:
    """The shipped layer over a plain one."""
    counted = Fraction(size(HyperLinear(inputs, outputs, hyperparameters)), size(nn.Linear(inputs, outputs)))
    assert_close(float(counted), float(formula(inputs, outputs, hyperparameters)), rtol=1e-15, atol=0)


def excess(inputs: float) -> float:
    """Ratio - 2 with 7 hyperparameters."""
    return size(HyperLinear(int(inputs), 1, 7)) / size(nn.Linear(int(inputs), 1)) - 2


def example() -> dict[str, float]:
    """Seven hyperparameters, as in the slides' language model; 100 and 4 inputs, 100 outputs."""
    wide, narrow = HyperLinear(100, 100, 7), HyperLinear(4, 100, 7)
    return {
        "wide": size(wide) / size(nn.Linear(100, 100)),
        "narrow": size(narrow) / size(nn.Linear(4, 100)),
    }


IDENTITY = Identity(
    id="C08",
    title="number of parameters of the compact form",
    source="STN",
    place="slide on the compact best-response approximation",
    printed=r"""Memory-efficient: "roughly 2x number of parameters and scales well to high dimensions".""",
    precise=r"""A linear layer of $i$ inputs and $o$ outputs has $o(i+1)$ parameters; with $h$ hyperparameters the
compact form has $2o(i+1) + 2oh$. The ratio is $2 + 2h/(i+1)$, whatever $o$ is: roughly 2 iff $h$ is small against
the number of inputs of each layer.""",
    verdict=Verdict.CORRECTED,
    proof=r"""$W_{elem}, W_{hyper} \in \mathbb{R}^{o\times i}$, $b_{elem}, b_{hyper} \in \mathbb{R}^o$, and the
linear map from the hyperparameters to two scales of each output, $V, C \in \mathbb{R}^{o\times h}$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="parameters of the layers",
            check=by_counting,
            claim=ratio,
            wrong=WRONG,
            given={
                "inputs": st.integers(1, 12),
                "outputs": st.integers(1, 12),
                "hyperparameters": st.integers(1, 12),
            },
        ),
    ),
    rates=(
        Rate(
            name="excess over 2 against inputs",
            scales=(255, 511, 1023, 2047),
            error=excess,
            claim=Asymptote(-1, 14),
            wrong={"constant": Asymptote(0), "half": Asymptote(-1, 7), "root": Asymptote(-0.5)},
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$h = 7$ as in the slides' experiment on language: for $i = 100$ the ratio is
$2 + 14/101 = 2.139$; for $i = 4$, as in a small table of data, $2 + 14/5 = 4.8$.""",
            numbers={"wide": 2.139, "narrow": 4.8},
            compute=example,
            tolerance=5e-4,
        ),
    ),
    covers=("continuum.nn.hyperlinear",),
)
