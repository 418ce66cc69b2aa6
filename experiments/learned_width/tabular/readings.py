"""What the numbers of the preset ``tabular`` say: estimates with intervals over tables, beside a blind rule."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.statistics import ConfidenceInterval, share_interval
from continuum.exp.experiment import Tables

from ..readings import COLUMNS, SCORE, same, sign
from ..readings import row as reading
from .bootstrap import over_tables
from .calibration import errors_by_method
from .opponents import REALMLP
from .ranks import FIELD
from .rounding import rounding_table
from .standings import Standing, one_width, standings
from .targets import SHARE, SLOWER
from .turns_table import ratios
from .variants import FIRST, OURS

Rows = Iterator[dict[str, Any]]
#: What the grid is that a bar is the best of.
BARS = {"chosen": "the same encoding", "either": "the better encoding"}


def readings(tables: Tables) -> pd.DataFrame:
    """One row per statement; ``blind`` is the same number of a ``rule`` that does not look at the table."""
    judged = standings(tables["tabular"])
    parts = [_bars(judged), _methods(judged), _losses(judged), _beliefs(tables.get("bins")), _sizes(judged)]
    parts += [_rounding(judged), _times(tables.get("turns"))]
    return pd.DataFrame([row for part in parts for row in part], columns=COLUMNS)


def _bars(judged: Mapping[str, Standing]) -> Rows:
    """Ours against the best width of the grid, beside one width for every table."""
    known = {name: table for name, table in judged.items() if "chosen" in table.oracles}
    if len(known) < 2:
        return
    rule, scores = one_width(known)
    chosen = [table.mean(OURS) - float(table.elsewhere("either").mean()) for table in known.values()]
    blind = float(np.mean([scores["score"].get(n, np.nan) - t.elsewhere("either").mean() for n, t in known.items()]))
    yield same("score less that of the net that is best on other folds", chosen, SCORE, (blind, rule))
    for bar, words in BARS.items():
        best = {name: table.oracles[bar] for name, table in known.items()}
        gaps = [table.mean(OURS) - best[name].best for name, table in known.items()]
        blind = float(np.mean([scores["score"].get(name, np.nan) - found.best for name, found in best.items()]))
        yield same(f"score less the best of the grid, {words}", gaps, SCORE, (blind, rule))
        within = sum(table.mean(OURS) >= best[name].enough for name, table in known.items())
        share = share_interval(within, len(known))
        said = "shown" if share.low > SHARE else "refuted" if share.high < SHARE else "undecided"
        blind = float(np.mean([scores["score"].get(name, np.nan) >= found.enough for name, found in best.items()]))
        name = f"share of tables within s.e. of it, {words}"
        yield reading(name, "tables", share, said, (blind, rule)) | {"n": len(known), "margin": SHARE}


def _methods(judged: Mapping[str, Standing]) -> Rows:
    """Ours less each of the others, beside one width for every table less it."""
    gridded = {name: table for name, table in judged.items() if table.oracles}
    if len(gridded) < 2:
        return
    rule, scores = one_width(gridded)
    for method in FIELD[1:]:
        gaps = {name: table.gap(OURS, method).mean for name, table in judged.items() if len(table.of(method))}
        if len(gaps) > 1:
            found = over_tables(gaps)
            known = {name: scores["score"].get(name, np.nan) - judged[name].mean(method) for name in gaps}
            blind = float(np.nanmean(list(known.values()))), rule
            yield reading(f"score less that of {method}", "tables", found, sign(found), blind) | {"n": len(gaps)}


def _losses(judged: Mapping[str, Standing]) -> Rows:
    """Log-loss of each of the others less ours, on classes."""
    classes = {name: table for name, table in judged.items() if table.kind == "classification"}
    for method in FIELD[1:]:
        gaps = {n: -table.gap(OURS, method, "loss").mean for n, table in classes.items() if len(table.of(method))}
        if len(gaps) > 1:
            found = over_tables(gaps)
            name = f"log-loss of {method} less ours"
            yield reading(name, "tables of classes", found, sign(found)) | {"n": len(gaps)}


def _beliefs(bins: pd.DataFrame | None) -> Rows:
    """Calibration error of each of the others less ours."""
    if bins is None or bins.empty:
        return
    errors = errors_by_method(bins)
    for method in [name for name in FIELD[1:] if name in errors and OURS in errors]:
        apart = (errors[method] - errors[OURS]).dropna()
        gaps = {str(task): float(gap) for task, gap in apart.items()}
        if len(gaps) > 1:
            found = over_tables(gaps)
            name = f"calibration error of {method} less ours"
            yield reading(name, "tables of classes", found, sign(found)) | {"n": len(gaps)}


def _sizes(judged: Mapping[str, Standing]) -> Rows:
    """Units and parameters in those of others, as geometric means."""
    for method, column in ((FIRST, "parameters"), (REALMLP, "parameters")):
        logs = {
            name: math.log(table.mean(OURS, column) / table.mean(method, column))
            for name, table in judged.items()
            if len(table.of(method)) and len(table.of(OURS))
        }
        if len(logs) > 1:
            found = over_tables(logs)
            name = f"{column} over those of {method}"
            outcome = sign(ConfidenceInterval(-found.mean, -found.high, -found.low))
            yield reading(name, "tables", tuple(map(math.exp, found)), outcome) | {"n": len(logs)}


def _rounding(judged: Mapping[str, Standing]) -> Rows:
    table = rounding_table(judged)
    if len(table) < 2:
        return
    found = over_tables(dict(zip(table["task"], table["in standard errors"], strict=True)))
    column = "to the width: in standard errors"
    blind = (float(table[column].mean()), "rounding to the width") if column in table else (np.nan, "")
    said = "shown" if found.high < 1 else "refuted" if found.low > 1 else "undecided"
    name = "loss that rounding costs, in standard errors"
    yield reading(name, "tables", found, said, blind) | {"n": len(table), "margin": 1}


def _times(turns: pd.DataFrame | None) -> Rows:
    if turns is None or turns["task"].nunique() < 2:
        return
    each = {str(name): ratios(rows) for name, rows in turns.groupby("task", sort=False)}
    for what, most in SLOWER.items():
        found = over_tables({name: ratio[what] for name, ratio in each.items()}, np.median)
        said = "shown" if found.high < most else "refuted" if found.low > most else "undecided"
        name = f"median time of a fit over {what}"
        yield reading(name, "tables", found, said) | {"n": len(each), "margin": most}
