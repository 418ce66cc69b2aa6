"""Names by content: what a configuration and a cell are called on disk."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any

from continuum.exp.experiment import JSON, Cell, RunOptions

#: Integers up to here have an exact double, so 1.0 and 1 may share one spelling.
EXACT = 2**53


def plain(value: object) -> Any:
    """Return ``value`` as JSON data in which equal numbers are spelled alike (1.0 as 1, as RFC 8785 has it).

    >>> plain({"gamma": 2.0, "tasks": ("digits", "iris"), "step": 0.5})
    {'gamma': 2, 'tasks': ['digits', 'iris'], 'step': 0.5}
    """
    match value:
        case Enum():
            return value.name
        case None | bool() | str():
            return value
        case Integral():
            return int(value)
        case Real():
            return _number(float(value))
        case PurePath():
            return str(value)
        case Mapping():
            return {_name(key): plain(item) for key, item in value.items()}
        case Sequence():
            return [plain(item) for item in value]
        case set() | frozenset():
            return sorted((plain(item) for item in value), key=canonical)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"expected JSON data (numbers, strings, lists, mappings), got {value!r} of {type(value)}")


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise TypeError(f"expected a finite number, got {value}; JSON has no other, use None or a string")
    return int(value) if value.is_integer() and abs(value) <= EXACT else value


def _name(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"expected strings as keys, got {key!r}; JSON has no other")
    return key


def canonical(value: object) -> str:
    """Return the one JSON text of ``value``: sorted keys, no spaces, ASCII.

    >>> canonical({"b": 1.0, "a": [True, None]})
    '{"a":[true,null],"b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON of ``value`` in hex."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def configuration(config: RunOptions) -> dict[str, Any]:
    """Return what the results depend on as JSON data: ``config.configuration()``, equal numbers spelled alike."""
    return {name: plain(value) for name, value in config.configuration().items()}


def run_id(config: RunOptions) -> str:
    """Return the name of the run folder: 12 hex digits of the hash of the configuration."""
    return digest(configuration(config))[:12]


@cache
def installed(package: str) -> str:
    """Return the version of an installed package without importing it, or 'absent'."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def key_parts(experiment: str, result_version: int, cell: Cell) -> dict[str, JSON]:
    """Return everything that a cell's key is made of.

    The versions of torch and numpy count because either may change the bits of a result. The commit does not: most
    commits leave the results alone, and the author says with RESULT_VERSION which do not.
    """
    return {
        "experiment": experiment,
        "result_version": result_version,
        "settings": plain(cell.settings),
        "versions": {"numpy": installed("numpy"), "torch": installed("torch")},
    }


def cell_key(parts: Mapping[str, JSON]) -> str:
    """Return the name of the cell's folder: 16 hex digits of the hash of its key parts."""
    return digest(parts)[:16]
