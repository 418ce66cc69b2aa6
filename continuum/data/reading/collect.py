"""From rows of cells to columns: each row must be as long as the others, but for what people leave in files."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from continuum.data.reading.limits import MOST_CELLS
from continuum.data.reading.options import PLURALS
from continuum.data.reading.prelude import is_comment
from continuum.data.reading.rows import Row
from continuum.errors import BadInput

#: Rows that are turned into columns at once.
CHUNK = 4096
#: A line drawn under a header or around a table, and the ends of its cells.
RULE = re.compile(r"[+:=|]*[-=]{3,}[-+:=|]*")
#: How the shortest of such lines begin.
RULES = ("---", "===", "--+", "==+", "--:")
#: What is left out of a file, as the notes say it.
LEFT_OUT = {
    "comment": ("line that is a comment", "lines that are comments"),
    "blank": ("row of empty cells", "rows of empty cells"),
    "rule": ("line that is a rule", "lines that are rules"),
    "header": ("row that repeats the header", "rows that repeat the header"),
}


@dataclass
class Columns:
    """Columns of equal length, the line of each row, and how many lines were left out, by kind."""

    cells: list[list[str]]
    lines: list[int] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """What was left out."""
        return [f"{k} {LEFT_OUT[kind][k > 1]} left out" for kind, k in self.left_out.items()]


def columns_of(
    rows: Iterable[Row], width: int, header: Sequence[str], *, named: bool, where: str, delimiter: str
) -> Columns:
    """The columns of ``width``; comments, blank rows and repeated headers are left out, trailing empty cells cut off.

    ``header`` has a name for the first of the columns, or all; ``named`` says that the file wrote it.

    Raises:
        BadInput: a row of another length, or more cells than ``MOST_CELLS``.

    >>> columns_of([Row(2, ["1", "x", ""]), Row(3, ["# end"])], 2, ["a", "b"], named=True, where="", delimiter=",")
    Columns(cells=[['1'], ['x']], lines=[2], left_out=Counter({'comment': 1}))
    """
    columns = Columns([[] for _ in range(width)])
    repeated = [*header, *[""] * (width - len(header))] if named else None
    rows = iter(rows)
    while chunk := [*islice(rows, CHUNK)]:
        kept = []
        for row in chunk:
            cells = row.cells if len(row.cells) == width else _fitted(row, width, len(header))
            kind = _kind(row, cells, repeated)
            if kind == "row":
                kept.append(cells)
                columns.lines.append(row.line)
            elif kind == "ragged":
                raise _ragged(row, len(header), named, where, delimiter)
            else:
                columns.left_out[kind] += 1
        for column, more in zip(columns.cells, zip(*kept, strict=True), strict=False):
            column.extend(more)
        if len(columns.lines) * width > MOST_CELLS:
            remedy = "take a sample of its rows, or leave out columns"
            raise BadInput(where, expected=f"at most {MOST_CELLS} cells", came="more", remedy=remedy)
    return columns


def _kind(row: Row, cells: list[str], repeated: list[str] | None) -> str:
    """Whether this is a row, what is left out, or too long or short."""
    drawn = any(cell.endswith(RULES) for cell in row.cells[:2])  # the first is empty where lines stand at the sides
    if drawn and RULE.fullmatch("".join(row.cells)):
        return "rule"
    if not cells:
        return "comment" if is_comment(row.cells[0]) else "ragged"
    if cells == repeated:
        return "header"
    return "row" if any(cells) else "blank"


def _fitted(row: Row, width: int, names: int) -> list[str]:
    """The row without empty cells at its end, or with those that make it as long as others; none if it does not fit."""
    if len(row.cells) > width and not any(row.cells[width:]):
        return row.cells[:width]
    if names == len(row.cells) < width:
        return [*row.cells, *[""] * (width - names)]
    return []


def _ragged(row: Row, width: int, named: bool, where: str, delimiter: str) -> BadInput:
    separators = PLURALS.get(delimiter, repr(delimiter))
    return BadInput(
        f"{where}, row {row.line}",
        expected=f"{width} cells as in {'the header' if named else 'most rows'}",
        came=len(row.cells),
        remedy=f"separate cells by {separators} and quote cells that contain one",
    )
