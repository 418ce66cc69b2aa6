"""The targets of learned_width against what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from continuum.exp.experiment import Tables

from .peers import PEERS
from .published import earlier
from .statistics import Oracle, oracle, paired
from .tasks import NOISY

TaskRows = Mapping[str, tuple[pd.DataFrame, Oracle]]
#: Most spread of the mean widths of the starts, by kind of task.
SPREAD = {"classification": 0.03, "regression": 0.06}
#: Lowest end of an interval that counts as not worse, and tasks on which the learned width must be better.
WORSE, WINS = -0.01, 3
#: Most width in oracles on tasks of known Bayes error, and least share of tasks with a score near the best.
NOISE_RATIO, SHARE = 2.0, 0.8
#: Most wall clock of a whole fit in trainings of one fixed network.
SLOWER = {"64 units": 1.4, "the oracle's width": 2.0}
#: Most seconds of a fit of digits.
DIGITS_SECONDS = 1.0
#: Least accuracy and most units of two tasks.
EXACT = {"digits": (0.975, 24), "two_spirals": (0.995, 16)}


def by_task(results: pd.DataFrame) -> dict[str, tuple[pd.DataFrame, Oracle]]:
    """Rows and oracle of every task, in the order of the run."""
    return {
        str(name): (rows, oracle(rows[rows["method"] == "fixed"])) for name, rows in results.groupby("task", sort=False)
    }


def spread(rows: pd.DataFrame) -> float:
    """Range of the mean widths of the starts over their mean."""
    means = rows[rows["method"] == "graded"].groupby("start")["width"].mean()
    return float((means.max() - means.min()) / means.mean())


def ratios(clock: pd.DataFrame, width: float) -> dict[str, float]:
    """Wall clock of a whole fit over that of one fixed training, medians of turns."""
    times = clock.groupby(["what", "units"])["wall"].median()
    ladder = times["fixed"]
    at = float(np.interp(np.log(width), np.log(ladder.index.to_numpy(float)), ladder.to_numpy(float)))
    fit = float(times["graded", 0])
    return {
        "64 units": fit / float(ladder[64]),
        "the oracle's width": fit / at,
        "64 units, same steps": fit / float(times["fixed, same steps", 64]),
        "64 units, PyTorch loop": fit / float(times["torch", 64]),
    }


def targets(tables: Tables) -> pd.DataFrame:
    """One row per target: what it demands, what was measured, whether it held or was not run."""
    results = tables["results"]
    tasks = by_task(results)
    rows = [
        *_exact(tasks),
        *_starts(tasks),
        *_twins(tasks),
        *_noise(tasks),
        *_best(tasks),
        *_time(tables.get("clock"), tasks),
        *_peers(tasks),
    ]
    columns = ["target", "asked", "measured", "verdict", "detail"]
    return pd.DataFrame(rows, columns=columns)


def _row(name: str, demand: str, measured: str, reached: bool | None, detail: str = "") -> dict[str, Any]:
    verdict = "not run" if reached is None else "held" if reached else "MISSED"
    return {"target": name, "asked": demand, "measured": measured, "verdict": verdict, "detail": detail}


def _exact(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for name, (score, units) in EXACT.items():
        demand = f"accuracy >= {score:g} at <= {units} units"
        if name not in tasks:
            yield _row(name, demand, "", None)
            continue
        graded = _graded(tasks[name][0])
        accuracy, size = graded["score"].mean(), graded["units"].mean()
        yield _row(name, demand, f"{accuracy:.4f} at {size:.1f}", bool(accuracy >= score and size <= units))


def _starts(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for kind, most in SPREAD.items():
        spreads = {name: spread(rows) for name, (rows, _) in tasks.items() if rows["kind"].iloc[0] == kind}
        demand = f"<= {most:.0%} on every task"
        if not spreads:
            yield _row(f"starts, {kind}", demand, "", None)
            continue
        over = {name: value for name, value in spreads.items() if value > most}
        text = f"median {np.median(list(spreads.values())):.1%}, most {max(spreads.values()):.1%}"
        detail = f"{len(spreads) - len(over)} of {len(spreads)} tasks within" + _listed(over, ".1%")
        yield _row(f"starts, {kind}", demand, text, not over, detail)


def _twins(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    gaps = {name: paired(_graded(rows), rows[rows["method"] == "same_width"]) for name, (rows, _) in tasks.items()}
    worse = {name: gap.low for name, gap in gaps.items() if not gap.low > WORSE}
    better = {name: gap.low for name, gap in gaps.items() if gap.low > 0}
    least = min((gap.low for gap in gaps.values()), default=np.nan)
    text = f"lowest end {least:+.4f}, {len(gaps) - len(worse)} of {len(gaps)} tasks above"
    yield _row(
        "same width and steps: not worse", f"every interval > {WORSE:g}", text, not worse, _listed(worse, "+.3f")
    )
    demand = f"interval > 0 on >= {WINS} tasks"
    text = f"{len(better)} of {len(gaps)} tasks"
    yield _row("same width and steps: better", demand, text, len(better) >= WINS, _listed(better, "+.3f"))


def _noise(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    for name in NOISY:
        demand = f"width / oracle <= {NOISE_RATIO:g}"
        if name not in tasks:
            yield _row(name, demand, "", None)
            continue
        rows, best = tasks[name]
        width = _graded(rows)["width"].mean()
        text = f"{width / best.width:.2f} ({width:.2f} / {best.width:g} [{best.low:g}, {best.high:g}])"
        yield _row(name, demand, text, bool(width <= NOISE_RATIO * best.width))


def _best(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    margins = {n: _graded(rows)["score"].mean() - best.enough for n, (rows, best) in tasks.items()}
    below = {name: value for name, value in margins.items() if value < 0}
    share = 1 - len(below) / max(len(tasks), 1)
    clean = [name for name, (rows, _) in tasks.items() if not rows["tuned"].iloc[0]]
    detail = f"of fresh tasks {sum(name not in below for name in clean)} of {len(clean)}" + _listed(below, "+.4f")
    text = f"{len(tasks) - len(below)} of {len(tasks)} tasks"
    yield _row("score >= best - SE", f">= {SHARE:.0%} of tasks", text, share >= SHARE, detail)


def _time(clock: pd.DataFrame | None, tasks: TaskRows) -> Iterator[dict[str, Any]]:
    if clock is None:
        return
    each = {str(name): ratios(rows, tasks[str(name)][1].width) for name, rows in clock.groupby("task", sort=False)}
    for what, most in SLOWER.items():
        values = {name: ratio[what] for name, ratio in each.items()}
        over = {name: value for name, value in values.items() if value > most}
        text = (
            f"median {np.median(list(values.values())):.2f}, {min(values.values()):.2f} to {max(values.values()):.2f}"
        )
        detail = f"{len(values) - len(over)} of {len(values)} tasks within"
        yield _row(f"wall time / a fixed training of {what}", f"<= {most:g} on every task", text, not over, detail)
    digits = clock[(clock["task"] == "digits") & (clock["what"] == "graded")]
    text = "" if digits.empty else f"{digits['wall'].median():.2f} s ({digits['cpu'].median():.2f} s of processor)"
    reached = None if digits.empty else bool(digits["wall"].median() <= DIGITS_SECONDS)
    yield _row("digits, whole fit", f"<= {DIGITS_SECONDS:g} s", text, reached)


def _peers(tasks: TaskRows) -> Iterator[dict[str, Any]]:
    """Peers of this run; where none was run, what was measured earlier stands there without a verdict."""
    for name in EXACT:
        if name not in tasks:
            continue
        rows = tasks[name][0]
        graded = _graded(rows)
        score, units = graded["score"].mean(), graded["units"].mean()
        groups = rows[rows["method"].isin(list(PEERS)) & (rows["outcome"] == "ok")].groupby("method")
        in_run = {str(method): (frame["units"].mean(), frame["score"].mean()) for method, frame in groups}
        peers = earlier(name) | in_run
        text = f"ours {score:.4f} at {units:.1f}: " + ", ".join(
            f"{method} {accuracy:.4f} at {size:.1f}{'' if method in in_run else ' (measured earlier)'}"
            for method, (size, accuracy) in peers.items()
        )
        reached = all(score > accuracy and units <= size for size, accuracy in peers.values()) if in_run else None
        yield _row(f"peers, {name}", "ahead at no more units", text, reached)


def _graded(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["method"] == "graded"]


def _listed(values: Mapping[str, float], form: str) -> str:
    if not values:
        return ""
    return ": " + ", ".join(
        f"{name} {value:{form}}" for name, value in sorted(values.items(), key=lambda pair: pair[1])
    )
