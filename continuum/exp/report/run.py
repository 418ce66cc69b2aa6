"""A finished run, read back from its folder."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from continuum.errors import BadInput, ContinuumError
from continuum.exp.manifest import SCHEMA
from continuum.exp.store import MANIFEST, checksum_of
from continuum.exp.tables import decode
from continuum.storage import read_json, read_regular

if TYPE_CHECKING:
    import pandas as pd

#: What the messages call the folder.
RUN = "RUN"
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
    tables = {name: _table(path / f"{name}.parquet", sum_, remedy) for name, sum_ in manifest["tables"].items()}
    return FinishedRun(manifest, tables, path)


def _manifest(path: Path) -> dict[str, Any]:
    if not os.path.isdir(path):  # unlike Path.is_dir, False for a name that no system takes
        came = f"{path}, which is a file" if os.path.exists(path) else f"{path}, which does not exist"
        raise BadInput(RUN, expected=EXPECTED, came=came, remedy="make one: python -m continuum.exp gamma_sweep")
    file = path / MANIFEST
    try:
        manifest = read_json(file)
    except FileNotFoundError:
        raise BadInput(RUN, expected=EXPECTED, came=f"{path} without {MANIFEST}", remedy=_nearest(path)) from None
    except OSError as error:
        remedy = "remove it and run the experiment again, it writes the manifest anew"
        raise BadInput(str(file), expected="a manifest in JSON", came=error.strerror, remedy=remedy) from None
    except ValueError as error:
        remedy = "run the experiment again, it writes the manifest anew"
        raise BadInput(str(file), expected="a manifest in JSON", came=error, remedy=remedy) from None
    if not _sound(manifest):
        expected = f"a manifest of schema {SCHEMA} with {', '.join(NEEDED)}"
        remedy = "run the experiment again with this version"
        raise BadInput(str(file), expected=expected, came="another", remedy=remedy)
    return dict(manifest)


def _sound(manifest: Any) -> bool:
    if not (isinstance(manifest, dict) and manifest.get("schema") == SCHEMA):
        return False
    typed = all(type(manifest.get(name)) is kind for name, kind in NEEDED.items())
    # A name becomes a path: one with a slash would leave the folder.
    return typed and all(name.isidentifier() and type(sum_) is str for name, sum_ in manifest["tables"].items())


def _nearest(path: Path) -> str:
    """The latest run below ``path``, for whoever named a folder too high."""
    runs = sorted((*path.glob(f"*/{MANIFEST}"), *path.glob(f"*/*/{MANIFEST}")), key=lambda file: file.stat().st_mtime)
    return f"did you mean {runs[-1].parent}?" if runs else "give runs/<experiment>/<run>, which holds it"


def _table(path: Path, checksum: str, remedy: str) -> "pd.DataFrame":
    try:
        content = read_regular(path)
    except OSError as error:
        came = error.strerror or str(error)
        remedy = f"remove it, then {remedy}" if error.errno == errno.ENXIO else remedy
        raise BadInput(str(path), expected="a table of the run", came=came, remedy=remedy) from None
    if checksum_of(content) != checksum:
        raise BadInput(str(path), expected="the table that the run wrote", came="other bytes", remedy=remedy)
    try:
        frame: pd.DataFrame = decode(content).to_pandas()
        return frame
    except (pa.ArrowException, OSError) as error:
        came = str(error).partition("\n")[0]
        raise BadInput(str(path), expected="a table in Parquet", came=came, remedy=remedy) from None


@contextmanager
def shown_by(run: FinishedRun) -> Iterator[None]:
    """Turn whatever the code of an experiment raises over the tables of a run into ``BadInput``.

    Tables that are whole by their checksums may still lack what it looks for: of another version, or made by hand.
    """
    try:
        yield
    except (ContinuumError, OSError):
        raise
    except Exception as error:
        expected = f"tables that {run.manifest['experiment']} can show"
        came = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        remedy = f"compute them anew: {run.manifest['command']} --no-resume"
        raise BadInput(RUN, expected=expected, came=came, remedy=remedy) from error
