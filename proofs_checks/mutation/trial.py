"""One mutant in a process of its own: is it noticed?"""

import doctest
import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

#: Exit codes of a trial.
SURVIVED, BY_TESTS, BY_LEDGER = 0, 10, 11


def run(module: str, path: Path, source: str, tests: Sequence[str], entries: Sequence[str]) -> None:
    """Import the library with one altered module, run its tests and doctests, then its entries; ends the process."""
    _silence()
    _replace(path, source)
    code = SURVIVED
    if _tests_fail(tests) or _doctests_fail(module):
        code = BY_TESTS
    elif _ledger_fails(entries):
        code = BY_LEDGER
    os._exit(code)  # without the clean-up of whatever a mutant left behind


def _tests_fail(tests: Sequence[str]) -> bool:
    import pytest

    # Plain asserts: what is imported already cannot be rewritten, and nobody reads the messages.
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    return bool(tests) and pytest.main([*options, *tests]) not in (0, 5)


def _doctests_fail(module: str) -> bool:
    return doctest.testmod(importlib.import_module(module)).failed > 0


def _ledger_fails(entries: Sequence[str]) -> bool:
    from proofs_checks import attempt
    from proofs_checks.pool import prove_one

    attempt.SHRINK = attempt.DRAW  # nobody looks at the example that kills a mutant
    return not all(prove_one(key).sound for key in entries)


def _replace(path: Path, source: str) -> None:
    """Give the altered source to whoever loads that file; its bytecode is neither read nor written."""
    data, stats = SourceFileLoader.get_data, SourceFileLoader.path_stats

    def get_data(self: Any, name: str) -> bytes:
        return source.encode() if Path(name) == path else data(self, name)

    def path_stats(self: Any, name: str) -> Any:
        if Path(name) == path:
            raise OSError("an altered module has no bytecode")
        return stats(self, name)

    loader: Any = SourceFileLoader
    loader.get_data, loader.path_stats = get_data, path_stats


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
