"""``python -m continuum.nn.native``: compile the gated perceptron for this machine."""

import sys

from continuum.compiled import NotBuilt
from continuum.nn.native.library import build


def main() -> int:
    """Build, say where the library is, and return the exit code."""
    try:
        file = build()
    except NotBuilt as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
