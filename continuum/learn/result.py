"""What a run leaves: the width and a plain network of whole units."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.learn.network import sequential
from continuum.learn.rounding import round_units, units_at_hand
from continuum.learn.rows import too_light
from continuum.learn.run import GradedRun, Run
from continuum.progress import Meter


@dataclass(frozen=True)
class WidthResult:
    """A learned width, and the network that has it.

    Args:
        network: plain, of ``units`` whole units, in eval mode, on the device of the inputs.
        widths: the real width of every hidden layer.
        units: ceil(widths), at least 1: the units of ``network``. With gates beyond 1 no more than were on.
        width_curve: (points, layers) during the graded phase, evenly spaced in steps.
        loss_curve: training loss at these points.
        steps: gradient steps taken, calibration and rounding included.
        graded: the network before rounding, with every unit that is on.
        rounding_gap: training loss after minus before rounding and its annealing, on at most 512 rows.
        saturated: whether all of ``max_units`` were on in some layer: its width may be too small.
        notes: what a reader should know.
        price: nats of the whole training set per unit of width, as given or calibrated.
        activation: tanh or relu.
        nat: the loss that stood for one nat at the end of the graded phase; of squared errors, the variance of the
            noise.
    """

    network: nn.Sequential
    widths: tuple[float, ...]
    units: tuple[int, ...]
    width_curve: Float[Tensor, "points layers"]
    loss_curve: Float[Tensor, " points"]
    steps: int
    graded: nn.Sequential
    rounding_gap: float
    saturated: bool
    notes: tuple[str, ...]
    price: float
    activation: str
    nat: float = 1.0


def rounded_result(
    trained: Run, graded: GradedRun, meter: Meter, like: Tensor, notes: tuple[str, ...] = ()
) -> WidthResult:
    """Round the network of ``graded`` to the widths of ``trained``, which is the same run where the method is graded.

    The network trains on while units go, on all rows of ``graded``. ``like`` has the device and the type of the
    results; ``notes`` come behind what the runs themselves have to say.
    """

    def plain_network() -> nn.Sequential:
        return sequential(graded.network(), graded.activation).to(like.device)

    widths, saturation, nat = trained.widths(), trained.saturation(), trained.objective.nat()
    before, unrounded = graded.loss(), plain_network()
    units = units_at_hand(graded, widths)
    round_units(graded, units, sum(widths), meter)
    light = too_light(graded.rows.total, len(graded.rows)) if trained.price else None
    return WidthResult(
        network=plain_network(),
        widths=tuple(widths),
        units=tuple(units),
        width_curve=torch.tensor(trained.curves.widths, dtype=like.dtype),
        loss_curve=torch.tensor(trained.curves.losses, dtype=like.dtype),
        steps=meter.done,
        graded=unrounded,
        rounding_gap=graded.loss() - before,
        saturated=saturation is not None,
        notes=(*filter(None, (light, saturation)), *notes),
        price=trained.price,
        activation=graded.activation,
        nat=nat,
    )
