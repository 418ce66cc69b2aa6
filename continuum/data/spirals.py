"""Two interleaved spirals: a synthetic task that a narrow hidden layer cannot solve."""

import numpy as np

from continuum.data.task import Provenance, Task

NAME = "two_spirals"
POINTS, TURNS, NOISE, SEED = 400, 1.5, 0.02, 0
NOTES = (
    f"Synthetic, not measured: {POINTS} points on each of two arms of {TURNS:g} turns, "
    f"normal noise of standard deviation {NOISE:g}, seed {SEED}."
)


def two_spirals() -> Task:
    """Return the task: the same 800 points at every call.

    Point i of m on arm a in {0, 1} has s = sqrt((i + 1/2) / m), which spreads points evenly along the arm, angle
    phi = 2 pi TURNS s + pi a, and lies at s (cos phi, sin phi) + NOISE z with z standard normal in the plane.
    Six digits are kept: the last bits of sine and cosine differ between machines.

    >>> task = two_spirals()
    >>> task.features.shape, task.class_names, task.provenance.source
    ((800, 2), ('first arm', 'second arm'), 'synthetic')
    """
    s = np.sqrt((np.arange(POINTS) + 0.5) / POINTS)
    phi = 2 * np.pi * TURNS * s
    arm = s[:, None] * np.stack([np.cos(phi), np.sin(phi)], axis=1)
    # A turn by pi is a change of sign.
    points = np.concatenate([arm, -arm])
    points += NOISE * np.random.default_rng(SEED).standard_normal(points.shape)
    points = points.round(6)
    target = np.repeat(np.array([0, 1]), POINTS)
    classes = ("first arm", "second arm")
    return Task(NAME, "classification", points, target, ("x", "y"), classes, Provenance("synthetic", notes=NOTES))
