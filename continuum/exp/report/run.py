"""A finished run, read back from its folder."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from continuum.errors import BadInput
from continuum.exp.manifest import SCHEMA
from continuum.exp.store import checksum_of
from continuum.exp.tables import decode

if TYPE_CHECKING:
    import pandas as pd

#: What the messages call the folder.
RUN = "RUN"
#: The file that makes a folder a run.
MANIFEST = "manifest.json"
#: What the messages say should have come.
EXPECTED = "the folder of a finished run"
#: What a page needs of the manifest, by type.
NEEDED = {
    "status": str,
    "experiment": str,
    "result_version": int,
    "configuration": dict,
    "command": str,
    "tables": dict,
}


@dataclass(frozen=True)
class FinishedRun:
    """The manifest and the assembled tables of a run."""

    manifest: Mapping[str, Any]
    tables: "Mapping[str, pd.DataFrame]"
    folder: Path = Path()


def finished(path: Path) -> FinishedRun:
    """Read a finished run; raise ``BadInput`` where there is none, or where its tables are not what it wrote.

    >>> finished(Path("nowhere"))
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: RUN: expected the folder of a finished run, got nowhere, which does not exist; \
make one: python -m continuum.exp gamma_sweep
    """
    manifest = _manifest(path)
    if manifest["status"] != "complete":
        remedy = f"finish it: {manifest['command']}"
        raise BadInput(RUN, expected=EXPECTED, came=f"one whose status is {manifest['status']!r}", remedy=remedy)
    remedy = f"write the tables again: {manifest['command']}"
    tables = {
        name: decode(_checked(path / f"{name}.parquet", sum_, remedy)) for name, sum_ in manifest["tables"].items()
    }
    return FinishedRun(manifest, {name: table.to_pandas() for name, table in tables.items()}, path)


def _manifest(path: Path) -> dict[str, Any]:
    if not os.path.isdir(path):  # unlike Path.is_dir, False for a name that no system takes
        came = f"{path}, which is a file" if os.path.exists(path) else f"{path}, which does not exist"
        raise BadInput(RUN, expected=EXPECTED, came=came, remedy="make one: python -m continuum.exp gamma_sweep")
    file = path / MANIFEST
    try:
        manifest = json.loads(file.read_bytes())
    except FileNotFoundError:
        raise BadInput(RUN, expected=EXPECTED, came=f"{path} without {MANIFEST}", remedy=_nearest(path)) from None
    except (OSError, ValueError, RecursionError) as error:  # the last: JSON nested without end
        remedy = "run the experiment again, it writes the manifest anew"
        raise BadInput(str(file), expected="a manifest in JSON", came=f"{error}", remedy=remedy) from None
    sound = isinstance(manifest, dict) and all(isinstance(manifest.get(name), kind) for name, kind in NEEDED.items())
    if not sound or manifest.get("schema") != SCHEMA:
        expected = f"a manifest of schema {SCHEMA} with {', '.join(NEEDED)}"
        remedy = "run the experiment again with this version"
        raise BadInput(str(file), expected=expected, came="another", remedy=remedy)
    return dict(manifest)


def _nearest(path: Path) -> str:
    """The latest run below ``path``, for whoever named a folder too high."""
    runs = sorted((*path.glob(f"*/{MANIFEST}"), *path.glob(f"*/*/{MANIFEST}")), key=lambda file: file.stat().st_mtime)
    return f"did you mean {runs[-1].parent}?" if runs else "give runs/<experiment>/<run>, which holds it"


def _checked(path: Path, checksum: str, remedy: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        came = error.strerror or str(error)
        raise BadInput(str(path), expected="a table of the run", came=came, remedy=remedy) from None
    if checksum_of(content) != checksum:
        raise BadInput(str(path), expected="the table that the run wrote", came="other bytes", remedy=remedy)
    return content
