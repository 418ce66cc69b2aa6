"""A table of named columns of text, with the line each row came from, as all formats are read into."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool

from continuum.data.reading.choice import TARGET, chosen_target
from continuum.data.reading.header import check_names
from continuum.data.reading.layout import Named
from continuum.data.reading.limits import listed
from continuum.data.reading.missing import SPELLINGS, blanked, missing_in
from continuum.data.reading.options import AUTOMATIC, Reading
from continuum.errors import BadInput


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


def read_table(path: str | os.PathLike[str], reading: Reading = AUTOMATIC) -> TextTable:
    """Read a file of any format that is known; raise ``BadInput`` where it is unfit, or unfit for ``reading``."""
    from continuum.data.reading.formats import table_in  # it makes tables

    return table_in(os.fsdecode(path), reading)


def parse_table(text: str, where: str, reading: Reading = AUTOMATIC) -> TextTable:
    """Parse CSV text; ``where`` is how messages call it.

    >>> parse_table("a,b\\n1,2.5\\n", "toy.csv", Reading(target="b")).target
    'b'
    >>> parse_table("a,b\\n1,2.5\\n", "toy.csv")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: toy.csv: expected a column named target, got columns a, b; name the column to predict, \
likely b or a, by target= (--target b), or -1 for the last
    """
    from continuum.data.reading.separated import separated

    return finished(separated(text.encode(errors="replace"), where, reading), where, reading)


def finished(named: Named, where: str, reading: Reading, categorical: Sequence[str] = ()) -> TextTable:
    """The table in named columns: its target is chosen, and what stands for no value is blank.

    Raises:
        BadInput: names are lacking or not unique, there is no target, or nothing but it, or words such as NA are in it.
    """
    names, notes = named.names, list(named.notes)
    check_names(names, where)
    target = chosen_target(names, reading.target, where)
    if len(names) == 1:
        raise BadInput(where, expected="a feature column", came="only the target", remedy="add the features")
    if target not in (TARGET, reading.target):
        notes.append(f"the target is column {target!r}")
    columns, words = {}, dict[str, int]()
    for name, cells in zip(names, named.cells, strict=True):
        missing = missing_in(cells, reading.keep_na)
        for word in filter(None, missing):
            words[word] = words.get(word, 0) + cells.count(word)
        if name == target:
            _check_words(cells, missing, named, where, target)
        columns[name] = blanked(cells, missing)
    if words:
        count = sum(words.values())
        notes.append(f"{count} cell{'s' * (count > 1)} of {listed(sorted(words))} taken as missing")
    return TextTable(where, columns, named.lines, tuple(notes), target, tuple(categorical))


def _check_words(cells: Sequence[str], missing: frozenset[str], named: Named, where: str, target: str) -> None:
    """A class may be called None: a target with such a word is not said to be missing without a way to keep it."""
    words = missing & SPELLINGS
    if not words or "" in cells or "?" in cells:
        return
    row = next(i for i, cell in enumerate(cells) if cell in words)
    raise BadInput(
        f"{where}, row {named.lines[row]}, column {target!r}",
        expected="a target in every row",
        came=f"{cells[row]!r}, a word for a missing value",
        remedy="remove the row, or keep such words as values by keep_na=True (--keep-na)",
    )
