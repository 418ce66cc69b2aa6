"""The narrowed networks make 19 to 25 per cent more errors than the baseline in the same table."""

from collections.abc import Callable
from fractions import Fraction

import sympy as sp
import torch
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.nn import MLP, export
from continuum.widths import Interval
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

#: Table 1: accuracies in per cent.
BASE = {"Cifar10": "96.00", "Cifar100": "80.75"}
FOUND = {
    ("Cifar10", "Width"): "95.22",
    ("Cifar10", "Joint"): "95.00",
    ("Cifar100", "Width"): "77.15",
    ("Cifar100", "Joint"): "76.23",
}
TEST_ROWS = 10_000
Share = Callable[[Fraction, int], Fraction]


def derive() -> list[Derivation]:
    """Errors from accuracies, their relative rise, a standard error of the difference, and the parameters left."""
    before, after, n = sp.symbols("p q n", positive=True)
    rise = Derivation("relative rise of the error", (1 - after) / (1 - before) - 1)
    rise = rise.rewrite((before - after) / (1 - before), "fall of accuracy over the error that was left")
    chains = []
    claims = {
        "Cifar10 Width": "39/200",
        "Cifar10 Joint": "1/4",
        "Cifar100 Width": "72/385",
        "Cifar100 Joint": "452/1925",
    }
    for (data, model), found in FOUND.items():
        accuracy = {before: sp.Rational(BASE[data]) / 100, after: sp.Rational(found) / 100}
        one = Derivation(f"{data}, {model}", rise.value)
        one = one.apply(_at(accuracy), sp.Rational(claims[f"{data} {model}"]), "table 1")
        wrong = {
            "of accuracy": (accuracy[before] - accuracy[after]) / accuracy[before],
            "points": accuracy[before] - accuracy[after],
        }
        chains.append(one.claims(sp.Rational(claims[f"{data} {model}"]), wrong))
    variance = Derivation("variance of a difference of two rates", before * (1 - before) / n + after * (1 - after) / n)
    at = {before: sp.Rational("0.8075"), after: sp.Rational("0.7715"), n: TEST_ROWS}
    score = variance.apply(
        lambda e: ((before - after) / sp.sqrt(e)).subs(at), sp.Rational("6.26"), "in its own errors", _rounded
    )
    f, h, ends, depth = sp.symbols("f h m L", positive=True)
    weights = ends * h + (depth - 1) * h**2
    left = Derivation("weights left when all widths are f times as large", weights.subs(h, f * h) / weights)
    left = left.apply(lambda e: sp.limit(e, h, sp.oo), f**2, "wide layers")
    ends_alone = Derivation("one hidden layer", (weights.subs(h, f * h) / weights).subs(depth, 1)).rewrite(
        f, "no square"
    )
    return [
        rise.claims((before - after) / (1 - before), {"of accuracy": (before - after) / before}),
        *chains,
        score.claims(sp.Rational("6.26"), {"half the rows": sp.Rational("4.43")}, _rounded),
        left.claims(f**2, {"linear": f, "cubic": f**3}),
        ends_alone.claims(f, {"square": f**2}),
    ]


def _at(values: dict[sp.Symbol, sp.Expr]) -> Callable[[sp.Expr], sp.Expr]:
    return lambda e: e.subs(values)


