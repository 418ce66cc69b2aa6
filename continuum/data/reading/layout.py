"""Where a table begins among the rows of a file, what its columns are called, and which columns are none."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from continuum.data.columns.labels import number
from continuum.data.reading.choice import TARGET
from continuum.data.reading.collect import Columns, columns_of
from continuum.data.reading.header import looks_like_data, made_names
from continuum.data.reading.limits import shown
from continuum.data.reading.options import Reading
from continuum.data.reading.rows import Row
from continuum.data.reading.separators import SEEN_ROWS, usual_length
from continuum.errors import BadInput

#: What pandas calls a column without a name.
UNNAMED = re.compile(r"Unnamed: \d+")


@dataclass(frozen=True)
class Named:
    """Columns with their names, the line of each row, and notes."""

    names: list[str]
    cells: list[list[str]]
    lines: list[int]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Start:
    """Rows above the data, the cells of the header, and how many cells the rows of data have."""

    skipped: int
    header: list[str]
    width: int
    titles: int


def named_columns(
    rows: Callable[[], Iterator[Row]], where: str, reading: Reading, delimiter: str = ",", comment: Sequence[str] = ()
) -> Named:
    """The columns of a file; ``rows`` begins to read it anew, ``comment`` is a line above it that may be the header.

    Raises:
        BadInput: the file is empty, its first row looks like data, or rows are of different lengths.

    >>> rows = [Row(1, ["", "a", "target"]), Row(2, ["0", "5", "x"]), Row(3, ["1", "7", "y"])]
    >>> table = named_columns(lambda: iter(rows), "my.csv", Reading())
    >>> table.names, table.notes
    (['a', 'target'], ('the first column, row labels without a name, left out',))
    """
    start = _start([*islice(rows(), SEEN_ROWS)], where, reading, list(comment))
    named = reading.header != "none"
    columns = columns_of(
        islice(rows(), start.skipped, None),
        max(start.width, len(start.header)),
        start.header,
        named=named,
        where=where,
        delimiter=delimiter,
    )
    if not columns.lines:
        expected = "rows under the header" if named else "rows"
        raise BadInput(where, expected=expected, came="none", remedy="give a filled CSV file")
    notes = [f"{start.titles} line{'s' * (start.titles > 1)} above the table left out"] if start.titles else []
    return _with_names(columns, start.header, where, [*notes, *columns.notes()], named=named)


def _start(sample: list[Row], where: str, reading: Reading, comment: list[str]) -> Start:
    if not sample:
        raise BadInput(where, expected="a header and rows", came="an empty file", remedy="give a filled CSV file")
    titles = _titles(sample)
    sample = sample[titles:]
    if reading.header == "none":
        width = usual_length(sample)
        return Start(titles, made_names(width), width, titles)
    header, below = sample[0].cells, sample[1:]
    width = usual_length(sample)
    while comment and not comment[-1]:
        comment = comment[:-1]
    commented = _may_be_header(comment, sample, width)
    if commented and _holds_target(comment, reading) and not _holds_target(header, reading):
        return Start(titles, comment, width, titles)
    data = [row.cells for row in below if len(row.cells) == width == len(header)]
    known = _holds_target(header, reading) or reading.header == "first"
    if not known and data and looks_like_data(header, [*zip(*data, strict=True)]):
        if commented:
            return Start(titles, comment, width, titles)  # NumPy writes the header as a comment
        raise BadInput(
            f"{where}, row {sample[0].line}",
            expected="a header",
            came=f"a row like those below it, {shown(', '.join(header[:4]), 40)}",
            remedy="give header='none', target=-1 (--header none --target -1), or header='first' if these are names",
        )
    while len(header) > 1 and not header[-1] and width != len(header):
        header = header[:-1]
    return Start(titles + 1, header, width, titles)


def _holds_target(names: Sequence[str], reading: Reading) -> bool:
    return (reading.target or TARGET) in names or TARGET in names


def _may_be_header(comment: Sequence[str], sample: Sequence[Row], width: int) -> bool:
    """Whether a comment holds as many names as there are columns, each once; the last column may be an empty one."""
    unnamed = len(comment) == width - 1 and not any(row.cells[-1] for row in sample if len(row.cells) == width)
    return (len(comment) == width or unnamed) and all(comment) and len(set(comment)) == len(comment)


def _titles(sample: Sequence[Row]) -> int:
    """Rows above the header that hold one cell, where the others hold several."""
    filled = [sum(map(bool, row.cells)) for row in sample]
    if usual_length(sample) < 2 or sorted(filled)[len(filled) // 2] < 2:
        return 0
    above = [count == 0 or (count == 1 and row.cells[0] != "") for count, row in zip(filled, sample, strict=True)]
    return above.index(False)


def _with_names(columns: Columns, header: list[str], where: str, notes: list[str], *, named: bool) -> Named:
    """Give the columns their names, and leave out those that are empty or only number the rows."""
    names, cells = [*header], columns.cells
    while len(cells) > (len(names) if named else 1) and not any(cells[-1]):  # what separators at the ends of rows make
        cells = cells[:-1]
    names = names if named else names[: len(cells)]
    if len(cells) == len(names) + 1 and _labels_rows(cells[0]):
        names = ["", *names]  # as R writes the names of rows
    if len(cells) > len(names):
        came = f"{len(cells)} in row {columns.lines[0]}"
        remedy = "name each column, and quote cells that contain a separator"
        raise BadInput(where, expected=f"{len(names)} cells as in the header", came=came, remedy=remedy)
    return _without_labels(names, cells, columns.lines, notes)


def _without_labels(names: list[str], cells: list[list[str]], lines: list[int], notes: list[str]) -> Named:
    nameless = [i for i, name in enumerate(names) if not name or UNNAMED.fullmatch(name)]
    empty = {i for i in nameless if not any(cells[i])}
    labels = {0} if 0 in nameless and _labels_rows(cells[0]) else set()
    if labels:
        notes = [*notes, "the first column, row labels without a name, left out"]
    if empty:
        count = f"{len(empty)} empty column{'s' * (len(empty) > 1)}"
        notes = [*notes, f"{count} without a name left out"]
    kept = [i for i in range(len(names)) if i not in labels | empty]
    return Named([names[i] for i in kept], [cells[i] for i in kept], lines, tuple(notes))


def _labels_rows(cells: Sequence[str]) -> bool:
    """Whether a column holds whole numbers or words, each once."""
    if len(set(cells)) < len(cells) or "" in cells:
        return False
    values = [number(cell) for cell in cells]
    return all(value != value or value.is_integer() for value in values)
