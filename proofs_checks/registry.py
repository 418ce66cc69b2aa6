"""Find the entries: by the names of their files, so that one can be shown without importing the others."""

import importlib
import pkgutil
import re

from continuum import checks
from proofs_checks import entries
from proofs_checks.identity import Identity

_NAME = re.compile(r"(?P<letter>[a-z])(?P<number>\d+)(_(?P<part>\d+))?_[a-z]\w*")


def modules() -> dict[str, str]:
    """Identifier to module name, in the order of the ledger: A01, ..., D03, N1.1, ...

    >>> list(modules())[:2]
    ['A01', 'A02']
    """
    names = [module.name for module in pkgutil.iter_modules(entries.__path__)]
    return dict(sorted(((identifier(name), name) for name in names), key=lambda pair: _order(pair[0])))


def identifier(module_name: str) -> str:
    """The identifier that the name of a file starts with.

    >>> identifier("a14_hard_derivative"), identifier("n3_2_convexity")
    ('A14', 'N3.2')
    """
    parts = _NAME.fullmatch(module_name)
    if parts is None:
        raise ValueError(f"entries are named like a14_slug.py or n3_2_slug.py, not {module_name}.py")
    part = f".{parts['part']}" if parts["part"] else ""
    return f"{parts['letter'].upper()}{parts['number']}{part}"


def load(key: str) -> Identity:
    """The entry with that identifier, in any case of letters."""
    known = modules()
    checks.one_of("entry", key.upper(), tuple(known), plural="entries")
    module = importlib.import_module(f"proofs_checks.entries.{known[key.upper()]}")
    entry: Identity = module.IDENTITY
    if entry.id != key.upper():
        raise ValueError(f"{module.__name__} binds the entry {entry.id}")
    return entry


def _order(key: str) -> tuple[str, int, int]:
    number, _, part = key[1:].partition(".")
    return key[0], int(number), int(part or 0)
