"""What capacity_signal can be asked."""

from dataclasses import dataclass
from typing import Any, ClassVar

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import MOST_UNITS, check_cells, check_most

from .network import ACTIVATIONS
from .parametrisations import PARAMETRISATIONS
from .rows import data_of

#: Tasks on which the derivative is asked for.
TASKS = ("iris", "wine", "breast_cancer", "digits", "two_spirals")
#: Least values of whole numbers.
LEAST = {
    "seeds": 1,
    "seen_seeds": 1,
    "lead_seeds": 1,
    "starts": 2,
    "gain_starts": 2,
    "steps": 2,
    "rows": 1,
    "fresh": 1,
    "lead_steps": 1,
    "units": 2,
    "inits": 1,
    "jobs": 0,
}
#: Lists that must hold something.
NON_EMPTY = ("tasks", "widths", "seen_widths", "parametrisations", "seen_parametrisations")
#: Fields that have another name on disk.
RECORDED = {"parametrisations": "geometries"}


@dataclass(frozen=True)
class Config(FileOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = TASKS
    """Names of tasks, or paths of CSV files. digits/3 is the first 3 classes, wine/noise40 has 40 % of its targets
    shuffled, wine/rows30 trains on 30 rows; all three may be joined."""
    conditions: tuple[str, ...] = ("noise40", "rows30", "noise40/rows30")
    """What is added to every task, to have integers at which a unit does harm."""
    widths: tuple[int, ...] = (1, 2, 3, 5, 8, 12)
    """Integers k that are ranked by what their unit saves."""
    seeds: int = 2
    """Splits whose integers are ranked."""
    seen_widths: tuple[int, ...] = (1, 3, 8)
    """Integers k at which every method is asked, some of the widths."""
    seen_seeds: int = 1
    """Splits, beginning with the first, in which every method is asked."""
    seen_parametrisations: tuple[str, ...] = ("linear", "root")
    """Parametrisations under which every method is asked."""
    parametrisations: tuple[str, ...] = tuple(PARAMETRISATIONS)
    """Gates, penalty and metric of the fresh unit: a linear or a square-root (root) gate; or a linear one with the
    penalty of L2(E), with its metric, with both."""
    starts: int = 8
    """Fresh initialisations, each with its mirror image."""
    gain_starts: int = 32
    """Other initialisations, on which it is measured what a unit saves."""
    steps: int = 128
    """Steps of training, T."""
    rows: int = 300
    """Most rows of a part."""
    fresh: int = 32
    """Fresh features of the optimal readout."""
    lr: float = 0.3
    """Learning rate of gradient descent."""
    decay: float = 0.01
    """Decay of the outgoing weights."""
    activation: str = "tanh"
    """Activation of the hidden units: tanh or relu."""
    lead_tasks: tuple[str, ...] = (*TASKS, "digits/3", "digits/5", "digits/7")
    """Tasks on which gamma is learned."""
    lead_seeds: int = 2
    """Splits in which gamma is learned."""
    lead_steps: int = 1200
    """Steps of Adam of the networks that learn gamma."""
    gamma_lr: float = 0.02
    """Learning rate of gamma."""
    units: int = 12
    """Units of the networks that learn gamma."""
    inits: int = 3
    """Their initialisations."""

    TASK_FIELDS: ClassVar[tuple[str, ...]] = ("tasks", "lead_tasks")

    def path_in(self, task: str) -> str:
        return data_of(task)

    def configuration(self) -> dict[str, Any]:
        """All fields; run folders and cells call the parametrisations geometries, as they were first called."""
        return {RECORDED.get(name, name): value for name, value in super().configuration().items()}

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        for name, least in LEAST.items():
            checks.whole(name, getattr(self, name), at_least=least)
        self._check_sizes()
        for name in ("lr", "decay", "gamma_lr"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        checks.one_of("activation", self.activation, ACTIVATIONS)
        for name in (*self.parametrisations, *self.seen_parametrisations):
            checks.one_of("parametrisation", name, PARAMETRISATIONS, plural="parametrisations")
        for width in self.widths:
            checks.whole("widths", width, at_least=1)
        self._check_lists()

    def _check_sizes(self) -> None:
        conditions = 1 + len(self.conditions)
        check_cells(tasks=len(self.tasks), seeds=self.seeds)
        check_cells(tasks=len(self.tasks), conditions=conditions, seen_seeds=self.seen_seeds)
        check_cells(lead_tasks=len(self.lead_tasks), lead_seeds=self.lead_seeds)
        check_most(self, MOST_UNITS, "widths", "seen_widths", "units", "fresh", "starts", "gain_starts", "inits")

    def _check_lists(self) -> None:
        for name in (*NON_EMPTY, "conditions", "lead_tasks"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")
            if not values and name in NON_EMPTY:
                raise BadInput(name, expected="one or more", came="none", remedy=f"leave --{name} out")
        for name, part, whole in (("seen_widths", "widths", "width"), ("seen_seeds", "seeds", "split")):
            few, many = getattr(self, name), getattr(self, part)
            inside = set(few) <= set(many) if isinstance(few, tuple) else few <= many
            if not inside:
                expected = f"no {whole} that {part} lacks"
                raise BadInput(name, expected=expected, came=few, remedy=f"what is compared is there: see --{part}")
