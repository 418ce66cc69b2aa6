"""What a task is named by: a name, a path, or a path with how the file is read, ``my.csv?target=quality``.

The last form is one text, so that lists of tasks, cells and tables of results hold all that it takes to read a file
again; commands make it from their flags.
"""

import os
import re
from dataclasses import fields
from typing import Any
from urllib.parse import parse_qsl, quote

from continuum.data.columns.choices import ColumnChoices
from continuum.data.reading.files import is_file, shown_path
from continuum.data.reading.limits import shown
from continuum.data.reading.options import Reading
from continuum.errors import BadInput

#: Endings of the files that are read.
ENDINGS = (
    *(".csv", ".tsv", ".txt", ".data", ".dat", ".tab", ".psv", ".arff", ".xlsx", ".xlsm", ".parquet", ".feather"),
    *(".gz", ".bz2", ".xz", ".zip", ".names", ".test", ".train"),
)
#: How addresses in the network begin.
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: Names of what may follow a path.
OPTIONS = tuple(Reading.__match_args__) + tuple(field.name for field in fields(ColumnChoices))
#: Those which are true or false, and those which name several columns.
SWITCHES, SEVERAL = ("keep_na", "day_first"), ("drop", "keep", "categorical")


def spelled(path: str, reading: Reading) -> str:
    """The path with what is said about reading it.

    >>> spelled("my.csv", Reading(target="quality of wine", separator=";"))
    'my.csv?separator=semicolon&target=quality%20of%20wine'
    """
    path, before = parsed_source(path)
    both = {**reading.given(), **before.given()}  # what stands at a path goes before what is said of all
    options = [option for name, value in both.items() for option in _options(name, value)]
    return path + ("?" + "&".join(options) if options else "")


def parsed_source(source: str) -> tuple[str, Reading]:
    """A source's path or name, and how it is read; a file that bears the whole text as its name is meant itself.

    >>> parsed_source("my.csv?target=-1&keep_na")
    ('my.csv', Reading(target='-1', keep_na=True))
    >>> parsed_source("my.csv?drop=id&drop=name&day_first=false")[1]
    Reading(day_first=False, drop=('id', 'name'))
    >>> parsed_source("iris")[0]
    'iris'
    """
    if ADDRESS.match(source):
        remedy = "fetch it first, and name the file that it is stored in"
        raise BadInput(shown_path(source), expected="a file", came="an address", remedy=remedy)
    path, mark, query = source.rpartition("?")
    if not mark or is_file(os.path.expanduser(source)):
        return source, Reading()
    given: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogatepass"):
        if name not in OPTIONS:
            expected, remedy = f"{', '.join(OPTIONS)} behind the ?", "write my.csv?target=quality, say"
            raise BadInput(shown_path(source), expected=expected, came=repr(shown(name)), remedy=remedy)
        if name in SEVERAL:
            given[name] = (*given.get(name, ()), value)
        else:
            given[name] = value.lower() not in ("false", "0") if name in SWITCHES else value
    return path, Reading(**given)


def _options(name: str, value: str | bool | tuple[str, ...]) -> list[str]:
    """What follows a path for one thing that is said about reading it; of several columns each."""
    if value is True:
        return [name]
    return [f"{name}={_quoted(str(part))}" for part in (value if isinstance(value, tuple) else (value,))]


def _quoted(value: str) -> str:
    return quote(value, safe="", errors="surrogatepass")


def looks_like_path(text: str) -> bool:
    """Whether a name can only be that of a file: it has a folder in it, or an ending."""
    return "/" in text or os.sep in text or ends_like_file(text)


def ends_like_file(source: str) -> bool:
    """Whether the last thing before any options is the ending of a file that is read.

    >>> ends_like_file("data/my.csv?target=y"), ends_like_file("digits/3")
    (True, False)
    """
    return source.partition("?")[0].lower().endswith(ENDINGS)
