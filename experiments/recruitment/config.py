"""The configuration of recruitment: which methods, on which tasks, at which price."""

from dataclasses import dataclass
from typing import Any, Literal

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import MOST_AT_ONCE, MOST_UNITS, check_cells, check_most

from .arms import BELOW, LEARNING_RATES, METHODS, Method, Optimizer
from .tasks import teacher_units


@dataclass(frozen=True)
class Config(FileOptions):
    """Which methods, on which tasks, at which price."""

    tasks: tuple[str, ...] = ("teacher_4", "teacher_16", "two_spirals")
    """Tasks: teacher_K of K tanh units, or names of the catalogue."""
    methods: tuple[Method, ...] = METHODS
    """How the width is learned."""
    optimizers: tuple[Optimizer, ...] = tuple(LEARNING_RATES)
    """Optimizers of the weights."""
    gamma_lr: tuple[float, ...] = (0.1, 0.5, 2.5)
    """Learning rates of gamma, which descends plainly; from above the middle one alone."""
    gamma_optimizer: Literal["gd", "adam"] = "gd"
    """How gamma steps: plainly, or by Adam; shadows step plainly in any case."""
    widths: tuple[int, ...] = (1, 2, 3, 5, 8, 14, 24)
    """Fixed widths that the learned ones are compared with."""
    units: int = 24
    """Allocated units."""
    above: float = 24.0
    """Width at which a run from above begins."""
    seeds: tuple[int, ...] = (1,)
    """Seeds of splits, weights and minibatches: repetitions of each task."""
    steps: int = 1000
    """Steps of weights and gamma."""
    rows: int = 256
    """Most training rows."""
    batch: int = 32
    """Rows of a minibatch."""
    decay: float = 0.02
    """Decay lambda of the outgoing weights."""
    prices: tuple[float, ...] = (0.002, 0.01)
    """Prices rho of a unit of width, in nats or half squared errors; those above the least at fewer settings."""
    spread: float = 0.2
    """Standard deviation of the outgoing weights of a fresh unit."""

    def configuration(self) -> dict[str, Any]:
        """All fields, but for the plain step of gamma: what was computed before there was another keeps its name."""
        settings = super().configuration()
        return {name: value for name, value in settings.items() if (name, value) != ("gamma_optimizer", "gd")}

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        for name in ("units", "steps", "rows", "batch"):
            checks.whole(name, getattr(self, name), at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        check_cells(tasks=len(self.tasks), seeds=len(self.seeds))
        check_most(self, MOST_UNITS, "units", "widths", "above")
        check_most(self, MOST_AT_ONCE, "rows")
        for name in ("decay", "spread"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        for price in self.prices:
            checks.positive("prices", price, remedy="without a price every width is worth having")
        for lr in self.gamma_lr:
            checks.positive("gamma_lr", lr, remedy="a width that rests is among the fixed ones")
        for seed in self.seeds:
            checks.whole("seeds", seed, at_least=0)
        checks.one_of("gamma_optimizer", self.gamma_optimizer, ("gd", "adam"), plural="optimizers of gamma")
        for method in self.methods:
            checks.one_of("methods", method, METHODS, plural="methods")
        for task in self.tasks:
            teacher_units(task)
        for name in ("tasks", "methods", "optimizers", "gamma_lr", "widths", "seeds", "prices"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise BadInput(name, expected="one or more, each once", came=list(values), remedy=f"leave --{name} out")
        for name, width in (*(("widths", width) for width in self.widths), ("above", self.above)):
            if not 1 <= width <= self.units:
                expected = f"widths from 1 to {self.units}"
                raise BadInput(name, expected=expected, came=width, remedy=f"change --{name}, or raise --units")
        checks.whole("units", self.units, at_least=int(BELOW) + 1)
