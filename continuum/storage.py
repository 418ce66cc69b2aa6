"""Writing so that a file or a folder is either whole or absent, and reading what may not be what was written."""

import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from continuum.errors import StorageError

#: What should have been there, and what to do about an error of the operating system, by its number; braces hold the
#: option that names the folder.
REMEDIES = {
    errno.ENOSPC: "free some space and run the same command again, finished cells are kept",
    errno.EDQUOT: "free some of your quota and run the same command again, finished cells are kept",
    errno.EACCES: "choose another folder{}, or allow writing there",
    errno.EPERM: "choose another folder{}, or allow writing there",
    errno.EROFS: "choose a folder on a writable disk{}",
    errno.ENOTDIR: "a file stands where a folder is needed: choose another folder{}, or move that file away",
    errno.EEXIST: "a file stands where a folder is needed: choose another folder{}, or move that file away",
    errno.EISDIR: "a folder stands where a file is needed, remove it",
    errno.ELOOP: "a link leads in a circle, remove it",
    errno.ENOTEMPTY: "remove it",
    errno.ENXIO: "what stands there is no file: choose another name, or remove it",
    errno.ENAMETOOLONG: "choose a shorter name{}",
}
#: Most bytes of a table that is read back, and of a file of JSON; what is larger was not written here.
MOST_BYTES, MOST_JSON = 2**30, 2**26
#: Levels of JSON that are read: far more than anything that is written here has, and far fewer than Python's stack.
MOST_LEVELS = 50


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
        # The operating system names the exact file where it knows it; of a renaming, the second is the one to be.
        where = error.filename2 or error.filename or path
        kind = "file" if error.errno in (errno.EISDIR, errno.ENXIO) else "folder"
        raise StorageError(
            f"{where}: expected a {kind} that can be written, got {error.strerror or str(error)!r}; {remedy}"
        ) from error


def write_whole(path: Path, content: bytes, *, swept: bool = False) -> None:
    """Write a file at once: under another name first, then renamed, so that no reader sees half of it.

    What a killed process left of this file goes first, unless the caller has seen to that (``swept``).
    """
    if os.path.lexists(path) and stat.S_IFMT(os.lstat(path).st_mode) in (stat.S_IFCHR, stat.S_IFBLK):
        raise OSError(errno.ENXIO, "A device", str(path))  # whom the system allows it would replace /dev/null
    if not swept:
        sweep_beside(path)
    temporary = _temporary(path, hidden=True)
    try:
        _write_synced(temporary, content)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder at once: all files are safe on disk before the folder gets its name."""
    with new_folder(path) as temporary:
        for name, content in files.items():
            _write_synced(temporary / name, content)
        sync_folder(temporary)


@contextmanager
def new_folder(path: Path, *, keep_others: bool = False) -> Iterator[Path]:
    """Give an empty folder to write into, which takes the place of ``path`` at the end of the block, at once.

    What stood there goes; with ``keep_others``, a folder stays, and the files written replace those of the same name.
    An exception in the block leaves everything as it was.
    """
    temporary = _temporary(path)
    temporary.mkdir()
    try:
        yield temporary
        if keep_others and path.is_dir():
            _move_files(temporary, path)
        else:
            _swap(temporary, path)
    finally:
        with suppress(OSError):
            remove(temporary)
    sync_folder(path.parent)


def _swap(temporary: Path, path: Path) -> None:
    replaced = temporary.with_name(f"{temporary.name}-replaced")
    if os.path.lexists(path):  # a damaged cell, or results collected before: no renaming onto a folder with content
        os.rename(path, replaced)
    try:
        os.rename(temporary, path)
    except BaseException:
        if os.path.lexists(replaced):  # stopped between the two renames: what stood there goes back
            os.rename(replaced, path)
        raise
    remove(replaced)


def _move_files(source: Path, target: Path) -> None:
    for file in sorted(source.rglob("*")):
        place = target / file.relative_to(source)
        if file.is_dir():
            place.mkdir(exist_ok=True)
        else:
            os.replace(file, place)


def remove(path: Path) -> None:
    """Remove a file, a link (not what it leads to) or a folder, if there is one."""
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except RecursionError:
        raise OSError(errno.ENOTEMPTY, "Folders nested too deep to remove", str(path)) from None


def discard(path: Path) -> None:
    """Remove whatever stands at ``path`` at once: no reader sees half of a folder that is on its way out."""
    if os.path.lexists(path):
        doomed = _temporary(path)
        os.rename(path, doomed)
        remove(doomed)


def _temporary(path: Path, *, hidden: bool = False) -> Path:
    """A name beside ``path`` for what is not finished yet; free, for an earlier process of this number is gone."""
    temporary = path.with_name(f"{'.' if hidden else ''}{path.name}.tmp-{os.getpid()}")
    remove(temporary)
    return temporary


def sweep_beside(path: Path) -> None:
    """Remove what killed processes left half-written of this file or folder."""
    heads = (f".{path.name}.tmp-", f"{path.name}.tmp-")
    with suppress(OSError):
        names = [entry.name for entry in os.scandir(path.parent) if entry.name.startswith(heads)]
        for name in names:
            if not _alive(name.rpartition(".tmp-")[2].partition("-")[0]):
                remove(path.with_name(name))


def _alive(process: str) -> bool:
    """Whether a process of that number may still be at work; what has no number was not written here."""
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except (OSError, ValueError):  # a process of another user; no number
        return True
    return True


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


def read_regular(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the content of a file of at most so many bytes; ``OSError`` for all else.

    A pipe would be waited for without end, and a device never ends: neither is opened.
    """
    _check_regular(os.stat(path), path, most)
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # what was a file a moment ago may be a pipe by now
    with open(handle, "rb") as file:
        status = os.fstat(handle)
        _check_regular(status, path, most)
        return file.read(status.st_size)


def _check_regular(status: os.stat_result, path: Path, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.ENXIO, "Not a file", str(path))
    if status.st_size > most:
        raise OSError(errno.EFBIG, f"Larger than {most} bytes", str(path))


def read_json(path: Path, most: int = MOST_JSON) -> Any:
    """Return what a file of JSON holds; ``OSError`` if it is no such file, ``ValueError`` for what is not JSON.

    Neither are numbers that are not finite, halves of characters, and more than ``MOST_LEVELS`` levels.
    """
    content = read_regular(path, most)
    try:
        value = json.loads(content)
        level = [value]
        for _ in range(MOST_LEVELS):
            level = [inner for outer in level for inner in _inner(outer)]
        if level:
            raise ValueError(f"more than {MOST_LEVELS} levels of JSON")
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise ValueError(f"more than {MOST_LEVELS} levels of JSON") from None
    return value


def _inner(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
