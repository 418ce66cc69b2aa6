"""Texts of a table in memory that are numbers or dates in all but type."""

from collections.abc import Iterable

from continuum.data.columns.dates import dates
from continuum.data.columns.numerals import parts
from continuum.data.columns.wording import quoted

#: So few different texts may be categories, whatever they spell.
FEW = 20
#: Different texts that are looked at.
LOOKED_AT = 200


def lookalike(cells: Iterable[object]) -> str:
    """Say what a column of texts looks like that would be categories, "" where it looks like nothing else.

    >>> lookalike([f"{i},5" for i in range(30)])
    "'0,5' and all others look like numbers"
    >>> lookalike(["1,5", "2,5"] * 30), lookalike([f"name {i}" for i in range(30)])
    ('', '')
    """
    texts: dict[str, None] = {}
    for cell in cells:
        if isinstance(cell, str) and cell.strip():
            texts[cell.strip()] = None
            if len(texts) >= LOOKED_AT:
                break
    if len(texts) <= FEW:
        return ""
    first = next(iter(texts))
    if all(parts(text) is not None for text in texts):
        return f"{quoted(first)} and all others look like numbers"
    found = dates(list(texts))
    if found is not None and not (found.day_first != found.day_first).any():
        return f"{quoted(first)} and all others look like dates"
    return ""
