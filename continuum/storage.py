"""Writing to disk so that a file is either whole or absent."""

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from continuum.errors import StorageError

#: What to do about an error of the operating system, by its number; braces hold the option that names the folder.
REMEDIES = {
    errno.ENOSPC: "free some space and run the same command again, finished cells are kept",
    errno.EDQUOT: "free some of your quota and run the same command again, finished cells are kept",
    errno.EACCES: "choose another folder{}, or allow writing there",
    errno.EPERM: "choose another folder{}, or allow writing there",
    errno.EROFS: "choose a folder on a writable disk{}",
    errno.ENOTDIR: "a file stands where a folder is needed, choose another folder{}",
    errno.EEXIST: "a file stands where a folder is needed, choose another folder{}",
}


@contextmanager
def storing(path: Path, option: str = "--out") -> Iterator[None]:
    """Turn what the operating system refuses at ``path`` into one line with a remedy.

    ``option`` is what the command calls the choice of the folder; empty where there is none.

    >>> with storing(Path("runs")):
    ...     raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    continuum.errors.StorageError: runs: expected a folder that can be written, got 'No space left on device'; \
free some space and run the same command again, finished cells are kept
    >>> with storing(Path("drawn"), "--to"):
    ...     raise OSError(errno.EROFS, "Read-only file system")
    Traceback (most recent call last):
    ...
    continuum.errors.StorageError: drawn: expected a folder that can be written, got 'Read-only file system'; \
choose a folder on a writable disk with --to
    """
    try:
        yield
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, "check the disk, or choose another folder{}")
        remedy = remedy.format(f" with {option}" if option else "")
        # The operating system names the exact file where it knows it.
        where = error.filename or path
        raise StorageError(
            f"{where}: expected a folder that can be written, got {error.strerror or str(error)!r}; {remedy}"
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file at once: under another name first, then renamed, so that no reader sees half of it."""
    temporary = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        _write_synced(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder at once: all files are safe on disk before the folder gets its name."""
    temporary = path.with_name(f"{path.name}.tmp-{os.getpid()}")
    try:
        temporary.mkdir()
        for name, content in files.items():
            _write_synced(temporary / name, content)
        sync_folder(temporary)
        if path.exists():  # a damaged cell, or results collected before: rename cannot replace a folder with content
            os.rename(path, temporary / "replaced")
        os.rename(temporary, path)
    except BaseException:
        if (temporary / "replaced").exists():  # stopped between the two renames: what stood there goes back
            os.rename(temporary / "replaced", path)
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    shutil.rmtree(path / "replaced", ignore_errors=True)
    sync_folder(path.parent)


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in ``folder`` survive a power cut; the content of its files is synced apart."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
