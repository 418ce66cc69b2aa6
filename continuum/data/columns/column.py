"""Columns of a file as numbers or categories: what one leaves open, the others of the file may say."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from continuum.data.columns.choices import COMMA, POINT, ColumnChoices
from continuum.data.columns.distinct import Distinct
from continuum.data.columns.draft import DAY_FIRST, MONTH_FIRST, Draft, drafted, written
from continuum.data.columns.wording import quoted
from continuum.data.reading.table import TextTable
from continuum.errors import BadInput

#: A number that a point parts from its thousandths, or its thousands from the rest.
_OPEN = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
#: What is said of 1.234 where nothing in the file tells whether the point parts thousands.
POINTS = 'read with a decimal point; decimal="," (--decimal) takes the points for those between thousands'
#: Days written as one number, YYYYMMDD, between these years.
COMPACT_YEARS = (1900, 2099)
#: So many different numbers that are days by chance are not to be feared.
LEAST_COMPACT = 10


@dataclass(frozen=True, eq=False)
class Column:
    """One column as it is used: numbers (NaN where missing), or categories, or an error.

    ``sort`` is "number", "date", "time", "category" or "empty"; ``plain`` says that the file has these very numbers.
    """

    name: str
    sort: str
    values: Float64[np.ndarray, " n"] | None = None
    cells: Distinct | None = None
    notes: tuple[str, ...] = ()
    error: BadInput | None = None
    plain: bool = False


def columns_of(table: TextTable, choices: ColumnChoices, declared: Collection[str] = ()) -> dict[str, Column]:
    """Return all columns of the table, in its order; those in ``declared`` are categories.

    The decimal sign, and the order of day and month, are those that all rows of a column allow. Where they allow both,
    the choice decides, or else the other columns of the file, if they agree; or else the column is in error, which
    names both readings. A point alone, as in 1.234, is a decimal sign unless the file says otherwise.

    >>> table = TextTable("toy.csv", {"a": ["1,234", "2,000"], "b": ["0,5", "1"]}, [2, 3])
    >>> columns_of(table, ColumnChoices())["a"].values
    array([1.234, 2.   ])
    >>> print(columns_of(TextTable("toy.csv", {"a": ["1,234"]}, [2]), ColumnChoices())["a"].error)
    toy.csv, column 'a': expected numbers that can be read in one way, got '1,234', which is 1234 or 1.234; \
