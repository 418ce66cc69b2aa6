"""The targets of the preset ``tabular`` against what was measured; every one counts."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.exp.experiment import Tables

from .births_table import spreads
from .opponents import BOOSTING, LINEAR, MLP, REALMLP
from .ranks import FIELD, ranking
from .rounding import rounding_table
from .standings import Standing, standings
from .turns_table import ratios
from .variants import FIRST, OURS

Rows = Iterator[dict[str, Any]]
#: Least share of tables within a standard error of the best width of the grid.
SHARE = 0.9
#: Furthest that the median rank may lie behind the better of two, and the share of parameters that it may take.
RANK, SMALLER = 0.5, 0.1
#: Least scores.
SCORES = {"airfoil": 0.965, "concrete": 0.945, "segment": 0.983, "glass": 0.77}
#: Most RMSE on the published splits.
SPLITS = {"concrete": 4.6, "energy_heating": 0.42, "yacht": 0.60}
#: Accuracy of digits, and most units.
DIGITS = ((0.977, 16.0), (0.980, np.inf))
#: Lines, and how far below the R2 of least squares counts as that of least squares.
LINES, AS_LEAST_SQUARES = ("line", "noisy_line"), 0.002
#: Most spread of the width over starts and pools.
SPREAD = {"classification": 0.03, "regression": 0.06}
#: Most seconds of a whole fit in those of one fixed training.
SLOWER = {"64 units on the engine": 1.4, "a PyTorch loop": 0.5}


def targets(tables: Tables) -> pd.DataFrame:
    """One row per target: what it asks, what was measured, whether it was shown, missed or not run."""
    judged = standings(tables["tabular"])
    rows = [
        *_grid(judged, "chosen", "the same encoding"),
        *_grid(judged, "either", "the better encoding"),
        *_elsewhere(judged),
        *_never_worse(judged, MLP),
        *_never_worse(judged, LINEAR),
        *_ranks(judged),
        *_scores(judged),
        *_splits(tables.get("published")),
        *_digits(judged),
        *_lines(judged),
        *_spread(tables.get("births")),
        *_time(tables.get("turns")),
        *_rounding(judged),
    ]
    return pd.DataFrame(rows, columns=["target", "asked", "measured", "verdict", "detail"])


def row(name: str, asked: str, measured: str, reached: bool | None, detail: str = "") -> dict[str, Any]:
    """One target."""
    verdict = "not run" if reached is None else "shown" if reached else "MISSED"
    return {"target": name, "asked": asked, "measured": measured, "verdict": verdict, "detail": detail}


def _grid(judged: Mapping[str, Standing], bar: str, words: str) -> Rows:
    known = {name: table.oracles for name, table in judged.items() if table.oracles}
    margins = {  # a fit that failed is below
        name: judged[name].mean(OURS) - best[bar].enough if bar in best else np.nan for name, best in known.items()
    }
    name, asked = f"grid, {words}", f"score >= its best less s.e. on >= {SHARE:.0%} of tables"
    if not margins:
        yield row(name, asked, "", None)
        return
    below = {table: value for table, value in margins.items() if not value >= 0}
    fresh = [table for table in margins if not judged[table].tuned]
    text = f"{len(margins) - len(below)} of {len(margins)} tables"
    detail = f"of those nothing was tried on {sum(table not in below for table in fresh)} of {len(fresh)}"
    yield row(name, asked, text, 1 - len(below) / len(margins) >= SHARE, detail + listed(below, "+.4f"))


def _elsewhere(judged: Mapping[str, Standing]) -> Rows:
    """Beside the target: the same where the best width is chosen on the other folds."""
    margins = {name: _margin(table) for name, table in judged.items() if "either" in table.oracles}
    name = "grid, net of other folds"
    asked = f"(beside the targets) score >= that of the net that is best on the other folds less s.e. on >= {SHARE:.0%}"
    if not margins:
        yield row(name, asked, "", None)
        return
    below = {table: value for table, value in margins.items() if not value >= 0}
    text = f"{len(margins) - len(below)} of {len(margins)} tables"
    yield row(name, asked, text, 1 - len(below) / len(margins) >= SHARE, listed(below, "+.4f"))


def _margin(table: Standing) -> float:
    scores = table.elsewhere("either")
    return float(table.mean(OURS) - scores.mean() + scores.std(ddof=1) / len(scores) ** 0.5)


def _never_worse(judged: Mapping[str, Standing], method: str) -> Rows:
    margins = {
        name: table.mean(OURS) - table.mean(method) + table.error(method)
        for name, table in judged.items()
        if len(table.of(method))
    }
    name, asked = f"never below {method}", "score >= its less s.e. on every table"
    if not margins:
        yield row(name, asked, "", None)
        return
    below = {table: value for table, value in margins.items() if not value >= 0}
    text = f"{len(margins) - len(below)} of {len(margins)} tables"
    yield row(name, asked, text, not below, listed(below, "+.4f"))


def _ranks(judged: Mapping[str, Standing]) -> Rows:
    asked = f"median rank at most {RANK:g} behind the better of {REALMLP} and {BOOSTING}"
    found = ranking(judged, [method for method in FIELD if method != FIRST])
    medians = found.ranks.median()
    if not {OURS, REALMLP, BOOSTING} <= set(medians.index) or found.ranks.empty:
        yield row("rank", asked, "", None)
    else:
        behind = medians[OURS] - min(medians[REALMLP], medians[BOOSTING])
        text = ", ".join(f"{method} {medians[method]:g}" for method in (OURS, REALMLP, BOOSTING))
        yield row("rank", asked, text, bool(behind <= RANK), f"{len(found.ranks)} tables")
    shares = {
        name: table.mean(OURS, "parameters") / table.mean(REALMLP, "parameters")
        for name, table in judged.items()
        if len(table.of(REALMLP))
    }
    asked = f"<= {SMALLER:g} of those of {REALMLP}, every table"
    if not shares:
        yield row("parameters", asked, "", None)
        return
    over = {name: value for name, value in shares.items() if not value <= SMALLER}
    text = f"median {np.nanmedian(list(shares.values())):.3f}, most {np.nanmax(list(shares.values())):.3f}"
    yield row("parameters", asked, text, not over, listed(over, ".2f"))


def _scores(judged: Mapping[str, Standing]) -> Rows:
    for name, least in SCORES.items():
        what = "R2" if name in ("airfoil", "concrete") else "accuracy"
        if name not in judged:
            yield row(name, f"{what} >= {least:g}", "", None)
            continue
        table = judged[name]
        score, error = table.mean(OURS), table.error(OURS)
        yield row(name, f"{what} >= {least:g}", f"{score:.4f} (s.e. {error:.4f})", bool(score >= least))


def _splits(published: pd.DataFrame | None) -> Rows:
    for name, most in SPLITS.items():
        rows = pd.DataFrame() if published is None else published[published["task"] == name]
        if rows.empty:
            yield row(f"splits, {name}", f"RMSE <= {most:g}", "", None)
            continue
        mean, error = rows["rmse"].mean(), rows["rmse"].std(ddof=1) / len(rows) ** 0.5
        text = f"{mean:.3f} (s.e. {error:.3f}) at {rows['units'].mean():.1f} units"
        yield row(f"splits, {name}", f"RMSE <= {most:g}", text, bool(mean <= most))


def _digits(judged: Mapping[str, Standing]) -> Rows:
    for least, most in DIGITS:
        asked = f"accuracy >= {least:.3f}" + (f" at <= {most:g} units" if np.isfinite(most) else "")
        if "digits" not in judged:
            yield row("digits", asked, "", None)
            continue
        score, units = judged["digits"].mean(OURS), judged["digits"].mean(OURS, "units")
        yield row("digits", asked, f"{score:.4f} at {units:.1f}", bool(score >= least and units <= most))


def _lines(judged: Mapping[str, Standing]) -> Rows:
    for name in LINES:
        asked = f"0 units, R2 >= that of a line less {AS_LEAST_SQUARES:g}"
        if name not in judged or judged[name].of(LINEAR).empty:
            yield row(name, asked, "", None)
            continue
        table = judged[name]
        units, score, line = table.mean(OURS, "units"), table.mean(OURS), table.mean(LINEAR)
        reached = bool(units == 0 and score >= line - AS_LEAST_SQUARES)
        yield row(name, asked, f"{units:.1f} units, {score:.4f} against {line:.4f}", reached)


def _spread(births: pd.DataFrame | None) -> Rows:
    yield from _spread_of(births, "width", "births", "width")
    beside = "(beside the targets) settled width"
    yield from _spread_of(births, "settled", "births, settled", beside)


def _spread_of(births: pd.DataFrame | None, column: str, words: str, what: str) -> Rows:
    for kind, most in SPREAD.items():
        name, asked = f"{words}, {kind}", f"{what} within {most:.0%} over starts and pools, every table"
        found = {} if births is None else spreads(births[births["kind"] == kind], column)
        if not found:
            yield row(name, asked, "", None)
            continue
        over = {table: value for table, value in found.items() if not value <= most}
        text = f"median {np.median(list(found.values())):.1%}, most {max(found.values()):.1%}"
        yield row(name, asked, text, not over, f"{len(found) - len(over)} of {len(found)}" + listed(over, ".1%"))


def _time(turns: pd.DataFrame | None) -> Rows:
    for what, most in SLOWER.items():
        name, asked = f"time / {what}", f"median <= {most:g}"
        if turns is None or turns.empty:
            yield row(name, asked, "", None)
            continue
        each = {str(table): ratios(rows)[what] for table, rows in turns.groupby("task", sort=False)}
        middle = float(np.median(list(each.values())))
        over = {table: value for table, value in each.items() if not value <= most}
        text = f"{middle:.2f}, {min(each.values()):.2f} to {max(each.values()):.2f}"
        yield row(name, asked, text, middle <= most, f"{len(each) - len(over)} of {len(each)}" + listed(over, ".2f"))


def _rounding(judged: Mapping[str, Standing]) -> Rows:
    name, asked = "rounding", "test loss lost <= one s.e. of the graded net's, every table"
    table = rounding_table(judged)
    if table.empty:
        yield row(name, asked, "", None)
        return
    lost = table.set_index("task")["in standard errors"]
    over = {str(task): float(value) for task, value in lost.items() if not value <= 1}
    text = f"median {lost.median():+.2f} standard errors, most {lost.max():+.2f}"
    yield row(name, asked, text, not over, f"{len(lost) - len(over)} of {len(lost)}" + listed(over, "+.2f"))


def listed(values: Mapping[str, float], form: str) -> str:
    """Tables by name, the worst first."""
    if not values:
        return ""
    ordered = sorted(values.items(), key=lambda pair: -abs(pair[1]))
    return ": " + ", ".join(f"{name} {value:{form}}" for name, value in ordered)
