"""Reading a file as far as it can be read."""

from dataclasses import replace

from continuum.data import load
from continuum.data.assemble import considered
from continuum.data.catalogue import Entry
from continuum.data.columns.description import Described, described, described_task
from continuum.data.loading import names_file, stem, table_of
from continuum.data.reading.options import Reading
from continuum.data.reading.sources import parsed_source
from continuum.data.reading.table import TextTable
from continuum.data.task import Kind
from continuum.errors import BadInput


def look(source: str, reading: Reading, kind: Kind | None = None) -> Described:
    """Describe a file, or a task by its name.

    A file without a column to predict is described as if its last one were it, a file whose columns have no names as
    if they were numbered; the error that ``load`` raises stands beside. Raises ``BadInput`` where nothing can be read.
    """
    path, reading = _both(source, reading)
    if not names_file(path):
        return described_task(load(path, kind))
    table, error = _read(path, reading)
    if error is not None:
        reading = replace(reading, drop=(), keep=(), categorical=())
    try:
        found = considered(table, Entry(stem(path)), reading)
    except BadInput as refusal:
        found, error = considered(table, Entry(stem(path))), error or refusal
    seen = described(found, kind)
    return replace(seen, task=None, error=error, target=None) if error is not None else seen


def _both(source: str, reading: Reading) -> tuple[str, Reading]:
    from continuum.data.reading.sources import spelled

    return parsed_source(spelled(source, reading))


def _read(path: str, reading: Reading) -> tuple[TextTable, BadInput | None]:
    """The table, and the error of a table that was only read by guessing."""
    try:
        return table_of(path, reading), None
    except BadInput as refusal:
        error = refusal
    for guess in ({"target": "-1"}, {"target": "-1", "header": "none"}, {"target": "-1", "keep_na": True}):
        try:
            return table_of(path, replace(reading, **guess)), error
        except BadInput:
            continue
    raise error
