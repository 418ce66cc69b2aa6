"""Configurations in files: the flags of an experiment as TOML, in the folder ``presets`` of its package.

``--preset paper`` of gamma_sweep reads ``gamma_sweep/presets/paper.toml``; flags given beside it win.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from continuum import checks
from continuum.errors import BadInput
from continuum.exp.options import RunOptions
from continuum.exp.registry import Found

FLAG = "--preset"


def folder(experiment: Found) -> Path:
    """Return where the presets of an experiment are, one file per preset."""
    source = getattr(experiment.module, "__file__", None) or "."
    return Path(source).parent / "presets"


def names(experiment: Found) -> list[str]:
    """Return the presets that an experiment has."""
    return sorted(path.stem for path in folder(experiment).glob("*.toml"))


def note(experiment: Found) -> str:
    """Return what the help says about presets; nothing where there are none."""
    known = names(experiment)
    return f"{FLAG} {'|'.join(known)} reads the flags from a file; flags given beside it win.\n" if known else ""


def expand(experiment: Found, flags: Sequence[str]) -> list[str]:
    """Return ``flags`` with ``--preset NAME`` replaced by the flags of that preset, in front of all others."""
    rest, chosen = list(flags), None
    for place, flag in enumerate(flags):
        if flag.partition("=")[0] == FLAG:
            _, equals, chosen = flag.partition("=")
            if not equals:
                chosen = next(iter(flags[place + 1 : place + 2]), "")
            del rest[place : place + (1 if equals else 2)]
            break
    return rest if chosen is None else [*read(experiment, chosen), *rest]


def read(experiment: Found, preset: str) -> list[str]:
    """Return the flags of a preset; raise ``BadInput`` if there is none, or it names a flag that does not exist."""
    known = names(experiment)
    if not known:
        remedy = f"put one into {folder(experiment) / preset}.toml"
        raise BadInput(FLAG, expected=f"a preset of {experiment.name}", came="none: it has no presets", remedy=remedy)
    path = folder(experiment) / f"{checks.one_of(FLAG, preset, known, plural='presets')}.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(str(path), expected="flags in TOML", came=str(error), remedy="repair the file") from None
    _known(path, settings, experiment.module.Config)
    return [flag for name, value in settings.items() for flag in as_flags(name, value)]


def as_flags(name: str, value: Any) -> list[str]:
    """Return a field and its value as flags.

    >>> as_flags("lead_tasks", ["iris", "digits"]), as_flags("resume", False), as_flags("lr", 0.01)
    (['--lead-tasks', 'iris', 'digits'], ['--no-resume'], ['--lr', '0.01'])
    """
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    values = value if isinstance(value, list) else [value]
    return [f"--{flag}", *map(str, values)]


def _known(path: Path, settings: Mapping[str, Any], config: type[RunOptions]) -> None:
    known = [field.name for field in fields(config)]
    for name, value in settings.items():
        checks.one_of(f"{path}, field", name, known, plural="fields")
        if isinstance(value, dict):
            remedy = "a preset has no sections"
            raise BadInput(f"{path}, field {name}", expected="a value or a list", came="a section", remedy=remedy)
