"""The commands ``python -m continuum.exp`` and ``continuum``, which are the same."""

import os
import sys
import threading

from continuum.exp import outlets
from continuum.exp.cli import main


def _leave(code: int) -> None:
    # After an interruption the pool's own thread may wait for the rest of a message from a worker that is gone, and
    # the interpreter would wait for that thread. All results are on disk by now, so nothing is lost by not waiting.
    if code:
        end = threading.Timer(1.0, os._exit, (code,))
        end.daemon = True
        end.start()
    sys.exit(code)


def run() -> None:
    """Run the command, then leave the interpreter with its exit code."""
    outlets.install()
    _leave(outlets.settled(main()))


if __name__ == "__main__":
    run()
