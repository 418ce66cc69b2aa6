"""Which format a file is in, by how it begins."""

import re
from collections.abc import Callable
from dataclasses import replace

from continuum.data.reading.compression import ZIP, unpacked
from continuum.data.reading.encodings import MARKS
from continuum.data.reading.files import read_bytes, shown_path
from continuum.data.reading.options import Reading
from continuum.data.reading.separated import separated
from continuum.data.reading.table import TextTable, finished
from continuum.errors import BadInput

Reader = Callable[[bytes, str, Reading], TextTable]


def table_in(path: str, reading: Reading) -> TextTable:
    """The table in a file: CSV and its kin, xlsx, Parquet, Feather, ARFF, and CSV or ARFF packed by gz, bz2, xz or zip.

    Raises:
        BadInput: the file cannot be read, is in another format, or holds no such table.
    """
    where = shown_path(path)
    raw = read_bytes(path)
    return parsed(raw, where, reading)


def parsed(raw: bytes, where: str, reading: Reading) -> TextTable:
    """The table in the bytes of a file.

    >>> parsed(b"a;target\\n1;x\\n", "my.tsv", Reading()).notes
    ('separated by semicolons',)
    >>> parsed(b"%PDF-1.7", "paper.pdf", Reading())
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: paper.pdf: expected a table, got a PDF; extract the table and save it as CSV
    """
    binary = _binary(raw)
    if binary is not None:
        return binary(raw, where, reading)
    if raw.startswith(ZIP) and ODS in raw[:HEAD]:
        raise BadInput(where, expected="a table", came="a sheet of OpenDocument", remedy="save it as xlsx or CSV")
    content, note = unpacked(raw, where)
    if note and (binary := _binary(content)) is not None:
        return binary(content, where, reading)
    refuse_others(content, where)
    if _is_arff(content):
        from continuum.data.reading.arff import arff_table

        table = arff_table(content, where, reading)
    else:
        table = finished(separated(content, where, reading), where, reading)
    return _noted(table, note)


#: Formats that are none of ours: how files in them begin, what they are called, and the remedy.
OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF", "a PDF", "extract the table and save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save it as xlsx or CSV"),
    (b"\x28\xb5\x2f\xfd", "a file packed by zstd", "unpack it"),
    (b"7z\xbc\xaf", "an archive (7z)", "unpack it"),
    (b"Rar!", "an archive (rar)", "unpack it"),
    (b"\x89HDF", "an HDF5 file", "save the table as Parquet or CSV"),
    (b"SQLite format 3", "a database", "export the table as CSV"),
    (b"\x93NUMPY", "an array of NumPy", "load a DataFrame of it instead"),
    (b"MATLAB 5", "a MATLAB file", "save the table as CSV"),
    (b"\x80\x04\x95", "a pickle", "load the DataFrame in it instead"),
    (b"\x80\x05\x95", "a pickle", "load the DataFrame in it instead"),
    (b"\x89PNG", "an image", "name a file with a table in it"),
    (b"\xff\xd8\xff", "an image", "name a file with a table in it"),
    (b"version https://git-lfs", "a pointer of Git LFS", "fetch the file itself by git lfs pull"),
)
#: What stands near the beginning of a sheet of OpenDocument, and how many bytes near is.
ODS, HEAD = b"mimetypeapplication/vnd.oasis.opendocument", 200
#: How pages of the web, and JSON, begin.
HTML, JSON = re.compile(rb"\s*<(!doctype|html|\?xml)", re.IGNORECASE), re.compile(rb'\s*(\{\s*["}]|\[\s*[\[{\]"])')
#: Where a tar archive says that it is one.
TAR = slice(257, 262)


def refuse_others(raw: bytes, where: str) -> None:
    """Raise for what is recognised and not read."""
    for magic, came, remedy in OTHERS:
        if raw.startswith(magic):
            raise BadInput(where, expected="a table", came=came, remedy=remedy)
    if raw[TAR] == b"ustar":
        raise BadInput(where, expected="a table", came="an archive (tar)", remedy="unpack it and name one file")
    if raw.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", ZIP)):
        raise BadInput(where, expected="a table", came="a file that is packed twice", remedy="unpack it")
    head = raw[:4096]
    for mark, _ in MARKS:
        head = head.removeprefix(mark)
    if HTML.match(head):
        remedy = "fetch the file itself: this is what a browser shows of it"
        raise BadInput(where, expected="a table", came="a web page (HTML or XML)", remedy=remedy)
    if JSON.match(head):
        remedy = "load the DataFrame that pandas.read_json gives (lines=True where each line is an object)"
        raise BadInput(where, expected="a table", came="JSON", remedy=remedy)


def _binary(raw: bytes) -> Reader | None:
    """The reader of a format that is no text."""
    # Each of them imports a large library: the others must not wait for it.
    if raw.startswith(b"PAR1"):
        from continuum.data.reading.arrow import parquet_table

        return parquet_table
    if raw.startswith((b"ARROW1", b"FEA1")):
        from continuum.data.reading.arrow import feather_table

        return feather_table
    if raw.startswith(ZIP) and b"xl/" in raw and b"[Content_Types].xml" in raw:
        from continuum.data.reading.workbook import workbook_table

        return workbook_table
    return None


def _is_arff(raw: bytes) -> bool:
    """Whether the first line that is no comment says ``@relation``."""
    lines = (line.strip() for line in raw[: 1 << 20].removeprefix(b"\xef\xbb\xbf").splitlines())
    first = next((line for line in lines if line and not line.startswith(b"%")), b"")
    return first[:9].lower() == b"@relation"


def _noted(table: TextTable, *notes: str) -> TextTable:
    return replace(table, notes=(*filter(None, notes), *table.notes)) if any(notes) else table
