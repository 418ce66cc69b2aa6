"""Columns written as people of some country write them must come back as what they were, or be refused as ambiguous."""

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from attacks.harness import Attack
from continuum.data import Task, load
from continuum.data.columns.column import POINTS
from continuum.errors import BadInput

#: Decimal sign and what may part thousands, by country.
LOCALES = [(".", ","), (",", "."), (",", " "), (",", "\u202f"), (".", "'"), (",", "\u00a0"), (".", ""), (",", "")]
#: What may stand before and behind a number.
DRESS = [("", "")] * 6
DRESS += [("$", ""), ("€", ""), ("", " €"), ("CHF ", ""), ("", "%"), ("", " kg"), ("", "°C"), ("£ ", "")]
#: Ways to write a day; those of digits with the day or the month first.
DAYS = ["%Y-%m-%d", "%Y/%m/%d", "%d %b %Y", "%b %d, %Y", "%d-%B-%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%MZ"]
ORDERED = {True: ["%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%Y %H:%M"], False: ["%m/%d/%Y", "%m-%d-%y"]}
#: Words that look like numbers or dates in part, and are categories.
WORDS = (
    "red blau grün yes no A1 B2 C10 10-20 20-30 1/2 3/4 x5 #3 2.1.7 5x4 Mon Tue Jan May 10.0.0.1 <5 1st 2nd 0x1F v1.2 "
    "a,b a;b é e5 Q1 12.5.6.7 +"
).split()
#: What ambiguous columns look like: three digits behind one sign everywhere, or no day beyond the twelfth.
_OPEN_NUMBER = re.compile(r"\D*[1-9]?\d{0,2}(?:[^\d.,]?\d{3})*(?:[.,]\d{3})*\D*")
_OPEN_DAY = re.compile(r"(?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|1[0-2])[-/.].*")


@dataclass(frozen=True)
class Written:
    """A column as it was and as it stands in the file; values are None for categories."""

    cells: list[str]
    values: np.ndarray | None
    opened: re.Pattern[str] | None = None


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """Write a file of random columns, load it, and compare."""
    rows = int(generator.integers(3, 90))
    sign, parting = LOCALES[generator.integers(len(LOCALES))]
    day_first = bool(generator.random() < 0.6)
    columns: dict[str, Written] = {}
    makers: list[Callable[[], Written]] = [
        lambda: numbers(generator, rows, sign, parting),
        lambda: days(generator, rows, day_first),
        lambda: categories(generator, rows),
    ]
    for position in range(int(generator.integers(1, 7))):
        columns[f"column{position}"] = makers[int(generator.choice(3, p=[0.6, 0.2, 0.2]))]()
    path = folder / "my.csv"
    separator = str(generator.choice([",", ",", ",", ";", "\t"]))
    classes = generator.permutation(np.array(["x", "y"] * rows)[:rows]).tolist()
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerow([*columns, "target"])
        writer.writerows(zip(*(column.cells for column in columns.values()), classes, strict=True))

    def chosen() -> Task:
        return load(path, separator=separator, decimal=sign, day_first=day_first)

    try:
        task = load(path, separator=separator)
    except BadInput as error:
        return _refused(error, chosen, columns)
    # Of a point alone a note says that it may part thousands.
    return _wrong(chosen() if any(POINTS in note for note in task.notes) else task, columns)


def numbers(generator: np.random.Generator, rows: int, sign: str, parting: str) -> Written:
    """Random numbers with so many decimals, some missing, in one dress."""
    decimals, size = int(generator.integers(0, 5)), 10 ** generator.uniform(0, 7)
    values = np.round(size * generator.standard_normal(rows), decimals)
    before, behind = DRESS[generator.integers(len(DRESS))]
    grouped = parting if generator.random() < 0.6 else ""
    strip, bracket = generator.random() < 0.4, generator.random() < 0.15
    exponent = decimals and not grouped and not before and not behind and generator.random() < 0.15
    cells = []
    for value in values:
        text = f"{abs(value):e}" if exponent else f"{abs(value):,.{decimals}f}"
        text = text.replace(",", "\0").replace(".", sign).replace("\0", grouped)
        if strip and decimals and not exponent:
            text = text.rstrip("0").removesuffix(sign)
        text = f"{before}{text}{behind}"
        cells.append((f"({text})" if bracket else f"-{text}") if value < 0 else text)
    spelled = [f"{value:e}" if exponent else f"{value:.{decimals}f}" for value in values]
    return _with_gaps(generator, Written(cells, np.array(spelled, dtype=np.float64), _OPEN_NUMBER))


