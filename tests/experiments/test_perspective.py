"""The preset perspective of learned_width: a tiny run, what is held, and claims that can fail."""

import math

import numpy as np
import pandas as pd
import pytest
from continuum_experiments.learned_width.config import Config
from continuum_experiments.learned_width.perspective import config_of, whole_units
from continuum_experiments.learned_width.perspective_claims import claims, differences, frames

from continuum.errors import BadInput
from continuum.learn.optimizer import Penalty
from tests.experiments.tiny import complete

TINY = {"tasks": ("wine",), "folds": 2, "seeds": 1, "steps": 40, "rows": 90, "max_units": 200, "methods": ()}
SETTINGS = {"max_units": 512, "steps": None, "batch": 32}


def test_a_tiny_run_has_every_arm_and_all_tables(tmp_path):
    run = complete("learned_width", Config(**TINY, powers=(1.5, 3.0), jobs=1, out=tmp_path))
    rows = run.tables["perspective"]
    assert rows.groupby(["arm", "power"]).size().to_dict() == {
        ("length", 1.5): 2,
        ("length", 3.0): 2,
        ("price", 1.5): 2,
        ("price", 2.0): 2,
        ("price", 3.0): 2,
        ("seed", 2.0): 2,
    }
    assert (rows["units"] == np.ceil(rows["width"]).clip(lower=1)).all()
    assert (rows["whole"] <= rows["width"] + 1e-6).all()
    assert "perspective_claims" in run.report
    assert {path.name for path in run.folder.glob("figures/*.csv")} == {
        "perspective_claims.csv",
        "perspective_tasks.csv",
    }


@pytest.mark.parametrize("power", [4 / 3, 1.5, 3.0])
def test_threshold_and_price_or_length_are_held(power):
    def penalty(arm, q):
        config = config_of(SETTINGS, arm, q, 0)
        return Penalty(config.decay, config.price, power=config.power)

    reference, priced, long = penalty("price", 2.0), penalty("price", power), penalty("length", power)
    assert [p.slope for p in (priced, long)] == pytest.approx([reference.slope] * 2, rel=1e-12)
    assert priced.price == reference.price
    assert long.full == pytest.approx(reference.full, rel=1e-12)
    assert priced.full == pytest.approx(reference.full * power / (power - 1) / 2, rel=1e-12)


def test_whole_units_are_found_from_their_sum():
    random = np.random.default_rng(0)
    for _ in range(20):
        lengths, full = random.exponential(size=15), random.uniform(0.1, 3)
        gates = np.minimum(lengths / full, 1)
        assert whole_units(lengths, float(gates.sum())) == (gates == 1).sum()


def made(ratio, gap, tasks=12):
    """Rows in which widths have a ratio to the reference, and scores a gap, by task."""
    random = np.random.default_rng(1)
    rows = []
    for arm, power in (("price", 2.0), ("seed", 2.0), ("price", 3.0), ("length", 3.0)):
        for task in range(tasks):
            other = (arm, power) not in (("price", 2.0), ("seed", 2.0))
            noise = random.normal(0, 0.001)
            width = 10 * (ratio if other else 1) * math.exp(noise)
            score = 0.9 + (gap if other else 0) + noise
            row = {"task": str(task), "kind": "classification", "seed": 2, "fold": 0, "arm": arm, "power": power}
            counts = dict.fromkeys(("units", "graded_units", "whole", "seconds"), 1.0)
            rows.append({**row, **counts, "width": width, "score": score, "graded_score": score})
    return pd.DataFrame(rows)


def outcomes(rows):
    table = frames({"perspective": rows})["perspective_claims"]
    return table.set_index(["held", "measure"])["outcome"].to_dict()


def test_claims_are_shown_where_they_hold_and_refuted_where_not():
    held = outcomes(made(1.0, 0.0))
    assert held["length", "width"] == held["length", "score"] == "shown"
    assert held["price", "width"] == "refuted"  # 4/3 was predicted
    assert outcomes(made(4 / 3, 0.0))["price", "width"] == "shown"
    apart = outcomes(made(1.2, 0.02))
    assert apart["length", "width"] == apart["length", "score"] == apart["price", "graded_score"] == "refuted"


def test_differences_are_paired_and_every_power_has_its_claims():
    each = differences(made(1.5, 0.01))
    assert set(map(tuple, each[["arm", "power"]].to_numpy())) == {("seed", 2.0), ("price", 3.0), ("length", 3.0)}
    assert [(claim.arm, claim.measure) for claim in claims([3.0])] == [
        (arm, measure) for arm in ("price", "length") for measure in ("width", "graded_score", "score")
    ]


@pytest.mark.parametrize("powers", [(1.0,), (0.5,), (2.0,), (3.0, 3.0)])
def test_powers_that_cannot_be_compared(powers):
    with pytest.raises(BadInput, match="powers"):
        Config(**TINY, powers=powers).validate()
