"""What changed since the last release, as ``make changelog`` shows it."""

import re
import subprocess
import sys
from pathlib import Path

from manual.files import ROOT, write

COMMAND = (sys.executable, "-m", "towncrier", "build", "--draft", "--version", "Unreleased")


def generate(folder: Path) -> None:
    """Write ``unreleased.md``, without the day on which it was written."""
    text = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    write(folder / "unreleased.md", re.sub(r"^## Unreleased.*$", "## Unreleased", text, flags=re.MULTILINE))
