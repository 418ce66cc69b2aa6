"""What stands for no value in a table: the one list of it.

The words are those of pandas and R, of SQL and of spreadsheets, in small letters, in capitals, or with a capital first;
but ``Na`` is sodium. Marks are signs that are no words. ``keep_na`` keeps words in columns of text, where ``NA`` may be
a country, and never marks; a minus is a value beside a plus, as in the classes ``+`` and ``-``.
"""

from collections.abc import Iterable, Sequence

#: Marks that stand for no value, beside nothing at all.
MARKS = frozenset({"", "?", "??", ".", "..", "...", ":", "-", "--", "---", "–", "—", "\\N"})
#: Words that stand for no value, in small letters.
WORDS = frozenset(
    {
        *("na", "n/a", "n.a.", "nan", "null", "none", "nil", "missing", "<na>", "(null)", "[null]", "<null>"),
        *("-nan", "+nan", "nan(ind)", "-nan(ind)", "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"),
        *("#n/a", "#n/a n/a", "#na", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#nv", "#n/d"),
    }
)
#: All their spellings.
SPELLINGS = frozenset(
    {"NaN", "-NaN", "NaT", *(f(word) for word in WORDS for f in (str.lower, str.upper, str.capitalize))} - {"Na"}
)
#: Marks of which some are values where a plus is one.
SIGNS = frozenset({"-", "–"})


def missing_in(cells: Iterable[str], keep_na: bool = False) -> frozenset[str]:
    """The distinct cells of a column that stand for no value; ``keep_na`` keeps words where others are words too.

    >>> sorted(missing_in(["1", "NA", "-"])), sorted(missing_in(["NA", "FR", "?"], keep_na=True))
    (['-', 'NA'], ['?'])
    >>> sorted(missing_in(["n/a", "NULL", "Na", "nano", "None"]))
    ['NULL', 'None', 'n/a']
    >>> sorted(missing_in(["+", "-", "?"]))
    ['?']
    """
    distinct = set(cells)
    marks = distinct & MARKS
    if "+" in distinct:
        marks -= SIGNS
    words = distinct & SPELLINGS
    if keep_na and any(map(_is_text, distinct - marks - words)):
        words = set()
    return frozenset(marks | words)


def blanked(cells: Sequence[str], missing: frozenset[str]) -> list[str]:
    """The cells, "" where they stand for no value."""
    if not missing - {""}:
        return list(cells)
    return ["" if cell in missing else cell for cell in cells]


def _is_text(cell: str) -> bool:
    """Whether a cell is no number, amount or date: it has no digit, or as many letters."""
    digits = sum(c.isdigit() for c in cell)
    return digits == 0 or sum(c.isalpha() for c in cell) >= digits
