"""Initial weights: one draw of units for all widths, and a start that is continuous in gamma."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.ensemble import Member, Settings
from continuum.ensemble.initial import BASE_WIDTH, draw, initial, scales


def test_a_member_takes_a_prefix() -> None:
    settings = Settings(units=(8, 8))
    whole = initial(Member((6.5, 3.5)), settings, 4, 3)
    part = initial(Member((6.5, 3.5)), settings, 4, 3, rows=(5, 2))
    for (w, b), (pw, pb) in zip(whole, part, strict=True):
        assert_close(pw, w[: pw.shape[0], : pw.shape[1]], rtol=0, atol=0)
        assert_close(pb, b[: pb.shape[0]], rtol=0, atol=0)


def test_units_do_not_change_when_more_are_allocated() -> None:
    few, many = draw(3, (4,), 5, 2), draw(3, (9,), 5, 2)
    assert_close(few[0][0], many[0][0][:4], rtol=0, atol=0)
    assert_close(few[1][0], many[1][0][:4], rtol=0, atol=0)
    assert not torch.equal(few[0][0], draw(4, (4,), 5, 2)[0][0])


@pytest.mark.parametrize("scaling", ["standard", "ntk", "mup"])
@pytest.mark.parametrize("gamma", [1.0, 2.0, 5.0])
def test_scales_are_continuous_in_gamma(scaling: str, gamma: float) -> None:
    settings = Settings(units=(8, 8), scaling=scaling)
    here, below, above = (scales(Member((g, g)), settings, 4) for g in (gamma, gamma - 1e-9, gamma + 1e-9))
    for a, b, c in zip(here, below, above, strict=True):
        for name in ("weight", "bias", "lr_weight", "lr_bias"):
            assert getattr(b, name) == pytest.approx(getattr(a, name), rel=1e-8)
            assert getattr(c, name) == pytest.approx(getattr(a, name), rel=1e-8)


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_mup_is_standard_at_the_base_width(optimizer: str) -> None:
    member = Member((BASE_WIDTH, BASE_WIDTH))
    standard = scales(member, Settings(units=(32, 32), optimizer=optimizer), 7)
    assert scales(member, Settings(units=(32, 32), optimizer=optimizer, scaling="mup"), 7) == standard


@pytest.mark.parametrize(("optimizer", "power"), [("adam", 1), ("sgd", 2)])
def test_ntk_rates_are_those_of_a_multiplier(optimizer: str, power: int) -> None:
    """With v = a w, w of unit variance: Adam moves v by a per unit of lr, SGD by a^2."""
    found = scales(Member(9.0), Settings(units=16, optimizer=optimizer, scaling="ntk"), 4)
    assert found[1].lr_weight == pytest.approx((1 / 3) ** power)


def test_variances() -> None:
    """With 40000 draws a standard deviation is seen to 0.4 %; a wrong factor 2 or square root is far outside 2 %."""
    member, settings = Member(100.0), Settings(units=400, activation="relu")
    (w, b), (v, c) = initial(member, settings, 100, 100)
    assert w.std().item() == pytest.approx(np.sqrt(2 / 100), rel=0.02)
    assert b.std().item() == pytest.approx(np.sqrt(2 / 100), rel=0.15)
    assert v.std().item() == pytest.approx(np.sqrt(1 / 100), rel=0.02)
    assert (c == 0).all()
