"""Which tests are slow: recorded by a whole run, left out by a fast one.

``make test ARGS=--record-slow`` writes ``tests/slow.txt``: the functions whose cases, with their fixtures, took longer
than ``SLOW`` seconds together. ``make test FAST=1`` leaves these out and draws fewer examples: an inner loop, no proof
of anything. A test that is new is run by both.
"""

from collections import defaultdict
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("slow.txt")
#: Seconds that a function's cases may take together to stay in the fast run.
SLOW = 0.1


def function(nodeid: str) -> str:
    """A test without its parameters.

    >>> function("tests/widths/test_zeros.py::TestSimple::test_roots[a::b]")
    'tests/widths/test_zeros.py::TestSimple::test_roots'
    """
    return nodeid.partition("[")[0]


def leave_out_slow(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what the file names."""
    slow = set(FILE.read_text().splitlines())
    left_out = [item for item in items if function(item.nodeid) in slow]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if function(item.nodeid) not in slow]


class Recorder:
    """Adds up what each function takes, in whatever process its cases run."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[function(report.nodeid)] += report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):  # the process that hears of all tests
            FILE.write_text("".join(f"{name}\n" for name in sorted(self.seconds) if self.seconds[name] > SLOW))
