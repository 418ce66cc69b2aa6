"""Numbers, tables and figures are modules in folders: each is found by being there."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

KINDS = {"numbers": "numbers", "tables": "table", "figures": "draw"}
"""Folder of the modules, and the function that each has."""


def found(kind: str) -> Iterator[tuple[str, ModuleType]]:
    """Yield the names and modules of a folder, by name; those that start with an underscore are help for others."""
    package = importlib.import_module(f"paper.{kind}")
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"paper.{kind}.{info.name}")
        if not hasattr(module, KINDS[kind]):
            raise TypeError(f"paper/{kind}/{info.name}.py: expected a function {KINDS[kind]}(results)")
        yield info.name, module
