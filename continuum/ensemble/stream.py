"""The data that many members of an ensemble share."""

from dataclasses import dataclass

from continuum.data import Part, Task, prepare, split


@dataclass(frozen=True)
class Stream:
    """Standardised data, and the seed of the minibatches that its members have in common.

    Members of one stream see the same rows in the same order, so that their differences are not blurred by
    sampling; different seeds give independent orders. ``scale`` is the unit of a standardised regression target.
    """

    seed: int
    kind: str
    outputs: int
    train: Part
    validation: Part | None = None
    test: Part | None = None
    scale: float = 1.0

    @classmethod
    def of(cls, task: Task, seed: int) -> "Stream":
        """Split and standardise a task with this seed."""
        parts = prepare(task, split(task, seed))
        outputs = max(len(task.class_names), 1)
        return cls(seed, task.kind, outputs, parts.train, parts.validation, parts.test, float(parts.target_scale))
