"""The command ``python -m continuum.exp``."""

import os
import sys
import threading

from continuum.exp.cli import main


def _leave(code: int) -> None:
    # After an interruption the pool's own thread may wait for the rest of a message from a worker that is gone, and
    # the interpreter would wait for that thread. All results are on disk by now, so nothing is lost by not waiting.
    if code:
        end = threading.Timer(1.0, os._exit, (code,))
        end.daemon = True
        end.start()
    sys.stdout.flush()
    sys.stderr.flush()
    sys.exit(code)


if __name__ == "__main__":
    _leave(main())
