"""Training what is asked."""

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuum.benchmark import Live, Point, Request
from continuum.benchmark import live as module
from continuum.errors import BadInput
from tests.benchmark.samples import TASK, TINY


def test_off_the_grid_a_network_is_trained_once_and_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = []
    train = module.train_points
    monkeypatch.setattr(module, "train_points", lambda *asked: rounds.append(len(asked[2])) or train(*asked))
    live = Live(TASK, 0, TINY)
    points = [Point(1 + number / 100, 0.02, depth=1 + (number > 65)) for number in range(70)]
    first = live.curves([Request(point, 2) for point in points])
    assert rounds == [64, 2, 4]
    on = live.curves([Request(points[3], 4)])[0]
    assert rounds == [64, 2, 4]
    assert_array_equal(on.loss["validation"][:2], first[3].loss["validation"])


def test_company_matters_up_to_rounding_only() -> None:
    point = Point(2.75, 0.01)
    alone = Live(TASK, 0, TINY).curves([Request(point, 4)])[0]
    among = Live(TASK, 0, TINY).curves([Request(Point(gamma, 0.02), 4) for gamma in (1.1, 7.9)] + [Request(point, 4)])
    assert_allclose(among[2].loss["test"], alone.loss["test"], rtol=2.01e-3)  # one step of the coding
    with pytest.raises(AssertionError):
        assert_allclose(among[1].loss["test"], alone.loss["test"], rtol=2.01e-3)


@pytest.mark.parametrize("request_", [Request(Point(2.0, 0.01), 5), Request(Point(64.5, 0.01), 1)])
def test_what_cannot_be_trained(request_: Request) -> None:
    with pytest.raises(BadInput):
        Live(TASK, 0, TINY).curves([request_])
