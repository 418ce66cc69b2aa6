"""Tables of a report as files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

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


def cell(value: object) -> str:
    """A number to four digits, nothing for NaN, anything else as it is.

    >>> cell(2 / 3), cell(float("nan")), cell(None), cell(7)
    ('0.6667', '', '', '7')
    """
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.4g}"
    return "" if value is None else str(value)
