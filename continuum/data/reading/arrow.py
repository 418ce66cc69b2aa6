"""Parquet and Feather, through Arrow."""

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet

from continuum.data.reading.files import too_large
from continuum.data.reading.frames import arrow_table, check_size, no_text_options
from continuum.data.reading.limits import MOST_BYTES
from continuum.data.reading.options import Reading
from continuum.data.reading.table import TextTable
from continuum.errors import BadInput

#: What pandas calls an index without a name, where it stores one.
INDEX = re.compile(r"__index_level_\d+__")


def parquet_table(raw: bytes, where: str, reading: Reading) -> TextTable:
    """The table in a Parquet file; rows are counted from 0. Raises ``BadInput`` where it is damaged or too large."""
    return _table(lambda: _parquet(raw, where), where, reading, "Parquet")


def feather_table(raw: bytes, where: str, reading: Reading) -> TextTable:
    """The table in a Feather (Arrow) file; rows are counted from 0. Raises ``BadInput`` where it is damaged."""
    return _table(lambda: pyarrow.feather.read_table(pa.BufferReader(raw)), where, reading, "Feather")


def _parquet(raw: bytes, where: str) -> pa.Table:
    file = pyarrow.parquet.ParquetFile(pa.BufferReader(raw))
    metadata = file.metadata
    check_size(metadata.num_rows, metadata.num_columns, where)
    if sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups)) > MOST_BYTES:
        raise too_large(where, "more in its row groups")
    return file.read()


def _table(read: Callable[[], pa.Table], where: str, reading: Reading, name: str) -> TextTable:
    no_text_options(reading, where)
    try:
        table = read()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        if isinstance(error, BadInput):
            raise
        came = type(error).__name__
        raise BadInput(where, expected=f"a whole {name} file", came=came, remedy="write it anew") from None
    index = [column for column in table.column_names if INDEX.fullmatch(column)]
    notes = ["row labels of pandas left out"] if index else []
    return arrow_table(table.drop_columns(index), where, reading, range(table.num_rows), f"read as {name}", *notes)
