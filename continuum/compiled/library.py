"""The kernels, built at their first use for the processor at hand, and kept for later ones."""

import ctypes
import hashlib
import os
import platform
from functools import cache
from pathlib import Path

from continuum.compiled.building import NotBuilt, build, built_folder

#: The source, which travels with the package.
SOURCE = Path(__file__).with_name("kernels.cpp")
#: As fast as the processor allows, but sums stay in the order in which they are written.
FLAGS = ("-std=c++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-shared", "-fPIC", "-w")


@cache
def loaded() -> ctypes.CDLL:
    """The loaded kernels; raises :class:`NotBuilt` if there is no compiler, or if it fails."""
    path = built_folder() / f"kernels-{_key()}.so"
    if not path.exists():
        build(path, [*FLAGS, f"-march={target()}", str(SOURCE)])
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise NotBuilt(f"{path} cannot be loaded ({error})") from error


def target() -> str:
    """For which processor: this one, or that named by ``$CONTINUUM_MARCH`` in the compiler's terms."""
    return os.environ.get("CONTINUUM_MARCH") or "native"


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
