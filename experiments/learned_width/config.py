"""The configuration of learned_width: which methods, on which tasks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import FileOptions
from continuum.exp.sizes import MOST_AT_ONCE, MOST_UNITS, check_cells, check_most
from continuum.learn import LearnConfig

from .folds import geometric
from .perspective import check_powers
from .pool import check_factors
from .tabular.catalogue import TABLES
from .tabular.opponents import FITS, OPPONENTS
from .tabular.variants import OURS, VARIANTS

#: The tasks of the experiment, in the order of its tables.
TASKS = tuple(
    "digits two_spirals vehicle segment satimage letter glass ionosphere banknote concrete energy_heating airfoil "
    "yacht wine breast_cancer noisy_3 noisy_4 teacher_4 teacher_16".split()
)
#: Methods beside the graded one, as tables call them; interval_sqrt is the interval with the square-root gate.
OTHER_METHODS = ("interval", "interval_sqrt", "soft_support", "fuzzy", "concrete", "hypergradient", "path")
#: Most units to start from: rounding inverts their Gram matrix, with the square in memory and the cube in time.
MOST_AT_START = 4096


@dataclass(frozen=True)
class Config(FileOptions):
    """Which methods, on which tasks."""

    tasks: tuple[str, ...] = TASKS
    """Tasks of the catalogue, noisy_3, noisy_4, teacher_K; of the default ones, those missing here are left out."""
    folds: int = 5
    """Folds of a repetition."""
    seeds: int = 2
    """Repetitions, each with its own folds; satimage and letter have one."""
    starts: tuple[float, ...] = (1, 8, 64)
    """Start widths of the graded method."""
    widths: tuple[int, ...] = geometric(1, 512, 24)
    """Fixed widths of the grid."""
    methods: tuple[str, ...] = OTHER_METHODS
    """Other methods, by their names in tables; interval_sqrt is the interval with the square-root gate."""
    steps: int | None = None
    """Steps of the graded phase; None: by the learner's own rule, from the number of rows."""
    batch: int = 32
    """Rows of a minibatch."""
    rows: int = 5000
    """Most rows of a task; larger ones are cut to so many random ones."""
    splits: int = 20
    """Published splits of the regression tasks."""
    max_units: int = 512
    """Most units of a learned width."""
    peers: bool = False
    """Compare with gromo and neural-trees instead of other methods; --preset peers says on which tasks."""
    powers: tuple[float, ...] = ()
    """Powers of the decay: compare them with 2, instead of all else; --preset perspective says which."""
    pools: tuple[int, ...] = ()
    """Units at birth: vary them, with starts and directions, instead of all else; --preset pool says how."""
    directions: tuple[int, ...] = (101, 102)
    """Seeds of the directions of units, where pools are given."""
    parts: int = 2
    """Folds that are run where pools are given."""
    tabular: bool = False
    """Judge the estimators on tables beside methods of other packages, instead of all else; --preset tabular."""
    tasks_from: Path | None = None
    """Folder of CSV files, each of them a further table to judge the estimators on: implies --tabular."""
    variants: tuple[str, ...] = tuple(VARIANTS)
    """Variants of the estimators, where they are judged."""
    opponents: tuple[str, ...] = tuple(FITS)
    """Methods of other packages that they are judged beside; gromo and gal must be asked for."""

    def configuration(self) -> dict[str, Any]:
        """All fields; the methods stand under ``routes``, as in the manifests and folders of earlier runs."""
        recorded = super().configuration()
        recorded["routes"] = recorded.pop("methods")
        if not self.powers:  # runs that are older than this option keep their names
            del recorded["powers"]
        if not self.pools:  # runs that are older than these options keep their names
            for name in ("pools", "directions", "parts"):
                del recorded[name]
        if not self.judges_tables:
            for name in ("tabular", "tasks_from", "variants", "opponents"):
                del recorded[name]
        return recorded

    def reads_files(self) -> bool:
        return self.tasks_from is not None

    @property
    def judges_tables(self) -> bool:
        """Whether the estimators are judged on tables, instead of all else."""
        return self.tabular or self.tasks_from is not None

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables to judge on, beside those of a folder."""
        return TABLES if self.tasks == TASKS else self.tasks

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        checks.whole("folds", self.folds, at_least=2)
        for name in ("seeds", "batch", "rows", "splits"):
            checks.whole(name, getattr(self, name), at_least=1)
        check_cells(tasks=len(self.tasks), seeds=self.seeds)
        check_most(self, MOST_AT_ONCE, "folds", "splits", "rows")
        if self.steps is not None:
            checks.whole("steps", self.steps, at_least=1)
        checks.whole("jobs", self.jobs, at_least=0)
        for method in self.methods:
            checks.one_of("methods", method, OTHER_METHODS, plural="methods")
        check_powers(self.powers)
        check_factors(self.pools, self.directions, self.parts, folds=self.folds, max_units=self.max_units)
        self._check_modes()
        for variant in self.variants:
            checks.one_of("variants", variant, VARIANTS, plural="variants")
        for opponent in self.opponents:
            checks.one_of("opponents", opponent, OPPONENTS, plural="opponents")
        for name in ("tasks", "starts", "widths", "methods", "powers", "pools", "directions", "variants", "opponents"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")
        self._check_widths()

    def _check_modes(self) -> None:
        modes = [f"--{name}" for name in ("peers", "powers", "pools") if getattr(self, name)]
        modes += ["--tabular"] if self.judges_tables else []
        if len(modes) > 1:
            remedy = "each of them replaces all else: run one after the other"
            expected = "one of --peers, --powers, --pools, --tabular"
            raise BadInput("flags", expected=expected, came=" and ".join(modes), remedy=remedy)
        if self.judges_tables and (OURS not in self.variants or not self.widths):
            expected, remedy = (
                f"the variant {OURS} and a width of the grid",
                "leave them in",
            )
            raise BadInput("variants", expected=expected, came=" ".join(self.variants) or "none", remedy=remedy)

    def _check_widths(self) -> None:
        for width in self.widths:
            _check_units("widths", width, at_least=1)
        # Clock, published splits and most methods start from the learner's own default; peers need none of them.
        _check_units("max_units", self.max_units, at_least=1 if self.peers else int(LearnConfig.start))
        most = min(self.max_units, MOST_AT_START)
        remedy = "lower --starts" if most < self.max_units else "lower --starts or raise --max-units"
        for start in self.starts:
            checks.number("starts", start, low=1, high=most, remedy=remedy)
        if not self.starts:
            raise BadInput("starts", expected="at least one width to start from", came="none", remedy="give --starts 8")


def _check_units(name: str, value: int, *, at_least: int) -> None:
    checks.whole(name, value, at_least=at_least)
    if value > MOST_UNITS:
        expected = f"at most {MOST_UNITS} units, which fit into memory for all folds at once"
        raise BadInput(name, expected=expected, came=value, remedy=f"give {MOST_UNITS} or fewer")
