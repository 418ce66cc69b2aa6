"""What is to be kept of a network while it trains, apart from the chunk that it happens to lie in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import torch
from torch import Tensor

from continuum.ensemble.initial import initial
from continuum.ensemble.layout import Pairs
from continuum.ensemble.member import Member
from continuum.ensemble.settings import Settings
from continuum.widths import Side

#: Rows are allocated in steps of 4: fewer buckets of equal shape, at little waste; off units rest at their start.
STEP = 4


@dataclass
class State:
    """One network in training.

    Args:
        number: its place in the ensemble.
        member: what it is.
        rows: computed units of every hidden layer: all that are on, and where gamma moves the one about to be born.
        slots: for "weights", "best" and each memory of the optimiser, the (weight, bias) pairs of all layers.
        gamma_slots: for "gamma", "best" and each memory of gamma's optimiser, one number per hidden layer.
    """

    number: int
    member: Member
    rows: tuple[int, ...]
    slots: dict[str, Pairs]
    gamma_slots: dict[str, Tensor]


def rows_for(gamma: Sequence[float], settings: Settings, side: Side) -> tuple[int, ...]:
    """Rows of each hidden layer: the units active on that side, rounded up to a multiple of 4.

    Under the other laws than the interval law all units are on.

    >>> settings = Settings(units=(8, 8, 6))
    >>> rows_for((2.5, 4.0, 7.9), settings, "right"), rows_for((2.5, 4.0, 7.9), settings, "left")
    ((4, 8, 6), (4, 4, 6))
    """
    if settings.law != "interval":
        return settings.units
    active = [floor(width) + 1 if side == "right" else max(ceil(width), 1) for width in gamma]
    return tuple(min(most, STEP * -(rows // -STEP)) for rows, most in zip(active, settings.units, strict=True))


def newborn(number: int, member: Member, settings: Settings, inputs: int, outputs: int) -> State:
    """A network at its start."""
    rows = rows_for(member.gamma, settings, "right" if member.gamma_lr else "left")
    start = initial(member, settings, inputs, outputs, rows)
    gamma = torch.tensor(member.gamma, dtype=settings.dtype)
    return State(number, member, rows, {"weights": start}, {"gamma": gamma, "best": gamma})


def grown(state: State, settings: Settings, inputs: int) -> State:
    """The same network with a row for every unit active on the right of its present width.

    New units stand at their initial weights, and memories of the optimiser at zero.
    """
    if not bool(state.gamma_slots["gamma"].isfinite().all()):
        return state  # diverged
    needed = rows_for(state.gamma_slots["gamma"].tolist(), settings, "right")
    rows = tuple(map(max, state.rows, needed))
    if rows == state.rows:
        return state
    outputs = state.slots["weights"][-1][1].shape[0]
    start = initial(state.member, settings, inputs, outputs, rows)
    slots = {}
    for name, pairs in state.slots.items():
        fresh: Callable[[Tensor], Tensor] = torch.clone if name in ("weights", "best") else torch.zeros_like
        slots[name] = [
            (_with_prefix(fresh(w), old_w), _with_prefix(fresh(b), old_b))
            for (w, b), (old_w, old_b) in zip(start, pairs, strict=True)
        ]
    return State(state.number, state.member, rows, slots, state.gamma_slots)


def _with_prefix(new: Tensor, old: Tensor) -> Tensor:
    new[tuple(slice(size) for size in old.shape)] = old
    return new
