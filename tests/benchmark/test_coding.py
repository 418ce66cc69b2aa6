"""Sixteen bits keep what is promised: losses to within 0.1 %, counts exactly."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuum.benchmark import columns
from continuum.benchmark.coding import LOST, STEP, code_losses, coded, losses, scores
from continuum.benchmark.curves import PARTS, Curves


def test_losses_are_kept_to_within_a_thousandth() -> None:
    loss = np.exp(np.random.default_rng(0).uniform(-30, 30, 2000))
    kept = losses(code_losses(loss))
    assert_allclose(kept, loss, rtol=1.001 * STEP / 2)
    with pytest.raises(AssertionError):
        assert_allclose(losses(code_losses(loss) + np.int16(1)), loss, rtol=1.001 * STEP / 2)


def test_what_is_coded_again_stays() -> None:
    codes = np.arange(-9000, 9000, dtype=np.int16)
    assert_array_equal(code_losses(losses(codes)), codes)


def test_lost_losses_and_ends_of_the_range() -> None:
    codes = code_losses(np.array([np.nan, np.inf, -np.inf, 0.0, 1e300]))
    assert codes.tolist()[:3] == [LOST] * 3
    assert np.isnan(losses(codes[:3])).all()
    assert np.isfinite(losses(codes[3:])[0])


def test_counts_are_exact() -> None:
    sizes = dict.fromkeys(PARTS, 43)
    counts = np.arange(44.0).reshape(2, 22)
    share = counts / 43
    share[0, 0] = np.nan
    curves = Curves((), dict.fromkeys(PARTS, np.ones((2, 22))), dict.fromkeys(PARTS, share))
    codes = coded(curves, "classification", sizes)
    assert_array_equal(scores(codes, "test", np.ones((2, 22)), 43, 1.0), share)


def test_a_regression_keeps_no_score_for_its_loss_tells_it() -> None:
    loss = np.array([[0.02, 0.5]])
    curves = Curves((), dict.fromkeys(PARTS, loss), dict.fromkeys(PARTS, np.sqrt(2 * loss) * 7.0))
    codes = coded(curves, "regression", dict.fromkeys(PARTS, 9))
    assert set(codes) == {f"{part}_loss" for part in PARTS}
    assert_allclose(scores(codes, "test", losses(codes["test_loss"]), 9, 7.0), curves.score["test"], rtol=1e-3)


def test_columns_come_back() -> None:
    generator = np.random.default_rng(1)
    codes = {f"{part}_loss": generator.integers(-(2**15), 2**15, (2, 3, 4)).astype(np.int16) for part in PARTS}
    read = columns.decode(columns.encode(codes), (2, 3, 4), "regression")
    for name, values in codes.items():
        assert_array_equal(read[name], values)


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "regression"), (b"PAR1 no", "regression"), (None, "classification")],
    ids=["empty", "no Parquet", "columns that lack"],
)
def test_other_files_are_refused(content: bytes | None, kind: str) -> None:
    codes = {f"{part}_loss": np.zeros((1, 1, 2), np.int16) for part in PARTS}
    with pytest.raises(ValueError, match=r"."):
        columns.decode(columns.encode(codes) if content is None else content, (1, 1, 2), kind)
