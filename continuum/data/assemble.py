"""From a table of text and what the catalogue knows about it to a task."""

from dataclasses import replace

import numpy as np

from continuum.data.catalogue import Entry
from continuum.data.columns import encode_features
from continuum.data.labels import canonical
from continuum.data.table import TextTable
from continuum.data.target import encode_target
from continuum.data.task import Kind, Task
from continuum.errors import BadInput


def assemble(table: TextTable, entry: Entry, source: str, kind: Kind | None = None) -> Task:
    """Return the task in ``table``; ``kind`` goes before the entry's kind, which goes before what the target shows.

    >>> table = TextTable("toy.csv", {"a": ["1", "2", "3"], "target": ["x", "y", "z"]}, [2, 3, 4])
    >>> task = assemble(table, Entry("toy", drop_classes=("z",)), "file")
    >>> task.n, task.class_names, task.provenance.notes
    (2, ('x', 'y'), 'Dropped 1 row of class z.')
    """
    table, dropped = _without_classes(_without_columns(table, entry.drop_columns), entry.drop_classes)
    inferred, target, class_names = encode_target(table, kind or entry.kind)
    features, names = encode_features(table, (*entry.categorical, *table.categorical))
    return Task(entry.name, inferred, features, target, names, class_names, entry.provenance(source, *dropped))


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
