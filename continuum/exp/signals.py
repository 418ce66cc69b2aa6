"""Ending on Ctrl-C and SIGTERM in an orderly way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Signals that ask a run to end.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: Of a run that was asked to end: 128 + SIGINT, as shells have it.
EXIT_CODE = 130


class Interrupted(KeyboardInterrupt):
    """The user, or the machine, asked the run to end; not an ``Exception``, so that no experiment swallows it."""


class Stop:
    """Remembers a request to end; raises at once, or, inside ``deferred``, where ``check`` is called.

    Deferring keeps the exception out of the executor's locks and of half-done bookkeeping.
    """

    def __init__(self) -> None:
        self._requested = False
        self._deferring = False

    def request(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Ask the run to end; fits ``signal.signal``."""
        self._requested = True
        if not self._deferring:
            raise Interrupted

    def check(self) -> None:
        """Raise ``Interrupted`` if the run was asked to end."""
        if self._requested:
            raise Interrupted

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Raise at ``check`` only, and at the end of the block."""
        self._deferring = True
        try:
            yield
        finally:
            self._deferring = False
        self.check()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen to SIGINT and SIGTERM in the block; outside the main thread Python cannot, and nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.request) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
