"""Which tests of a trial run first: those that killed most mutants of this module, then the shortest."""

from collections.abc import Mapping

import pytest


class Order:
    """A plugin for pytest that sorts the tests, measures them, and notes the first that fails."""

    def __init__(self, kills: Mapping[str, int], seconds: Mapping[str, float]) -> None:
        self.kills, self.seconds = kills, seconds
        self.measured: dict[str, float] = {}
        self.failed: str | None = None

    def rank(self, name: str) -> tuple[int, float]:
        """Sorting key of a test or an entry."""
        return -self.kills.get(name, 0), self.seconds.get(name, 0.0)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Sort them."""
        items.sort(key=lambda item: self.rank(item.nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, call and tear-down."""
        self.measured[report.nodeid] = self.measured.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed = self.failed or report.nodeid
