"""The number of black and white images of 28 by 28 pixels."""

import sympy as sp

from proofs_checks.derivation import Derivation
from proofs_checks.identity import Absent, Identity, Verdict

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
    witnesses=Absent("an exact count of images, which no code of the package is about"),
)
