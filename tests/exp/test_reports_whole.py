"""Every experiment's report from its recorded rows: at any width, and in a file, all numbers are there."""

import io
import re
import shlex
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from rich.table import Table

from continuum.analysis.sheet import Sheet
from continuum.analysis.tables import bounded, terminal_table
from continuum.exp import presets, registry
from continuum.exp.printing import show
from continuum.exp.report.run import finished
from continuum.exp.verdicts import NONE

RECORDED = Path(__file__).parents[2] / "paper" / "results"
NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?%?")
#: What makes the tables of a report; where a run keeps them as CSV, they are read instead of computed for minutes.
MAKERS = {"capacity_signal": "summaries"}
JUDGED = re.compile(r"\b(refuted|undecided|rejected|MISSED|held$)")


def runs():
    return sorted(path.parent for path in RECORDED.glob("*/manifest.json"))


@cache
def recorded(folder):
    """Experiment, run, configuration, and the tables of the report that are kept."""
    run = finished(folder)
    words = shlex.split(run.manifest["command"])[3:]
    experiment = registry.load(words[0])
    config = presets.config(experiment, presets.chosen(words) or "paper")
    return experiment, run, config, {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}


@pytest.fixture(params=runs(), ids=lambda folder: folder.name)
def reported(request, monkeypatch):
    """A function that gives the parts of the report, of a preset."""
    experiment, run, config, frames = recorded(request.param)
    if frames:
        module = import_module(f"{experiment.module_name}.report")
        monkeypatch.setattr(module, MAKERS.get(experiment.name, "frames"), lambda tables: frames)
    return lambda preset=config.preset: experiment.module.report(run.tables, replace(config, preset=preset))


def printed(parts, width):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for part in parts:
        console.print(part)
    return console.file.getvalue()


def lost(parts, width):
    """Numbers of the wide print that the narrow one lacks."""
    wide, narrow = (Counter(NUMBER.findall(printed(parts, columns))) for columns in (2000, width))
    return wide - narrow


def test_no_number_is_cut(reported):
    parts = reported()
    wide = Counter(NUMBER.findall(printed(parts, 2000)))
    assert len(wide) > 10
    for width in (60, 80, 120):
        narrow = printed(parts, width)
        assert "…" not in narrow
        assert not wide - Counter(NUMBER.findall(narrow)), width
        assert max(map(len, narrow.splitlines())) <= width


def test_a_file_gets_the_tables_as_wide_as_they_are(reported, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    console = Console(file=io.StringIO(), width=80)
    parts = reported()
    for part in parts:
        show(console, part)
    assert console.file.getvalue() == printed(parts, 2000)


def test_a_quick_run_judges_nothing(reported):
    usual, quick = printed(reported(), 2000), printed(reported("quick"), 2000)
    assert not JUDGED.search(quick)
    assert not JUDGED.search(usual) or NONE in quick
    assert not re.search(r"\[\s*,|,\s*\]|\bnan\b", usual + quick)


def test_a_plain_table_would_fail():
    frame = pd.DataFrame({f"quantity_{n}": [0.123456789 * n, 1234.5] for n in range(1, 12)})
    plain = Table(*frame.columns)
    for row in frame.to_numpy():
        plain.add_row(*map(str, row))
    assert lost([plain], 80)
    assert not lost([terminal_table("quantities", frame)], 80)


def test_blocks_repeat_what_tells_rows_apart():
    frame = pd.DataFrame({"task": ["a", "a", "b"], "law": ["x", "y", "x"], **{f"c{n}": [1.25] * 3 for n in range(30)}})
    blocks = printed([terminal_table("all", frame)], 60)
    assert blocks.count("law") == blocks.count("task") > 1
    assert "columns" in blocks
    assert blocks.count("c7 ") == 1


def test_cells_are_text_whatever_they_hold():
    sheet = Sheet("task", "path[/b]", title="[red]no markup[/]")
    sheet.add_row("a[/x].csv", "\x1b[31m:smile: \u202e")
    plain = printed([sheet], 80)
    for word in ("path[/b]", "[red]no markup[/]", "a[/x].csv", r"\x1b[31m:smile: \u202e"):
        assert word in plain
    assert "\x1b" not in plain


@pytest.mark.parametrize("columns", [1, 2, 3, 10, 200])
@pytest.mark.parametrize("width", [10, 24, 80])
def test_any_shape_has_a_form(columns, width):
    rng = np.random.default_rng(columns)
    frame = pd.DataFrame({f"column {n}": rng.normal(size=2) for n in range(columns)})
    text = printed([terminal_table("", frame)], width)
    if width > 24:
        assert not lost([terminal_table("", frame)], width)
    assert max(map(len, text.splitlines())) <= max(width, 12)
    assert printed([terminal_table("empty", frame.iloc[:0])], width)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((1.0, 0.6306, 1.0), "1 (at least 0.6306)"),
        ((2.0, np.nan, np.nan), "2"),
        ((np.nan, np.nan, np.nan), ""),
        ((1.0, 1.0, 1.0), "1 [1, 1]"),
        ((0.5, 0.25, 0.75), "0.5 [0.25, 0.75]"),
    ],
)
def test_an_interval_says_what_it_is(ends, said):
    assert bounded(*ends) == said
