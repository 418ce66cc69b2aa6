"""ARFF, the format of Weka and OpenML: names and types of columns, then rows.

Reference: Hall, Frank, Holmes, Pfahringer, Reutemann, Witten, The WEKA data mining software, SIGKDD Explorations 11
(2009). A reader of our own, for messages with rows, texts as they are, and any order of dates.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from continuum.data.reading.collect import columns_of
from continuum.data.reading.encodings import text_of
from continuum.data.reading.frames import no_text_options
from continuum.data.reading.layout import Named
from continuum.data.reading.limits import shown
from continuum.data.reading.options import Reading
from continuum.data.reading.rows import Row, lines_of
from continuum.data.reading.table import TextTable, finished
from continuum.errors import BadInput

#: A name or a value: quoted with escapes, or as far as a comma or space.
QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
#: ``@attribute name type``.
ATTRIBUTE = re.compile(rf"@attribute\s+({QUOTED}|[^\s'\"{{]+)\s*(.+)", re.IGNORECASE)
#: A value and what ends it.
VALUE = re.compile(rf"\s*+({QUOTED}|(?!['\"])[^,\t]*)\s*(,|\t|$)")
#: Types that a column may have, in small letters, beside nominal ones.
TYPES = ("numeric", "real", "integer", "string", "date")
#: What a backslash may stand before.
ESCAPE = re.compile(r"\\(.)")


class Attribute(NamedTuple):
    """A column: its name, and whether it is nominal."""

    name: str
    nominal: bool


def arff_table(raw: bytes, where: str, reading: Reading) -> TextTable:
    """The table in an ARFF file; nominal columns are categories.

    Raises:
        BadInput: a line is malformed, or the file is sparse or relational, or holds no rows.
    """
    no_text_options(reading, where)
    text = text_of(raw, where)
    lines = enumerate(map(str.strip, lines_of(text)), start=1)
    attributes = _attributes(lines, where)
    if not attributes:
        raise BadInput(where, expected="lines @attribute", came="none", remedy="write the ARFF file anew")
    names = [attribute.name for attribute in attributes]
    columns = columns_of(_rows(lines, where), len(names), names, named=False, where=where, delimiter=",")
    if not columns.lines:
        raise BadInput(where, expected="rows under @data", came="none", remedy="give a filled file")
    nominal = [attribute.name for attribute in attributes if attribute.nominal]
    notes = (*text.notes, "read as ARFF", *columns.notes())
    return finished(Named(names, columns.cells, columns.lines, notes), where, reading, nominal)


def _attributes(lines: Iterator[tuple[int, str]], where: str) -> list[Attribute]:
    """The columns, as far as ``@data``."""
    found: list[Attribute] = []
    for number, line in lines:
        keyword = line[:10].lower()
        if keyword.startswith("@data"):
            return found
        if keyword == "@attribute":
            found.append(_attribute(line, f"{where}, row {number}"))
        elif line and not line.startswith("%") and not keyword.startswith("@relation"):
            raise _malformed(f"{where}, row {number}", "@attribute NAME TYPE or @data", line)
    raise BadInput(where, expected="a line @data", came="none", remedy="write the ARFF file anew")


def _attribute(line: str, place: str) -> Attribute:
    match = ATTRIBUTE.fullmatch(line)
    if match is None:
        raise _malformed(place, "@attribute NAME TYPE", line)
    kind = match[2].strip()
    nominal = kind.startswith("{")
    if not nominal and kind.split()[0].lower() not in TYPES:
        raise _malformed(place, f"one of the types {', '.join(TYPES)}, or {{a, b}}", kind)
    return Attribute(_plain(match[1]), nominal)


def _rows(lines: Iterator[tuple[int, str]], where: str) -> Iterator[Row]:
    for number, line in lines:
        if not line or line.startswith("%"):
            continue
        if line.startswith("{"):
            raise _malformed(f"{where}, row {number}", "a value per column, for sparse rows are not read", line)
        plain = "'" not in line and '"' not in line
        cells = [cell.strip() for cell in line.split(",")] if plain and "\t" not in line else _values(line)
        if cells is None:
            raise _malformed(f"{where}, row {number}", "values separated by commas, with closed quotes", line)
        yield Row(number, cells)


def _values(line: str) -> list[str] | None:
    cells, end = [], 0
    while match := VALUE.match(line, end):
        cells.append(_plain(match[1]))
        end = match.end()
        if not match[2]:
            return cells
    return None


def _plain(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"') and len(value) > 1:
        value = ESCAPE.sub(r"\1", value[1:-1])
    return value.strip()


def _malformed(place: str, expected: str, line: str) -> BadInput:
    return BadInput(place, expected=expected, came=repr(shown(line)), remedy="write the rows anew, or save it as CSV")
