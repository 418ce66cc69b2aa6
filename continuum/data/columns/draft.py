"""What the cells of one column say about themselves: numbers, dates, times, or categories."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

from continuum.data.columns.choices import COMMA, POINT
from continuum.data.columns.dates import dates, spans
from continuum.data.columns.distinct import Distinct
from continuum.data.columns.numerals import MULTIPLES, Numeral, multiplied, parts
from continuum.data.columns.plain import comma_numbers, plain_numbers
from continuum.data.columns.wording import quoted
from continuum.data.reading.table import TextTable
from continuum.errors import BadInput

#: Numbers and words in one column are categories if they are no more than so many, and each stands in some rows.
MOST_MIXED = 20
#: Rows per category that make a mixed column one of categories.
ROWS_PER_MIXED = 3
#: Fewer than one word in so many cells is a slip.
SLIPS = 10
#: The two orders of a date in digits.
DAY_FIRST, MONTH_FIRST = "day first", "month first"
#: What a column may hold, in the order in which it is tried.
SORTS = ("number", "date", "time", "category", "empty")


@dataclass(frozen=True, eq=False)
class Draft:
    """One column on its own.

    Args:
        sort: one of ``SORTS``.
        readings: its numbers by decimal sign, or by the order of day and month; several where the cells leave it open.
        cells: its distinct cells; None for numbers of digits, a point or a comma alone, of which there may be many.
        numerals: the numbers of its distinct cells as written, where they are more than that.
        note: what was done besides.
        error: why it cannot be used.
    """

    sort: str
    readings: dict[str, Float64[np.ndarray, " n"]] = field(default_factory=dict)
    cells: Distinct | None = None
    numerals: tuple[Numeral, ...] = ()
    note: str = ""
    error: BadInput | None = None


def drafted(table: TextTable, name: str, declared: bool = False) -> Draft:
    """Return what the cells of a column say; of a column that is ``declared`` categorical nothing is asked."""
    column = table.columns[name]
    values = None if declared else plain_numbers(column)
    if values is not None:
        return Draft("empty") if np.isnan(values).all() else Draft("number", {POINT: values})
    commas = None if declared else comma_numbers(column)
    if commas is not None:
        readings = {COMMA: commas[0], **({} if commas[1] is None else {POINT: commas[1]})}
        return Draft("number", readings, note="commas")
    cells = Distinct.of(column)
    if not len(cells):
        return Draft("empty")
    if declared:
        return Draft("category", cells=cells)
    numerals = [parts(cell) for cell in cells.values]
    number = np.array([numeral is not None for numeral in numerals])
    if number.all():
        return _numbers(table, name, cells, tuple(filter(None, numerals)))
    found = _dates(table, name, cells) or _times(table, name, cells)
    if found is not None:
        return found
    return _words(table, name, cells, number, any(numeral and numeral.unit for numeral in numerals))


def _numbers(table: TextTable, name: str, cells: Distinct, numerals: tuple[Numeral, ...]) -> Draft:
    odd = _odd_units(cells, numerals)
    if odd.any() and (multiples := multiplied(numerals)) is not None:
        numerals, odd = multiples, np.zeros(len(cells), dtype=bool)
    if odd.any():
        return _units(table, name, cells, numerals, odd)
    fits = {sign: np.array([numeral.readable(sign) for numeral in numerals]) for sign in (POINT, COMMA)}
    readings = {
        sign: cells.spread(np.array([numeral.value(sign) for numeral in numerals]))
        for sign, fit in fits.items()
        if fit.all()
    }
    if not readings:
        most = max(fits, key=lambda sign: int(cells.counts[fits[sign]].sum()))
        return Draft("number", cells=cells, error=_two_signs(table, name, cells, ~fits[most], most))
    if _agree(readings):
        readings = {"": readings[POINT]}
    return Draft("number", readings, cells, numerals)


def _odd_units(cells: Distinct, numerals: tuple[Numeral, ...]) -> Bool[np.ndarray, " k"]:
    """Which cells are not in the unit of the most rows."""
    units, codes = np.unique([numeral.unit for numeral in numerals], return_inverse=True)
    return np.asarray(codes != np.bincount(codes, weights=cells.counts, minlength=len(units)).argmax())


def _units(
    table: TextTable, name: str, cells: Distinct, numerals: tuple[Numeral, ...], odd: Bool[np.ndarray, " k"]
) -> Draft:
    if _recurs(cells):
        return Draft("category", cells=cells, note="numbers of several units, read as categories")
    if _are_codes(cells, odd):
        return Draft("category", cells=cells)
    unit = numerals[int(np.flatnonzero(~odd)[0])].unit
    what = f"a number in {quoted(unit)}" if unit else "a number"
    return Draft("number" if unit else "category", cells=cells, error=_mixed(table, name, cells.row_of(odd), what))


def _two_signs(table: TextTable, name: str, cells: Distinct, odd: Bool[np.ndarray, " k"], sign: str) -> BadInput:
    row = cells.row_of(odd)
    return BadInput(
        table.at(row, name),
        expected=f"numbers with the decimal sign {sign!r}, as in most rows",
        came=quoted(table.columns[name][row]),
        remedy="write all numbers of a column in one way, or leave the column out (drop)",
    )


def _dates(table: TextTable, name: str, cells: Distinct) -> Draft | None:
    found = dates(cells.values)
    if found is None:
        return None
    fits = {DAY_FIRST: ~np.isnan(found.day_first), MONTH_FIRST: ~np.isnan(found.month_first)}
    values = {DAY_FIRST: found.day_first, MONTH_FIRST: found.month_first}
    most = max(fits, key=lambda order: int(cells.counts[fits[order]].sum()))
    if not fits[most].all():
        return _odd_one(table, name, cells, fits[most], "a date")
    readings = {order: cells.spread(values[order]) for order, fit in fits.items() if fit.all()}
    if _agree(readings):
        readings = {"": readings[DAY_FIRST]}
    note = "years of two digits, from 1969 to 2068" if found.two_digits else ""
    return Draft("date", readings, cells, note=note)


def _times(table: TextTable, name: str, cells: Distinct) -> Draft | None:
    found = spans(cells.values)
    if found is None:
        return None
    fits = ~np.isnan(found)
    if not fits.all():
        return _odd_one(table, name, cells, fits, "a time")
    return Draft("time", {"": cells.spread(found)}, cells)


def _agree(readings: dict[str, Float64[np.ndarray, " n"]]) -> bool:
    """Whether two ways to read a column come to the same, so that none needs to be chosen."""
    values = list(readings.values())
    return len(values) == 2 and np.array_equal(values[0], values[1], equal_nan=True)


def _odd_one(table: TextTable, name: str, cells: Distinct, fits: Bool[np.ndarray, " k"], what: str) -> Draft | None:
    """A column of dates with a few other cells cannot be used; one with a few dates is none of dates."""
    if 2 * cells.counts[fits].sum() <= cells.present:
        return None
    if _recurs(cells):
        return Draft("category", cells=cells, note=f"{what} in some rows, words in others, read as categories")
    return Draft("date", cells=cells, error=_mixed(table, name, cells.row_of(~fits), what))


def _words(table: TextTable, name: str, cells: Distinct, number: Bool[np.ndarray, " k"], has_units: bool) -> Draft:
    """Categories, unless the column is one of numbers with a slip, or the reverse; 1st is more of a word than 1."""
    numbers, words = int(cells.counts[number].sum()), int(cells.counts[~number].sum())
    if not number.any():
        return Draft("category", cells=cells)
    if _recurs(cells) or (has_units and len(cells) <= MOST_MIXED and len(cells) < cells.present < SLIPS * words):
        return Draft("category", cells=cells, note="numbers and words, read as categories")
    if _are_codes(cells, ~number):
        return Draft("category", cells=cells)
    if numbers >= words:
        return Draft("category", cells=cells, error=_mixed(table, name, cells.row_of(~number), "a number"))
    plain = np.array([plain_numbers([cell]) is not None for cell in cells.values])
    if plain.any() and not _mostly_different(cells):
        return Draft("category", cells=cells, error=_mixed(table, name, cells.row_of(plain), "text"))
    return Draft("category", cells=cells)


def _recurs(cells: Distinct) -> bool:
    """Whether these are few values that come again and again."""
    return len(cells) <= MOST_MIXED and cells.present >= ROWS_PER_MIXED * len(cells) and int(cells.counts.min()) > 1


def _mostly_different(cells: Distinct) -> bool:
    return len(cells) > MOST_MIXED and 2 * len(cells) > cells.present


def _are_codes(cells: Distinct, odd: Bool[np.ndarray, " k"]) -> bool:
    """Whether these are codes, of which some happen to be numbers: hardly one recurs, many have letters and digits."""
    texts = [cell for cell, chosen in zip(cells.values, odd, strict=True) if chosen]
    rows = int(cells.counts[odd].sum())
    if not _mostly_different(cells) or SLIPS * rows < cells.present or 2 * len(texts) < rows:
        return False
    return all(any(c.isalpha() for c in text) and any(c.isdigit() for c in text) for text in texts)


def _mixed(table: TextTable, name: str, row: int, expected: str) -> BadInput:
    return BadInput(
        table.at(row, name),
        expected=f"{expected}, as in most rows",
        came=quoted(table.columns[name][row]),
        remedy="correct the cell, leave it empty if it is missing, leave the column out (drop), or name it categorical",
    )


def written(draft: Draft) -> Iterator[str]:
    """Say how numbers were written that are more than digits and a point."""
    bodies = [numeral.body for numeral in draft.numerals]
    (sign,) = draft.readings
    sign = sign or POINT
    parting = POINT if sign == COMMA else COMMA
    if sign == COMMA and any(COMMA in body for body in bodies):
        yield "decimal comma"
    signs = {parting: "points" if parting == POINT else "commas", " ": "spaces", "'": "quotes"}
    used = [word for char, word in signs.items() if any(char in body for body in bodies)]
    if used:
        yield f"thousands parted by {' and '.join(used)}"
    if any(numeral.exponent in MULTIPLES.values() for numeral in draft.numerals):
        yield "thousands and millions multiplied out"
    if draft.numerals and draft.numerals[0].unit:
        yield f"without {quoted(draft.numerals[0].unit)}"
