"""The table of ratios, and the same as JSON."""

import json
from dataclasses import asdict
from math import isnan
from pathlib import Path

from rich.table import Table

from benchmarks.launch import CORETYPE, Setting
from benchmarks.rows import Measured, Row

Results = dict[str, list[Measured]]


def table(rows: list[Row], settings: list[Setting], results: Results) -> Table:
    """One line per row, one column per environment: median (least - largest), and a mark where there is a target."""
    lines = Table(
        title="Ratios, each of two things timed in turn in one process, one thread each, float32",
        caption=f"median (least - largest) of the repetitions; columns: {CORETYPE}",
    )
    for title in ("measured", "task", "target"):
        lines.add_column(title)
    for setting in settings:
        lines.add_column(setting.title, justify="right", no_wrap=True)
    for row in rows:
        cells = [_cell(row, setting, results[setting.title]) for setting in settings]
        lines.add_row(f"{row.title} [dim]({row.name})[/]", row.task, _target(row), *cells)
    return lines


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    sign = "<=" if row.at_most else ">="
    pinned = f", pinned {row.pinned:g}" if row.pinned not in (None, row.target) else ""
    return f"{sign} {row.target:g}{row.unit}{pinned}"


def _cell(row: Row, setting: Setting, results: list[Measured]) -> str:
    measured = next((m for m in results if (m.name, m.task) == (row.name, row.task)), None)
    if measured is None:
        return "[dim]not measured[/]"
    if isnan(measured.value):
        return "[bold red]failed[/]"
    spread = "" if measured.low == measured.high else f" ({_short(measured.low)} - {_short(measured.high)})"
    text = f"{_short(measured.value)}{row.unit}{spread}"
    if row.bound(setting.pinned) is None:
        return text
    return f"[bold red]{text} MISSED[/]" if row.missed(measured.value, setting.pinned) else f"[green]{text} ok[/]"


def _short(value: float) -> str:
    """Three digits.

    >>> _short(51.234), _short(0.3512), _short(123.4)
    ('51.2', '0.351', '123')
    """
    return f"{value:.3g}"


def write(path: Path, settings: list[Setting], rows: list[Row], results: Results) -> None:
    """Everything that was measured, with its targets."""
    targets = {(row.name, row.task): row for row in rows}
    lines = [
        {"environment": s.title, **asdict(m), "target": targets[m.name, m.task].bound(s.pinned)}
        for s in settings
        for m in results[s.title]
    ]
    finite = [{k: None if isinstance(v, float) and isnan(v) else v for k, v in line.items()} for line in lines]
    path.write_text(json.dumps(finite, indent=2) + "\n")
