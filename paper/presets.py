"""Which runs the paper is built from: the presets of the experiments, and what their results must be."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from continuum.exp import presets, registry
from continuum.exp.experiment import RunOptions
from continuum.exp.keys import configuration, run_id

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "experiments"
#: Presets that every experiment has: what the paper is built from, and a first look.
COMMON = ("paper", "quick")
#: A preset for which foreign packages must be installed, which not every machine can.
PEERS = "peers"
#: Results that are read by another experiment: computed before it, and not recorded, since they are as large as data.
READ_BY = {"search_arena": ("benchmark_table", "full")}


@dataclass(frozen=True)
class Wanted:
    """One run: an experiment with a preset; ``name`` is what the paper calls its results."""

    experiment: str
    preset: str

    @property
    def name(self) -> str:
        """Name of its folder in ``paper/results``."""
        return self.experiment if self.preset in COMMON else f"{self.experiment}_{self.preset}"

    @property
    def flags(self) -> list[str]:
        """Flags of the command that makes it."""
        return [self.experiment, "--preset", self.preset]

    @property
    def command(self) -> str:
        """The command that makes it."""
        return f"python -m continuum.exp {shlex.join(self.flags)}"

    def config(self) -> RunOptions:
        """The configuration."""
        return _config(self.experiment, self.preset)

    def configuration(self) -> dict[str, object]:
        """What must stand in the manifest."""
        return configuration(self.config())

    def run_id(self) -> str:
        """The name of its run folder."""
        return run_id(self.config())

    def version(self) -> int:
        """What the manifest must give as the version of the results."""
        return registry.load(self.experiment).module.RESULT_VERSION


@cache
def _config(experiment: str, preset: str) -> RunOptions:
    registered = registry.load(experiment)
    config: RunOptions = presets.config(registered, preset)
    return config


def wanted(preset: str) -> list[Wanted]:
    """All runs of a preset, in the order of their names.

    >>> [run.name for run in wanted("paper")][:2]
    ['capacity_signal', 'gamma_sweep']
    """
    return [Wanted(path.parents[1].name, preset) for path in sorted(FOLDER.glob(f"*/presets/{preset}.toml"))]


def further() -> list[Wanted]:
    """Runs of presets that are one experiment's own: a question beside its main one, such as its peers.

    A preset whose name ends in ``_quick`` is a first look at another one, and is not recorded.

    >>> "learned_width_peers" in [run.name for run in further()]
    True
    """
    paths = sorted(FOLDER.glob("*/presets/*.toml"))
    runs = [Wanted(path.parents[1].name, path.stem) for path in paths if path.stem.split("_")[-1] not in COMMON]
    return [run for run in runs if (run.experiment, run.preset) not in READ_BY.values()]


def before(runs: Sequence[Wanted]) -> list[Wanted]:
    """The runs whose results these ones read.

    >>> [run.command for run in before([Wanted("search_arena", "paper")])]
    ['python -m continuum.exp benchmark_table --preset full']
    """
    return [Wanted(*READ_BY[run.experiment]) for run in runs if run.preset == "paper" and run.experiment in READ_BY]
