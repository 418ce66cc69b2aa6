"""From a table of text and what the catalogue knows about it to a task."""

import logging
from dataclasses import dataclass, replace

import numpy as np

from continuum.data.catalogue import Entry
from continuum.data.columns.choices import ColumnChoices
from continuum.data.columns.column import Column, columns_of
from continuum.data.columns.features import check_declared, matrix
from continuum.data.columns.labels import canonical
from continuum.data.columns.target import encode_target, target_notes
from continuum.data.columns.uses import Use, check_left, uses
from continuum.data.columns.wording import gathered, quoted
from continuum.data.reading.table import TextTable
from continuum.data.task import Kind, Task
from continuum.errors import BadInput

#: Where notes go besides the task: commands print them.
LOG = logging.getLogger("continuum.data")
#: What is said of the columns by default: nothing.
AS_SHOWN = ColumnChoices()


def assemble(
    table: TextTable, entry: Entry, source: str, kind: Kind | None = None, choices: ColumnChoices = AS_SHOWN
) -> Task:
    """Return the task in ``table``; ``kind`` goes before the entry's kind, which goes before what the target shows.

    >>> table = TextTable("toy.csv", {"a": ["1", "2", "3"], "target": ["x", "y", "z"]}, [2, 3, 4])
    >>> task = assemble(table, Entry("toy", drop_classes=("z",)), "file")
    >>> task.n, task.class_names, task.provenance.notes
    (2, ('x', 'y'), 'Dropped 1 row of class z.')
    """
    return task_of(considered(table, entry, choices), source, kind)


@dataclass(frozen=True, eq=False)
class Considered:
    """A table whose columns were looked at: what they hold, and which of them are features."""

    table: TextTable
    entry: Entry
    choices: ColumnChoices
    target: Column
    uses: tuple[Use, ...]
    dropped: tuple[str, ...]


def considered(table: TextTable, entry: Entry, choices: ColumnChoices = AS_SHOWN) -> Considered:
    """Return what the columns of a table hold; those that cannot be used say so, and raise nothing yet."""
    table, dropped = prepared(table, entry, choices)
    check_declared(table, entry.categorical)
    columns = columns_of(table, choices, {*entry.categorical, *table.categorical, *choices.categorical})
    found = uses(columns, table.target, choices, known=entry.kind is not None)
    return Considered(table, entry, choices, columns[table.target], tuple(found), tuple(dropped))


def task_of(found: Considered, source: str, kind: Kind | None = None) -> Task:
    """Return the task in a table that was considered; raise ``BadInput`` for what cannot be used."""
    table, entry, choices = found.table, found.entry, found.choices
    nominal: Kind | None = "classification" if table.target in table.categorical else None
    target = encode_target(table, kind or entry.kind or nominal, found.target, merge=entry.kind is None)
    check_left(table.where, found.uses)
    used = [use.column for use in found.uses if not use.left_out]
    features, names = matrix(table, used, kept={*choices.keep, *choices.categorical})
    notes = [(use.column.name, note) for use in found.uses for note in use.notes]
    if entry.kind is None:
        notes += [(table.target, note) for note in target_notes(target, found.target, kind)]
    provenance = entry.provenance(source, *found.dropped)
    told = (*table.notes, *gathered(notes))
    for note in told:
        LOG.info("%s: %s", table.where, note)
    return Task(entry.name, target.kind, features, target.values, names, target.classes, provenance, told)


def prepared(table: TextTable, entry: Entry, choices: ColumnChoices) -> tuple[TextTable, list[str]]:
    """Return the table without the columns and the rows that are to be dropped, and notes on the rows."""
    choices.check_names(table.where, tuple(table.columns))
    if table.target in choices.drop:
        came, remedy = f"the target {quoted(table.target)}", "name another target, or keep it"
        raise BadInput(table.where, expected="features in drop", came=came, remedy=remedy)
    table = _without_columns(table, (*entry.drop_columns, *choices.drop))
    return _without_classes(table, entry.drop_classes)


def _without_columns(table: TextTable, names: tuple[str, ...]) -> TextTable:
    columns = {name: cells for name, cells in table.columns.items() if name not in names}
    if set(columns) == {table.target}:
        raise BadInput(table.where, expected="a feature column", came="only columns to drop", remedy="add the features")
    return replace(table, columns=columns)


def _without_classes(table: TextTable, names: tuple[str, ...]) -> tuple[TextTable, list[str]]:
    """Leave out the rows of the named classes; the notes say how many they were."""
    if not names:
        return table, []
    labels = np.array(canonical(table.columns[table.target]))
    counts = {name: int((labels == name).sum()) for name in names}
    notes = [f"Dropped {k} row{'s' * (k > 1)} of class {name}." for name, k in counts.items() if k]
    return table.keep(~np.isin(labels, names)), notes
