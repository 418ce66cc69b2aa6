"""The record of a finished cell, and what counts as one when it is read back."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

#: The entry of a record that vouches for the others: one that lost a table would pass for whole. Older ones have none.
CHECKSUM = "checksum"


@dataclass(frozen=True)
class Stored:
    """The record of a finished cell: ``tables`` holds the SHA-256 of each table's file."""

    key: str
    label: str
    parts: Mapping[str, Any]
    tables: Mapping[str, str]
    seconds: float
    worker: int


def written(cell: Stored) -> dict[str, Any]:
    """Return what is written of a finished cell, with the checksum of it."""
    content = asdict(cell)
    return content | {CHECKSUM: _checksum(content)}


def record_of(content: Any) -> Stored:
    """Return what was read as a record; raise ``ValueError`` where it is none.

    >>> record_of({"key": "0f"})
    Traceback (most recent call last):
    ...
    ValueError: not the record of a cell
    """
    names = {field.name for field in fields(Stored)}
    if not (isinstance(content, dict) and set(content) - {CHECKSUM} == names and _sound(content)):
        raise ValueError("not the record of a cell")
    entries = {name: content[name] for name in names}
    if CHECKSUM in content and content[CHECKSUM] != _checksum(entries):
        raise ValueError("not the record that was written")
    return Stored(**entries)


def _checksum(entries: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


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
