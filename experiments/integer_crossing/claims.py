"""The predictions of integer_crossing as a table, written before the run."""

from dataclasses import dataclass
from typing import Literal

from .variants import VARIANTS

#: Level of the whole family.
FAMILY_LEVEL = 0.01
#: Names of the tests, see ``Prediction``.
Test = Literal["share", "at most", "chance", "mean"]


@dataclass(frozen=True)
class Prediction:
    """One claim, tested in each row (task and setting) whose part, setting and quantity match.

    Attributes:
        claim: what is predicted, in words.
        part, settings, quantity: which rows; the last two are regular expressions for the whole name.
        test: ``share`` (exact binomial, two-sided), ``at most`` (exact binomial, one-sided), ``chance`` (yes or no with
            a predicted probability per network; normal), ``mean`` (Student, measured - predicted).
        tolerance: of a mean: the null hypothesis is \\|E(measured - predicted)\\| <= tolerance.
    """

    claim: str
    part: str
    settings: str
    quantity: str
    test: Test
    tolerance: float = 0.0


#: Patterns of settings: with a fair coin; of an affine loss, and with the fresh neuron alone trained.
FAIR = "|".join(name for name, variant in VARIANTS.items() if variant.fair)
AFFINE, ALONE = "affine, .*", "affine, fresh neuron"

#: In the order in which they were written down.
PREDICTIONS = (
    Prediction("fair coin at the 1st fresh integer", "joint", FAIR, "coin, arrival 1", "share"),
    Prediction("fair coin at the 2nd", "joint", FAIR, "coin, arrival 2", "share"),
    Prediction("fair coin at the 3rd", "joint", FAIR, "coin, arrival 3", "share"),
    Prediction("off neurons are untouched", "joint", FAIR, "trained while off", "share"),
    Prediction("frozen flow gains >= 1: 1/2 (affine or s -> 0)", "flow", ".*", "gained = law, n = 1", "share"),
    Prediction("frozen flow gains >= 2: 1/4", "flow", ".*", "gained = law, n = 2", "share"),
    Prediction("frozen flow gains >= 3: 1/8", "flow", ".*", "gained = law, n = 3", "share"),
    Prediction("frozen flow gains >= 4: 1/16", "flow", ".*", "gained = law, n = 4", "share"),
    Prediction("curved loss gains >= 1: at most 1/2", "flow", ".*", "gained <= law, n = 1", "at most"),
    Prediction("curved loss gains >= 2: at most 1/4", "flow", ".*", "gained <= law, n = 2", "at most"),
    Prediction("curved loss gains >= 3: at most 1/8", "flow", ".*", "gained <= law, n = 3", "at most"),
    Prediction("curved loss gains >= 4: at most 1/16", "flow", ".*", "gained <= law, n = 4", "at most"),
    Prediction("crosses a tile: Phi(|v|/s) - 1/2", "flow", ".*", "crosses a tile", "chance"),
    Prediction("rotation: share on |l|/(|l|+r)", "rotation", AFFINE, "on", "mean"),
    Prediction("rotation: mean gate / circle, on^2/2", "rotation", AFFINE, "gate", "mean"),
    Prediction("rotation: frequency min(on, 1-on)", "rotation", AFFINE, "frequency", "mean"),
    Prediction("rotation: stays in [k - eta r, k + eta |l|)", "rotation", AFFINE, "outside the circle", "share"),
    Prediction("un-pinning: n* / law -> 1", "unpin", ALONE, "steps / law, extrapolated", "mean", 0.005),
    Prediction("un-pinning: not before r_0/(alpha eta |l| |G|^2)", "unpin", ALONE, "before the lower bound", "share"),
    Prediction("soft gate at rest / law", "soft", "affine, two.*", "gate / law", "mean", 1e-9),
    Prediction("soft un-pinning / kappa law", "soft", "affine, two.*", "steps / law, extrapolated", "mean", 0.01),
    Prediction("a^2/beta - |W|^2/alpha: drift by step", "hyperbola", "beta.*", "drift - sum.*", "mean", 1e-9),
    Prediction("a^2/beta - |W|^2/alpha: drift halves", "hyperbola", "beta.*", "drift, step halved", "mean", 0.05),
)