def days(generator: np.random.Generator, rows: int, day_first: bool) -> Written:
    """Random days, or times of random days."""
    ordered = generator.random() < 0.5
    way = str(generator.choice(ORDERED[day_first] if ordered else DAYS))
    start = datetime(1970, 1, 1)
    cells, values = [], []
    for second in generator.integers(0, 50 * 365 * 86400, rows):
        text = (start + timedelta(seconds=int(second))).strftime(way)
        cells.append(text)
        values.append((datetime.strptime(text, way) - start).total_seconds())
    return _with_gaps(generator, Written(cells, np.array(values), _OPEN_DAY if ordered else None))


def categories(generator: np.random.Generator, rows: int) -> Written:
    """A few words, again and again."""
    some = generator.choice(WORDS, int(generator.integers(2, 6)), replace=False)
    return _with_gaps(generator, Written([str(word) for word in generator.choice(some, rows)], None))


def _with_gaps(generator: np.random.Generator, written: Written) -> Written:
    if generator.random() < 0.6:
        return written
    gaps = generator.random(len(written.cells)) < 0.2
    cells = ["" if gap else cell for cell, gap in zip(written.cells, gaps, strict=True)]
    values = None if written.values is None else np.where(gaps, np.nan, written.values)
    return Written(cells, values, written.opened)


def _refused(error: BadInput, again: Callable[[], Task], columns: dict[str, Written]) -> str | None:
    """A refusal is right where a column is ambiguous, and then the choices that it names must help."""
    message = str(error)
    if len(message) > 1000 or "\n" in message:
        return f"a long message: {message[:200]}"
    if "only columns that are left out" in message:
        return next((f"{name} is left out" for name, column in columns.items() if not _useless(column, columns)), None)
    found = re.search(r"column '(column\d)'.*which is .* or ", message)
    if found is None:
        return f"refused: {message}"
    column = columns[found[1]]
    if column.opened is None or not all(column.opened.fullmatch(cell) for cell in column.cells if cell):
        return f"refused as ambiguous: {[cell for cell in column.cells if cell][:6]}: {message}"
    try:
        return _wrong(again(), columns)
    except BadInput as second:
        return None if "only columns that are left out" in str(second) else f"refused all the same: {second}"


def _wrong(task: Task, columns: dict[str, Written]) -> str | None:
    for name, column in columns.items():
        mine = [place for place, title in enumerate(task.feature_names) if title.split("=")[0] == name]
        if not mine:
            if not _useless(column, columns):
                return f"{name} is left out: {column.cells[:6]}, {task.notes}"
        elif column.values is None:
            levels = [f"{name}={word}" for word in sorted(set(column.cells) - {""})]
            if [task.feature_names[place] for place in mine] != levels:
                return f"{name}: {levels} became {[task.feature_names[place] for place in mine]}"
        elif len(mine) > 1 or not np.array_equal(task.features[:, mine[0]], column.values, equal_nan=True):
            became = task.features[:4, mine[0]] if len(mine) == 1 else f"{len(mine)} indicators"
            return f"{name}: {column.cells[:4]} became {became}, not {column.values[:4]}"
    return None


def _useless(column: Written, columns: dict[str, Written]) -> bool:
    """Whether a column holds one value, or another text or whole number in every row, or repeats another."""
    present = [cell for cell in column.cells if cell]
    if column.values is None:
        return len(set(present)) in (0, 1, len(present))
    shown = column.values[~np.isnan(column.values)]
    steps = np.array_equal(shown, np.arange(len(shown)) + shown[0]) if len(shown) else True
    others = [other.values for other in columns.values() if other is not column and other.values is not None]
    twin = any(np.array_equal(other, column.values, equal_nan=True) for other in others)
    return len(set(shown)) < 2 or bool(steps) or twin


attack = Attack("columns", cases=8000, short=60, attempt=attempt)
