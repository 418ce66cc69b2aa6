"""Looking up on the grid, and guessing between its points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuum.benchmark import Lookup, Point, Request
from continuum.benchmark.interpolation import corners
from continuum.errors import BadInput
from tests.benchmark.samples import TASK, TINY, tiny_table


def test_a_curve_is_the_row_of_its_point() -> None:
    lookup = Lookup(tiny_table(), TASK, 1)
    for place, point in enumerate(TINY.points()):
        curve = lookup.curves([Request(point, 3)])[0]
        assert (curve.point, curve.seed, curve.epochs) == (point, 1, 3)
        assert_array_equal(curve.loss["test"], tiny_table().curves(TASK, 1)["test"][place, :3])


@pytest.mark.parametrize(
    ("point", "interpolate", "said"),
    [
        (Point(3.0, 0.03), False, "interpolate=True"),
        (Point(0.25, 0.03), True, "gamma: expected 0.5 to 8"),
        (Point(2.0, 0.5), True, "lr: expected 0.003 to 0.03"),
        (Point(2.0, 0.03, 0.0005), True, "weight_decay"),
        (Point(2.0, 0.03, depth=3), True, "depth"),
    ],
)
def test_off_the_grid(point: Point, interpolate: bool, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Lookup(tiny_table(), TASK, 0, interpolate=interpolate).curves([Request(point, 2)])


@pytest.mark.parametrize("epochs", [0, 5])
def test_epochs_that_the_table_lacks(epochs: int) -> None:
    with pytest.raises(BadInput, match="1 to 4 epochs"):
        Lookup(tiny_table(), TASK, 0).curves([Request(Point(2.0, 0.03), epochs)])


def test_interpolation_is_exact_where_values_are_linear_in_both_logarithms() -> None:
    def value(point: Point) -> float:
        return 1.5 + 0.3 * np.log(point.gamma) - 0.2 * np.log(point.lr) + 0.1 * np.log(point.gamma) * np.log(point.lr)

    point = Point(5.5, 0.01, 0.001, 2)
    shares = corners(TINY, point)
    guess = sum(share * value(corner) for corner, share in shares.items())
    assert guess == pytest.approx(value(point), rel=1e-12)
    assert sum(shares.values()) == pytest.approx(1, rel=1e-12)
    plain = np.mean([value(corner) for corner in shares])  # the wrong variant: all corners alike
    assert plain != pytest.approx(value(point), rel=1e-3)


def test_interpolated_curves_lie_between_those_of_their_corners() -> None:
    lookup = Lookup(tiny_table(), TASK, 0, interpolate=True)
    low, middle, high = lookup.curves([Request(Point(gamma, 0.03), 4) for gamma in (2.0, np.sqrt(8.0), 4.0)])
    assert_allclose(middle.loss["test"], (low.loss["test"] + high.loss["test"]) / 2, rtol=1e-12)