say which is the decimal sign: decimal="." or decimal="," (--decimal)
    """
    drafts = {name: drafted(table, name, name in declared) for name in table.columns}
    drafts = _points(table, drafts)
    sign = choices.decimal or _only(draft for draft in drafts.values() if draft.sort == "number")
    order = _only(draft for draft in drafts.values() if draft.sort == "date")
    if choices.day_first is not None:
        order = DAY_FIRST if choices.day_first else MONTH_FIRST
    return {name: _settled(table, name, draft, sign, order) for name, draft in drafts.items()}


def _points(table: TextTable, drafts: Mapping[str, Draft]) -> dict[str, Draft]:
    """Numbers that any program reads are looked at again: a point may part thousands."""
    return {name: _with_comma(table, name, draft) for name, draft in drafts.items()}


def _with_comma(table: TextTable, name: str, draft: Draft) -> Draft:
    if draft.cells is not None or draft.sort != "number" or draft.note:
        return draft
    cells = table.columns[name]
    pointed = [cell for cell in cells if POINT in cell]
    if not pointed:
        return replace(draft, readings={"": draft.readings[POINT]})
    if not all(_OPEN.fullmatch(cell) for cell in pointed) or any("e" in cell or "E" in cell for cell in cells):
        return draft
    other = np.array([float(cell.replace(POINT, "")) if cell else np.nan for cell in cells])
    return replace(draft, readings={**draft.readings, COMMA: other})


def _only(drafts: Iterable[Draft]) -> str | None:
    """The reading that every column allows that has one alone; "" if there is none, None if they disagree."""
    single = {next(iter(draft.readings)) for draft in drafts if len(draft.readings) == 1}
    # Whole numbers and dates in words say nothing about the others.
    single.discard("")
    return (single.pop() if single else "") if len(single) < 2 else None


def _settled(table: TextTable, name: str, draft: Draft, sign: str | None, order: str | None) -> Column:
    if not draft.readings:
        notes = (draft.note,) if draft.note else ()
        return Column(name, draft.sort, None, draft.cells, notes, draft.error)
    chosen = order if draft.sort == "date" else sign
    if len(draft.readings) > 1 and chosen not in draft.readings:
        if chosen == "" and draft.sort == "number" and draft.cells is None and not draft.note:
            return Column(name, "number", draft.readings[POINT], notes=(POINTS,), plain=True)
        return Column(name, draft.sort, None, draft.cells, error=_open(table, name, draft))
    key = chosen if chosen is not None and chosen in draft.readings else next(iter(draft.readings))
    values = draft.readings[key]
    if draft.sort == "number" and draft.cells is None:
        days = _compact_days(values)
        if days is not None:
            return Column(name, "date", days, notes=("dates written YYYYMMDD, read as seconds since 1970",))
        how = _parted(draft.note, key)
        return Column(name, "number", values, notes=how, plain=not how)
    return Column(name, draft.sort, values, draft.cells, _notes(replace(draft, readings={key: values}), key))


def _parted(commas: str, key: str) -> tuple[str, ...]:
    """How numbers are read that have points alone, or commas alone."""
    if commas:
        return (f"read as numbers: {'decimal comma' if key == COMMA else 'thousands parted by commas'}",)
    return ("read as numbers: thousands parted by points",) if key == COMMA else ()


def _notes(draft: Draft, key: str) -> tuple[str, ...]:
    if draft.sort == "date":
        details = ", ".join(filter(None, (key, draft.note)))
        return (f"dates{f' ({details})' if details else ''}, read as seconds since 1970",)
    if draft.sort == "time":
        return ("times, read as seconds",)
    how = ", ".join(written(draft))
    return (f"read as numbers{f': {how}' if how else ''}",)


def _open(table: TextTable, name: str, draft: Draft) -> BadInput:
    """Say both readings of the first cell in which they differ."""
    one, other = draft.readings.values()
    row = int(np.flatnonzero((one != other) & ~np.isnan(one))[0])
    where, cell = f"{table.where}, column {quoted(name)}", quoted(table.columns[name][row])
    if draft.sort == "date":
        early, late = (_day(draft.readings[order][row]) for order in (DAY_FIRST, MONTH_FIRST))
        return BadInput(
            where,
            expected="dates that can be read in one way",
            came=f"{cell}, which is {early} or {late}",
            remedy="say whether the day comes first: day_first=True or day_first=False (--day-first)",
        )
    return BadInput(
        where,
        expected="numbers that can be read in one way",
        came=f"{cell}, which is {draft.readings[POINT][row]:.10g} or {draft.readings[COMMA][row]:.10g}",
        remedy='say which is the decimal sign: decimal="." or decimal="," (--decimal)',
    )


def _day(seconds: float) -> str:
    return str(np.datetime64(int(seconds // 86400), "D"))


def _compact_days(values: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"] | None:
    """Seconds since 1970 of numbers that are all days such as 20200131; None where some are none, or few differ."""
    first, last = COMPACT_YEARS
    if not first * 10_000 < np.nanmin(values) <= np.nanmax(values) < (last + 1) * 10_000:
        return None
    present = values[~np.isnan(values)]
    whole = present.astype(np.int64)
    if (whole != present).any() or len(np.unique(whole)) < LEAST_COMPACT:
        return None
    year, month, day = whole // 10_000, whole // 100 % 100, whole % 100
    if ((month < 1) | (month > 12) | (day < 1)).any():
        return None
    months = (year - 1970) * 12 + month - 1
    start, end = (
        part.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for part in (months, months + 1)
    )
    if (day > end - start).any():
        return None
    seconds = np.full(len(values), np.nan)
    seconds[~np.isnan(values)] = (start + day - 1) * 86400.0
    return seconds
