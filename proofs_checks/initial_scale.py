"""What an initial law that knows gamma adds to the slope of the capacity loss, with the scales of the engine."""

from collections.abc import Callable

from torch import Tensor
from torch.testing import assert_close

from continuum.ensemble import Member, Settings
from continuum.ensemble.initial import scales
from continuum.widths import Interval
from proofs_checks.network import Network
from proofs_checks.training import Descent, capacity_loss

Added = Callable[[int, Tensor], Tensor]  # k, derivative in the logarithm of the scale -> slope


def half_over_width(k: int, slope: Tensor) -> Tensor:
    """-1/(2k) times the derivative in the logarithm of the old outgoing weights' scale."""
    return -slope / (2 * k)


def outgoing_scale(gamma: float, units: int) -> float:
    """Standard deviation of the outgoing weights in the standard scaling."""
    return scales(Member(gamma=gamma), Settings(units=units), inputs=1)[1].weight


def by_scaling(formula: Added, network: Network, validation: Network, steps: int) -> None:
    """One-sided difference of C_T at k from starts of the engine's scale, both signs of W_k, linear gate."""
    units, descent, step = network.units, Descent(0.125, steps), 1e-5
    k = units - 1

    def loss(part: float, factor: float) -> Tensor:
        start = network.with_outgoing(network.outgoing * factor)
        return capacity_loss(start, validation, Interval(units, k + part).gates().detach(), k, descent).detach()

    stds = [outgoing_scale(k + part, units) for part in (0.0, step, 2 * step)]
    first, second, third = (loss(j * step, std) for j, std in enumerate(stds))
    measured = (4 * second - third - 3 * first) / (2 * step)
    along = (loss(0.0, stds[0] * (1 + step)) - loss(0.0, stds[0] * (1 - step))) / (2 * step)
    assert_close(measured, formula(k, along), rtol=1e-4, atol=1e-6)


def one_old_unit() -> dict[str, float]:
    """Slope at 1 of the mean initial loss z^2/2, with the engine's standard scaling and with that of width 1."""

    def mean(a: float, width: float) -> float:
        std = outgoing_scale(width, 2)
        return (Interval(2, 1 + a).gates() * std).square().sum().item() / 2

    step = 1e-6
    moving = (mean(step, 1 + step) - mean(0, 1)) / step
    return {"std by width": moving, "fixed std": (mean(step, 1) - mean(0, 1)) / step}
