"""learned_width beside others: published errors on the same splits, and packages that grow a width."""

from collections.abc import Iterator

import pandas as pd

from continuum.errors import BadInput
from paper.number import MISSING, Number, fixed
from paper.results import Results
from paper.tex import escape

NAME = "learned_width"
SPLITS = (("Concrete", "concrete"), ("Energy", "energy_heating"), ("Yacht", "yacht"))
PUBLISHED = "MC dropout 1x50, tuned a split"
LABELS = {"ours": "learned", "gromo": "TINY", "gal": "GAL"}


def numbers(results: Results) -> Iterator[Number]:
    """Test RMSE, ours and published; and a sentence on the peers, where they were run."""
    yield from _splits(results)
    yield from _peers(results)


def _splits(results: Results) -> Iterator[Number]:
    try:
        table = results.table(NAME, "splits")
    except BadInput:  # a quick run has no such tasks
        table = pd.DataFrame(columns=["task", "method", "rmse", "spread"])
    for name, task in SPLITS:
        for suffix, method in (("", "learned width"), ("Published", PUBLISHED)):
            row = table[(table["task"] == task) & (table["method"] == method)]
            source = f"{NAME}/splits.csv, {task}, {method}"
            for ending, column in (("", "rmse"), ("Error", "spread")):
                shown = fixed(float(row[column].iloc[0]), 2) if len(row) else MISSING
                yield Number(f"learned{name}{suffix}{ending}", shown, source)


def _peers(results: Results) -> Iterator[Number]:
    run = f"{NAME}_peers"
    if run not in results.runs:
        yield Number("learnedPeers", "no run is recorded.", "paper/results has no run of the peers")
        return
    table = results.table(run, "peers")
    sentences = [_sentence(str(task), rows) for task, rows in table.groupby("task", sort=False)]
    yield Number("learnedPeers", "; ".join(sentences) + ".", results.source(run, "peers", "scores and units by task"))


def _sentence(task: str, rows: pd.DataFrame) -> str:
    """A sentence: who reached what score at how many units; those measured in this run alone."""
    measured_here = rows[(rows["method"] == "ours") | rows["from"].astype(str).str.startswith("this run")]
    each = [
        f"{LABELS.get(row['method'], row['method'])} {fixed(row['score'], 3)} at {fixed(row['units'], 1)}"
        for _, row in measured_here.iterrows()
    ]
    return f"on {escape(task.replace('_', ' '))}: {', '.join(each) or MISSING} units"
