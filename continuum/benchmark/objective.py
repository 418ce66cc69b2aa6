r"""What is to be made small: the loss against that of a constant answer, and the price of the units."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.benchmark.curve import Curve
from continuum.benchmark.space import Point
from continuum.ensemble import Stream
from continuum.ensemble.parts import PartName

#: Price of 64 units, in losses of the constant answer. Without one, width is no search problem: the widest wins.
PRICE = 0.1
#: Units that cost ``PRICE``.
UNITS = 64


@dataclass(frozen=True)
class Objective:
    r""":math:`J = \min(L / L_0, 1) + \rho\, d \lceil\gamma\rceil / 64`, which needs to know no other network.

    Args:
        constant: :math:`L_0`, loss of the best constant answer on the training rows: the entropy of the classes, or
            half the variance of the target.
        price: :math:`\rho`, of 64 units.

    A loss that is NaN, or worse than that of the constant answer, counts as it.

    >>> Objective(constant=2.0)(1.0, Point(15.5, 0.01))
    0.525
    """

    constant: float
    price: float = PRICE

    def __post_init__(self) -> None:
        checks.positive("constant", self.constant, remedy="a target that does not vary needs no network")
        checks.number("price", self.price, low=0.0, remedy="0 asks for the least loss")

    @classmethod
    def of(cls, stream: Stream, price: float = PRICE) -> "Objective":
        """The objective on these rows."""
        y = stream.train.y
        if stream.kind == "regression":
            return cls(float(np.var(y)) / 2, price)
        shares = np.bincount(y, minlength=stream.outputs) / len(y)
        shares = shares[shares > 0]
        return cls(float(-(shares * np.log(shares)).sum()), price)

    def cost(self, point: Point) -> float:
        """What the units of a point cost."""
        return self.price * point.units / UNITS

    def __call__(self, loss: float, point: Point) -> float:
        """J of a loss at a point."""
        return float(self._error(np.asarray(loss))) + self.cost(point)

    def values(self, curve: Curve, part: PartName = "validation") -> Float[np.ndarray, " epochs"]:
        """J on a part after each epoch."""
        return self._error(curve.loss[part]) + self.cost(curve.point)

    def _error(self, loss: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
        return np.asarray(np.fmin(loss / self.constant, 1.0))  # of a number and NaN this is the number
