"""What may lie above a table in its file: the separator as Excel is told it, comments, blank lines."""

import re
from dataclasses import dataclass
from itertools import islice

from continuum.data.reading.encodings import Text
from continuum.data.reading.missing import SPELLINGS
from continuum.data.reading.rows import lines_of

#: How comments begin, and what begins so and is none.
COMMENTS = ("#", "%")
#: Words for missing that begin like a comment.
NO_COMMENTS = tuple(word for word in SPELLINGS if word.startswith(COMMENTS))
#: The line by which Excel is told the separator.
SEPARATOR_LINE = re.compile(r'"?sep=(.|\\t)"?\s*', re.IGNORECASE | re.DOTALL)
#: Most lines of comments at the top.
MOST_COMMENTS = 10_000


@dataclass(frozen=True)
class Prelude:
    """Lines to skip, the separator if they name it, and the comments among them with their numbers from 0."""

    lines: int = 0
    separator: str | None = None
    comments: tuple[tuple[int, str], ...] = ()


def is_comment(line: str) -> bool:
    """Whether a line begins like a comment, and not with a spreadsheet's word for no value.

    >>> is_comment("# by hand"), is_comment("#N/A,5")
    (True, False)
    """
    return line.startswith(COMMENTS) and not line.startswith(NO_COMMENTS)


def prelude_of(text: Text) -> Prelude:
    """What lies above the table.

    >>> from continuum.data.reading.encodings import text_of
    >>> prelude_of(text_of(b"sep=;\\n# by hand\\n\\na;target\\n", "my.csv"))
    Prelude(lines=3, separator=';', comments=((1, '# by hand'),))
    """
    separator, skipped, comments = None, 0, []
    for number, line in enumerate(islice(lines_of(text), MOST_COMMENTS)):
        named = SEPARATOR_LINE.fullmatch(line) if number == 0 else None
        if named:
            separator = {"\\t": "\t"}.get(named[1], named[1])
        elif is_comment(line.lstrip(" ")):
            comments.append((number, line.strip(" \r\n")))
        elif line.strip():
            break
        skipped = number + 1
    return Prelude(skipped, separator, tuple(comments))
