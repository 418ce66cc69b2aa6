"""What LaTeX's log says is wrong with the page."""

import re
from collections.abc import Iterator

#: Points by which a box may stick out.
WIDE = 5.0
ERROR = re.compile(r"^(?:\./)?(.+\.\w+:\d+: .*)|^! (.*)")
FAULTS = (
    (r"Warning: (Reference `[^']*'.*undefined)", "{0}"),
    (r"Warning: (Citation `[^']*'.*undefined)", "{0}"),
    (r"Warning: (Label `[^']*' multiply defined)", "{0}"),
    (r"Warning: (File `[^']*' not found.*)", "{0}"),
    (r"^No file (generated/.*|sections/.*)", "no file {0}"),
    (r"^(Missing character: .*)", "{0}"),
)
BOX = re.compile(r"^Overfull \\([hv]box) \(([\d.]+)pt too (?:wide|high)\)(.*)")


def faults(log: str) -> Iterator[str]:
    r"""Yield each fault once, in words; the log must have been written in long lines (``max_print_line``).

    >>> list(faults("LaTeX Warning: Citation `x' on page 2 undefined.\nOverfull \\hbox (4.9pt too wide)"))
    ["Citation `x' on page 2 undefined"]
    """
    lines = log.splitlines()
    # Where there are errors, whatever else the log says comes from stopping there.
    messages = list(_errors(lines)) or [fault for line in lines if (fault := _fault(line))]
    yield from dict.fromkeys(messages)


def _errors(lines: list[str]) -> Iterator[str]:
    """What LaTeX stopped at, with the line of the text that it shows."""
    for place, line in enumerate(lines):
        if (match := ERROR.match(line)) and "==>" not in line:
            shown = next((text for text in lines[place : place + 8] if re.match(r"l\.\d+", text)), "")
            yield f"{match[1] or match[2]} {shown}".strip()


def _fault(line: str) -> str:
    for pattern, words in FAULTS:
        if match := re.search(pattern, line):
            return words.format(*match.groups())
    if (box := BOX.match(line)) and float(box[2]) > WIDE:
        return f"overfull \\{box[1]}: {box[2]} pt too large{box[3]}"
    return ""
