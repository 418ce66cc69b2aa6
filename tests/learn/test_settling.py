"""The width at one price for all tables: what it hangs on, and what it does not."""

import math

import pytest
import torch

from continuum.errors import BadInput
from continuum.learn import LearnConfig
from continuum.learn.descent import DescentConfig, learn_table


def table(rows=120, noise=0.1):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(rows, 4, generator=generator, dtype=torch.float64)
    y = (x[:, 0] - 0.3).relu() - (x[:, 1] + 0.2).relu()
    y = y + noise * torch.randn(rows, generator=generator, dtype=torch.float64)
    return x, (y - y.mean()) / y.std()


def learned(settling, pool=64, start=8.0, steps=None, **more):
    x, y = table()
    config = LearnConfig(skip=0.25, resolution=0.01, pool=pool, start=start, **more)
    descent = DescentConfig(stage=25, doublings=0, settling=settling, steps=steps)
    return learn_table({"raw": x}, y, "squared_error", config, descent)


def test_the_network_is_the_same_whether_a_width_settles_or_not():
    with_it, without = learned(100), learned(0)
    assert without.settled_widths == ()
    assert len(with_it.settled_widths) == 1
    assert math.isfinite(with_it.settled_widths[0])
    for a, b in zip(with_it.network.parameters(), without.network.parameters(), strict=True):
        assert torch.equal(a, b)
    assert with_it.steps == without.steps + 100


def test_pools_and_starts_settle_at_like_widths_where_their_own_widths_differ():
    runs = [learned(400, pool, start) for pool, start in ((9, 8.0), (64, 1.0), (256, 64.0))]
    settled = [run.settled_widths[0] for run in runs]
    own = [run.widths[0] for run in runs]
    assert max(settled) < 1.06 * min(settled)
    assert max(own) > 1.2 * min(own)  # the falsifier: what is measured without settling


def test_settling_keeps_to_the_budget():
    run = learned(10_000, steps=700)
    assert run.steps <= 700


def test_settling_is_no_negative_number():
    with pytest.raises(BadInput, match="settling"):
        DescentConfig(settling=-1)
