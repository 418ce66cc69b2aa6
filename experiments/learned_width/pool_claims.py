"""The predictions of the preset ``pool``: is a width the same, within a margin, whatever the layer is born with?"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.equivalence import mean_equivalence, outcome
from continuum.exp.experiment import Tables
from continuum.learn import LearnConfig

from .pool_effects import by_task, log_ratio, parts_table, shares_table, spread_table, widths_table

#: Largest ratio of widths that counts as the same: over pools, and over starts.
SAME_POOL, SAME_START = 1.25, 1.1
#: Largest difference of scores that counts as the same.
SAME_SCORE = 0.01
KINDS = {"classes": "classification", "values": "regression"}


@dataclass(frozen=True)
class Claim:
    """A number of each task that is predicted to be 0 within a margin; or, ``same`` being false, to be beyond it."""

    name: str
    kind: str | None
    margin: float
    same: bool
    of: Callable[[pd.DataFrame], float]

    def row(self, rows: pd.DataFrame) -> dict[str, Any]:
        """Estimate with its interval over tasks, margin, power, and outcome; ratios as ratios."""
        rows = rows if self.kind is None else rows[rows["kind"] == KINDS[self.kind]]
        values = by_task(rows, self.of).dropna()
        e = mean_equivalence(values, 0.0, self.margin)
        shown = math.exp if "score" not in self.name else float
        ends = {"estimate": shown(e.estimate), "low": shown(e.low), "high": shown(e.high), "tasks": e.n}
        found = outcome(e.p_within, e.p_beyond)
        named = found if self.same else {"shown": "refuted", "refuted": "shown"}.get(found, found)
        over = {"least": shown(values.min()), "most": shown(values.max())} if len(values) else {}
        predicted = "within the margin" if self.same else "beyond the margin"
        head = {"claim": self.name, "tasks of": self.kind or "both", "predicted": predicted}
        return head | ends | over | {"margin": shown(self.margin), "power": e.power, "outcome": named}


def claims(rows: pd.DataFrame) -> list[Claim]:
    """All predictions, for the levels that these rows have."""
    pools, starts = sorted(rows["pool"].unique()), sorted(rows["start"].unique())
    return [*_pools(pools), *_starts(pools, starts), *_scores(pools)]


def _pools(pools: list[float]) -> Iterator[Claim]:
    least, most, second = pools[0], pools[-1], pools[min(1, len(pools) - 1)]
    margin = math.log(SAME_POOL)
    for arm, kind, low, same in (
        ("default", "classes", least, True),
        ("default", "values", least, False),
        ("default", "values", second, False),
        ("mended", "classes", least, True),
        ("mended", "values", second, True),
        ("mended", "values", least, True),
    ):
        yield Claim(
            f"{arm}: width from a pool of {most:g} over one of {low:g}", kind, margin, same, _ratio(arm, most, low)
        )


def _starts(pools: list[float], starts: list[float]) -> Iterator[Claim]:
    margin, usual = math.log(SAME_START), _usual(pools)
    for arm in ("default", "mended"):
        for kind in KINDS:
            for pool, same in ((usual, True), (pools[0], arm == "mended" or kind == "classes")):
                name = f"{arm}: width from a start of {starts[-1]:g} over one of {starts[0]:g}, pool {pool:g}"
                yield Claim(name, kind, margin, same, _ratio(arm, starts[-1], starts[0], "start", pool))


def _scores(pools: list[float]) -> Iterator[Claim]:
    usual = _usual(pools)

    def mended(rows: pd.DataFrame) -> float:
        means = rows[rows["pool"] == usual].groupby("arm")["score"].mean()
        return float(means["mended"] - means["default"])

    for kind in KINDS:
        yield Claim(f"score, mended less default, pool {usual:g}", kind, SAME_SCORE, True, mended)
        for arm in ("default", "mended"):
            name = f"{arm}: score from a pool of {pools[-1]:g} less one of {pools[0]:g}"
            yield Claim(name, kind, SAME_SCORE, True, _ratio(arm, pools[-1], pools[0], column="score"))


def _usual(pools: list[float]) -> float:
    """The learner's own pool, or the nearest to it."""
    return min(pools, key=lambda pool: abs(math.log(pool / LearnConfig.pool)))


def _ratio(
    arm: str, high: float, low: float, factor: str = "pool", pool: float | None = None, column: str = "width"
) -> Callable[[pd.DataFrame], float]:
    def of(rows: pd.DataFrame) -> float:
        rows = rows[rows["arm"] == arm]
        rows = rows if pool is None else rows[rows["pool"] == pool]
        return log_ratio(rows, factor, high, low, column) if len(rows) else np.nan

    return of


def frames(tables: Tables) -> dict[str, pd.DataFrame]:
    """All tables of the report by name."""
    rows = tables["pool"]
    return {
        "pool_claims": pd.DataFrame([claim.row(rows) for claim in claims(rows)]),
        "pool_widths": widths_table(rows),
        "pool_spread": spread_table(rows, ("default", "mended"), _usual(sorted(rows["pool"].unique()))),
        "pool_shares": shares_table(rows, ("default", "mended")),
        "pool_parts": parts_table(rows),
    }
