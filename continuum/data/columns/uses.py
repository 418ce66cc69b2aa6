"""Which columns of a file are features, which are left out, and what to say about them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from continuum.data.columns.choices import ColumnChoices
from continuum.data.columns.column import Column
from continuum.data.columns.identifiers import (
    KEPT_COUNTER,
    LEAST_ROWS,
    RECURS,
    UNIQUE,
    counts,
    naming,
    repeated,
    tells_all,
    useless,
)
from continuum.data.columns.spellings import merged
from continuum.data.columns.wording import quoted
from continuum.errors import BadInput

#: Columns that say which class or value a row has, and may have been written after it.
TELLS = "tells the target without fail; leave it out (drop) if it is not known beforehand"


@dataclass(frozen=True, eq=False)
class Use:
    """A column with the reason for which it is left out ("" for a feature), and what to say about it."""

    column: Column
    left_out: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """All that is to be said."""
        return (self.left_out,) if self.left_out else (*self.column.notes, *self.remarks)


def uses(columns: Mapping[str, Column], target: str, choices: ColumnChoices, known: bool) -> list[Use]:
    """Return the use of every column but the target.

    Left out are columns that name or count the rows, hold one value or none, or repeat another, unless they are
    kept or categorical by choice. Of a task that is ``known`` to the catalogue all columns are features.

    >>> columns = {"a": Column("a", "empty"), "target": Column("target", "category")}
    >>> [use.notes for use in uses(columns, "target", ColumnChoices(), known=False)]
    [('left out, for no cell holds a value',)]
    """
    found = [_use(column, i == 0, choices, known) for i, column in enumerate(_features(columns, target))]
    if known:
        return found
    if all(use.left_out for use in found):
        found = [replace(use, left_out="") if counts(use.column) else use for use in found]
    again = repeated(use.column for use in found if not use.left_out and use.column.name not in choices.keep)
    found = [_again(use, again.get(use.column.name, "")) for use in found]
    telling = tells_all((use.column for use in found if not use.left_out), columns[target])
    return [replace(use, remarks=(*use.remarks, *_remarks(use, use.column.name in telling))) for use in found]


def _again(use: Use, twin: str) -> Use:
    """Leave out a column that repeats another, unless that may be chance in so few rows."""
    if not twin:
        return use
    rows = len(use.column.values) if use.column.values is not None else len(use.column.cells.codes)  # type: ignore[union-attr]
    said = f"is the same as {quoted(twin)}"
    if rows < LEAST_ROWS:
        return replace(use, remarks=(said,))
    return replace(use, left_out=f"left out, for it {said}")


def check_left(where: str, found: Sequence[Use]) -> None:
    """Raise if no column is left."""
    if all(use.left_out for use in found):
        use = found[0]
        raise BadInput(
            f"{where}, column {use.column.name!r}" if len(found) == 1 else where,
            expected="a feature column",
            came=f"only columns that are {use.left_out}",
            remedy="add a feature, or name a column that is one all the same (keep)",
        )


def _features(columns: Mapping[str, Column], target: str) -> Iterator[Column]:
    return (column for name, column in columns.items() if name != target)


def _use(column: Column, first: bool, choices: ColumnChoices, known: bool) -> Use:
    if known or column.error is not None:
        return Use(column)
    by_choice = column.name in choices.keep or column.name in choices.categorical
    reason = "" if by_choice else useless(column, first)
    if reason or column.values is not None or column.cells is None:
        return Use(column, reason)
    spelling, note = merged(column.cells.values, column.cells.counts)
    if not note:
        return Use(column)
    column = replace(column, cells=column.cells.renamed(spelling), notes=(*column.notes, note))
    return Use(column, "" if by_choice else useless(column, first))


def _remarks(use: Use, telling: bool) -> Iterator[str]:
    if use.left_out:
        return
    if telling:
        yield TELLS
    if use.column.plain and counts(use.column):
        yield KEPT_COUNTER
    elif use.column.plain and naming(use.column.name):
        yield RECURS
    cells = use.column.cells if use.column.values is None else None
    if cells is not None and 1 < len(cells) == cells.present:
        yield UNIQUE
