"""What capacity_signal can be asked."""

from dataclasses import dataclass
from typing import Any

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import RunOptions

from .network import ACTIVATIONS
from .parametrisations import PARAMETRISATIONS

#: Tasks on which the derivative is asked for.
TASKS = ("iris", "wine", "breast_cancer", "digits", "two_spirals")
#: Least values of whole numbers.
LEAST = {
    "seeds": 1,
    "starts": 2,
    "steps": 2,
    "rows": 1,
    "fresh": 1,
    "lead_steps": 1,
    "units": 2,
    "inits": 1,
    "jobs": 0,
}
#: Fields that have another name on disk.
RECORDED = {"parametrisations": "geometries"}


@dataclass(frozen=True)
class Config(RunOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = TASKS
    """Names of tasks, or paths of CSV files."""
    widths: tuple[int, ...] = (1, 3, 8)
    """Integers k at which the derivative is asked for."""
    parametrisations: tuple[str, ...] = tuple(PARAMETRISATIONS)
    """Gates, penalty and metric of the fresh unit: a linear or a square-root (root) gate; or a linear one with the
    penalty of L2(E), with its metric, with both."""
    seeds: int = 5
    """Splits."""
    starts: int = 8
    """Fresh initialisations, each with its mirror image."""
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
    """Tasks on which gamma is learned; digits/3 is the first 3 classes."""
    lead_steps: int = 1200
    """Steps of Adam of the networks that learn gamma."""
    gamma_lr: float = 0.02
    """Learning rate of gamma."""
    units: int = 12
    """Units of the networks that learn gamma."""
    inits: int = 3
    """Their initialisations."""

    def configuration(self) -> dict[str, Any]:
        """All fields; run folders and cells call the parametrisations geometries, as they were first called."""
        return {RECORDED.get(name, name): value for name, value in super().configuration().items()}

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        for name, least in LEAST.items():
            checks.whole(name, getattr(self, name), at_least=least)
        for name in ("lr", "decay", "gamma_lr"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        checks.one_of("activation", self.activation, ACTIVATIONS)
        for name in self.parametrisations:
            checks.one_of("parametrisation", name, PARAMETRISATIONS, plural="parametrisations")
        for width in self.widths:
            checks.whole("widths", width, at_least=1)
        for name in ("tasks", "widths", "parametrisations", "lead_tasks"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")
            if not values and name != "lead_tasks":
                raise BadInput(name, expected="one or more", came="none", remedy=f"leave --{name} out")
