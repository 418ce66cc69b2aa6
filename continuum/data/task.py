"""A task: features, target, names, and where they came from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64, Int64

from continuum.checks import one_of
from continuum.errors import BadInput

Kind = Literal["classification", "regression"]
#: Kinds of tasks.
KINDS: tuple[Kind, Kind] = ("classification", "regression")


@dataclass(frozen=True)
class Provenance:
    """Where a task came from: ``source`` is "scikit-learn", "csv folder", "cache", "UCI", "synthetic" or "file".

    >>> Provenance("file", notes="two rows dropped").uci_id is None
    True
    """

    source: str
    uci_id: int | None = None
    url: str = ""
    licence: str = ""
    citation: str = ""
    notes: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """n rows of d features and one target; the arrays are copied and read-only.

    ``features`` (n, d) is float64, NaN marks a missing value; ``target`` (n,) holds class codes 0..C-1 as int64,
    or real values as float64. ``notes`` say what was done with the columns of a file: which were read as numbers or
    dates, which were left out, which labels were merged. Raises ``BadInput`` for an unknown kind, for shapes that
    disagree, and for codes without a class name.

    >>> task = Task("toy", "classification", np.eye(2), np.array([0, 1]), ("a", "b"), ("no", "yes"))
    >>> task.n, task.d, task.classes, len(task.checksum)
    (2, 2, 2, 64)
    """

    name: str
    kind: Kind
    # Shapes that must agree bear different names here: __post_init__ says more when they do not.
    features: Float64[np.ndarray, "rows d"]
    target: Int64[np.ndarray, "n"] | Float64[np.ndarray, "n"]
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    provenance: Provenance = field(default_factory=lambda: Provenance("memory"))
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        one_of("kind", self.kind, KINDS)
        exact = np.int64 if self.kind == "classification" else np.float64
        object.__setattr__(self, "features", np.array(self.features, dtype=np.float64, order="C"))
        object.__setattr__(self, "target", np.array(self.target, dtype=exact))
        self._check()
        self._freeze()

    def _check(self) -> None:
        shape = (len(self.target), len(self.feature_names))
        if self.features.shape != shape:
            remedy = "give one row per target and one column per feature name"
            raise BadInput(self.name, expected=f"features of shape {shape}", came=self.features.shape, remedy=remedy)
        if self.kind == "classification" and not np.isin(self.target, range(self.classes)).all():
            expected = f"class codes from 0 to {self.classes - 1}"
            remedy = "give one class name per code"
            raise BadInput(self.name, expected=expected, came=f"codes up to {self.target.max()}", remedy=remedy)

    def _freeze(self) -> None:
        self.features.setflags(write=False)
        self.target.setflags(write=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # NumPy forgets the read-only flag when an array crosses a process border by pickle.
        self.__dict__.update(state)
        self._freeze()

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.features.shape[0])

    @property
    def d(self) -> int:
        """Number of features, after one-hot coding."""
        return int(self.features.shape[1])

    @property
    def classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.class_names)

    @cached_property
    def checksum(self) -> str:
        """SHA-256 over kind, feature and class names, and contents: equal data has equal checksums from any source.

        The task's own name, its provenance and notes stay out, for equal contents give equal results.
        """
        digest = hashlib.sha256()
        for part in (self.kind, repr(self.feature_names), repr(self.class_names), repr(self.features.shape)):
            digest.update(part.encode() + b"\0")
        # One bit pattern per value (a single NaN, no negative zero) and one byte order on all machines.
        features = np.where(np.isnan(self.features), np.nan, self.features + 0.0)
        digest.update(features.astype("<f8").tobytes())
        digest.update(self.target.astype("<i8" if self.kind == "classification" else "<f8").tobytes())
        return digest.hexdigest()


def unchanged(task: Task, checksums: Mapping[str, str]) -> Task:
    """Return the task itself, if it still has the checksum that was noted when the run was planned.

    Its file may have been edited since, while earlier results were computed from the old data.

    Args:
        task: as loaded now.
        checksums: what a cell's settings hold under ``data``, by the name that the task was noted under.

    Raises:
        BadInput: the data are others.

    >>> from continuum.data import load
    >>> task = load("iris")
    >>> unchanged(task, {"iris": task.checksum}) is task
    True
    >>> unchanged(task, {"iris": load("wine").checksum})
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: iris: expected the data of the start, got changed data; run again, without editing it
    """
    if task.checksum not in checksums.values():
        remedy = "run again, without editing it"
        raise BadInput(task.name, expected="the data of the start", came="changed data", remedy=remedy)
    return task
