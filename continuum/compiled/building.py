"""From C++ to a library in the user's cache, by the compiler of this machine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_cache_dir

from continuum.errors import ContinuumError

#: Names under which compilers are looked for, after that in $CXX.
COMPILERS = ("c++", "g++", "clang++")
#: Seconds after which a compiler is given up.
PATIENCE = 300.0


class NotBuilt(ContinuumError):
    """What is written in C++ could not be built on this machine; all works without it, somewhat slower."""


def built_folder() -> Path:
    """Where built libraries lie: in the user's cache, or in ``$CONTINUUM_CACHE``."""
    return Path(os.environ.get("CONTINUUM_CACHE") or user_cache_dir("continuum", appauthor=False)) / "compiled"


def build(path: Path, options: Sequence[str]) -> None:
    """Compile into ``path`` with these options of the compiler.

    It happens in a folder beside it, and the result is moved into place, so that no process loads half of it.

    Raises:
        NotBuilt: there is no compiler, it fails, or the library cannot be kept.
    """
    command = [_compiler(), *options]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            built = Path(folder) / path.name
            done = subprocess.run(
                [*command, "-o", str(built)], capture_output=True, text=True, timeout=PATIENCE, check=False
            )
            if done.returncode:
                raise NotBuilt(f"{command[0]} failed: {_reason(done.stderr) or done.returncode}")
            os.replace(built, path)
    except subprocess.TimeoutExpired as error:
        raise NotBuilt(f"{command[0]} took more than {PATIENCE:g} s") from error
    except OSError as error:
        raise NotBuilt(f"{path} cannot be kept ({error})") from error


def _compiler() -> str:
    names = [name for name in (os.environ.get("CXX"), *COMPILERS) if name]
    path = next((path for name in names if (path := shutil.which(name))), None)
    if path is None:
        raise NotBuilt(f"no C++ compiler was found (looked for {', '.join(names)}); install one, as g++")
    return path


def _reason(output: str) -> str:
    """The line that says why, as far as one does."""
    return next((line for line in output.splitlines() if "error" in line), output).strip()[:300]
