"""The bytes of a file that somebody names: a regular file of bounded size, or a refusal at once."""

import os
import stat

from continuum.data.reading.limits import MOST_BYTES, shown
from continuum.errors import BadInput

#: How messages call what is no regular file.
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
#: Most characters of a path in a message.
SHOWN_PATH = 200
#: What is read of a file to see what it is.
HEAD_BYTES = 1 << 16
#: So many zeros are a hole in a file, which no table has.
HOLE_BYTES = 1 << 12


def shown_path(path: str) -> str:
    """A path as messages call it: the end of a long one, which tells files apart.

    >>> shown_path("my.csv"), len(shown_path("x" * 10000))
    ('my.csv', 200)
    """
    return shown(path if len(path) <= SHOWN_PATH else "…" + path[1 - SHOWN_PATH :], SHOWN_PATH)


def is_file(path: str) -> bool:
    """Whether something of that name exists that is no folder; False where nobody can tell."""
    try:
        return not stat.S_ISDIR(os.stat(path).st_mode)
    except (OSError, ValueError):  # a path that is too long, or holds a NUL
        return False


def read_bytes(path: str) -> bytes:
    """All bytes of a regular file of at most ``MOST_BYTES``.

    Raises:
        BadInput: there is no such file, it cannot be read, is no regular file, or too large: nothing is read of these.
    """
    where = shown_path(path)
    try:
        _check_status(os.stat(path), where)
        # Not to wait for the other end of a pipe that took the file's place meanwhile.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            _check_status(os.fstat(descriptor), where)
            head = file.read(HEAD_BYTES)
            if head[-HOLE_BYTES:] and not head[-HOLE_BYTES:].strip(b"\0"):
                raise BadInput(where, expected="a table", came="zeros", remedy="check how the file was written")
            file.seek(0)
            # Files of the system say that they are empty, and grow under the reader; some have nothing to say yet.
            raw = file.read(MOST_BYTES + 1) or b""
    except (OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            where, expected="a readable file", came=_reason(error), remedy="check the path and its permissions"
        ) from None
    if len(raw) > MOST_BYTES:
        raise too_large(where, "more")
    return raw


def too_large(where: str, came: str) -> BadInput:
    """The refusal of more bytes than are read."""
    return BadInput(
        where,
        expected=f"at most {MOST_BYTES >> 20} MiB",
        came=came,
        remedy="take a sample of its rows",
    )


def _check_status(status: os.stat_result, where: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = next((name for test, name in KINDS if test(status.st_mode)), "something else")
        raise BadInput(where, expected="a regular file", came=kind, remedy="name a file with a table in it")
    if status.st_size > MOST_BYTES:
        raise too_large(where, f"{status.st_size >> 20} MiB")


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "a path with a NUL in it"
