"""What docstrings and pages say of learned widths is what was recorded, with its interval."""

import re
from pathlib import Path

import pandas as pd
import pytest

from continuum.learn import LearnConfig

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "paper" / "results"
PAGE = " ".join((ROOT / "docs" / "experiments" / "learned_width.md").read_text().split())
DOC = " ".join(str(LearnConfig.__doc__).split())


def short(value: float, digits: int) -> str:
    """As pages write it: .78 for 0.78."""
    return re.sub(r"^(-?)0\.", r"\1.", f"{value:.{digits}f}")


def claim(name: str, kind: str) -> pd.Series:
    table = pd.read_csv(RESULTS / "learned_width_pool" / "pool_claims.csv")
    (row,) = (row for _, row in table.iterrows() if (row["claim"], row["tasks of"]) == (name, kind))
    return row


def ends(row: pd.Series, digits: int) -> str:
    return f"{short(row['estimate'], digits)} [{short(row['low'], digits)}, {short(row['high'], digits)}]"


@pytest.mark.parametrize("kind", ["values", "classes"])
@pytest.mark.parametrize("arm", ["default", "mended"])
def test_ratios_over_pools(arm: str, kind: str) -> None:
    row = claim(f"{arm}: width from a pool of 512 over one of 9", kind)
    assert ends(row, 2) in PAGE
    assert f"{row['estimate']:.2f}" in DOC


@pytest.mark.parametrize(
    ("reading", "digits"),
    [
        ("rank correlation of width and oracle", 2),
        ("width over the oracle's", 2),
        ("score less that of a fixed network of the same width and steps", 3),
    ],
)
def test_readings(reading: str, digits: int) -> None:
    row = pd.read_csv(RESULTS / "learned_width" / "readings.csv").set_index("reading").loc[reading]
    assert ends(row, digits) in PAGE
    with pytest.raises(AssertionError):
        assert ends(row.replace(row["estimate"], 9.0), digits) in PAGE
