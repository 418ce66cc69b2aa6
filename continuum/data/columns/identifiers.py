"""Columns that teach nothing: they name or count the rows, hold one value, or repeat another."""

import re
from collections.abc import Iterable

import numpy as np
from jaxtyping import Int64

from continuum.data.columns.column import Column
from continuum.data.columns.distinct import Distinct

#: A column of more categories identifies rows.
MOST_LEVELS = 1000
#: Fewer rows may differ by chance, or be an example.
LEAST_ROWS = 10
#: So many do, where a column's name tells that it names rows.
FEWEST = 3
#: So few texts are categories, however few the rows.
FEW_LEVELS = 20
#: Texts of so many characters in the mean are prose.
PROSE = 40
#: What columns are called that name rows, and what they are called that count them.
_NAMING = re.compile(r"(?:^|.*[^a-z])(?:id|ids|uuid|guid|key|index|idx|rowid|row ?id)$|^unnamed: ?\d+$", re.IGNORECASE)
#: Names that end like those of keys, in camel case.
_CAMEL = re.compile(r".*[a-z](?:Id|ID|Key|Index)$")
#: Names that columns of row numbers have.
_COUNTING = re.compile(
    r"^(?:|#|n|nr|no|num|number|row|rows|rownum|row ?(?:number|no|nr)|record|case|obs|sno|s\.?no|sl)\.?$", re.IGNORECASE
)
#: Time that is counted from 1 is more than a row number.
_TIME = re.compile(
    r".*(?:time|year|month|week|day|hour|minute|second|step|epoch|date|period|cycle)s?$|^t$", re.IGNORECASE
)

#: Why a column is left out.
EMPTY, CONSTANT = "left out, for no cell holds a value", "left out, for it holds one value"
#: Why a column of whole numbers is left out.
COUNTER, NUMBER_KEY = "left out, for it counts the rows", "left out, for it is another whole number in every row"
#: Why a column of texts is left out.
TEXT_KEY, PROSE_TEXT = "left out, for it is another text in (nearly) every row", "left out, for it is free text"
#: Why a column of too many categories is left out.
MANY = f"left out, for it has more than {MOST_LEVELS} categories"
#: What a column is told that is used although it may be one to leave out.
KEPT_COUNTER = "counts the rows; leave it out (drop) if it is no more than a row number"
#: What is said of a text in every row that is kept.
UNIQUE = "is another text in every row; leave it out (drop) if it names the rows"
#: What is said of a column of numbers that has the name of an identifier.
RECURS = "is named like an identifier; name it categorical, or leave it out (drop), if it is no quantity"


def naming(name: str) -> bool:
    """Whether a column bears the name of an identifier.

    >>> [naming(name) for name in ("id", "user_id", "PassengerId", "Unnamed: 0", "humid", "grid", "idle")]
    [True, True, True, True, False, False, False]
    """
    return bool(_NAMING.match(name) or _CAMEL.match(name))


def useless(column: Column, first: bool) -> str:
    """Return why a column should be left out, "" if it should not; ``first`` columns may count the rows.

    >>> useless(Column("name", "category", cells=Distinct.of(["a", "b"] * 30)), True)
    ''
    >>> useless(Column("name", "category", cells=Distinct.of([f"a{i}" for i in range(30)])), True)
    'left out, for it is another text in (nearly) every row'
    """
    if column.sort == "empty":
        return EMPTY
    if column.values is not None:
        return _numbers(column, first)
    return _texts(column.name, column.cells) if column.cells is not None else ""


def _numbers(column: Column, first: bool) -> str:
    values = np.asarray(column.values)
    if np.nanmin(values) == np.nanmax(values):
        return CONSTANT if _enough(int((~np.isnan(values)).sum()), len(values)) else ""
    told = naming(column.name) or _COUNTING.match(column.name)
    if not column.plain or len(values) < (FEWEST if told else LEAST_ROWS) or np.isnan(values).any():
        return ""
    if counts(column):
        return COUNTER if told or (first and not _TIME.match(column.name)) else ""
    if naming(column.name) and (values == np.round(values)).all() and len(np.unique(values)) == len(values):
        return NUMBER_KEY
    return ""


def _enough(present: int, rows: int) -> bool:
    """One cell of an example does not make a column of one value."""
    return present > 1 or rows >= LEAST_ROWS


def counts(column: Column) -> bool:
    """Whether the column is 0, 1, 2, ... or 1, 2, 3, ... in the order of the rows.

    >>> [counts(Column("x", "number", np.array(values))) for values in ([1.0, 2.0], [0.0, 1.0], [2.0, 1.0])]
    [True, True, False]
    """
    values = column.values
    if values is None or not len(values) or values[0] not in (0, 1):
        return False
    return bool(
        values[-1] == values[0] + len(values) - 1 and np.array_equal(values, values[0] + np.arange(len(values)))
    )


def _texts(name: str, cells: Distinct) -> str:
    if len(cells) == 1:
        return CONSTANT if _enough(cells.present, len(cells.codes)) else ""
    if len(cells) == cells.present and cells.present >= (FEWEST if naming(name) else LEAST_ROWS):
        return TEXT_KEY
    if len(cells) > FEW_LEVELS and 2 * len(cells) > cells.present:
        return PROSE_TEXT if np.mean([len(text) for text in cells.values]) > PROSE else TEXT_KEY
    return MANY if len(cells) > MOST_LEVELS else ""


def repeated(columns: Iterable[Column]) -> dict[str, str]:
    """Return the columns that hold in every row what an earlier one holds, by name, and the name of that one.

    >>> repeated([Column("a", "number", np.array([1.0, 2.0])), Column("b", "number", np.array([1.0, 2.0]))])
    {'b': 'a'}
    """
    seen: dict[object, Column] = {}
    found = {}
    for column in columns:
        key = _contents(column)
        if key is not None and (same := seen.setdefault(key, column)) is not column:
            found[column.name] = same.name
    return found


def _contents(column: Column) -> object:
    if column.values is not None:
        return (column.values + 0.0).tobytes()
    return (column.cells.codes.tobytes(), column.cells.values) if column.cells is not None else None


def tells_all(columns: Iterable[Column], target: Column) -> list[str]:
    """Return the names of columns of which every value goes with one value of the target, and the reverse.

    Where hardly a value recurs, that is no wonder; there the column must hold the numbers of the target.

    >>> target = Column("target", "category", cells=Distinct.of(["x", "y", "x", "y"]))
    >>> tells_all([Column("a", "number", np.array([5.0, 7.0, 5.0, 7.0]))], target)
    ['a']
    """
    if target.values is not None:
        first, codes = np.unique(target.values, return_index=True, return_inverse=True)[1:]
    elif target.cells is not None:
        first, codes = np.unique(target.cells.codes, return_index=True)[1], target.cells.codes
    else:
        return []
    recurs = 2 * len(first) <= len(codes)
    return [column.name for column in columns if _same(column, target) or (recurs and _maps(column, codes, first))]


def _same(column: Column, target: Column) -> bool:
    return column.values is not None and target.values is not None and np.array_equal(column.values, target.values)


def _maps(column: Column, codes: Int64[np.ndarray, " n"], first: Int64[np.ndarray, " k"]) -> bool:
    """Whether the rows in which each class comes first show all values, one per class."""
    if column.values is None and column.cells is None:
        return False
    values = column.values if column.values is not None else column.cells.codes  # type: ignore[union-attr]
    each = values[first]
    return len(first) > 1 and len(np.unique(each)) == len(each) and np.array_equal(each[codes], values)
