"""Dates and times as people write them, and the seconds that they stand for."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from continuum.data.columns.plain import iso_dates

#: Years that a date may have, so that 9999-12-31 is one and 0001-1-1 is none.
FIRST_YEAR, LAST_YEAR = 1000, 9999
#: Two digits of a year from here on belong to the last century, as POSIX has it.
LAST_CENTURY = 69
#: Months by their first letters: English, German, French, Spanish, Italian.
MONTHS = {
    **dict.fromkeys("jan ene gen".split(), 1),
    **dict.fromkeys("feb fév fev".split(), 2),
    **dict.fromkeys("mar mär mrz".split(), 3),
    **dict.fromkeys("apr avr abr".split(), 4),
    **dict.fromkeys("may mai mag".split(), 5),
    **dict.fromkeys("jun juin giu".split(), 6),
    **dict.fromkeys("jul juil lug".split(), 7),
    **dict.fromkeys("aug aoû aou ago".split(), 8),
    **dict.fromkeys("sep set".split(), 9),
    **dict.fromkeys("oct okt ott".split(), 10),
    "nov": 11,
    **dict.fromkeys("dec dez déc dic".split(), 12),
}

#: Hours, minutes, perhaps seconds and halves of the day.
_TIME = r"(?P<H>\d{1,2}):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d(?:[.,]\d{1,9})?))?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
#: A time behind a date, with its zone.
_CLOCK = rf"(?:(?:T|,? +){_TIME} ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?"
#: The name of a month, or its beginning.
_NAME = rf"(?P<name>(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})[^\W\d_]{{0,7}})\.?"
#: A day of the month, perhaps as an ordinal.
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?"
#: The name of a day of the week, which says nothing more.
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,? +)?"
#: Ways to write a date; all cells of a column are of one way. In the second, a and b are day and month, or the reverse.
WAYS = {
    "year first": re.compile(rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}}){_CLOCK}"),
    "digits": re.compile(rf"(?P<a>\d{{1,2}})(?P<s>[-/.])(?P<b>\d{{1,2}})(?P=s)(?P<y>\d{{4}}|\d\d),?{_CLOCK}"),
    "month's name": re.compile(rf"(?i:{_WEEKDAY}{_DAY}(?: de)?[-/ ]+{_NAME}(?: de)?,?[-/ ]+(?P<y>\d{{4}}|\d\d))"),
    "American": re.compile(rf"(?i:{_WEEKDAY}{_NAME}[-/ ]+{_DAY},?[-/ ]+(?P<y>\d{{4}})){_CLOCK}"),
    "month": re.compile(r"(?P<y>\d{4})[-/](?P<m>\d{1,2})"),
    "month first": re.compile(r"(?P<m>\d{1,2})[-/](?P<y>\d{4})"),
    "name of the month": re.compile(rf"(?i:{_NAME}(?:[-/ ]+(?P<y>\d{{4}})|-(?P<yy>\d\d)))"),
}
#: Times of day with points; a column of them is one of dates if all of it can be.
_POINTED = re.compile(r"(?P<H>[01]\d|2[0-3])\.(?P<M>[0-5]\d)\.(?P<S>[0-5]\d)")
#: Spans of hours, which may exceed a day.
_SPAN = re.compile(
    r"(?:(?P<D>\d+) days?,? +)?(?P<H>\d{1,4}):(?P<M>[0-5]\d)(?::(?P<S>[0-5]\d(?:[.,]\d{1,9})?))?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?| ?(?:Uhr|h))?"
)
#: Years, months and days as Chinese and Japanese write them.
_CJK = str.maketrans({"年": "-", "月": "-", "日": None})


class Dates(NamedTuple):
    """Seconds since 1970 of every cell, NaN where it is no date, with the day first or the month first.

    The two differ only where the cells leave the order open.
    """

    day_first: Float64[np.ndarray, " n"]
    month_first: Float64[np.ndarray, " n"]
    two_digits: bool


def dates(cells: Sequence[str]) -> Dates | None:
    """Return the dates in the way of writing in which the most of these cells are one; None where none is a date.

    A time without its zone counts as UTC.

    >>> both = dates(["01/02/2020"])
    >>> both.day_first / 86400, both.month_first / 86400
    (array([18293.]), array([18263.]))
    >>> dates(["12 Jan 2020"]).day_first, dates(["31.12.1969 23:59:59.5"]).day_first
    (array([1.5787872e+09]), array([-0.5]))
    """
    days = iso_dates(cells)
    if days is not None:
        return Dates(days, days, False)
    plain = [cell if cell.isascii() else cell.translate(_CJK) for cell in cells]
    best: tuple[int, list[re.Match[str] | None]] | None = None
    for way in WAYS.values():
        # A column that is none shows it early, and long ones are costly.
        if not any(way.fullmatch(cell) for cell in plain[:50]):
            continue
        found = [way.fullmatch(cell) for cell in plain]
        hits = sum(match is not None for match in found)
        if best is None or hits > best[0]:
            best = hits, found
    return _seconds(best[1]) if best else None


def spans(cells: Sequence[str]) -> Float64[np.ndarray, " n"] | None:
    """Return times of day and durations in seconds, NaN where a cell is none; None where all are none.

    >>> spans(["1:30", "1:30 pm", "36:00:01.5", "2 days 00:00:00", "x"])
    array([  5400. ,  48600. , 129601.5, 172800. ,      nan])
    """
    way = next((way for way in (_SPAN, _POINTED) if any(way.fullmatch(cell) for cell in cells[:50])), None)
    return None if way is None else np.array([_span(way.fullmatch(cell)) for cell in cells])


def _span(found: re.Match[str] | None) -> float:
    if found is None:
        return float("nan")
    named = found.groupdict()
    if named.get("half") and not 1 <= int(named["H"]) <= 12:
        return float("nan")
    return 86400 * int(named.get("D") or 0) + _time(found)


def _time(found: re.Match[str]) -> float:
    """Seconds of hours, minutes and seconds; 12 am is the first hour of the day, 12 pm the thirteenth."""
    hour, half = int(found["H"]), found.groupdict().get("half")
    if half:
        hour = hour % 12 + 12 * (half in "pP")
    return 3600 * hour + 60 * int(found["M"]) + float((found["S"] or "0").replace(",", "."))


def _seconds(found: Sequence[re.Match[str] | None]) -> Dates:
    pieces = np.array([_pieces(match) for match in found])
    year, first, second, clock = pieces.T
    two_digits = any(match is not None and len(_year(match)) == 2 for match in found)
    if any(match is not None and "a" in match.re.groupindex for match in found):
        return Dates(_since(year, second, first, clock), _since(year, first, second, clock), two_digits)
    seconds = _since(year, first, second, clock)
    return Dates(seconds, seconds, two_digits)


def _pieces(found: re.Match[str] | None) -> tuple[float, float, float, float]:
    """Year, month, day and seconds of the day; of a date in digits its first two numbers for month and day."""
    if found is None:
        return (np.nan,) * 4
    named = found.groupdict()
    clock = 0.0
    if named.get("H"):
        wrong = int(named["H"]) > 23 or (named["half"] and not 1 <= int(named["H"]) <= 12)
        clock = np.nan if wrong else _time(found) - _offset(named["zone"])
    year = int(_year(found))
    if len(_year(found)) == 2:
        year += 1900 if year >= LAST_CENTURY else 2000
    if "a" in named:
        return year, int(named["a"]), int(named["b"]), clock
    month = _month(named["name"]) if "name" in named else int(named["m"])
    return year, month, int(named.get("d") or 1), clock


def _year(found: re.Match[str]) -> str:
    named = found.groupdict()
    return named.get("y") or named["yy"]


def _month(name: str) -> int:
    low = name.lower()
    return MONTHS.get(low[:4]) or MONTHS[low[:3]]


def _offset(zone: str | None) -> int:
    if not zone or zone in ("Z", "UTC", "GMT"):
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:] if len(zone) > 3 else 0)
    return (60 * hours + minutes) * (-60 if zone[0] == "-" else 60)


def _since(
    year: Float64[np.ndarray, " n"],
    month: Float64[np.ndarray, " n"],
    day: Float64[np.ndarray, " n"],
    clock: Float64[np.ndarray, " n"],
) -> Float64[np.ndarray, " n"]:
    """Seconds since 1970; NaN where the calendar has no such day."""
    fits = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1) & ~np.isnan(clock)
    months = np.where(fits, (year - 1970) * 12 + month - 1, 0).astype(np.int64)
    start, end = _first_day(months), _first_day(months + 1)
    fits &= day <= end - start
    return np.where(fits, (start + day - 1) * 86400.0 + clock, np.nan)


def _first_day(months: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
