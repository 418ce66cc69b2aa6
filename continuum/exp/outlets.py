"""Standard output and error that may be closed, full, a pipe that nobody reads, or unable to write a letter.

None of these may end a run, whose results are files: what cannot be written is dropped, and the exit code tells.
"""

import errno
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

#: Exit code where standard output could not be written: it was closed, or on a disk that is full.
UNWRITTEN = 5
#: Exit code where nobody reads standard output any more, as after ``| head``: 128 + SIGPIPE, as shells have it.
UNREAD = 141


class Outlet:
    """A stream that never raises; ``fault`` is the first error that it met, None if it met none.

    >>> with open("/dev/full", "w") as full:
    ...     outlet = Outlet(full)
    ...     outlet.write("a line"), outlet.flush(), outlet.fault.strerror
    (6, None, 'No space left on device')
    """

    def __init__(self, stream: TextIO | None) -> None:
        self.fault: OSError | ValueError | None = None
        self._closed = stream is None
        self._stream = open(os.devnull, "w", encoding="utf-8") if stream is None else stream  # noqa: SIM115

    def write(self, text: str) -> int:
        """Write, or drop."""
        try:
            if self._closed and text:
                raise OSError(errno.EBADF, "a closed stream")
            self._stream.write(text)
        except (OSError, ValueError) as error:  # ValueError: closed by somebody in this process
            self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Flush, or drop."""
        try:
            self._stream.flush()
        except (OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: OSError | ValueError) -> None:
        self.fault = self.fault or error
        with suppress(OSError, ValueError):
            # The rest goes nowhere, and so does what the stream still holds when the interpreter ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def install() -> None:
    """Put outlets in the place of standard output and error; letters that a stream lacks are escaped.

    Descriptors that came closed lead nowhere from now on: the next file to be opened would get the number of one, and
    whatever a library prints would go into that file.
    """
    for number in range(3):
        _occupy(number)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, Outlet(stream))


def _occupy(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one, for those below are taken
        os.set_inheritable(nowhere, True)


def settled(code: int) -> int:
    """Flush both streams; return ``code``, or that of a standard output that failed where it is 0.

    What is lost on standard error alone does not count: notes are no result.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    fault = getattr(sys.stdout, "fault", None)
    if code or fault is None:
        return code
    if isinstance(fault, BrokenPipeError):
        return UNREAD
    came = getattr(fault, "strerror", None) or str(fault)
    line = f"error: standard output: expected a place to write to, got {came!r}; files that were written are whole"
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
    return UNWRITTEN
