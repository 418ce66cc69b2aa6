"""Reading a CSV file into named columns of text, with the line each row came from.

The standard csv reader is used: it knows the line of every row, which the messages need, and on a file of
20000 rows it is not slower than a parser that infers types.
"""

import csv
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from continuum.errors import BadInput

#: Cells that stand for no value.
MISSING = frozenset({"", "?", "NA", "NaN", "nan", "NAN"})
#: Name of the column to predict.
TARGET = "target"


@dataclass(frozen=True)
class TextTable:
    """Columns of stripped cells, "" where missing; ``lines[i]`` is the line of row i in the file ``where``.

    ``target`` is the name of the column to predict, ``categorical`` names columns that the file declares to be of
    categories, and ``notes`` say what was found out about the file.

    >>> table = parse_table("a,target\\n 1 ,x\\n?,y\\n", "toy.csv")
    >>> table.columns["a"], table.lines
    (['1', ''], [2, 3])
    """

    where: str
    columns: Mapping[str, list[str]]
    lines: Sequence[int]
    notes: tuple[str, ...] = ()
    target: str = TARGET
    categorical: tuple[str, ...] = ()

    def at(self, row: int, column: str) -> str:
        """Name a cell the way all messages do."""
        return f"{self.where}, row {self.lines[row]}, column {column!r}"

    def keep(self, rows: Bool[np.ndarray, " n"]) -> "TextTable":
        """Return the table with only the marked rows."""
        chosen = np.flatnonzero(rows).tolist()
        columns = {name: [cells[i] for i in chosen] for name, cells in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[i] for i in chosen])


def read_table(path: str | os.PathLike[str]) -> TextTable:
    """Read a CSV file (UTF-8, commas, a header with a column ``target``); raise ``BadInput`` where it is unfit."""
    where = os.fspath(path)
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise BadInput(
            where,
            expected="a readable CSV file",
            came=error.strerror or type(error).__name__,
            remedy="check the path and its permissions",
        ) from None
    try:
        # "-sig" drops the byte order mark that spreadsheets write.
        return parse_table(raw.decode("utf-8-sig"), where)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{where}, row {raw[: error.start].count(10) + 1}",
            expected="text in UTF-8",
            came=f"byte 0x{raw[error.start]:02x}",
            remedy="save the file as UTF-8",
        ) from None


def parse_table(text: str, where: str) -> TextTable:
    """Parse CSV text; ``where`` is how messages call it.

    >>> parse_table("a,b\\n1,2\\n", "toy.csv")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: toy.csv: expected a column named target, got columns a, b; name the column to \
predict 'target'
    """
    rows = _rows(text, where)
    if not rows:
        raise BadInput(where, expected="a header and rows", came="an empty file", remedy="give a filled CSV file")
    header = rows.pop(0)[1]
    _check_header(header, where)
    if not rows:
        raise BadInput(where, expected="rows under the header", came="none", remedy="give a filled CSV file")
    for line, cells in rows:
        if len(cells) != len(header):
            raise BadInput(
                f"{where}, row {line}",
                expected=f"{len(header)} cells as in the header",
                came=len(cells),
                remedy="separate cells by commas and quote cells that contain one",
            )
    columns = zip(*(cells for _, cells in rows), strict=True)
    blank = {name: ["" if c in MISSING else c for c in cells] for name, cells in zip(header, columns, strict=True)}
    return TextTable(where, blank, [line for line, _ in rows])


def _rows(text: str, where: str) -> list[tuple[int, list[str]]]:
    """Return (line, stripped cells) of every row that is not blank."""
    # newline="" leaves \r\n to the reader, and strict turns an unclosed quote into an error.
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    rows, line = [], 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if len(cells) > 1 or any(cells):
                rows.append((line, cells))
            # A quoted cell may span lines: a row starts after the line at which the one before it ended.
            line = reader.line_num + 1
    except csv.Error as error:
        raise BadInput(
            f"{where}, row {line}", expected="well-formed CSV", came=str(error), remedy="check the quotes of that row"
        ) from None
    return rows


def _check_header(header: list[str], where: str) -> None:
    """Raise unless all columns are named, named once, and one of several is the target."""
    twice = sorted({name for name in header if header.count(name) > 1})
    if "" in header:
        raise BadInput(
            where,
            expected="one name per column",
            came=f"none for column {header.index('') + 1}",
            remedy="name it, or leave out the row numbers when you save the file",
        )
    if twice:
        raise BadInput(
            where, expected="each column name once", came=f"{', '.join(twice)} again", remedy="rename the columns"
        )
    if TARGET not in header:
        remedy = f"name the column to predict {TARGET!r}"
        if len(header) == 1:
            remedy += ", and separate cells by commas"
        raise BadInput(where, expected="a column named target", came=f"columns {', '.join(header)}", remedy=remedy)
    if len(header) == 1:
        raise BadInput(where, expected="a feature column", came="only the target", remedy="add the features")
