"""Tables as text: in files beside the figures, and in a terminal; numbers in few letters."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE

from continuum.analysis.sheet import Sheet
from continuum.storage import write_whole


def write_tables(frames: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write every table as NAME.csv and NAME.md; return the paths."""
    paths = []
    for name, frame in frames.items():
        for suffix, text in (("csv", frame.to_csv(index=False)), ("md", markdown(frame))):
            paths.append(folder / f"{name}.{suffix}")
            write_whole(paths[-1], text.encode())
    return paths


def markdown(frame: pd.DataFrame) -> str:
    r"""A frame as a Markdown table, numbers to four digits, and nothing where there is none.

    >>> print(markdown(pd.DataFrame({"x": [0.123456], "y": ["a|b"]})))
    | x | y |
    | --- | --- |
    | 0.1235 | a\|b |
    <BLANKLINE>
    """
    lines = [list(frame.columns), ["---"] * frame.shape[1], *frame.itertuples(index=False)]
    # Bars would end a cell.
    return "".join("| " + " | ".join(cell(value).replace("|", "\\|") for value in line) + " |\n" for line in lines)


def terminal_table(title: str, frame: pd.DataFrame, caption: str | None = None) -> Sheet:
    """A frame as a table of ``rich``: numbers to four digits, ``_`` as a space; no cell is cut, however narrow.

    >>> table = terminal_table("widths", pd.DataFrame({"task_name": ["iris"], "gamma": [2 / 3]}))
    >>> [(column.header, list(column.cells)) for column in table.columns]
    [('task name', ['iris']), ('gamma', ['0.6667'])]
    """
    table = Sheet(title=title, caption=caption, title_justify="left", padding=(0, 0), box=SIMPLE)
    for name in frame.columns:
        table.add_column(str(name).replace("_", " "))
    for row in frame.to_numpy():
        table.add_row(*map(cell, row))
    return table


def cell(value: object) -> str:
    """A number to four digits, nothing for NaN, anything else as it is.

    >>> cell(2 / 3), cell(float("nan")), cell(None), cell(7)
    ('0.6667', '', '', '7')
    """
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)


def bounded(mean: float, low: float, high: float, form: str = ".4g") -> str:
    """A number with its interval: none where there is none, and one bound where the number is at the other end.

    >>> bounded(0.5, 0.49213, 1.0), bounded(2.0, float("nan"), float("nan")), bounded(0.01, -0.002, 0.022, "+.3f")
    ('0.5 [0.4921, 1]', '2', '+0.010 [-0.002, +0.022]')
    >>> bounded(1.0, 0.6306, 1.0), bounded(0.0, 0.0, 0.4593)  # 8 of 8, and none of 6
    ('1 (at least 0.6306)', '0 (at most 0.4593)')
    """
    if np.isnan(mean):
        return ""
    if np.isnan(low) or np.isnan(high):
        return f"{mean:{form}}"
    if low < mean == high:
        return f"{mean:{form}} (at least {low:{form}})"
    if low == mean < high:
        return f"{mean:{form}} (at most {high:{form}})"
    return f"{mean:{form}} [{low:{form}}, {high:{form}}]"


def short_count(number: float) -> str:
    """A count in few letters.

    >>> short_count(740.0), short_count(12_345.0), short_count(3.2e6), short_count(np.inf)
    ('740', '12k', '3.2M', 'never')
    """
    if not np.isfinite(number):
        return "never"
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.2g}{letter}" if number < 100 * size else f"{number / size:.0f}{letter}"
    return f"{number:.0f}"
