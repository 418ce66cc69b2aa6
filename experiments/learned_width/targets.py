"""The targets of learned_width against what was measured."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .peers import PEERS
from .published import earlier
from .statistics import Oracle, oracle, paired
from .tasks import NOISY

Tables = Mapping[str, pd.DataFrame]
SPREAD = {"classification": 0.03, "regression": 0.06}
WORSE, WINS = -0.01, 3
NOISE_RATIO, SHARE = 2.0, 0.8
SLOWER = {"64 units": 1.4, "the oracle's width": 2.0}
DIGITS_SECONDS = 1.0
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
    """A row a target: measured, asked for, held or missed; those whose tasks were not run say so."""
    results = tables["results"]
    found = by_task(results)
    rows = [
        *_exact(found),
        *_starts(found),
        *_twins(found),
        *_noise(found),
        *_best(found),
        *_time(tables.get("clock"), found),
        *_peers(found),
    ]
    columns = ["target", "asked", "measured", "verdict", "detail"]
    return pd.DataFrame(rows, columns=columns)


def _row(name: str, asked: str, measured: str, held: bool | None, detail: str = "") -> dict[str, Any]:
    verdict = "not run" if held is None else "held" if held else "MISSED"
    return {"target": name, "asked": asked, "measured": measured, "verdict": verdict, "detail": detail}


def _exact(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    for name, (score, units) in EXACT.items():
        asked = f"accuracy >= {score:g} at <= {units} units"
        if name not in found:
            yield _row(name, asked, "", None)
            continue
        ours = _ours(found[name][0])
        got, at = ours["score"].mean(), ours["units"].mean()
        yield _row(name, asked, f"{got:.4f} at {at:.1f}", bool(got >= score and at <= units))


def _starts(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    for kind, most in SPREAD.items():
        spreads = {name: spread(rows) for name, (rows, _) in found.items() if rows["kind"].iloc[0] == kind}
        asked = f"<= {most:.0%} on every task"
        if not spreads:
            yield _row(f"starts, {kind}", asked, "", None)
            continue
        over = {name: value for name, value in spreads.items() if value > most}
        text = f"median {np.median(list(spreads.values())):.1%}, most {max(spreads.values()):.1%}"
        detail = f"{len(spreads) - len(over)} of {len(spreads)} tasks within" + _listed(over, ".1%")
        yield _row(f"starts, {kind}", asked, text, not over, detail)


def _twins(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    gaps = {name: paired(_ours(rows), rows[rows["method"] == "same_width"]) for name, (rows, _) in found.items()}
    worse = {name: gap.low for name, gap in gaps.items() if not gap.low > WORSE}
    better = {name: gap.low for name, gap in gaps.items() if gap.low > 0}
    least = min((gap.low for gap in gaps.values()), default=np.nan)
    text = f"lowest end {least:+.4f}, {len(gaps) - len(worse)} of {len(gaps)} tasks above"
    yield _row(
        "same width and steps: not worse", f"every interval > {WORSE:g}", text, not worse, _listed(worse, "+.3f")
    )
    asked = f"interval > 0 on >= {WINS} tasks"
    text = f"{len(better)} of {len(gaps)} tasks"
    yield _row("same width and steps: better", asked, text, len(better) >= WINS, _listed(better, "+.3f"))


def _noise(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    for name in NOISY:
        asked = f"width / oracle <= {NOISE_RATIO:g}"
        if name not in found:
            yield _row(name, asked, "", None)
            continue
        rows, best = found[name]
        width = _ours(rows)["width"].mean()
        text = f"{width / best.width:.2f} ({width:.2f} / {best.width:g} [{best.low:g}, {best.high:g}])"
        yield _row(name, asked, text, bool(width <= NOISE_RATIO * best.width))


def _best(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    short = {n: _ours(rows)["score"].mean() - best.enough for n, (rows, best) in found.items()}
    below = {name: value for name, value in short.items() if value < 0}
    share = 1 - len(below) / max(len(found), 1)
    clean = [name for name, (rows, _) in found.items() if not rows["tuned"].iloc[0]]
    detail = f"of fresh tasks {sum(name not in below for name in clean)} of {len(clean)}" + _listed(below, "+.4f")
    text = f"{len(found) - len(below)} of {len(found)} tasks"
    yield _row("score >= best - SE", f">= {SHARE:.0%} of tasks", text, share >= SHARE, detail)


def _time(clock: pd.DataFrame | None, found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    if clock is None:
        return
    each = {str(name): ratios(rows, found[str(name)][1].width) for name, rows in clock.groupby("task", sort=False)}
    for what, most in SLOWER.items():
        values = {name: ratio[what] for name, ratio in each.items()}
        over = {name: value for name, value in values.items() if value > most}
        text = (
            f"median {np.median(list(values.values())):.2f}, {min(values.values()):.2f} to {max(values.values()):.2f}"
        )
        detail = f"{len(values) - len(over)} of {len(values)} tasks within"
        yield _row(f"wall time / a fixed training of {what}", f"<= {most:g} on every task", text, not over, detail)
    own = clock[(clock["task"] == "digits") & (clock["what"] == "graded")]
    text = "" if own.empty else f"{own['wall'].median():.2f} s ({own['cpu'].median():.2f} s of processor)"
    held = None if own.empty else bool(own["wall"].median() <= DIGITS_SECONDS)
    yield _row("digits, whole fit", f"<= {DIGITS_SECONDS:g} s", text, held)


def _peers(found: Mapping[str, tuple[pd.DataFrame, Oracle]]) -> Iterator[dict[str, Any]]:
    """Peers of this run; where none was run, what was measured earlier stands there without a verdict."""
    for name in EXACT:
        if name not in found:
            continue
        rows = found[name][0]
        ours = _ours(rows)
        score, units = ours["score"].mean(), ours["units"].mean()
        run = rows[rows["method"].isin(list(PEERS)) & (rows["outcome"] == "ok")].groupby("method")
        there = {str(method): (own["units"].mean(), own["score"].mean()) for method, own in run}
        theirs = earlier(name) | there
        text = f"ours {score:.4f} at {units:.1f}: " + ", ".join(
            f"{method} {got:.4f} at {at:.1f}{'' if method in there else ' (measured earlier)'}"
            for method, (at, got) in theirs.items()
        )
        held = all(score > got and units <= at for at, got in theirs.values()) if there else None
        yield _row(f"peers, {name}", "ahead at no more units", text, held)


def _ours(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["method"] == "graded"]


def _listed(values: Mapping[str, float], form: str) -> str:
    if not values:
        return ""
    return ": " + ", ".join(
        f"{name} {value:{form}}" for name, value in sorted(values.items(), key=lambda pair: pair[1])
    )
