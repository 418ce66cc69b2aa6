"""soft_vs_fuzzy: where the laws of width stop, and that the gate of the interval changes little in trained networks."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from continuum_experiments.soft_vs_fuzzy.predictions import BELOW, SHARE_MARGIN
from continuum_experiments.soft_vs_fuzzy.trained import FACTOR, SCORE

from paper.number import Number, count, fixed, percent
from paper.results import Results

NAME = "soft_vs_fuzzy"
#: Rules whose units are ordered, and grades that are free, in the geometry in which the theorems hold.
ORDERED, FREE, SAMPLED = ("interval", "soft", "annealed"), ("fuzzy/l2", "fuzzy/root"), ("bernoulli/l2", "systematic/l2")
#: Macro of a law whose ratio to the needed width is quoted; of a gate that is compared with the linear one.
RATIOS = {"Linear": "interval/euclidean", "Root": "interval/root", "Metric": "interval/l2"}
GATES = {"Root": "interval/root", "Metric": "interval/l2"}


def numbers(results: Results) -> Iterator[Number]:
    """Outcomes, shares, ratios, and the null of the gate."""
    yield from _outcomes(results)
    table = results.table(NAME, "predictions")
    for name, laws in (("fuzzyGradesPredicted", FREE), ("fuzzySampledPredicted", SAMPLED)):
        rows = table[table["law"].isin(laws)]
        share = float((rows["measured"] * rows["n"]).sum() / rows["n"].sum()) if len(rows) else np.nan
        yield _share(results, name, share, "predictions", f"{', '.join(laws)}: share within 1/2")
    yield from _readouts(results)
    yield from _networks(results)
    yield from _gates(results)


def _outcomes(results: Results) -> Iterator[Number]:
    verdicts, settings = results.table(NAME, "verdicts"), results.table(NAME, "predictions")
    source = results.source(NAME, "verdicts", "column outcome")
    yield Number("fuzzyTests", count(len(verdicts)), source)
    for word in ("shown", "refuted", "undecided"):
        yield Number(f"fuzzy{word.title()}", count((verdicts["outcome"] == word).sum()), source)
    problems = verdicts[verdicts["order"] != "fresh"]
    yield Number("fuzzyProblems", count(problems["n"].max()), results.source(NAME, "verdicts", "column n"))
    yield Number("fuzzyShareLeast", percent(1 - SHARE_MARGIN), "experiments/soft_vs_fuzzy/predictions.py")
    power = float(problems["nearly"].max())
    yield Number("fuzzyNearlyPower", fixed(power, 2), results.source(NAME, "verdicts", "column nearly"))
    source = results.source(NAME, "predictions", "column measured")
    yield Number("fuzzySettings", count(len(settings)), source)
    yield Number("fuzzySettingsAgree", count((settings["measured"] >= 1 - SHARE_MARGIN).sum()), source)
    fresh = verdicts[verdicts["order"] == "fresh"].set_index("law")
    for name, case in (("fuzzyFreshInterval", "interval at an integer"), ("fuzzyFreshExact", "bernoulli, exact")):
        for suffix, column in (("", "measured"), ("Low", "low"), ("High", "high")):
            value = float(fresh[column].get(case, np.nan))
            yield Number(name + suffix, fixed(value, 3), results.source(NAME, "verdicts", case))


def _readouts(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "readouts")
    table = table[table["optimizer"] == "gd"]
    rule = table["law"].str.partition("/")[0]
    below = table[rule.isin(ORDERED) & (table["order"] == "shuffled") & (table["start"] < BELOW)]
    yield _share(results, "fuzzyOrderedShuffled", float(below["found"].mean()), "readouts", "ordered, shuffled, below")
    free = table[table["law"].isin(FREE) & (table["price"] == table["price"].max())]
    for name, column in (("fuzzyEffective", "width"), ("fuzzyLive", "live")):
        ratio = float((free[column] / free["needed"]).mean())
        yield _share(results, name, ratio, "readouts", f"{', '.join(FREE)}: {column} / needed, higher price")


def _networks(results: Results) -> Iterator[Number]:
    table = results.table(NAME, "ratios")
    below: pd.Series = table.loc[table["side"] == "below", "ratio"]
    source = results.source(NAME, "ratios", "width / needed from below, geometric mean of each law")
    yield Number("fuzzyNetworkLow", fixed(float(below.min()), 2), source)
    yield Number("fuzzyNetworkHigh", fixed(float(below.max()), 2), source)
    for word, law in RATIOS.items():
        for side in ("below", "above"):
            row = table[(table["law"] == law) & (table["side"] == side)]
            source = results.source(NAME, "ratios", f"{law}, from {side}")
            for suffix in ("", "_low", "_high"):
                value = float(row[f"ratio{suffix}"].iloc[0]) if len(row) else np.nan
                name = f"fuzzyRatio{word}{side.title()}{suffix[1:].title()}"
                yield Number(name, fixed(value, 2), source)


def _gates(results: Results) -> Iterator[Number]:
    """The same networks with another gate: width over that of linear gates, score minus theirs, over tasks."""
    table = results.table(NAME, "gates")
    yield Number("fuzzyGateFactor", f"{FACTOR:g}", "experiments/soft_vs_fuzzy/trained.py")
    yield Number("fuzzyGateScoreMargin", f"{SCORE:g}", "experiments/soft_vs_fuzzy/trained.py")
    tasks = table["tasks"].max() if len(table) else np.nan
    yield Number("fuzzyGateTasks", count(tasks), results.source(NAME, "gates", "column tasks"))
    for word, law in GATES.items():
        for side in ("below", "above", "both"):
            row = table[(table["law"] == law) & (table["side"] == side)] if len(table) else table
            source = results.source(NAME, "gates", f"{law}, {side}")
            for column, digits in (("ratio", 2), ("score", 4)):
                for suffix in ("", "_low", "_high", "_power"):
                    value = float(row[column + suffix].iloc[0]) if len(row) else np.nan
                    name = f"fuzzyGate{word}{side.title()}{column.title()}{suffix[1:].title()}"
                    yield Number(name, fixed(value, 2 if suffix == "_power" else digits), source)


def _share(results: Results, name: str, value: float, table: str, row: str) -> Number:
    return Number(name, percent(value), results.source(NAME, table, row))
