"""The number of black and white images of 28 by 28 pixels."""

import math
from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.estimators import Bernoulli
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Identity, Verdict, Witness

PIXELS = 784


def derive() -> list[Derivation]:
    """Count images by their number of white pixels, then the digits of the sum, in integers."""
    white, pixels = sp.symbols("k n", integer=True, nonnegative=True)
    pixel = Derivation("pixels", sp.Sum(sp.Sum(1, (white, 1, 28)), (pixels, 1, 28)))
    pixel = pixel.apply(lambda e: e.doit(), sp.Integer(PIXELS), "28 rows of 28")

    images = Derivation("images", sp.Sum(sp.binomial(pixels, white), (white, 0, pixels)))
    images = images.apply(lambda e: e.doit(), 2**pixels, "choose the k white pixels; binomial theorem")
    images = images.apply(lambda e: e.subs(pixels, PIXELS), sp.Integer(2) ** PIXELS, "784 pixels")

    digits = Derivation("digits", sp.floor(PIXELS * sp.log(2, 10)) + 1)
    digits = digits.rewrite(sp.Integer(237), "784 log_10 2 = 236.007...")
    exact = Derivation("digits written out", sp.Integer(len(str(2**PIXELS))))
    exact = exact.rewrite(1 + sp.Integer(sum(10**j <= 2**PIXELS for j in range(1, 300))), "powers of ten not above")
    wrong = {"no digit for the leading power": sp.Integer(236), "binary digits": sp.Integer(PIXELS + 1)}
    return [
        pixel.claims(sp.Integer(PIXELS), {"the border is left out": sp.Integer(26**2), "half": sp.Integer(392)}),
        images.claims(sp.Integer(4) ** 392, {"ordered pixels": sp.factorial(PIXELS), "784 squared": PIXELS**2}),
        digits.claims(sp.Integer(237), wrong),
        exact.claims(sp.Integer(237), wrong),
    ]


def by_list(formula: Callable[[int], int], pixels: int) -> None:
    """All vectors of zeros and ones: so many, no two alike, equally likely under fair gates; and 784 of the latter."""
    fair = Bernoulli(torch.zeros(pixels))
    images = fair.support()
    require(len(torch.unique(images, dim=0)) == len(images), "an image is listed twice")
    assert_close(float(len(images)), float(formula(pixels)), rtol=0, atol=0)
    assert_close(fair.log_prob(images).exp(), torch.full((len(images),), 1 / formula(pixels)), rtol=1e-12, atol=0)
    digits = -float(Bernoulli(torch.zeros(PIXELS)).log_prob(torch.zeros(PIXELS))) / math.log(10)
    assert_close(digits, math.log10(formula(PIXELS)), rtol=1e-12, atol=0)


IDENTITY = Identity(
    id="D02",
    title="number of black and white images",
    source="Notes",
    place="MNIST and Manifolds",
    printed=r""""MNIST images are 28x28 or 784 pixels total. If we restrict our pixels to only being black or white
(0 or 1), then there are $2^{784}$ possible images".""",
    precise=r"""There are $28\cdot 28 = 784$ pixels, so there are $2^{784}$ maps from pixels to $\{0, 1\}$, a number
of 237 decimal digits: $10^{236} < 2^{784} < 10^{237}$, since $784\,\log_{10} 2 = 236.007...$. That digits are few
among them is an observation on data, not a theorem, and is no part of the claim.""",
    verdict=Verdict.HOLDS,
    proof=r"""A map from $n$ pixels to two colours is a subset of the pixels, and there are
$\sum_k \binom{n}{k} = 2^n$ of them. The two powers of ten are compared with $2^{784}$ in integers.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="images of few pixels, listed by the shipped law of independent gates",
            check=by_list,
            claim=lambda pixels: 2**pixels,
            wrong={
                "squared": lambda pixels: pixels**2,
                "ordered pixels": math.factorial,
                "without the blank one": lambda pixels: 2**pixels - 1,
                "twice the pixels": lambda pixels: 2 * pixels,
            },
            given={"pixels": st.integers(1, 10)},
            examples=10,
        ),
    ),
    covers=("continuum.estimators.bernoulli",),
)
