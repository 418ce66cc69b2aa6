"""What a table says of itself: ``table.json``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import continuum
from continuum.benchmark.coding import STEP
from continuum.benchmark.entry import Entry
from continuum.benchmark.space import Space
from continuum.errors import BadInput
from continuum.storage import read_json

#: Name of the file.
HEAD = "table.json"
#: Raised when the file, the coding, or how networks are trained changes: a table of another version is refused.
VERSION = 1


@dataclass(frozen=True)
class Head:
    """Space, seeds, tasks, checksums of their files by task, and versions of what trained them."""

    space: Space
    seeds: tuple[int, ...]
    entries: Mapping[str, Entry]
    checksums: Mapping[str, str]
    versions: Mapping[str, str]

    @classmethod
    def now(
        cls, space: Space, seeds: tuple[int, ...], entries: Mapping[str, Entry], checksums: Mapping[str, str]
    ) -> "Head":
        """The head of a table that is made now."""
        versions = {"continuum": continuum.__version__, "numpy": version("numpy"), "torch": version("torch")}
        return cls(space, seeds, entries, checksums, versions)

    def only(self, tasks: Sequence[str]) -> "Head":
        """The head of some of the tasks."""
        entries = {task: self.entries[task] for task in tasks}
        return replace(self, entries=entries, checksums={task: self.checksums[task] for task in tasks})

    def encode(self) -> bytes:
        """As JSON; equal heads give equal bytes."""
        content = {"version": VERSION, "step": STEP} | asdict(self)
        return (json.dumps(content, indent=1) + "\n").encode()

    @classmethod
    def read(cls, folder: Path) -> "Head":
        """The head of the table in a folder; ``BadInput`` where there is none, or one of another version."""
        path = folder / HEAD
        try:
            content = read_json(path)
        except (OSError, ValueError) as error:
            came = getattr(error, "strerror", None) or str(error)
            remedy = "give the folder of a table; python -m continuum.exp benchmark_table makes one"
            raise BadInput(str(path), expected="a table", came=came, remedy=remedy) from None
        if not isinstance(content, dict) or content.get("version") != VERSION or content.get("step") != STEP:
            came = f"version {content.get('version')!r}" if isinstance(content, dict) else "something else"
            remedy = "compute it anew with python -m continuum.exp benchmark_table"
            raise BadInput(str(path), expected=f"a table of version {VERSION}", came=came, remedy=remedy)
        try:
            return _head(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(path, f"{type(error).__name__}: {error}") from None


def _head(content: Mapping[str, Any]) -> Head:
    space = Space(**_tupled(content["space"]))
    entries = {task: Entry(**_tupled(entry)) for task, entry in content["entries"].items()}
    checksums = dict(content["checksums"])
    if set(entries) != set(checksums) or any(not task.isidentifier() for task in entries):
        raise ValueError("tasks without files, or files without tasks")
    return Head(space, tuple(content["seeds"]), entries, checksums, dict(content["versions"]))


def _tupled(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in content.items()}


def damaged(path: Path | str, came: str) -> BadInput:
    """The error of a file that is not what the table says."""
    remedy = "take the table from where it came from, or compute it anew"
    return BadInput(str(path), expected="the file that the table names", came=came, remedy=remedy)
