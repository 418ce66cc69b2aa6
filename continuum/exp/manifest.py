"""Where a result comes from: configuration, versions, source, machine, data."""

import datetime
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from continuum import __version__
from continuum.exp.experiment import RunOptions
from continuum.exp.keys import configuration, installed, plain
from continuum.exp.plan import Planned
from continuum.exp.pool import cores
from continuum.exp.registry import PREDICTIONS, Registered
from continuum.exp.store import checksum_of

#: Version of the form of a manifest.
SCHEMA = 1
#: Libraries whose versions are recorded.
PACKAGES = ("torch", "numpy", "pandas", "pyarrow", "scikit-learn", "scipy")


def now() -> str:
    """Return the time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def describe(experiment: Registered, config: RunOptions, plan: Sequence[Planned], command: str) -> dict[str, Any]:
    """Return the manifest of a run that starts now.

    Its ``status`` is 'running' (or killed), and becomes 'complete', 'incomplete' or 'interrupted'.
    """
    return {
        "schema": SCHEMA,
        "status": "running",
        "experiment": experiment.name,
        "module": experiment.module_name,
        "result_version": experiment.module.RESULT_VERSION,
        "predictions": predictions(experiment),
        "configuration": configuration(config),
        "seeds": plain(getattr(config, "seeds", getattr(config, "seed", None))),
        "data": checksums(plan),
        "command": command,
        "started": now(),
        "finished": None,
        "versions": versions(),
        "source": {name: commit(sys.modules[name]) for name in (experiment.module_name, "continuum")},
        "machine": {"platform": platform.platform(), "cpu": cpu(), "cores": cores()},
        "cells": [{"label": planned.cell.label, "key": planned.key} for planned in plan],
        "failed": [],
        "tables": {},
    }


def predictions(experiment: Registered) -> str | None:
    """Return the SHA-256 of what was predicted before the run, ``PREDICTIONS.md`` beside the experiment; None without.

    Manifests of earlier versions lack the entry.
    """
    try:
        return checksum_of((experiment.folder / PREDICTIONS).read_bytes())
    except OSError:
        return None


def checksums(plan: Sequence[Planned]) -> list[Any]:
    """Return the distinct values of the setting ``data`` of the cells, in their order."""
    distinct: list[Any] = []
    for planned in plan:
        data = planned.parts["settings"].get("data")
        if data is not None and data not in distinct:
            distinct.append(data)
    return distinct


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package, and of the libraries that results depend on."""
    named = {"python": platform.python_version(), "continuum": __version__}
    return named | {package: installed(package) for package in PACKAGES}


def cpu() -> str:
    """Return the model of the processor, as far as the platform tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor() or platform.machine())


def commit(module: Any) -> Mapping[str, Any] | None:
    """Return the git commit that a module's source comes from, and whether its tree differs; None if untracked."""
    if getattr(module, "__file__", None) is None:
        return None
    source = Path(module.__file__)
    # An installed package may lie inside somebody else's repository: only a tracked file speaks for itself.
    if _git(source.parent, "ls-files", "--error-unmatch", source.name) is None:
        return None
    head = _git(source.parent, "rev-parse", "HEAD")
    changes = _git(source.parent, "status", "--porcelain")
    return {"commit": head, "dirty": bool(changes)}


def _git(folder: Path, *arguments: str) -> str | None:
    # Optional locks off: looking must not get in the way of a commit that somebody makes meanwhile.
    command = ["git", "--no-optional-locks", "-C", os.fspath(folder), *arguments]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
