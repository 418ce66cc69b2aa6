r"""The price of the objective in the learner's units: nats of all training rows, per unit of width."""

from continuum.benchmark import Objective
from continuum.benchmark.objective import UNITS


def price_per_unit(objective: Objective) -> float:
    r"""What a unit of one hidden layer costs in units of the loss, :math:`\rho L_0 / 64`.

    >>> price_per_unit(Objective(constant=2.0, price=0.32))
    0.01
    """
    return objective.price * objective.constant / UNITS


def learner_price(objective: Objective, rows: int) -> float:
    r"""The same in nats of so many training rows, :math:`n \rho L_0 / 64`.

    :math:`J L_0 = L + (\rho L_0 / 64)\, d \lceil\gamma\rceil` is the mean loss plus a price, and a learner's price is n
    times that; it sees the real width, and the training rows.

    >>> learner_price(Objective(constant=2.0, price=0.32), rows=300)
    3.0
    """
    return rows * price_per_unit(objective)
