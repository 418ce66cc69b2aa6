"""The configuration of soft_vs_fuzzy: which laws, on which tasks, at which price."""

from dataclasses import dataclass

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import check_cells, check_most

from .methods import METHODS

#: Most units of a readout, whose problems each hold a square of them.
MOST_IN_READOUTS = 4096
#: Most repetitions: a cell holds them all at once.
MOST_REPETITIONS = 10_000


@dataclass(frozen=True)
class Config(FileOptions):
    """Which laws, on which tasks, at which price."""

    laws: tuple[str, ...] = tuple(method.name for method in METHODS)
    """Laws and measures of the outgoing weights, as interval/root."""
    tasks: tuple[str, ...] = ("teacher_1", "teacher_4", "teacher_8", "teacher_16", "two_spirals", "digits")
    """Tasks of the trained networks: teacher_K, or names of the catalogue."""
    optimizers: tuple[str, ...] = ("gd", "adam")
    """Optimizers of the readouts; predictions are about plain descent, gd."""
    needed: tuple[int, ...] = (1, 4, 8, 16)
    """Numbers of needed features of the readouts."""
    units: int = 32
    """Allocated units."""
    seed: int = 100
    """The first of the seeds, for problems, networks and splits."""
    seeds: int = 16
    """Repetitions of a readout, in one batch: with another number all are computed anew."""
    adam_seeds: int = 5
    """Repetitions of a readout trained by Adam, of which nothing is predicted."""
    network_seeds: int = 4
    """Repetitions of a trained network."""
    steps: int = 6000
    """Steps of plain descent on readouts; Adam takes half as many."""
    network_steps: int = 1500
    """Steps of Adam on trained networks."""
    decay: float = 0.2
    """Decay lambda of the outgoing weights of readouts."""
    prices: tuple[float, ...] = (0.03, 0.08)
    """Prices rho of readouts, in half squared errors per unit of width."""
    network_decay: float = 0.02
    """Decay lambda of the outgoing weights of trained networks."""
    network_prices: tuple[float, ...] = (0.005, 0.02)
    """Prices rho of trained networks, in nats or half squared errors per unit of width."""
    kappa: float = 10.0
    """Sharpness of the soft support."""
    sharpness: tuple[float, ...] = (4.0, 200.0)
    """Sharpness of the annealed soft support at the start and at the end."""
    temperature: float = 0.5
    """Temperature of the concrete law."""

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        for name in ("units", "seeds", "adam_seeds", "network_seeds", "steps", "network_steps"):
            checks.whole(name, getattr(self, name), at_least=1)
        for name in ("seed", "jobs"):
            checks.whole(name, getattr(self, name), at_least=0)
        check_cells(laws=len(self.laws), tasks=len(self.tasks))
        check_most(self, MOST_IN_READOUTS, "units")
        check_most(self, MOST_REPETITIONS, "seeds", "adam_seeds", "network_seeds")
        for name in ("laws", "tasks", "optimizers", "needed"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")
        for name in ("decay", "network_decay", "kappa", "temperature"):
            checks.positive(name, getattr(self, name), remedy="the default is a good start")
        for name in ("prices", "network_prices", "sharpness"):
            for value in getattr(self, name):
                checks.positive(name, value, remedy="without a price every width is worth having")
        for law in self.laws:
            checks.one_of("laws", law, [method.name for method in METHODS], plural="laws")
        for optimizer in self.optimizers:
            checks.one_of("optimizers", optimizer, ("gd", "adam"), plural="optimizers")
        for width in self.needed:
            if not 1 <= width < self.units:
                expected = f"widths from 1 to {self.units - 1}"
                raise BadInput("needed", expected=expected, came=width, remedy="raise --units")
        checks.whole("units", self.units, at_least=4)
        if len(self.sharpness) != 2:
            raise BadInput("sharpness", expected="start and end", came=self.sharpness, remedy="give two numbers")
