"""How large a file may be, and how much of a strange name or cell a message shows."""

from collections.abc import Sequence

#: Most bytes of a file, and of what is packed in it.
MOST_BYTES = 1 << 30
#: Most cells of a table: a million rows of fifty columns.
MOST_CELLS = 50_000_000
#: What is packed may be so many times as large as its packing, beyond so many bytes; numbers shrink 2- to 10-fold.
MOST_RATIO, FREE_BYTES = 200, 1 << 24
#: Most names that a message lists, and most characters of each.
SHOWN_NAMES, SHOWN_CHARACTERS = 8, 30


def shown(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """The beginning of a text on one line, without what a terminal would obey.

    >>> shown("a\\x1b[31mb"), shown("x" * 100, 5)
    ('a?[31mb', 'xxxx…')
    """
    plain = "".join(c if c.isprintable() else "?" for c in text[: most + 1])
    return plain if len(text) <= most else plain[: most - 1] + "…"


def listed(names: Sequence[str]) -> str:
    """Some names, the first and the last, and how many there are beside them.

    >>> listed(["a", "b"]), listed([f"c{i}" for i in range(100)])
    ('a, b', 'c0, c1, c2, c3, c4, c5, c6, ... (92 more), c99')
    """
    if len(names) <= SHOWN_NAMES:
        return ", ".join(map(shown, names))
    first = ", ".join(map(shown, names[: SHOWN_NAMES - 1]))
    return f"{first}, ... ({len(names) - SHOWN_NAMES} more), {shown(names[-1])}"
