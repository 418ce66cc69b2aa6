"""Where CSV files are looked for and kept."""

import os
import tempfile
from pathlib import Path

from platformdirs import user_cache_dir

from continuum.errors import BadInput, StorageError


def csv_folder() -> Path | None:
    """Return the folder named by ``$CONTINUUM_UCI``; None if unset, ``BadInput`` if it is no folder."""
    name = os.environ.get("CONTINUUM_UCI")
    if not name:
        return None
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise BadInput(
            "CONTINUUM_UCI", expected="a folder of CSV files", came=repr(name), remedy="correct or unset the variable"
        )
    return folder


def cache_folder() -> Path:
    """Return the cache: ``uci`` under ``$CONTINUUM_CACHE``, or else under the user's cache folder for continuum."""
    root = os.environ.get("CONTINUUM_CACHE") or user_cache_dir("continuum", appauthor=False)
    return Path(root).expanduser() / "uci"


def store(name: str, text: str) -> Path:
    """Write ``NAME.csv`` into the cache and return its path; raise ``StorageError`` if that fails.

    The file appears complete or not at all: it is written under another name and then renamed, so that a process
    that is stopped, or another that reads meanwhile, never meets half a file.
    """
    path = cache_folder() / f"{name}.csv"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise StorageError(
            f"{path}: expected to write the file, got {error.strerror or error}; "
            "free space there, or name another folder in $CONTINUUM_CACHE"
        ) from error
    return path


def _replace(path: Path, text: str) -> None:
    # The same folder, because a rename is atomic only within one file system.
    handle, draft = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
