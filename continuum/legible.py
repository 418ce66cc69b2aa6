"""What a message may hold: text that fits on a screen and steers no terminal, whatever it is made from."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

#: Most characters of a message: a screen of 80 columns, of which a dozen lines are filled.
MOST = 960
#: Most names in a list; the others are counted.
NAMES = 12
#: Longest name or value that is looked for among others: looking takes the square of its length.
COMPARED = 100


def legible(text: object, most: int = MOST) -> str:
    r"""Return a text on one line: what cannot be printed is escaped, as in Python, and a long one loses its middle.

    Escaped are control characters, among them line ends, tabs and what begins a terminal's commands; marks that change
    the direction of writing; halves of surrogate pairs; and all that ``str.isprintable`` refuses.

    >>> print(legible("red\x1b[31m\nline"), legible("a" * 500, 60))
    red\x1b[31m\nline aaaaaaaaaaaaaaaaa ... (500 characters) ... aaaaaaaaaaaaaaaaa
    """
    said = text if isinstance(text, str) else _shown(text)
    if len(said) <= most and said.isprintable():
        return said
    if len(said) <= most and len(whole := _escaped(said)) <= most:
        return whole
    middle = f" ... ({len(said)} characters) ... "
    room = max(most - len(middle), 8) // 2
    return f"{_escaped(said[:room])[:room]}{middle}{_escaped(said[-room:])[-room:]}"


def enumeration(names: Iterable[object], near: object = None, most: int = NAMES) -> str:
    """Return names in a line: those nearest to ``near`` first where there are too many, and how many are left out.

    >>> enumeration("abc"), enumeration(["iris", "wine", "digits"], "digit", most=2)
    ('a, b, c', 'digits, iris and 1 more')
    """
    known = [name if isinstance(name, str) else _shown(name) for name in names]
    if len(known) > most:
        known = [*nearest(near, known), *known] if isinstance(near, str) else known
        known = list(dict.fromkeys(known))
    said = ", ".join(legible(name, COMPARED) for name in known[:most])
    return said + (f" and {len(known) - most} more" if len(known) > most else "")


def nearest(value: object, names: Sequence[str], most: int = 3) -> list[str]:
    """Return the names that are most like ``value``; none if it is no text, or too long to be meant as one.

    >>> nearest("tanhh", ["relu", "tanh"]), nearest("t" * 10**6, ["relu", "tanh"])
    (['tanh'], [])
    """
    if not isinstance(value, str) or len(value) > COMPARED:
        return []
    return get_close_matches(value, names, n=most, cutoff=0.5)


def fitted(parts: Sequence[str], most: int) -> list[str]:
    """Return texts cut to ``most`` characters together: short ones stay whole, long ones share what is left alike.

    >>> [len(part) for part in fitted(["a" * 10, "b" * 500, "c" * 500], 210)]
    [10, 100, 100]
    """
    whole = [legible(part, most) for part in parts]
    cut, room = dict[int, str](), most
    for place in sorted(range(len(whole)), key=lambda place: len(whole[place])):
        share = room // (len(whole) - len(cut))
        cut[place] = whole[place] if len(whole[place]) <= share else legible(parts[place], share)
        room -= len(cut[place])
    return [cut[place] for place in range(len(parts))]


def _shown(value: object) -> str:
    """A value as it prints; of a long list the first items."""
    if isinstance(value, (list, tuple)) and len(value) > NAMES:
        opening, closing = "[]" if isinstance(value, list) else "()"
        return f"{opening}{', '.join(map(repr, value[:NAMES]))} and {len(value) - NAMES} more{closing}"
    try:
        return str(value)
    except Exception as error:  # a number of more digits than Python prints, or whatever a foreign object raises
        return f"a {type(value).__name__} that cannot be printed ({type(error).__name__})"


def _escaped(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
