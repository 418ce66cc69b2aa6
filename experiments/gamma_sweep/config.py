"""What a sweep computes: tasks, widths, and how each network is trained."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from continuum import checks
from continuum.ensemble import Member, Settings
from continuum.ensemble.settings import check_device
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import MOST_AT_ONCE, MOST_UNITS, check_cells, check_most
from continuum.widths import WidthName, expresses


@dataclass(frozen=True)
class Config(FileOptions):
    """Which networks to train, on what."""

    tasks: tuple[str, ...] = ("iris", "wine", "breast_cancer", "digits")
    """Names of tasks (the command tasks lists them), or paths of files; see --target and --separator."""
    widths: tuple[float, ...] = ()
    """Widths of the networks. Without any: 0.5 to units - 0.5 in steps of 1/4, and 1/64 on either side of each
    integer."""
    law: WidthName = "interval"
    """Which gates a width stands for; the default grid is cut to what the law can express."""
    kappa: float = 10.0
    """Sharpness of the soft support."""
    units: int = 17
    """Hidden units of a network: its largest width."""
    seeds: int = 10
    """Number of repetitions; each has its own split, initial weights and minibatches."""
    epochs: int = 100
    """Passes over the training rows."""
    lr: float = 0.01
    """Learning rate."""
    batch: int = 32
    """Rows of a minibatch."""
    activation: Literal["tanh", "relu", "gelu"] = "tanh"
    """Activation of the hidden units."""
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    """Optimiser of the weights."""
    weight_decay: float = 0.0
    """Weight decay of the units that are on."""
    scaling: Literal["standard", "mup", "ntk"] = "standard"
    """How initial weights and learning rates scale with the width."""
    patience: int = 0
    """Epochs without a better validation loss after which a network stops; 0: never."""
    kind: Literal["classification", "regression"] | None = None
    """What the tasks are, where neither the catalogue nor the target tells."""
    device: str = "cpu"
    """Where to compute: cpu or cuda."""

    @property
    def grid(self) -> tuple[float, ...]:
        """The widths of the sweep, rising: those of ``widths``, else what the law can express of the default grid."""
        default = default_grid(self.units) if self.units >= 1 else ()
        widths = self.widths or [gamma for gamma in default if expresses(self.law, self.units, gamma)]
        return tuple(sorted(set(map(float, widths))))

    def configuration(self) -> dict[str, Any]:
        """All fields; a kappa that the law does not use is the default one.

        The grid stands for the widths, under ``gammas``, as in the manifests and folders of earlier runs.
        """
        kappa = self.kappa if self.law == "soft_support" else Config.kappa
        recorded = super().configuration() | {"kappa": kappa}
        del recorded["widths"]
        return recorded | {"gammas": self.grid}

    def validate(self) -> None:
        """Raise ``BadInput`` unless every setting can be computed."""
        checks.whole("units", self.units, at_least=1)
        checks.whole("seeds", self.seeds, at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        checks.whole("patience", self.patience, at_least=0)
        self._check_sizes()
        for gamma in self.grid:
            checks.number("widths", gamma, low=0.0, high=self.units, remedy="lower --widths or raise --units")
            Member(gamma).check((self.units,), self.law)
        if not self.grid:
            remedy = "raise --units, or give --widths"
            raise BadInput("widths", expected="widths between the ends of the default grid", came="none", remedy=remedy)
        if not self.tasks:
            raise BadInput("tasks", expected="at least one", came="none", remedy="name one, such as digits")
        if len(set(self.tasks)) < len(self.tasks):
            raise BadInput("tasks", expected="each once", came=list(self.tasks), remedy="drop the repeated ones")
        check_device(self.device)
        Member(0.0, lr=self.lr, weight_decay=self.weight_decay)
        Settings(self.units, law=self.law, kappa=self.kappa, batch=self.batch, epochs=self.epochs)

    def _check_sizes(self) -> None:
        """By counting alone: neither the default grid nor the networks of a cell must fill the memory."""
        check_cells(tasks=len(self.tasks), seeds=self.seeds)
        check_most(self, MOST_UNITS, "units", "widths")
        networks = len(self.widths) or 6 * self.units
        if networks * self.units > MOST_AT_ONCE:
            expected = f"networks of at most {MOST_AT_ONCE} units together in each cell"
            came = f"{networks} networks of up to {self.units} units"
            raise BadInput("units", expected=expected, came=came, remedy="lower --units, or give fewer --widths")


def default_grid(units: int) -> tuple[float, ...]:
    """Quarters from 1/2 to units - 1/2, with a point 1/64 below and above each integer between them.

    >>> default_grid(2)
    (0.5, 0.75, 0.984375, 1.0, 1.015625, 1.25, 1.5)
    """
    quarters = np.arange(2, 4 * units - 1) / 4
    integers = np.arange(1, units)
    return tuple(sorted({*quarters.tolist(), *(integers - 1 / 64).tolist(), *(integers + 1 / 64).tolist()}))
