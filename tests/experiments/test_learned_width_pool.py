"""The preset pool of learned_width: its design, the parts of a width, and claims that can fail."""

import math

import numpy as np
import pandas as pd
import pytest
from continuum_experiments import learned_width
from continuum_experiments.learned_width.pool import ARMS, WHOLE, sizes
from continuum_experiments.learned_width.pool_claims import claims, frames
from continuum_experiments.learned_width.pool_effects import log_ratio, parts_table, shares, spread_table

from continuum.errors import BadInput
from continuum.exp import presets, registry
from continuum.learn import LearnConfig, learn_width
from tests.learn.test_pool_size import regression

LEVELS = [(pool, start, seed) for pool in (9, 32, 128, 512) for start in (1, 8, 64) for seed in (101, 102)]


def made_up(slopes: dict[str, float], noise: float = 0.01) -> pd.DataFrame:
    """Eight tasks whose width grows as a power of the pool that depends on the arm."""
    random, rows = np.random.default_rng(0), []
    for place in range(8):
        head = {"task": f"task_{place}", "kind": ("classification", "regression")[place % 2], "fold": 0}
        for arm, slope in slopes.items():
            for pool, start, seed in LEVELS:
                width = 10 * (place + 1) * pool**slope * math.exp(noise * random.standard_normal())
                row = head | {"arm": arm, "pool": pool, "start": start, "directions": seed, "width": width}
                rows.append(row | {"score": 0.9, "length": width, "full": 1.0, "nat": 1.0, "units": width})
    return pd.DataFrame(rows)


def outcomes(rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    return {(row["claim"], row["tasks of"]): row["outcome"] for row in (claim.row(rows) for claim in claims(rows))}


def test_a_growing_width_is_told_from_one_that_stays() -> None:
    """Predicted of values: beyond the margin as it is, within it with both options; and the other way round."""
    right, wrong = (outcomes(made_up({"default": a, "mended": b})) for a, b in ((0.2, 0.0), (0.0, 0.2)))
    for arm in WHOLE:
        claim = f"{arm}: width from a pool of 512 over one of 9", "values"
        assert (right[claim], wrong[claim]) == ("shown", "refuted")


def test_shares_are_those_of_the_factors() -> None:
    rows = made_up({"default": 0.2})
    mine = rows[rows["task"] == "task_0"]
    parts = shares(mine)
    assert sum(parts.values()) == pytest.approx(1)
    assert parts["pool"] > 0.99
    assert log_ratio(mine, "pool", 512, 9) == pytest.approx(0.2 * math.log(512 / 9), abs=0.02)
    spread = spread_table(rows, ("default",), 128.0, draws=20).set_index(["kind", "over"])["sd"]
    assert spread["regression", "pool"] == pytest.approx(0.2 * np.log([9, 32, 128, 512]).std(ddof=1), rel=0.05)
    assert spread["regression", "directions"] == pytest.approx(0.01, rel=0.3)


def test_the_parts_of_a_ratio_multiply_to_it() -> None:
    rows = made_up({"default": 0.2})
    rows["full"] = rows["pool"] ** -0.1
    (part, *_) = parts_table(rows).to_dict("records")
    assert part["length"] * part["1 / whole unit"] * part["bound"] == pytest.approx(part["width"])
    assert part["1 / whole unit"] == pytest.approx((512 / 9) ** 0.1)


@pytest.mark.parametrize("arm", ["default", "mended"])
def test_the_length_of_a_whole_unit_is_that_of_the_learner(arm: str) -> None:
    """The width again, from the weights before rounding, the price and the noise that a result reports."""
    x, y = regression(120)
    config = LearnConfig(steps=150, pool=9, start=3, **ARMS[arm])
    result = learn_width(x, y, "squared_error", config)
    size = sizes(result, config, len(x))
    norms = result.graded[-1].weight.detach().norm(dim=0).numpy() / size["full"]
    again = float(np.minimum(norms, config.largest_gate).sum())
    assert size["width"] == pytest.approx(again, rel=1e-4)
    assert size["live"] == len(norms)
    assert size["length"] == pytest.approx(norms.sum() * size["full"], rel=1e-4)


def test_a_small_run_has_every_arm_and_table() -> None:
    changes = {"tasks": ("teacher_2", "wine"), "pools": (4, 16), "starts": (1, 3), "steps": 10, "rows": 60, "folds": 2}
    config = presets.config(registry.load("learned_width"), "pool", **changes)
    cells = learned_width.cells(config)
    rows = pd.concat([learned_width.run(cell)["pool"] for cell in cells], ignore_index=True)
    fits = rows.groupby(["task", "arm"]).size().to_dict()
    assert fits["teacher_2", "default"] == fits["wine", "mended"] == 2 * 2 * 2
    assert fits["teacher_2", "unbounded"] == fits["teacher_2", "held_out"] == 2
    assert ("wine", "unbounded") not in fits
    assert set(frames({"pool": rows})) == {"pool_claims", "pool_widths", "pool_spread", "pool_shares", "pool_parts"}
    assert config.configuration()["pools"] == (4, 16)
    assert "pools" not in presets.config(registry.load("learned_width"), "quick").configuration()


BAD = [("pools", (0,)), ("pools", (9, 9)), ("pools", (2000,)), ("directions", (-1,)), ("directions", ()), ("parts", 9)]


@pytest.mark.parametrize(("name", "value"), [*BAD, ("powers", (3.0,)), ("peers", True)])
def test_bad_input(name: str, value: object) -> None:
    with pytest.raises(BadInput, match=name):
        presets.config(registry.load("learned_width"), "pool", **{name: value}).validate()
