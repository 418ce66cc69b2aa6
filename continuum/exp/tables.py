"""Tables as bytes: the same rows give the same Parquet file, whoever writes it and whenever."""

import io
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import pandas as pd

#: The table that every experiment returns.
MAIN = "results"
#: Names of tables that the runner writes itself.
RESERVED = frozenset({"timings"})


def encode(table: pa.Table) -> bytes:
    """Return ``table`` as Parquet, without the metadata of pandas: its spelling varies, the rows do not."""
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(None), buffer, compression="zstd")
    return buffer.getvalue()


def decode(content: bytes) -> pa.Table:
    """Return the table that ``encode`` wrote."""
    return pq.read_table(io.BytesIO(content))


def from_frame(name: str, frame: "pd.DataFrame") -> pa.Table:
    """Return a frame as a table; the index is not kept, so a named one is refused.

    >>> import pandas as pd
    >>> from_frame("results", pd.DataFrame({"loss": [0.5]}, index=[7])).to_pydict()
    {'loss': [0.5]}
    """
    named = [str(level) for level in frame.index.names if level is not None]
    if named:
        raise ValueError(f"table {name}: expected no index, got {', '.join(named)}; call reset_index() first")
    return pa.Table.from_pandas(frame, preserve_index=False)


def encode_cell(frames: "Mapping[str, pd.DataFrame]") -> dict[str, bytes]:
    """Return what ``run`` gave as Parquet by table name."""
    if MAIN not in frames:
        raise ValueError(f"expected a table {MAIN!r} from run(), got {', '.join(frames) or 'none'}")
    for name in frames:
        if not name.isidentifier() or name in RESERVED:
            raise ValueError(f"table {name!r}: expected an identifier other than {', '.join(RESERVED)}")
    return {name: encode(from_frame(name, frame)) for name, frame in sorted(frames.items())}


def concatenate(parts: Iterable[Mapping[str, bytes]]) -> dict[str, bytes]:
    """Return the tables of all cells, one below the other in the order given, as Parquet by table name.

    A column that is whole numbers in one cell and floats in another becomes floats; one absent becomes null.

    >>> import pandas as pd
    >>> one, two = ({"results": pd.DataFrame({"x": [value]})} for value in (1, 2.5))
    >>> decode(concatenate([encode_cell(one), encode_cell(two)])["results"]).to_pydict()
    {'x': [1.0, 2.5]}
    """
    pieces: dict[str, list[Any]] = {}
    for tables in parts:
        for name, content in tables.items():
            pieces.setdefault(name, []).append(decode(content))
    # combine_chunks: the cut of a file into pages must come from its rows, not from the cut into cells.
    return {
        name: encode(pa.concat_tables(tables, promote_options="permissive").combine_chunks())
        for name, tables in sorted(pieces.items())
    }