def _rounded(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(abs(sp.N(left - right)) < 0.01)


def left_over(share: Fraction, depth: int) -> Fraction:
    """Share of the weights when 8 units become 8 f in each of L layers, 2 inputs and 2 outputs."""
    return (4 * share * 8 + (depth - 1) * (share * 8) ** 2) / (4 * 8 + (depth - 1) * 64)


def linear(share: Fraction, depth: int) -> Fraction:
    """As if weights were as many as units."""
    return share


def square(share: Fraction, depth: int) -> Fraction:
    """As if each layer lay between two narrowed ones."""
    return share**2


def by_export(formula: Share, units: int, depth: int) -> None:
    """Weights of the shipped network of this width once exported, against the full one; between f^2 and f."""

    def weights(width: int) -> int:
        network = MLP(2, 2, [Interval(8, float(width)) for _ in range(depth)])
        return sum(p.numel() for name, p in export(network).module.named_parameters() if name.endswith("weight"))

    share, left = Fraction(units, 8), Fraction(weights(units), weights(8))
    assert_close(float(left), float(formula(share, depth)), rtol=1e-14, atol=0)
    require(share**2 <= left <= share, f"{left} lies outside")


def example() -> dict[str, float]:
    """Errors of table 1 and their rise, in per cent; the fall of accuracy in standard errors."""
    figures = {}
    for (data, model), found in FOUND.items():
        base, error = (100 - float(accuracy) for accuracy in (BASE[data], found))
        figures[f"{data} {model}"] = 100 * (error / base - 1)
        rates = torch.tensor([base, error]) / 100
        spread = float((rates * (1 - rates) / TEST_ROWS).sum().sqrt())
        figures[f"{data} {model}, errors"] = (error - base) / 100 / spread
    return figures


IDENTITY = Identity(
    id="B12",
    title="near state-of-the-art accuracy",
    source="VMO",
    place="section 4, with table 1",
    printed=r""""While we noticed a decrease in performance with the width a and joint models, we observed a
considerable reduction in the number of parameters while maintaining near state-of-the-art accuracy."; accuracies in
table 1.""",
    precise=r"""By table 1 the width model has 19.5% more errors than WRN-28-10 on CIFAR-10 (4.78% for 4.00%) and 18.7%
more on CIFAR-100 (22.85% for 19.25%); the joint model has 25.0% and 23.5% more. On 10,000 test images the falls of
accuracy are $2.7$, $3.4$, $6.3$ and $7.8$ standard errors of a difference of two independent networks (the table gives
medians of five and no spread). The number of parameters is not printed; with a share $f$ of all widths between $f^2$
and $f$ of the weights are left, for CIFAR-100 58% to 78%, which is 21 to 28 million. Of the same years, on the same
augmented data: DenseNet-BC has 3.46% and 17.18% errors with 25.6 million parameters, and 4.51% and 22.27%, fewer than
both narrowed networks, with 0.8 million. The depth model's "slight increase" on CIFAR-10 is one image.""",
    verdict=Verdict.CORRECTED,
    proof=r"""The error is 100% less the accuracy; the relative rise is $(p - q)/(1 - p)$ for accuracies $p$ before and
$q$ after. Two independent networks on $n$ images differ with the variance $p(1-p)/n + q(1-q)/n$. A matrix between two
narrowed layers keeps $f^2$ of its weights, one with a fixed end keeps $f$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="weights left in the shipped network when its layers narrow",
            check=by_export,
            claim=left_over,
            wrong={"as many as units": linear, "square in every layer": square},
            given={"units": st.integers(1, 8), "depth": st.integers(1, 4)},
            examples=12,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""CIFAR-100: $22.85/19.25 - 1 = 18.7$% and $23.77/19.25 - 1 = 23.5$%; CIFAR-10: $4.78/4.00 - 1 =
19.5$% and $5.00/4.00 - 1 = 25.0$%.""",
            numbers={
                "Cifar10 Width": 19.5,
                "Cifar10 Width, errors": 2.7,
                "Cifar10 Joint": 25.0,
                "Cifar10 Joint, errors": 3.4,
                "Cifar100 Width": 18.7,
                "Cifar100 Width, errors": 6.3,
                "Cifar100 Joint": 23.5,
                "Cifar100 Joint, errors": 7.8,
            },
            compute=example,
            tolerance=0.05,
        ),
    ),
    references=(
        "G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, Densely connected convolutional networks, 2017; "
        "errors and parameters as in github.com/liuzhuang13/DenseNet",
        "S. Zagoruyko and N. Komodakis, Wide residual networks, BMVC 2016 (the baseline's errors: 4.00 and 19.25)",
    ),
    covers=("continuum.nn.mlp", "continuum.nn.export"),
)
