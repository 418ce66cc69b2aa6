"""The compiled library: where it lies, how it is built and loaded."""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import torch
from platformdirs import user_cache_dir

from continuum.errors import BadInput
from continuum.nn.native import general

#: Sources, beside this file; the first one includes the others.
SOURCES = ("perceptron.cpp", "laws.h")
#: The module that they make.
MODULE = "perceptron"
#: Set to 0, this variable keeps a library that is there from being used.
SWITCH = "CONTINUUM_NATIVE"


def path() -> Path:
    """File of the library, whether it is there or not: one for each version of the sources, of torch and of Python."""
    text = b"".join((Path(__file__).parent / name).read_bytes() for name in SOURCES)
    versions = f"{torch.__version__} {sys.implementation.cache_tag} {sys.platform} {platform.machine()}"
    key = hashlib.sha256(text + versions.encode()).hexdigest()[:16]
    root = os.environ.get("CONTINUUM_CACHE") or user_cache_dir("continuum", appauthor=False)
    return Path(root) / "native" / f"{MODULE}-{key}.so"


def build() -> Path:
    """Compile the library with torch's own loader, which needs a C++ compiler and ninja; returns its file.

    Raises:
        BadInput: if it does not compile.
    """
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, so that it comes into place whole, and two that build at once do not meet.
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source = str(Path(__file__).parent / SOURCES[0])
        # In a process of its own, because the loader loads what it builds, and remembers what it built.
        tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        command = [sys.executable, "-c", _BUILD, MODULE, source, folder]
        done = subprocess.run(command, env={**os.environ, "PATH": tools}, capture_output=True, text=True)
        if done.returncode:
            raise BadInput(
                "native gates",
                expected="a C++ compiler and ninja",
                came=_reason(done.stdout + done.stderr),
                remedy="install them (ninja is a package on PyPI), or go on without: all works, somewhat slower",
            )
        os.replace(Path(folder) / f"{MODULE}.so", target)
    extension.cache_clear()
    return target


#: Program that builds a library of a name, from a source, in a folder.
_BUILD = """
import sys
from torch.utils.cpp_extension import load
name, source, folder = sys.argv[1:]
load(name, [source], build_directory=folder, extra_cflags=["-O3"], is_python_module=False)
"""


def _reason(output: str) -> str:
    """The line of a failed build that says why, as far as one does."""
    lines = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    return (lines or output.splitlines() or ["nothing"])[0][:200]


@cache
def extension() -> ModuleType | None:
    """The compiled module, if it has been built and is not switched off."""
    if os.environ.get(SWITCH) == "0":
        return None
    file = path()
    if not file.is_file():
        return None
    loader = ExtensionFileLoader(MODULE, str(file))
    try:
        module = module_from_spec(ModuleSpec(MODULE, loader, origin=str(file)))
        loader.exec_module(module)
    except (ImportError, OSError) as error:
        warnings.warn(f"{file}: cannot be loaded ({error}); build it again", stacklevel=2)
        return None
    module.set_general(general.gradients)
    return module
