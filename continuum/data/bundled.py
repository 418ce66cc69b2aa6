"""Tasks that need no network and no files: those of UCI that scikit-learn carries, and two synthetic spirals."""

from importlib import import_module

import numpy as np

from continuum.data.catalogue import Entry
from continuum.data.columns.target import encode_target
from continuum.data.reading.choice import TARGET
from continuum.data.reading.table import TextTable
from continuum.data.task import Kind, Provenance, Task

#: The functions of scikit-learn that hand them out; it takes long to import, and waits for the first of them.
LOADERS = {"iris": "load_iris", "wine": "load_wine", "breast_cancer": "load_breast_cancer", "digits": "load_digits"}

#: Name of the synthetic task.
SPIRALS = "two_spirals"
#: Points on each of its arms, turns of an arm, standard deviation of the noise, and seed.
POINTS, TURNS, NOISE, SEED = 400, 1.5, 0.02, 0
#: What its provenance says.
NOTES = (
    f"Synthetic, not measured: {POINTS} points on each of two arms of {TURNS:g} turns, "
    f"normal noise of standard deviation {NOISE:g}, seed {SEED}."
)


def bundled(entry: Entry, kind: Kind | None = None) -> Task:
    """Return the task with scikit-learn's own class codes.

    As regression the class names are read as numbers, which only digits allows; ``BadInput`` otherwise.

    >>> from continuum.data.catalogue import catalogue
    >>> bundled(catalogue()["wine"]).features.shape
    (178, 13)
    """
    bunch = getattr(import_module("sklearn.datasets"), LOADERS[entry.name])()
    names = tuple(str(name) for name in bunch.feature_names)
    classes = tuple(str(name) for name in bunch.target_names)
    provenance = entry.provenance("scikit-learn")
    target = np.asarray(bunch.target)
    if kind == "regression":
        labels = [classes[code] for code in target]
        read = encode_target(TextTable(entry.name, {TARGET: labels}, range(1, len(labels) + 1)), kind)
        target, classes = read.values, read.classes
    return Task(entry.name, kind or "classification", bunch.data, target, names, classes, provenance)


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
    return Task(SPIRALS, "classification", points, target, ("x", "y"), classes, Provenance("synthetic", notes=NOTES))
