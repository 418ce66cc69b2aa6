"""Whether a check runs shipped code: seen while it runs, not taken from its name."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


class Watch:
    """Looks on while checks run, until a function of ``continuum`` is called.

    >>> watch = Watch()
    >>> watch(lambda: 1 + 1), watch.shipped
    (2, False)
    >>> from continuum import checks
    >>> watch(lambda: checks.number("two", 2.0)), watch.shipped
    (2.0, True)
    """

    shipped: bool = False

    def __call__(self, run: Callable[[], Result]) -> Result:
        """The result of a run that is looked on."""
        if self.shipped:
            return run()
        before = sys.getprofile()
        sys.setprofile(self._see)
        try:
            return run()
        finally:
            sys.setprofile(before)

    def _see(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and str(frame.f_globals.get("__name__")).partition(".")[0] == "continuum":
            self.shipped = True
            sys.setprofile(None)  # seen: from here on the run costs nothing more
