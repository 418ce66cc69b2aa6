"""One unit with y = 1 under decays that are not convex, grow too slowly, or are not round: what theorems exclude."""

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float64
from scipy.optimize import minimize, minimize_scalar

from continuum.widths import ConvexDecay, Decay, PowerDecay, perspective
from proofs_checks.readout import one_sided

Point = Float64[np.ndarray, " numbers"]


def least_value(target: float, cost: Callable[[float], float]) -> float:
    """min_v (v - t)^2/2 + cost(v) over v >= 0."""
    found = minimize_scalar(
        lambda v: (v - target) ** 2 / 2 + cost(v), bounds=(0, 2 * target), method="bounded", options={"xatol": 1e-12}
    )
    return float(found.fun)


def behind(decay: Decay, gate: float) -> Callable[[float], float]:
    """The shipped cost of a weight behind a gate."""
    return lambda v: float(perspective(torch.tensor([[v]]), torch.tensor([gate]), decay))


ABSOLUTE = ConvexDecay(lambda r: r, torch.ones_like)
#: r^2/2 up to 1, then r - 1/2: convex, but no faster than |G| = 1.
HUBER = ConvexDecay(lambda r: torch.where(r < 1, r**2 / 2, r - 0.5), lambda r: r.clamp(max=1))
#: A fixed cost of every weight that is not 0: not convex.
COUNTED = ConvexDecay(lambda r: torch.where(r > 0, 1 + r**2 / 2, 0.0), lambda r: r)


def degenerate() -> dict[str, float]:
    """L1(E) at lambda = 1 with t = 2 and t = 1/2."""
    return {
        "V(0), t = 2": 2.0**2 / 2,
        "V(0.01), t = 2": round(least_value(2.0, behind(ABSOLUTE, 0.01)), 9),
        "V(1), t = 2": round(least_value(2.0, behind(ABSOLUTE, 1.0)), 9),
        "V(1), t = 1/2": round(least_value(0.5, behind(ABSOLUTE, 1.0)), 9),
    }


def saturating() -> dict[str, float]:
    """Huber's h: the slope for t = 1/2, the jump for t = 2."""
    slope = one_sided(lambda a: torch.tensor(least_value(0.5, behind(HUBER, a)) if a else 0.125), 0.0, 1e-3)
    return {
        "slope, t = 1/2": round(float(slope), 6),
        "jump, t = 2": round(least_value(2.0, behind(HUBER, 1e-9)) - 2, 6),
    }


def counted() -> dict[str, float]:
    """The cost of v = 1/2 in one unit of gate 1, in half of it, and the least over all parts."""
    half = [behind(COUNTED, gate)(0.5) for gate in (1.0, 0.5)]
    least = minimize_scalar(lambda a: behind(COUNTED, a)(0.5), bounds=(1e-3, 1), method="bounded")
    return {"one unit": half[0], "half of it": half[1], "least": round(float(least.fun), 4)}


def by_entries() -> dict[str, float]:
    """H = |w|_1^2/2 on two outputs, t = (3, 4): slope at the birth of the unit, beside that of |w|^2/2."""
    gate, t = 1e-5, torch.tensor([3.0, 4.0])

    def scaled(point: Point) -> float:
        w = torch.from_numpy(point)
        return float(((gate * w - t).square().sum() - 25) / (2 * gate) + w.abs().sum() ** 2 / 2)

    # In w = v/a, and without derivatives: |w|_1 has none at 0.
    found = minimize(scaled, np.ones(2), method="Nelder-Mead", tol=1e-10)
    return {"largest entry": round(float(found.fun), 3), "Euclidean": -float(PowerDecay(1.0).conjugate(t.norm()))}
