"""The table that comes with the package: small, offline, and what the engine trains."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuum.benchmark import SPACE, Live, Lookup, Point, Request, Space, Table
from continuum.data import load


@pytest.fixture(scope="module")
def shipped() -> Table:
    return Table.load()


def test_it_is_small_and_whole(shipped: Table) -> None:
    assert shipped.size <= 3e6
    assert (shipped.space, shipped.seeds) == (SPACE, (0, 1, 2, 3, 4))
    for task in shipped.tasks:
        assert shipped.entry(task).data == load(task).checksum
        for loss in shipped.curves(task, 4).values():
            assert loss.shape == (SPACE.size, SPACE.epochs)


def test_the_engine_still_trains_it(shipped: Table) -> None:
    """Two epochs of a block: sums in another order, on another machine, are at most a step of the coding away."""
    space = Space(SPACE.gamma, SPACE.lr, (0.001,), (2,), epochs=2)
    live, lookup = Live("iris", 3, space), Lookup(shipped, "iris", 3)
    requests = [Request(point, 2) for point in space.points()]
    trained, known = (np.array([c.loss["test"] for c in who.curves(requests)]) for who in (live, lookup))
    assert_allclose(trained, known, rtol=2.01e-3)
    with pytest.raises(AssertionError):
        assert_allclose(trained[1:], known[:-1], rtol=2.01e-3)


@pytest.mark.parametrize("task", ["iris", "digits"])
def test_width_pays_and_is_paid_for(shipped: Table, task: str) -> None:
    """J of half a unit is far from that of eight."""
    lookup = Lookup(shipped, task, 0)
    narrow, wide = lookup.curves([Request(Point(gamma, 0.01), 100) for gamma in (0.5, 8.0)])
    assert lookup.objective.values(wide).min() < lookup.objective.values(narrow).min() - 0.2
