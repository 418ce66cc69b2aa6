"""The UCI tasks that scikit-learn carries: no network, no files."""

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine

from continuum.data.catalogue import Entry
from continuum.data.table import TARGET, Table
from continuum.data.target import encode_target
from continuum.data.task import Kind, Task

LOADERS = {"iris": load_iris, "wine": load_wine, "breast_cancer": load_breast_cancer, "digits": load_digits}


def bundled(entry: Entry, kind: Kind | None = None) -> Task:
    """Return the task with scikit-learn's own class codes.

    As regression the class names are read as numbers, which only digits allows; ``BadInput`` otherwise.

    >>> from continuum.data.catalogue import catalogue
    >>> bundled(catalogue()["wine"]).features.shape
    (178, 13)
    """
    bunch = LOADERS[entry.name]()
    names = tuple(str(name) for name in bunch.feature_names)
    classes = tuple(str(name) for name in bunch.target_names)
    provenance = entry.provenance("scikit-learn")
    target = np.asarray(bunch.target)
    if kind == "regression":
        labels = [classes[code] for code in target]
        _, target, classes = encode_target(Table(entry.name, {TARGET: labels}, range(1, len(labels) + 1)), kind)
    return Task(entry.name, kind or "classification", bunch.data, target, names, classes, provenance)
