"""A row of weight w counts like w rows: in the price, steps, loss and rounding, and where held-out rows judge."""

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.learn import LearnConfig, WidthResult, learn_width, width_path
from continuum.learn.settings import steps_for
from tests.learn.tasks import ring

FULL = LearnConfig(price=4.0, steps=100, batch=10_000)
COUNTS = arrays(np.int64, 12, elements=st.integers(0, 4)).filter(lambda w: (w > 0).sum() > 1)


def targets(loss: str, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return y if loss == "cross_entropy" else x[:, 0].abs() - x[:, 1]


def agree(one: WidthResult, other: WidthResult, x: torch.Tensor) -> None:
    """Up to the order of sums in float64 over 150 steps."""
    assert_close(one.widths, other.widths, rtol=1e-6, atol=0)
    assert_close(one.graded(x), other.graded(x), rtol=1e-6, atol=1e-6)
    assert_close(one.network(x), other.network(x), rtol=1e-5, atol=1e-5)


class TestRepetition:
    @pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
    @pytest.mark.parametrize("counts", [torch.arange(60) % 4, torch.full((60,), 4)], ids=["uneven", "even"])
    def test_weights_count_like_repetitions_when_all_rows_are_one_batch(self, loss, counts):
        x, labels = ring(60, torch.float64)
        y = targets(loss, x, labels)
        weighted = learn_width(x, y, loss, FULL, sample_weight=counts.double())
        repeated = learn_width(x.repeat_interleave(counts, 0), y.repeat_interleave(counts), loss, FULL)
        agree(weighted, repeated, x)
        with pytest.raises(AssertionError):  # a price that counts rows, whatever they weigh
            agree(learn_width(x, y, loss, FULL, sample_weight=counts / counts.double().mean()), repeated, x)

    def test_four_times_the_data_pay_four_times_the_price(self):
        x, y = ring(60, torch.float64)
        four = learn_width(x, y, "cross_entropy", FULL, sample_weight=torch.full((60,), 4.0))
        agree(four, learn_width(x, y, "cross_entropy", LearnConfig(price=1.0, steps=100, batch=10_000)), x)

    def test_steps_follow_the_weight(self):
        assert steps_for(None, 2500.5) == steps_for(None, 2500) + 1 == 5001
        x, y = ring(50)
        result = learn_width(x, y, "cross_entropy", LearnConfig(price=4.0), sample_weight=torch.full((50,), 40.0))
        assert result.steps == 1.5 * 4000


class TestPath:
    def test_a_path_judged_by_weighted_rows(self):
        x, y = ring(120, torch.float64)
        count = torch.arange(60) % 3
        settings = LearnConfig(steps=200, batch=10_000)
        weighted, repeated = (
            width_path(*train, "cross_entropy", settings, (8.0, 2.0), sample_weight=weight, validation=held)
            for train, weight, held in (
                ((x[:60], y[:60]), count, (x[60:], y[60:], count)),
                (
                    (x[:60].repeat_interleave(count, 0), y[:60].repeat_interleave(count)),
                    None,
                    (x[60:].repeat_interleave(count, 0), y[60:].repeat_interleave(count)),
                ),
            )
        )
        for name in ("widths", "train_loss", "score", "standard_error"):
            assert_close(getattr(weighted, name), getattr(repeated, name), rtol=1e-4, atol=1e-5)
        blind = width_path(x[:60], y[:60], "cross_entropy", settings, (8.0, 2.0), validation=(x[60:], y[60:]))
        with pytest.raises(AssertionError):
            assert_close(blind.score, repeated.score, rtol=1e-2, atol=1e-3)

    def test_validation_of_one_tensor(self):
        x, y = ring(60)
        with pytest.raises(BadInput, match=r"validation: expected \(x, y\) or \(x, y, sample_weight\), got 1 tensors"):
            learn_width(x, y, "cross_entropy", FULL, validation=(x,))
