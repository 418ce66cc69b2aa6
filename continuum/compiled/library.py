"""The kernels, built at their first use for the processor at hand, and kept in the user's cache for later ones."""

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from platformdirs import user_cache_dir

from continuum.errors import ContinuumError

#: The source, which travels with the package.
SOURCE = Path(__file__).with_name("kernels.cpp")
#: Names under which compilers are looked for, after that in $CXX.
COMPILERS = ("c++", "g++", "clang++")
#: As fast as the processor allows, but sums stay in the order in which they are written.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")
#: Seconds after which a compiler is given up.
PATIENCE = 120.0


class NotBuilt(ContinuumError):
    """The kernels could not be built on this machine."""


@cache
def loaded() -> ctypes.CDLL:
    """The loaded kernels; raises :class:`NotBuilt` if there is no compiler, or if it fails."""
    path = _folder() / f"kernels-{_key()}.so"
    try:
        if not path.exists():
            _build(path)
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NotBuilt(f"the kernels cannot be kept or loaded ({error})") from error


def target() -> str:
    """For which processor: this one, or that named by ``$CONTINUUM_MARCH`` in the compiler's terms."""
    return os.environ.get("CONTINUUM_MARCH") or "native"


def _folder() -> Path:
    root = os.environ.get("CONTINUUM_CACHE") or user_cache_dir("continuum", appauthor=False)
    return Path(root) / "kernels"


def _key() -> str:
    """Of what was compiled and for what: another source, target or processor is another file."""
    parts = [SOURCE.read_text(), *FLAGS, target(), platform.machine(), _features()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _features() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), "")


def _compiler() -> str:
    names = [os.environ.get("CXX") or "", *COMPILERS]
    path = next((path for name in names if name and (path := shutil.which(name))), None)
    if path is None:
        raise NotBuilt(f"no C++ compiler was found (looked for {', '.join(COMPILERS)}); install one, as g++")
    return path


def _build(path: Path) -> None:
    """Compile in a folder of its own and move the result into place, so that no process loads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        built = Path(folder) / path.name
        command = [_compiler(), *FLAGS, f"-march={target()}", str(SOURCE), "-o", str(built)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except subprocess.TimeoutExpired as error:
            raise NotBuilt(f"{command[0]} took more than {PATIENCE:g} s") from error
        if done.returncode:
            raise NotBuilt(f"{command[0]} failed: {done.stderr.strip()[:300] or done.returncode}")
        os.replace(built, path)
