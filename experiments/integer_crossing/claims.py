"""The predictions of integer_crossing as a table, written before the run."""

from dataclasses import dataclass
from typing import Literal

from .variants import VARIANTS

#: Names of the tests, see ``Prediction``.
Test = Literal["share", "below", "mean"]


@dataclass(frozen=True)
class Prediction:
    """One claim about all networks whose part, setting and quantity match, tasks and settings pooled.

    Attributes:
        claim: what is predicted, in words.
        part, settings, quantity: which rows; the last two are regular expressions for the whole name.
        test: ``share`` (a probability, within the margin of the predicted one), ``mean`` (of measured - predicted,
            within the margin of 0), ``below`` (a probability, less than the predicted one; there the margin is how much
            less it must be for the stated power).
        margin: of the pooled estimate.
        row_margin: of the estimate of one task and setting, which has fewer networks; the same by default.
    """

    claim: str
    part: str
    settings: str
    quantity: str
    test: Test
    margin: float
    row_margin: float = 0.0


@dataclass(frozen=True)
class CodeIdentity:
    """What holds in every network by arithmetic: only a fault of the code could break it, so it is no evidence."""

    claim: str
    part: str
    settings: str
    quantity: str
    tolerance: float = 0.0


#: Patterns of settings: any; with a fair coin; of an affine loss, and with the fresh neuron alone trained.
ANY, FAIR = ".*", "|".join(name for name, variant in VARIANTS.items() if variant.fair)
AFFINE, ALONE = "affine, .*", "affine, fresh neuron"

#: In the order in which they were written down.
PREDICTIONS = (
    Prediction("fair coin at the 1st fresh integer", "joint", FAIR, "coin, arrival 1", "share", 0.02, 0.1),
    Prediction("fair coin at the 2nd", "joint", FAIR, "coin, arrival 2", "share", 0.02, 0.1),
    Prediction("fair coin at the 3rd", "joint", FAIR, "coin, arrival 3", "share", 0.03, 0.1),
    Prediction(
        "frozen flow gains >= 1: 1/2 (affine or s -> 0)", "flow", ANY, "gained = law, n = 1", "share", 0.01, 0.03
    ),
    Prediction("frozen flow gains >= 2: 1/4", "flow", ANY, "gained = law, n = 2", "share", 0.01, 0.03),
    Prediction("frozen flow gains >= 3: 1/8", "flow", ANY, "gained = law, n = 3", "share", 0.007, 0.02),
    Prediction("frozen flow gains >= 4: 1/16", "flow", ANY, "gained = law, n = 4", "share", 0.005, 0.015),
    Prediction("curved loss gains >= 1: 1/2", "first", ANY, "gains >= 1", "share", 0.002, 0.01),
    Prediction("curved loss gains >= 2: at most 1/4", "flow", ANY, "gained <= law, n = 2", "below", 0.01),
    Prediction("curved loss gains >= 3: at most 1/8", "flow", ANY, "gained <= law, n = 3", "below", 0.01),
    Prediction("curved loss gains >= 4: at most 1/16", "flow", ANY, "gained <= law, n = 4", "below", 0.01),
    Prediction("crosses a tile: Phi(|v|/s) - 1/2", "flow", ANY, "crosses a tile", "mean", 0.005, 0.03),
    Prediction("a landing descends: noncentral chi^2", "first", ANY, "descends at a landing", "mean", 0.005, 0.03),
    Prediction("rotation: share on |l|/(|l|+r)", "rotation", AFFINE, "on", "mean", 0.0005),
    Prediction("rotation: mean gate / circle, on^2/2", "rotation", AFFINE, "gate", "mean", 0.001),
    Prediction("rotation: frequency min(on, 1-on)", "rotation", AFFINE, "frequency", "mean", 0.0005),
    Prediction("un-pinning: n* / law -> 1", "unpin", ALONE, "steps / law, extrapolated", "mean", 0.01, 0.02),
    Prediction("soft un-pinning / kappa law", "soft", "affine, two.*", "steps / law, extrapolated", "mean", 0.01),
    Prediction("a^2/beta - |W|^2/alpha: drift halves", "hyperbola", "beta.*", "drift, step halved", "mean", 0.02),
)
#: Kept beside the claims and not counted among them.
IDENTITIES = (
    CodeIdentity("off neurons are untouched", "joint", FAIR, "trained while off"),
    CodeIdentity("no slope turns negative between integer and landing", "joint", FAIR, "turned negative"),
    CodeIdentity("rotation: stays in [k - eta r, k + eta |l|)", "rotation", AFFINE, "outside the circle"),
    CodeIdentity("un-pinning: not before r_0/(alpha eta |l| |G|^2)", "unpin", ALONE, "before the lower bound"),
    CodeIdentity("soft gate at rest / law", "soft", "affine, two.*", "gate / law", 1e-9),
    # Relative to what moved: where little did, the rounding of a^2/beta and |W|^2/alpha is a larger part of it.
    CodeIdentity("a^2/beta - |W|^2/alpha: drift by step", "hyperbola", "beta.*", "drift - sum.*", 1e-8),
)
