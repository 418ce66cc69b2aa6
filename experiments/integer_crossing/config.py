"""What integer_crossing can be asked."""

from dataclasses import dataclass
from typing import Literal

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import MOST_AT_ONCE, check_cells, check_most

from .joint_training import BATCH
from .variants import VARIANTS

#: Least values of whole numbers.
LEAST = {"draws": 10, "signs": 10, "pinned": 5, "networks": 1, "steps": 40, "rows": BATCH, "seed": 0, "jobs": 0}


@dataclass(frozen=True)
class Config(FileOptions):
    """On which networks to look."""

    tasks: tuple[str, ...] = ("iris", "breast_cancer", "digits", "two_spirals")
    """Names of tasks (the command tasks lists them), or paths of files; see --target and --separator."""
    variants: tuple[str, ...] = tuple(VARIANTS)
    """Variants of joint training."""
    draws: int = 3000
    """Networks with frozen weights per task and setting."""
    signs: int = 30000
    """Networks per task and setting of which only the sign at one fresh neuron is asked."""
    pinned: int = 150
    """Networks pinned at an integer per task and setting."""
    networks: int = 120
    """Jointly trained networks per task, variant and starting gamma."""
    steps: int = 1000
    """Steps of the joint training and of the rotation."""
    rows: int = 64
    """Most training rows that are used of a task."""
    seed: int = 2
    """Seed of all initial weights, phases and minibatches; with each task's name it makes the seed of that task."""
    kind: Literal["classification", "regression"] | None = None
    """What the tasks are, where neither the catalogue nor the target tells."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        for name, least in LEAST.items():
            checks.whole(name, getattr(self, name), at_least=least)
        check_cells(tasks=len(self.tasks), variants=len(self.variants))
        check_most(self, MOST_AT_ONCE, "draws", "signs", "pinned", "networks")
        for variant in self.variants:
            checks.one_of("variant", variant, VARIANTS, plural="variants")
        for field, names in (("tasks", self.tasks), ("variants", self.variants)):
            if len(set(names)) < len(names):
                raise BadInput(field, expected="each once", came=list(names), remedy="drop the repeated ones")
            if not names:
                raise BadInput(field, expected="one or more", came="none", remedy=f"leave --{field} out")
