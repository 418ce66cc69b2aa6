"""Scores of a table by fold, and how good the best width of its grid is."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from continuum.analysis.statistics import ConfidenceInterval

from ..statistics import corrected, sufficient
from .encodings import ENCODINGS
from .fits import FIXED
from .variants import OURS

KEYS = ["seed", "fold"]


class Best(NamedTuple):
    """The best mean score of a grid over its widths, its standard error over folds, and its units."""

    best: float
    error: float
    units: float

    @property
    def enough(self) -> float:
        """The best mean score less one standard error."""
        return self.best - self.error


@dataclass(frozen=True, eq=False)
class Standing:
    """The rows of one table."""

    name: str
    rows: pd.DataFrame

    @property
    def kind(self) -> str:
        """Classification or regression."""
        return str(self.rows["kind"].iloc[0])

    @property
    def tuned(self) -> bool:
        """Whether defaults were tried on this table."""
        return bool(self.rows["tuned"].iloc[0])

    def of(self, method: str) -> pd.DataFrame:
        """Rows of a method whose fit did not fail."""
        return self.rows[(self.rows["method"] == method) & (self.rows["outcome"] == "ok")]

    def by_fold(self, method: str, column: str = "score") -> pd.Series:
        """A column by repetition and fold."""
        return self.of(method).set_index(KEYS)[column].astype(float)

    def mean(self, method: str, column: str = "score") -> float:
        """Mean over folds; NaN where the method was not run."""
        values = self.by_fold(method, column)
        return float(values.mean()) if len(values) else np.nan

    def error(self, method: str, column: str = "score") -> float:
        """Standard error over folds of the mean."""
        values = self.by_fold(method, column)
        return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan

    def gap(self, one: str, other: str, column: str = "score") -> ConfidenceInterval:
        """Mean of one method minus another on the folds of both, with the corrected interval."""
        difference = (self.by_fold(one, column) - self.by_fold(other, column)).dropna()
        frame = self.of(one)
        ratio = float((frame["test_rows"] / frame["train_rows"]).mean()) if len(frame) else np.nan
        return corrected(difference, ratio)

    @cached_property
    def chosen(self) -> pd.Series:
        """The encoding that ours chose on each fold; raw where it says nothing."""
        return self.of(OURS).set_index(KEYS)["encoding"].fillna("raw").rename("chosen")

    @cached_property
    def oracles(self) -> Mapping[str, Best]:
        """The best width of the grid with each encoding, with that which ours chose, and the best of both."""
        nets = {name: self.grid_scores(name) for name in (*ENCODINGS, "chosen")}
        best = {name: _best(scores) for name, scores in nets.items() if len(scores)}
        if best:
            best["either"] = max((best[name] for name in ENCODINGS if name in best), key=lambda found: found.best)
        return best

    def grid_scores(self, bar: str) -> pd.DataFrame:
        """Scores of the nets of a bar, one row per fold and one column per net."""
        grid = self.rows[self.rows["method"] == FIXED]
        if bar == "chosen":
            grid = grid.join(self.chosen, on=KEYS)
            grid = grid[grid["encoding"] == grid["chosen"]].assign(encoding=bar)
        elif bar in ENCODINGS:
            grid = grid[grid["encoding"] == bar]
        return grid.pivot(index=KEYS, columns=["encoding", "units"], values="score").dropna(axis=1)

    def elsewhere(self, bar: str) -> pd.Series:
        """Score on each fold of the net that is best on the other folds: what choosing by the grid gives.

        The best on all folds has luck on them, which no method can have: of nets that are equally good it is better
        than each of them.
        """
        scores = self.grid_scores(bar)
        others = scores.sum() - scores
        places = others.to_numpy().argmax(axis=1)
        return pd.Series(scores.to_numpy()[np.arange(len(scores)), places], scores.index)


def _best(scores: pd.DataFrame) -> Best:
    units = scores.columns.get_level_values("units").to_numpy(float)
    _, best, error = sufficient(scores.to_numpy(float), units)
    return Best(best, error, float(units[int(scores.mean().to_numpy().argmax())]))


def standings(tabular: pd.DataFrame) -> dict[str, Standing]:
    """Every table, in the order of the run."""
    return {str(name): Standing(str(name), rows) for name, rows in tabular.groupby("task", sort=False)}


def one_width(tables: Mapping[str, Standing]) -> tuple[str, pd.DataFrame]:
    """The width and encoding that would be best if every table had the same, and its rows: the rule that looks at none.

    Best is the mean over tables of the score less that of the best width of the grid.
    """
    rows = pd.concat([table.rows[table.rows["method"] == FIXED] for table in tables.values()])
    tops = {name: table.oracles["either"].best for name, table in tables.items() if table.oracles}
    means = rows.groupby(["task", "encoding", "units"])["score"].mean().reset_index()
    means["loss"] = means["score"] - means["task"].map(tops)
    # A net that fails on one table must not win by its absence there.
    by_rule = means.groupby(["encoding", "units"])["loss"].agg(lambda losses: losses.clip(lower=-1).mean())
    best = by_rule.reset_index().sort_values("loss").iloc[-1]
    chosen = means[(means["encoding"] == best["encoding"]) & (means["units"] == best["units"])]
    return f"{best['units']:g} units, {best['encoding']}", chosen.set_index("task")
