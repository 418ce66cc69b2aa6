"""The compiled library: where it lies, how it is built and loaded."""

import hashlib
import os
import platform
import sys
import sysconfig
import warnings
from functools import cache
from importlib.machinery import ExtensionFileLoader, ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import torch

from continuum.compiled import building
from continuum.nn.native import general

#: Sources, beside this file; the first one includes the others.
SOURCES = ("perceptron.cpp", "laws.h")
#: The module that they make.
MODULE = "perceptron"
#: Set to 0, this variable keeps a library that is there from being used.
SWITCH = "CONTINUUM_NATIVE"
#: As other extensions of torch are compiled.
FLAGS = ("-std=c++20", "-O3", "-shared", "-fPIC", "-w")
#: Libraries of torch, which are loaded already when this one is.
LIBRARIES = ("c10", "torch", "torch_cpu", "torch_python")


def path() -> Path:
    """File of the library, whether it is there or not: one for each version of the sources, of torch and of Python."""
    text = b"".join((Path(__file__).parent / name).read_bytes() for name in SOURCES)
    versions = (
        f"{FLAGS} {LIBRARIES} {torch.__version__} {sys.implementation.cache_tag} {sys.platform} {platform.machine()}"
    )
    key = hashlib.sha256(text + versions.encode()).hexdigest()[:16]
    return building.built_folder() / f"{MODULE}-{key}.so"


def build() -> Path:
    """Compile the library against the headers that torch has with it; returns its file.

    Raises:
        NotBuilt: if there is no C++ compiler, or if it fails.
    """
    target = path()
    building.build(target, _options())
    extension.cache_clear()
    return target


def _options() -> list[str]:
    torch_folder = Path(torch.__file__).parent
    headers = torch_folder / "include"
    folders = [headers, headers / "torch" / "csrc" / "api" / "include", Path(sysconfig.get_paths()["include"])]
    places = [option for folder in folders for option in ("-isystem", str(folder))]
    flags = [*FLAGS, f"-D_GLIBCXX_USE_CXX11_ABI={int(torch.compiled_with_cxx11_abi())}"]
    late = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []  # what Python itself defines
    libraries = [f"-L{torch_folder / 'lib'}", *(f"-l{name}" for name in LIBRARIES)]
    return [*flags, *late, *places, str(Path(__file__).parent / SOURCES[0]), *libraries]


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
