"""What a history of widths says: crossings, time near integers, tiles gained and lost, chatter."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

History = Float[np.ndarray, "times members"]
Counts = Int[np.ndarray, "members"]
Shares = Float[np.ndarray, "members"]


def crossings(gamma: History) -> tuple[Counts, Counts]:
    """How many integers were crossed upwards (gamma < k, then gamma >= k) and downwards.

    >>> up, down = crossings(np.array([[0.5], [2.0], [1.9], [2.1]]))
    >>> int(up[0]), int(down[0])
    (3, 1)
    """
    moved = np.diff(np.floor(gamma), axis=0)
    return np.maximum(moved, 0).sum(0).astype(int), np.maximum(-moved, 0).sum(0).astype(int)


def near_integers(gamma: History, epsilon: float) -> Shares:
    """Share of the times at which gamma is within epsilon of an integer."""
    near: Shares = (np.abs(gamma - gamma.round()) <= epsilon).mean(0)
    return near


def tiles(gamma: History, depth: float) -> tuple[Counts, Counts, Counts]:
    """Highest and last tile relative to the first, and retreats, not counting visits less deep than ``depth``.

    Tile s is left upwards where gamma >= s + 1 + depth, downwards (a retreat) where gamma <= s - depth; so chatter of
    an amplitude below ``depth`` gains and loses nothing. A start at an integer k stands in tile k - 1.

    >>> highest, last, retreats = tiles(np.array([[1.0], [1.05], [0.98], [1.3], [2.2], [1.7]]), depth=0.1)
    >>> int(highest[0]), int(last[0]), int(retreats[0])
    (2, 1, 1)
    """
    first = np.ceil(gamma[0]).astype(int) - 1
    now, highest, retreats = first.copy(), first.copy(), np.zeros_like(first)
    for row in gamma[1:]:
        while (up := row >= now + 1 + depth).any():
            now += up
        while (down := row <= now - depth).any():
            now, retreats = now - down, retreats + down
        highest = np.maximum(highest, now)
    return highest - first, now - first, retreats


@dataclass(frozen=True)
class Chatter:
    """Of a window in time: the integer that gamma is next to, and how gamma crosses it.

    Attributes:
        integer: nearest integer of the mean.
        chatters: whether gamma crosses it upwards at least 5 times, and stays within 1/2 of it.
        on: share of the times with gamma >= k.
        amplitude: largest minus smallest gamma.
        frequency: crossings upwards per step.
        gate: mean of max(gamma - k, 0).
    """

    integer: Counts
    chatters: Bool[np.ndarray, " members"]
    on: Shares
    amplitude: Shares
    frequency: Shares
    gate: Shares


def chatter(gamma: History) -> Chatter:
    """Measure the chatter of every column."""
    integer = gamma.mean(0).round().astype(int)
    on = gamma >= integer
    ups = (on[1:] & ~on[:-1]).sum(0)
    close = (np.abs(gamma - integer) < 0.5).all(0)
    amplitude, frequency = np.ptp(gamma, axis=0), ups / (len(gamma) - 1)
    gate = np.maximum(gamma - integer, 0).mean(0)
    return Chatter(integer, (ups >= 5) & close, on.mean(0), amplitude, frequency, gate)


def rotation(left: Shares, right: Shares) -> dict[str, Shares]:
    """What the rotation predicts from |l| and r: share on, its mean gate and frequency, lengths in steps eta(|l| + r).

    The circle has length |l| + r and is turned by |l|; the smaller side is left in the step after it was entered.

    >>> {name: float(value) for name, value in rotation(np.array(1.0), np.array(3.0)).items()}
    {'on': 0.25, 'gate': 0.03125, 'frequency': 0.25}
    """
    on = left / (left + right)
    return {"on": on, "gate": on**2 / 2, "frequency": np.minimum(on, 1 - on)}
