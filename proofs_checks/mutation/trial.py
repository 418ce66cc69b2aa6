"""One mutant in a process of its own: is it noticed, and by what?"""

import doctest
import importlib
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.machinery import SourceFileLoader
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from proofs_checks.mutation.order import Order

SURVIVED, BY_TESTS, BY_LEDGER = "survived", "tests", "ledger"


@dataclass(frozen=True)
class Task:
    """A module in one version, and what is to judge it: tests, then its doctests, then entries.

    ``kills`` and ``seconds``, of tests and entries by name, say which go first: those that noticed most, then the
    shortest. ``limit`` is in seconds of the processor, so that a busy machine stops no trial.
    """

    module: str
    path: Path
    source: str
    tests: Sequence[str]
    entries: Sequence[str]
    kills: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    limit: int = resource.RLIM_INFINITY


@dataclass(frozen=True)
class Verdict:
    """Whether the tests or the ledger noticed, which one of them did first, and how long each took."""

    outcome: str
    by: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)


def run(task: Task, answer: Connection) -> None:
    """Import the library with one altered module, judge it, send the verdict; ends the process."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = task.limit if task.limit == resource.RLIM_INFINITY else task.limit + 1
    resource.setrlimit(resource.RLIMIT_CPU, (task.limit, hard))  # the soft limit says SIGXCPU, the hard one just kills
    _silence()
    _replace(task.path, task.source)
    answer.send(_judge(task))
    os._exit(0)  # without the clean-up of whatever a mutant left behind


def _judge(task: Task) -> Verdict:
    order = Order(task.kills, task.seconds)
    if task.tests and (by := _failing_test(task.tests, order)):
        return Verdict(BY_TESTS, by)
    if doctest.testmod(importlib.import_module(task.module)).failed:
        return Verdict(BY_TESTS, "doctest")
    for key in sorted(task.entries, key=order.rank):
        started = time.process_time()
        if not _holds(key):
            return Verdict(BY_LEDGER, key)
        order.measured[key] = time.process_time() - started
    return Verdict(SURVIVED, seconds=order.measured)


def _failing_test(tests: Sequence[str], order: Order) -> str | None:
    import pytest

    # Plain asserts: what is imported already cannot be rewritten, and nobody reads the messages.
    options = ["-x", "-q", "--assert=plain", "-p", "no:cacheprovider", "-p", "no:xdist"]
    code = pytest.main([*options, *tests], plugins=[order])
    return None if code in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED) else order.failed or "collection"


def _holds(key: str) -> bool:
    from proofs_checks import attempt, registry
    from proofs_checks.identity import Absent
    from proofs_checks.prove import prove

    attempt.SHRINK = attempt.DRAW  # nobody looks at the example that kills a mutant
    try:
        entry = registry.load(key)
    except Exception:  # a mutant may break the entry while it is loaded
        return False
    return prove(replace(entry, symbolic=Absent("a derivation does not touch the library"))).sound


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
