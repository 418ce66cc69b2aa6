"""What a file holds, column by column, and what is done with each: for people who look before they train."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from jaxtyping import Shaped

from continuum.data.assemble import Considered, task_of
from continuum.data.catalogue import Entry
from continuum.data.columns.choices import ColumnChoices
from continuum.data.columns.column import Column
from continuum.data.columns.distinct import Distinct
from continuum.data.columns.features import spelled
from continuum.data.columns.uses import Use
from continuum.data.reading.table import TextTable
from continuum.data.task import Kind, Task
from continuum.errors import BadInput

#: Different cells that are shown of a column.
EXAMPLES = 4
#: Bars of a histogram, and categories of which the rows are counted.
BARS, COUNTED = 24, 8


@dataclass(frozen=True)
class Bars:
    """Rows per interval of a number, or per category; ``ends`` say what bounds the intervals."""

    counts: tuple[int, ...]
    labels: tuple[str, ...] = ()
    ends: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Description:
    """One column: what it holds, and what is done with it.

    ``missing`` is the share of rows without a value, ``use`` says what becomes of it in a few words.
    """

    name: str
    sort: str
    missing: float
    distinct: int
    examples: tuple[str, ...]
    use: str
    notes: tuple[str, ...] = ()
    error: BadInput | None = None
    bars: Bars | None = None


@dataclass(frozen=True)
class Described:
    """A file: its columns, and the task in it or else the error that it is refused with."""

    where: str
    rows: int
    columns: tuple[Description, ...]
    notes: tuple[str, ...]
    task: Task | None
    error: BadInput | None
    target: str | None = None


def described(found: Considered, kind: Kind | None = None) -> Described:
    """Describe a table of which the columns were considered.

    >>> from continuum.data.assemble import considered
    >>> from continuum.data.catalogue import Entry
    >>> from continuum.data.reading.table import parse_table
    >>> table = parse_table("size,target\\n1.5,x\\n2.5,y\\n?,x\\n", "toy.csv")
    >>> size, target = described(considered(table, Entry("toy"))).columns
    >>> size.sort, size.distinct, size.examples, size.use
    ('number', 2, ('1.5', '2.5'), 'a number')
    >>> target.use
    'the target, 2 classes'
    """
    task, error = None, None
    try:
        task = task_of(found, "file", kind)
    except BadInput as refusal:
        error = refusal
    columns = [_feature(found, use) for use in found.uses]
    place = list(found.table.columns).index(found.table.target)
    columns.insert(place, _target(found, task, error))
    notes = task.notes if task is not None else found.table.notes
    table = found.table
    return Described(table.where, len(table.lines), tuple(columns), notes, task, error, table.target)


def described_task(task: Task) -> Described:
    """Describe a task that is no file: its features are numbers already.

    >>> from continuum.data import load
    >>> seen = described_task(load("iris"))
    >>> seen.columns[0].name, seen.columns[-1].examples
    ('sepal length (cm)', ('setosa', 'versicolor', 'virginica'))
    """
    columns = {name: _texts(task.features[:, j]) for j, name in enumerate(task.feature_names)}
    target = "target" if "target" not in columns else "the target"
    columns[target] = [task.class_names[code] for code in task.target] if task.classes else _texts(task.target)
    table = TextTable(task.name, columns, range(1, task.n + 1), target=target)
    plain = [Use(Column(name, "number", task.features[:, j])) for j, name in enumerate(task.feature_names)]
    labels = Distinct.of(columns[target]) if task.classes else None
    values = None if task.classes else np.asarray(task.target, dtype=np.float64)
    column = Column(target, "category" if task.classes else "number", values, labels)
    found = Considered(table, Entry(task.name), ColumnChoices(), column, tuple(plain), ())
    shown = [*(_feature(found, use) for use in plain), _target(found, task, None)]
    return Described(task.name, task.n, tuple(shown), task.notes, task, None, target)


def _texts(values: Shaped[np.ndarray, " n"]) -> list[str]:
    return ["" if value != value else f"{value:g}" for value in values.tolist()]


def _feature(found: Considered, use: Use) -> Description:
    column = use.column
    if column.error is not None:
        does = "cannot be used"
    elif use.left_out:
        does = "left out"
    elif column.values is not None:
        does = "a number"
    else:
        count = len(spelled(column))
        does = f"{count} indicator{'s' * (count != 1)}"
    return _described(found, column, does, use.notes)


def _target(found: Considered, task: Task | None, error: BadInput | None) -> Description:
    kind = "cannot be used" if task is None and error is not None and found.table.target in error.what else "the target"
    notes: tuple[str, ...] = ()
    if task is not None:
        kind += f", {task.classes} classes" if task.classes else ", a number"
        start = f"{found.table.target!r}: "
        notes = tuple(note.removeprefix(start) for note in task.notes if note.startswith(start))
    return _described(found, found.target, kind, notes)


def _described(found: Considered, column: Column, use: str, notes: tuple[str, ...]) -> Description:
    cells = found.table.columns[column.name]
    counts = Counter(cells)
    missing = counts.pop("", 0)
    examples = tuple(cell for cell, _ in zip(counts, range(EXAMPLES), strict=False))
    share = missing / max(len(cells), 1)
    return Description(
        column.name, column.sort, share, len(counts), examples, use, notes, column.error, _bars(column, counts)
    )


def _end(sort: str, value: float) -> str:
    """A number as its column has it: a day, a time of day, or digits.

    >>> _end("date", 86400.0), _end("time", 3660.0), _end("number", 0.5)
    ('1970-01-02', '1:01', '0.5')
    """
    if sort == "date":
        return str(np.datetime64(int(value // 86400), "D"))
    if sort == "time":
        return f"{int(value) // 3600}:{int(value) // 60 % 60:02d}"
    return f"{value:.4g}"


def _bars(column: Column, counts: Counter[str]) -> Bars | None:
    if column.values is not None:
        present = column.values[np.isfinite(column.values)]
        if not len(present) or not 0 < np.ptp(present) < np.inf:
            return None
        rows, edges = np.histogram(present, bins=BARS)
        return Bars(
            tuple(int(count) for count in rows), ends=(_end(column.sort, edges[0]), _end(column.sort, edges[-1]))
        )
    if not counts or max(counts.values()) == 1:
        return None
    most = counts.most_common(COUNTED)
    return Bars(tuple(count for _, count in most), tuple(label for label, _ in most))
