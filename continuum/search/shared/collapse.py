r"""Where the mass of a mixture goes, and why: how outgoing weights let it escape the price."""

from typing import Literal

import pandas as pd
import torch
from jaxtyping import Float
from torch import Tensor

from continuum import checks
from continuum.benchmark import BATCH, stream
from continuum.search.shared.account import batches
from continuum.search.shared.darts import Darts, DartsSecond, MixedRun
from continuum.search.shared.method import Ground
from continuum.search.shared.mixture import Mixture

#: Orders of the gradient of a mixture.
ORDERS: dict[str, type[Darts] | type[DartsSecond]] = {"first": Darts, "second": DartsSecond}
#: Least expected gate by which outgoing weights are divided.
LEAST_GATE = 1e-9


def collapse(
    task: str, seed: int, epochs: int, order: Literal["first", "second"] = "first", price: float | None = None
) -> pd.DataFrame:
    """Search by a mixture, and report where its mass goes.

    Args:
        task, seed: rows, and all that is random.
        epochs: of the search, in those of the plain training.
        order: of the gradient.
        price: of 64 units; None: the usual one.

    Returns:
        At the start and after each eighth of the search: ``cost`` (epochs), ``gamma`` (the mean width), ``mode``,
        ``depth``, ``narrow`` (the share of widths up to 2), ``entropy`` (nats), ``units`` (expected price in units),
        ``loss`` of the mixture and ``mode_loss`` of the most probable network with the same weights, both on the
        validation rows: where the mixture does well and its mode does not, the mixture is no proxy of what it chooses;
        ``outgoing``, the root mean square of the heads' weights.

    >>> collapse("iris", seed=0, epochs=16).cost.tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0]
    """
    checks.whole("epochs", epochs, at_least=8)
    checks.one_of("order", order, tuple(ORDERS), plural="orders")
    data, method = stream(task, seed), ORDERS[order](price=price)
    run = method.begin(Ground(data, method.space, method.objective(data), seed))
    if not isinstance(run, MixedRun):  # narrows the type: both orders run a mixture
        raise TypeError(type(run).__name__)
    steps, spent, answer = batches(len(data.train.x), BATCH), 0.0, []
    for part in range(9):
        while spent + run.cycle <= part / 8 * epochs * steps:
            run.advance()
            spent += run.cycle
        answer.append({"cost": part / 8 * epochs, **_state(run)})
    return pd.DataFrame(answer)


@torch.no_grad()
def _state(run: MixedRun) -> dict[str, float]:
    ground, mixture = run.ground, run.mixture()
    vector, rows = ground.weights.vector, ground.validation.rows
    heads = torch.cat([weight.flatten() for weight, _ in ground.net.layers(vector).heads])
    losses = {
        "loss": float(mixture.loss(vector, rows)),
        "mode_loss": float(ground.losses(vector, rows, [mixture.mode()])[0]),
    }
    return mixture.mass() | losses | {"outgoing": float(heads.square().mean().sqrt())}


@torch.no_grad()
def escape(
    mixture: Mixture, weights: Float[Tensor, " size"], share: float, rescale: bool = True
) -> tuple[Mixture, Tensor]:
    r"""Move all but a ``share`` of the mass of each depth to the narrowest width, with outgoing weights that make up.

    With :math:`p' = (1 - s)\, \delta_{g_0} + s\, p` each unit's expected gate is
    :math:`\bar m'_i = (1 - s)\, m_i(g_0) + s\, \bar m_i > 0`, and what follows a unit is multiplied by
    :math:`\bar m_i / \bar m'_i`. The function is the same, and so is its loss, for every s > 0, while the
    expected price falls to that of the narrowest network: the infimum of loss plus price over weights and probabilities
    is the least loss of the widest network at the price of the narrowest. Only finite training, or a decay of the
    weights, stands against it.

    Args:
        mixture: whose mass is moved.
        weights: of its net.
        share: s, in (0, 1].
        rescale: whether the outgoing weights make up; without it the function changes.

    Returns:
        The mixture and the weights, of the same function where no two depths above 1 share a gated layer, as in the
        shipped space.
    """
    checks.number("share", share, low=LEAST_GATE, high=1.0)
    narrowest = torch.zeros_like(mixture.width)
    narrowest[:, 0] = 1.0
    moved = Mixture(mixture.ground, mixture.depth, (1 - share) * narrowest + share * mixture.width)
    if not rescale:
        return moved, weights
    net, answer = mixture.ground.net, weights.clone()
    factors = mixture.gates() / moved.gates().clamp_min(LEAST_GATE)
    layers = net.layers(answer)
    for place, depth in enumerate(mixture.ground.space.depth):
        layers.heads[depth - 1][0].mul_(factors[place][:, None])
    for level in range(1, net.depth):
        layers.hidden[level][0].mul_(factors[-1][:, None])
    return moved, answer
