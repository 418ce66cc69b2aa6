"""Which column is the one to predict."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from continuum.data.reading.limits import SHOWN_CHARACTERS, listed, shown
from continuum.errors import BadInput

#: Name of the column to predict, where nobody says another.
TARGET = "target"
#: An index, counted from the last column where negative.
INDEX = re.compile(r"[-+]?\d{1,9}")
#: Names that such columns have in public tables, in small letters.
LIKELY = (
    "class y label labels outcome output response quality price income salary species diagnosis result status "
    "category type survived default churn score grade rating mpg medv value saleprice strength"
).split()
#: How many likely columns a message names.
MOST_LIKELY = 4


def chosen_target(names: Sequence[str], wanted: str | None, where: str) -> str:
    """The name of the target among the columns: as it is said, by name or else index, or else ``target``.

    Raises:
        BadInput: there is no such column; the message names likely ones.

    >>> chosen_target(["a", "b", "y"], "-1", "my.csv"), chosen_target(["a", "-1"], "-1", "my.csv")
    ('y', '-1')
    >>> chosen_target(["a", "b", "quality"], None, "my.csv")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: my.csv: expected a column named target, got columns a, b, quality; name the column to \
predict, likely quality or a, by target= (--target quality), or -1 for the last
    """
    if wanted is None:
        return _default(names, where)
    if wanted in names:
        return wanted
    if INDEX.fullmatch(wanted):
        index, count = int(wanted), len(names)
        if -count <= index < count:
            return names[index]
        expected = f"an index from {-count} to {count - 1}"
        raise BadInput(f"{where}, target", expected=expected, came=index, remedy="-1 is the last column")
    near = [name for name in names if name.casefold() == wanted.strip().casefold()]
    if len(near) == 1:
        return near[0]
    near = near or get_close_matches(wanted, names[:1000], n=3, cutoff=0.5)
    remedy = f"did you mean {' or '.join(map(shown, near))}?" if near else f"likely ones are {_likely(names)}"
    came = f"{shown(wanted)!r}, and columns {listed(names)}"
    raise BadInput(f"{where}, target", expected="the name or index of a column", came=came, remedy=remedy)


def likely_targets(names: Sequence[str]) -> list[str]:
    """Columns that may be meant: those with a usual name, the last and the first.

    >>> likely_targets(["Price", "rooms", "area"])
    ['Price', 'area']
    """
    usual = [name for name in names if name.casefold() in LIKELY or name.casefold().rpartition("_")[2] in LIKELY]
    return list(dict.fromkeys([*usual[: MOST_LIKELY - 2], names[-1], names[0]]))


def _default(names: Sequence[str], where: str) -> str:
    if TARGET in names:
        return TARGET
    near = [name for name in names if name.casefold() == TARGET]
    if len(near) == 1:
        return near[0]
    first = likely_targets(names)[0]
    flag = first if len(first) <= SHOWN_CHARACTERS and first.isidentifier() else "-1"
    hint = "" if flag == "-1" else ", or -1 for the last"
    raise BadInput(
        where,
        expected=f"a column named {TARGET}",
        came=f"columns {listed(names)}",
        remedy=f"name the column to predict, likely {_likely(names)}, by target= (--target {flag}){hint}",
    )


def _likely(names: Sequence[str]) -> str:
    return " or ".join(map(shown, likely_targets(names)))
