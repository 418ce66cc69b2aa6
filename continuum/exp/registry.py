"""Finding experiments by name, through entry points."""

import ast
import importlib
import traceback
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import cast

from continuum.checks import one_of
from continuum.errors import ContinuumError
from continuum.exp.experiment import Experiment

#: The group of entry points that name experiments.
GROUP = "continuum.experiments"
#: What an experiment must have; ``page`` is optional.
MEMBERS = ("Config", "RESULT_VERSION", "cells", "run", "draw", "report")
#: The file in the package of an experiment that says what was predicted before its first run.
PREDICTIONS = "PREDICTIONS.md"


class BrokenExperiment(ContinuumError):
    """The module of an experiment cannot be imported, or lacks a member."""


@dataclass(frozen=True)
class Registered:
    """An experiment that was imported; ``module_name`` is how a worker finds it again."""

    name: str
    module_name: str
    module: Experiment

    @property
    def folder(self) -> Path:
        """Where its package lies; ``presets`` and ``PREDICTIONS.md`` stand there."""
        return Path(getattr(self.module, "__file__", None) or ".").parent


def modules() -> dict[str, str]:
    """Return the module name of every registered experiment."""
    return {point.name: point.module for point in sorted(entry_points(group=GROUP))}


def headline(module_name: str) -> str:
    """Return the first line of a module's docstring without importing it: a broken module must not break a list.

    >>> headline("continuum.exp.registry")
    'Finding experiments by name, through entry points.'
    """
    try:
        spec = find_spec(module_name)
        if spec is None or spec.origin is None:
            return f"(not found: module {module_name})"
        text = ast.get_docstring(ast.parse(Path(spec.origin).read_bytes())) or "(no docstring)"
    except Exception as error:  # whatever a foreign parent package raises
        return f"(cannot be read: {type(error).__name__}: {error})"
    return text.splitlines()[0]


def load(name: str) -> Registered:
    """Import the experiment called ``name``; raise ``BadInput`` with the nearest names if there is none."""
    known = modules()
    module_name = known[one_of("experiment", name, known, plural="experiments")]
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise BrokenExperiment(
            f"experiment {name}: expected an importable module {module_name}, "
            f"got {type(error).__name__}: {error} ({place.filename}:{place.lineno}); repair or install it"
        ) from error
    missing = [member for member in MEMBERS if not hasattr(module, member)]
    if missing:
        raise BrokenExperiment(
            f"experiment {name}: expected the members {', '.join(MEMBERS)} in {module_name}, "
            f"got no {', '.join(missing)}; see continuum.exp.experiment"
        )
    return Registered(name, module_name, cast(Experiment, module))
