"""The record of a finished cell, and what counts as one when it is read back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Stored:
    """The record of a finished cell: ``tables`` holds the SHA-256 of each table's file."""

    key: str
    label: str
    parts: Mapping[str, Any]
    tables: Mapping[str, str]
    seconds: float
    worker: int


def record_of(content: Any) -> Stored:
    """Return what was read as a record; raise ``ValueError`` where it is none.

    >>> record_of({"key": "0f"})
    Traceback (most recent call last):
    ...
    ValueError: not the record of a cell
    """
    names = {field.name for field in fields(Stored)}
    if not (isinstance(content, dict) and set(content) == names and _sound(content)):
        raise ValueError("not the record of a cell")
    return Stored(**content)


def _sound(content: Mapping[str, Any]) -> bool:
    tables, seconds, worker = content["tables"], content["seconds"], content["worker"]
    return (
        isinstance(content["key"], str)
        and isinstance(content["label"], str)
        and isinstance(content["parts"], dict)
        and isinstance(tables, dict)
        # A name becomes a path: one with a slash would leave the folder.
        and all(name.isidentifier() and isinstance(checksum, str) for name, checksum in tables.items())
        and type(seconds) in (int, float)
        and 0 <= seconds < math.inf
        and type(worker) is int
    )
