"""The scalar equations behind a proximal operator: in closed form for some powers, else by Newton or bisection."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from continuum.errors import BadInput

Numbers = Float[Tensor, "*shape"]
#: Doublings in search of an upper bound, and halvings: more than any type has digits, less than hang.
MOST = 1100


def shrunk_by_power(length: Numbers, strength: Numbers, power: float) -> Numbers:
    r"""The root x of :math:`x + c\, x^{q-1} = r` in [0, r], differentiable in r and c.

    With :math:`y = x^{q-1}` powers below 2 become :math:`y^p + c y = r`, :math:`p = 1/(q-1)`: for q = 3/2 quadratic,
    for q = 4/3 cubic.

    Args:
        length: :math:`r \ge 0`.
        strength: :math:`c \ge 0`.
        power: :math:`q > 1`.

    >>> shrunk_by_power(torch.tensor([2.0]), torch.tensor([1.0]), 3.0)
    tensor([1.])
    """
    if power == 2:
        return length / (1 + strength)
    if power == 3:
        return 2 * length / (1 + torch.sqrt(1 + 4 * strength * length))
    if power == 1.5:
        root = strength + torch.sqrt(strength.square() + 4 * length)
        return (2 * length / _nonzero(root)).square()
    if power == 4 / 3:
        return _cubic(length, strength) ** 3
    return _newton(length, strength, power)


def _cubic(length: Numbers, strength: Numbers) -> Numbers:
    """The real root of y^3 + c y = r by the hyperbolic sine, polished once: for small c it loses digits."""
    c = strength.clamp(min=torch.finfo(length.dtype).tiny ** 0.25)
    scale = torch.sqrt(c / 3)
    y = 2 * scale * torch.sinh(torch.asinh(length / (2 * scale**3)) / 3)
    return y - (y**3 + strength * y - length) / (3 * y.square() + c)


def _newton(length: Numbers, strength: Numbers, power: float) -> Numbers:
    """In the variable in which the equation is convex, from above: no step goes too far, and each is quadratic.

    The last step has the gradient of the implicit function.
    """
    p, q = (1 / (power - 1), 1.0) if power < 2 else (1.0, power - 1)
    r, c = length.detach(), strength.detach()
    # Each of the two terms alone bounds the root.
    y = torch.minimum(r ** (1 / p), (r / _nonzero(c)) ** (1 / q))
    for _ in range(MOST):
        slope = p * y ** (p - 1) + c * q * y ** (q - 1)
        moved = (y - (y**p + c * y**q - r) / _nonzero(slope)).clamp(min=0)
        if bool((moved >= y).all()):
            break
        y = torch.minimum(moved, y)
    if length.requires_grad or strength.requires_grad:
        slope = p * y ** (p - 1) + c * q * y ** (q - 1)
        y = y - (y**p + strength * y**q - length) / _nonzero(slope)
    return y.clamp(min=0) ** p


def least_root(
    rising: Callable[[Tensor], Tensor], target: Numbers, low: Numbers, high: Numbers | None = None
) -> Numbers:
    """The least x >= low at which a rising function reaches its target, by bisection to neighbouring floats.

    Args:
        rising: elementwise, nondecreasing, and unbounded where no ``high`` is given.
        target: one per element.
        low: where to begin.
        high: an upper bound; without one it is looked for by doubling.

    Raises:
        BadInput: where the function stays below its target.

    >>> least_root(torch.exp, torch.tensor([1.0, 2.0]), torch.zeros(2))
    tensor([0.0000, 0.6931])
    """
    with torch.no_grad():
        high = _bound(rising, target, low) if high is None else high
        done = ~(rising(low) < target)  # NaN, as of infinite minus infinite behind a cap, counts as reached
        low, high = low.clone(), torch.where(done, low, high)
        for _ in range(MOST):
            middle = (low + high) / 2
            inside = (middle > low) & (middle < high)
            if not bool(inside.any()):
                break
            reached = ~(rising(middle) < target)
            high = torch.where(inside & reached, middle, high)
            low = torch.where(inside & ~reached, middle, low)
    return high


def _bound(rising: Callable[[Tensor], Tensor], target: Numbers, low: Numbers) -> Numbers:
    high = low + 1
    for _ in range(MOST):
        short = rising(high) < target
        if not bool(short.any()):
            return high
        high = torch.where(short, 2 * high, high)
        if not bool(high.isfinite().all()):
            break
    remedy = "give an h that grows faster than any multiple of the length; that of L1(E) does not"
    raise BadInput("decay", expected="a derivative without bound", came="one that stays below a slope", remedy=remedy)


def _nonzero(numbers: Numbers) -> Numbers:
    return numbers.clamp(min=torch.finfo(numbers.dtype).tiny)
