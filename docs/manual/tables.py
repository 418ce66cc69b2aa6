"""Recorded tables as Markdown, and the summaries that pages quote."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from continuum.analysis.tables import bounded
from manual.estimators import estimators
from manual.files import RESULTS, write

LEARNED = RESULTS / "learned_width"
PEERS = RESULTS / "learned_width_peers"
#: Starts of soft_vs_fuzzy below this many units count as from below.
BELOW = 2.0


def generate(folder: Path) -> None:
    """Write the tables that pages include."""
    write(folder / "methods.md", markdown(methods(LEARNED)))
    write(folder / "peers.md", markdown(peers(PEERS)))
    write(folder / "grid.md", markdown(grid(LEARNED)))
    write(folder / "laws.md", markdown(laws(RESULTS / "soft_vs_fuzzy")))
    write(folder / "estimators.md", markdown(estimators()))
    write(folder / "signals.md", markdown(signals(RESULTS / "capacity_signal")))


def cell(value: object) -> str:
    """A table's cell: four figures, and nothing that Markdown would take for its own.

    >>> cell(0.123456), cell(12345.0), cell(float("nan")), cell("a|b*")
    ('0.1235', '12345', '', 'a&#124;b\\\\*')
    """
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float):
        if np.isnan(value):
            return ""
        if np.isinf(value):
            return "∞"
        return f"{value:.0f}" if value == round(value) and abs(value) < 1e7 else f"{value:.4g}"
    if str(value)[:1] == str(value)[-1:] == "`":
        return str(value)
    if str(value).startswith(("MISSED", "FAILED", "failed", "refuted")):
        return f"**{value}**"
    text = str(value).replace("\\", "\\\\").replace("|", "&#124;").replace("<", "&lt;").replace("$", "\\$")
    return text.replace("*", "\\*").replace("_", "\\_").replace("`", "\\`")


def markdown(frame: pd.DataFrame, names: Mapping[str, str] | None = None) -> str:
    """A table in Markdown; ``names`` renames columns."""
    heads = [cell((names or {}).get(str(name), str(name).replace("_", " "))) for name in frame.columns]
    marks = ["---:" if _numeric(frame[name]) else "---" for name in frame.columns]
    rows = [[cell(value) for value in row] for row in frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [heads, marks, *rows]) + "\n"


def _numeric(column: pd.Series) -> bool:
    """Whether it holds numbers, or texts of numbers."""
    return bool(pd.to_numeric(column.replace("", np.nan), errors="coerce").notna().sum() == (column != "").sum())


def methods(run: Path) -> pd.DataFrame:
    """One row per method: its width over the oracle's, what its score lacks, how far its starts end apart, its time."""
    table, tasks = pd.read_csv(run / "methods.csv"), pd.read_csv(run / "tasks.csv").set_index("task")
    table["factor"] = table["width"] / table["task"].map(_first(tasks["oracle"]))
    ours = table[(table["method"] == "graded")].set_index(["task", "start"])["seconds"]
    rows = [_method(name, frame, ours) for name, frame in table.groupby("method", sort=False)]
    return pd.DataFrame(rows)


def _first(oracles: pd.Series) -> pd.Series:
    """The oracle's width in ``45 [45, 132]``."""
    return oracles.str.extract(r"^(\d+)")[0].astype(float)


def _method(name: object, frame: pd.DataFrame, ours: pd.Series) -> dict[str, object]:
    one = frame[(frame["start"] == 8) | frame["start"].isna()]
    low, high = _ends(one["ours minus it"].dropna())
    starts = frame.groupby("task")["width"].agg(lambda widths: widths.max() / widths.min())
    several = starts[frame.groupby("task")["start"].nunique() > 1]
    seconds = one.set_index("task")["seconds"] / ours.xs(8, level="start")
    return {
        "method": f"`{name}`",
        "tasks": frame["task"].nunique(),
        "width / oracle's, median": "" if one["start"].isna().all() else f"{one['factor'].median():.2f}",
        "widest / narrowest of 3 starts, median": f"{several.median():.2f}" if len(several) else "",
        "graded better": int((low > 0).sum()) if len(low) else "",
        "graded worse": int((high < 0).sum()) if len(high) else "",
        "seconds / graded's, median": f"{seconds.median():.2f}",
    }


def _ends(differences: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of intervals such as ``+0.0084 [+0.0021, +0.0148]``."""
    pairs = [text.partition("[")[2].rstrip("]").split(",") for text in differences]
    ends = np.array(pairs, dtype=float).reshape(-1, 2)
    return ends[:, 0], ends[:, 1]


def peers(run: Path) -> pd.DataFrame:
    """Growing packages on the folds of the learned width."""
    table = pd.read_csv(run / "peers.csv")
    columns = ["task", "method", "units", "score", "seconds", "from", "ours minus it"]
    shown = table[columns].fillna({"from": "this run, 10 folds", "ours minus it": ""})
    return shown.rename(columns={"from": "measured"})


def grid(run: Path) -> pd.DataFrame:
    """One row per task: the learned width beside the grid's oracle."""
    table = pd.read_csv(run / "tasks.csv")
    columns = {
        "task": "task",
        "oracle": "oracle [10 %, 90 %]",
        "units": "learned units",
        "score": "learned score",
        "best - SE": "best of the grid less 1 s.e.",
        "minus same width": "minus a fixed twin",
    }
    return table[list(columns)].rename(columns=columns).round({"score": 4})


def signals(run: Path) -> pd.DataFrame:
    """Which method tells whether a unit helps, on the linear and the square-root gate, and what no gradient tells."""
    table = pd.read_csv(run / "seen.csv")
    table = table[table["geometry"].isin(["linear", "root", "none"])]
    names = {"linear": "linear", "root": "square root", "none": "(no gradient)"}
    ends = {name: table[[name, f"{name}_low", f"{name}_high"]].to_numpy() for name in ("balanced", "separated")}
    words = {"balanced": "balanced accuracy [95 %]", "separated": "area under the curve [95 %]"}
    shown = {words[name]: [bounded(*numbers, ".2f") for numbers in ends[name]] for name in ends}
    rest = table[["silent", "answered"]].map("{:.2f}".format)
    head = table[["method"]].assign(gate=table["geometry"].map(names))[["gate", "method"]]
    return head.assign(**shown, silent=rest["silent"], answered=rest["answered"], gradients=table["price"])


def laws(run: Path) -> pd.DataFrame:
    """One row per law and norm: where it stops, as a multiple of the needed width, and how good its networks are."""
    table = pd.read_csv(run / "networks.csv")
    ratio = np.log(table["width"].clip(lower=0.25) / table["needed"])
    side = np.where(table["start"] < BELOW, "from below", "from above")
    means = np.exp(ratio.groupby([table["law"], side], sort=False).mean().unstack())[["from below", "from above"]]
    scores = table.groupby("law", sort=False)[["found", "score", "rounded_score"]].mean()
    names = {"found": "found within 1/2", "rounded_score": "score, rounded"}
    summary = means.join(scores).loc[list(table["law"].unique())].rename(columns=names).reset_index()
    columns = {name: summary[name].map("{:.2f}".format) for name in summary.columns if name != "law"}
    return summary.assign(**columns, law="`" + summary["law"] + "`")
