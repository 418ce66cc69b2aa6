"""continuum: neural networks whose hidden width is a real number.

The rooms, and the modules that all of them share, are attributes, imported when they are first touched:

>>> import continuum
>>> continuum.widths.Interval(units=4, gamma=2.25).cardinality().item()
2.25
"""

from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

#: What ``continuum`` has for attributes: rooms, and the modules that they share.
ROOMS = (
    "analysis",
    "arithmetic",
    "benchmark",
    "checks",
    "compiled",
    "data",
    "encoding",
    "ensemble",
    "errors",
    "estimators",
    "exp",
    "hypergrad",
    "learn",
    "legible",
    "nn",
    "problems",
    "progress",
    "search",
    "sklearn",
    "storage",
    "widths",
)


def __getattr__(name: str) -> ModuleType:
    """A room, imported now (PEP 562): importing the package alone takes no time."""
    if name in ROOMS:
        return import_module(f"continuum.{name}")
    raise AttributeError(f"module 'continuum' has no attribute {name!r}; its rooms are {', '.join(ROOMS)}")


def __dir__() -> list[str]:
    return sorted({*ROOMS, *(name for name in globals() if name.startswith("__"))})
