"""Configurations in files: the flags of an experiment as TOML, in the folder ``presets`` of its package.

``--preset paper`` of gamma_sweep reads ``gamma_sweep/presets/paper.toml``, and ``--quick`` is ``--preset quick``; flags
given beside it win.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from continuum import checks
from continuum.errors import BadInput
from continuum.exp.experiment import RunOptions
from continuum.exp.registry import Registered

#: The option that names a preset.
FLAG = "--preset"
#: A short name of one preset, by convention the one that shows an experiment within a minute.
QUICK = "--quick"


def folder(experiment: Registered) -> Path:
    """Return where the presets of an experiment are, one file per preset."""
    return experiment.folder / "presets"


def names(experiment: Registered) -> list[str]:
    """Return the presets that an experiment has."""
    return sorted(path.stem for path in folder(experiment).glob("*.toml"))


def note(experiment: Registered) -> str:
    """Return what the help says about presets; nothing where there are none."""
    known = names(experiment)
    if not known:
        return ""
    short = f" {QUICK} is short for {FLAG} quick." if "quick" in known else ""
    return f"{FLAG} {'|'.join(known)} reads the flags from a file; flags given beside it win.{short}\n"


def expand(experiment: Registered, flags: Sequence[str]) -> list[str]:
    """Return ``flags`` with ``--preset NAME`` or ``--quick`` replaced by the flags of that preset, which come first."""
    rest, _ = _split(flags)
    return [*read(experiment, preset), *rest] if (preset := chosen(flags)) is not None else rest


def chosen(flags: Sequence[str]) -> str | None:
    """Return the preset that the flags name, None without one; raise ``BadInput`` if they name several.

    >>> chosen(["--quick", "--jobs", "2"])
    'quick'
    """
    _, named = _split(flags)
    if len(set(named)) > 1:
        raise BadInput(FLAG, expected="one preset", came=" and ".join(named), remedy="run them one after the other")
    return named[0] if named else None


def _split(flags: Sequence[str]) -> tuple[list[str], list[str]]:
    """The flags that name no preset, and the presets named."""
    rest, chosen, waiting = list[str](), list[str](), list(flags)
    while waiting:
        flag, equals, value = (first := waiting.pop(0)).partition("=")
        if flag == FLAG:
            chosen.append(value if equals else waiting.pop(0) if waiting else "")
        elif first == QUICK:
            chosen.append("quick")
        else:
            rest.append(first)
    return rest, chosen


def config(experiment: Registered, preset: str, **changes: Any) -> Any:
    """Return the ``Config`` of a preset, with some of its fields replaced."""
    import tyro  # half of the time that the list of experiments takes

    return replace(tyro.cli(experiment.module.Config, args=read(experiment, preset)), **{"preset": preset} | changes)


def read(experiment: Registered, preset: str) -> list[str]:
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
