"""Variants of training gamma and weights jointly."""

from dataclasses import dataclass

from .motion import LearningRates, Optimizer
from .network import WEIGHTS


@dataclass(frozen=True)
class Variant:
    """How gamma and weights are trained.

    Attributes:
        alpha, beta: learning rates of the weights and of gamma.
        batches: whether each step takes a minibatch.
        exponent: of the interval law; 0.5 is the square-root gate.
        kappa: sharpness of the soft support, if that is the law.
        fair: whether the fair coin is predicted.
    """

    alpha: float = 0.2
    beta: float = 0.2
    optimizer: Optimizer = "gd"
    batches: bool = False
    activation: str = "tanh"
    exponent: float = 1.0
    kappa: float | None = None
    fair: bool = True

    def lr(self) -> LearningRates:
        """Learning rates of gamma and of all weights; frozen weights have none."""
        weights = WEIGHTS if self.alpha else ()
        return {"gamma": self.beta, **dict.fromkeys(weights, self.alpha)}


#: By what tables, cells and flags call them.
VARIANTS: dict[str, Variant] = {
    "flow": Variant(0.02, 0.02),
    "descent": Variant(),
    "fast gamma": Variant(beta=3.2),
    "slow gamma": Variant(beta=0.0125),
    "momentum, batches": Variant(0.05, 0.05, optimizer="momentum", batches=True),
    "adam": Variant(0.01, 0.01, optimizer="adam"),
    "adam, batches": Variant(0.01, 0.01, optimizer="adam", batches=True),
    "relu": Variant(activation="relu"),
    "root gates": Variant(exponent=0.5),
    "soft gates": Variant(kappa=10.0, fair=False),
    "frozen": Variant(alpha=0.0),
    "frozen, leaps": Variant(alpha=0.0, beta=5.0),
}
