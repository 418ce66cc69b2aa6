"""What the parts of a method cost, in gradient steps of one network."""

from math import ceil

from continuum.ensemble import Stream
from continuum.hypergrad import Cost

#: A forward pass, in gradient steps: the backward pass costs twice as much.
FORWARD = 1 / 3
#: A product with a second derivative, in gradient steps: a backward pass through the graph of a gradient, which is
#: twice as long, and that graph's own forward pass.
PRODUCT = 2.0
#: One update of a controller, or of the probabilities of a mixture.
CONTROL = 1.0


def hypergradient(cost: Cost, networks: int = 1) -> float:
    """What a hypergradient costs whose losses are sums over several networks.

    >>> hypergradient(Cost(gradients=2, mixed_products=1), networks=4)
    16.0
    """
    products = cost.hessian_vector_products + cost.mixed_products
    return networks * (cost.gradients + PRODUCT * products)


def batches(rows: int, batch: int) -> int:
    """Minibatches of an epoch."""
    return ceil(rows / batch)


def validation(stream: Stream, networks: int, batch: int) -> float:
    """What it costs to measure several networks on all validation rows."""
    rows = 0 if stream.validation is None else len(stream.validation.x)
    return FORWARD * networks * batches(rows, batch)
