"""Workbooks of Excel (xlsx), through openpyxl (the optional extra ``excel``)."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from continuum.data.reading.compression import DAMAGE, check_archive
from continuum.data.reading.frames import no_text_options
from continuum.data.reading.layout import named_columns
from continuum.data.reading.limits import MOST_CELLS, shown
from continuum.data.reading.options import Reading
from continuum.data.reading.rows import Row
from continuum.data.reading.table import TextTable, finished
from continuum.data.reading.values import cells_of
from continuum.errors import BadInput

#: Most rows of a sheet, as Excel has it.
MOST_ROWS = 1 << 20


def workbook_table(raw: bytes, where: str, reading: Reading) -> TextTable:
    """The table on the first sheet that is not hidden; rows are counted as Excel counts them.

    Raises:
        BadInput: openpyxl is not installed, the workbook is damaged, or its sheet holds no table.
    """
    if reading.separator is not None:
        no_text_options(reading, where)
    try:
        import openpyxl
    except ImportError:
        raise BadInput(
            where,
            expected="the package openpyxl to read a workbook",
            came="none",
            remedy="pip install continuum-width[excel], or save the sheet as CSV",
        ) from None
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            check_archive(archive, len(raw), where)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which nobody asked for
            book = openpyxl.load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
            sheet = next(sheet for sheet in book.worksheets if sheet.sheet_state == "visible")
            rows, notes = _rows(sheet, where), _notes(sheet.title, len(book.worksheets))
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        if isinstance(error, BadInput):
            raise
        kinds = "a whole file" if isinstance(error, DAMAGE) else "a workbook with a sheet"
        came, remedy = type(error).__name__, "open and save it anew, or save the sheet as CSV"
        raise BadInput(where, expected=kinds, came=came, remedy=remedy) from None
    table = named_columns(lambda: iter(rows), where, reading)
    named = type(table)(table.names, table.cells, table.lines, (*notes, *table.notes))
    return finished(named, where, reading)


def _rows(sheet: Any, where: str) -> list[Row]:
    """Rows of equal length, without those that are empty, and without empty columns at the left."""
    sheet.reset_dimensions()  # what a sheet says of its own size is often wrong, and may be hostile
    rows = [Row(line, cells) for line, cells in _filled(sheet, where)]
    width = max((len(row.cells) for row in rows), default=0)
    left = min((next(i for i, cell in enumerate(row.cells) if cell) for row in rows), default=0)
    return [Row(row.line, [*row.cells[left:], *[""] * (width - len(row.cells))]) for row in rows]


def _filled(sheet: Any, where: str) -> Iterator[tuple[int, list[str]]]:
    cells = 0
    for line, values in enumerate(sheet.iter_rows(values_only=True), start=1):
        cells += len(values)
        if line > MOST_ROWS or cells > MOST_CELLS:
            remedy = "save a sample of the rows as CSV"
            raise BadInput(where, expected=f"at most {MOST_CELLS} cells", came="more", remedy=remedy)
        texts = cells_of(values, where, f"of row {line}")
        if any(texts):
            yield line, texts


def _notes(title: str, sheets: int) -> tuple[str, ...]:
    return (f"read from sheet {shown(title)!r}, the first of {sheets}",) if sheets > 1 else ("read as xlsx",)
