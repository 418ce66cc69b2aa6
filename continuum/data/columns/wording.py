"""Words for what was found in a file: short, on one line, whatever the file holds."""

from collections.abc import Iterable, Sequence

from continuum.data.reading.limits import shown

#: Characters of a cell or a name that a note or a message shows.
SHOWN = 40
#: Columns that a note names; of more it says how many.
NAMED = 4


def quoted(text: str, most: int = SHOWN) -> str:
    r"""Return a text of a file in quotes, cut, without control characters.

    >>> quoted("it's"), quoted("\x1b[31m"), quoted("x" * 99, 5)
    ('"it\'s"', "'?[31m'", "'xxxx…'")
    """
    return repr(shown(text, most))


def listed(names: Sequence[str]) -> str:
    """Name a few columns, and count the others.

    >>> listed(["a"]), listed(["a", "b"]), listed([f"x{i}" for i in range(1000)])
    ("'a'", "'a' and 'b'", "'x0', 'x1', 'x2', 'x3' and 996 more")
    """
    shown = [quoted(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        return f"{', '.join(shown)} and {len(names) - NAMED:,} more"
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def gathered(notes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return notes of the form "columns: what about them" from pairs of a column and a note; one per what.

    >>> gathered([("a", "left out"), ("b", "a date"), ("c", "left out")])
    ("'a' and 'c': left out", "'b': a date")
    """
    names: dict[str, list[str]] = {}
    for name, note in notes:
        names.setdefault(note, []).append(name)
    return tuple(f"{listed(group)}: {note}" for note, group in names.items())
