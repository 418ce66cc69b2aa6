"""Curves of one task as a Parquet file, and back.

A column holds the codes of all seeds, points and epochs, epochs fastest, as differences from one row to the next (the
first from 0), modulo 2^16: neighbouring epochs are alike, so differences take half the room.
"""

import io
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int16

from continuum.benchmark.coding import Codes
from continuum.benchmark.curves import PARTS

#: Of zstd: the highest before memory grows.
_LEVEL = 19


def encode(codes: Codes) -> bytes:
    """Codes of shape (seeds, points, epochs), by column, as Parquet."""
    columns = {name: _differences(values.ravel()) for name, values in codes.items()}
    buffer = io.BytesIO()
    pq.write_table(
        pa.table(columns),
        buffer,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=False,
        column_encoding=dict.fromkeys(columns, "BYTE_STREAM_SPLIT"),
        write_statistics=False,
        row_group_size=2**24,
        data_page_size=2**24,
    )
    return buffer.getvalue()


def _differences(values: Int16[np.ndarray, " rows"]) -> np.ndarray:
    wide = np.diff(values.astype(np.int32), prepend=0)
    return wide.astype(np.int16).astype(np.int32)


def decode(content: bytes, shape: tuple[int, int, int], kind: str) -> Mapping[str, Int16[np.ndarray, "..."]]:
    """The codes, each of that shape; ``ValueError`` for what does not hold them."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    measures = ("loss", "score") if kind == "classification" else ("loss",)
    wanted = [f"{part}_{measure}" for measure in measures for part in PARTS]
    if table.num_rows != np.prod(shape) or set(table.column_names) != set(wanted):
        raise ValueError(f"{table.num_rows} rows of {', '.join(table.column_names)}")
    if any(column.type != pa.int32() or column.null_count for column in table.columns):
        raise ValueError("columns that are no whole numbers of 32 bits")
    return {name: table[name].to_numpy().cumsum(dtype=np.int32).astype(np.int16).reshape(shape) for name in wanted}
