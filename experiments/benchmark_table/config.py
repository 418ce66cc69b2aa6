"""What the table holds: tasks, seeds, and the axes of the space."""

from dataclasses import dataclass

from continuum.benchmark import SPACE, Space
from continuum.errors import BadInput
from continuum.exp.experiment import RunOptions
from continuum.exp.sizes import MOST_AT_ONCE, check_cells


@dataclass(frozen=True)
class Config(RunOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = ("iris", "wine", "breast_cancer", "digits")
    """Names of tasks (the command tasks lists them)."""
    seeds: int = 5
    """Number of seeds; each has its own inner split, initial weights and minibatches."""
    widths: tuple[float, ...] = SPACE.gamma
    """Widths of a hidden layer, rising."""
    lrs: tuple[float, ...] = SPACE.lr
    """Learning rates, rising."""
    weight_decays: tuple[float, ...] = SPACE.weight_decay
    """Weight decays, rising."""
    depths: tuple[int, ...] = SPACE.depth
    """Numbers of hidden layers, rising."""
    epochs: int = SPACE.epochs
    """Passes over the training rows."""

    @property
    def space(self) -> Space:
        """The space of the table."""
        return Space(self.widths, self.lrs, self.weight_decays, self.depths, self.epochs)

    def validate(self) -> None:
        """Raise ``BadInput`` for a configuration without work, or with far too much."""
        if not self.tasks or len(set(self.tasks)) < len(self.tasks):
            raise BadInput("tasks", expected="different names, one at least", came=self.tasks, remedy="name each once")
        if self.seeds < 1:
            raise BadInput("seeds", expected="1 or more", came=self.seeds, remedy="raise --seeds")
        space = self.space
        check_cells(tasks=len(self.tasks), seeds=self.seeds, depths=len(space.depth), decays=len(space.weight_decay))
        numbers = len(space.gamma) * len(space.lr) * space.epochs
        if numbers > MOST_AT_ONCE:
            remedy = "lower --epochs, or give fewer --widths"
            raise BadInput("epochs", expected=f"at most {MOST_AT_ONCE} of all networks", came=numbers, remedy=remedy)
