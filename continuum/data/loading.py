"""Finding a task by its name, its path, or in a table in memory."""

import os
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from continuum.checks import one_of
from continuum.data.assemble import assemble
from continuum.data.bundled import NOTES, SPIRALS, bundled, two_spirals
from continuum.data.cache import cache_folder, csv_folder, store
from continuum.data.catalogue import Entry, catalogue
from continuum.data.reading.files import is_file, shown_path
from continuum.data.reading.limits import shown
from continuum.data.reading.options import AUTOMATIC, Header, Reading
from continuum.data.reading.sources import looks_like_path, parsed_source, spelled
from continuum.data.reading.table import TextTable, parse_table, read_table
from continuum.data.task import KINDS, Kind, Task
from continuum.data.uci import fetch
from continuum.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

#: What a file gives its task as a name, at most so many characters of it.
NAME_CHARACTERS = 60


def load(
    source: "str | os.PathLike[str] | pd.DataFrame | Any",
    kind: Kind | None = None,
    *,
    separator: str | None = None,
    header: Header = "auto",
    target: str | int | None = None,
    keep_na: bool = False,
    decimal: str | None = None,
    day_first: bool | None = None,
    drop: Sequence[str] = (),
    keep: Sequence[str] = (),
    categorical: Sequence[str] = (),
) -> Task:
    """Return a task by name, from a file by its path, or from a DataFrame.

    A name is looked for among the bundled and synthetic tasks, then as ``NAME.csv`` in the folder
    ``$CONTINUUM_UCI``, then in the cache (``$CONTINUUM_CACHE`` moves it), and then at UCI, which fills the cache;
    that last step was tried against a local server only. A text is a path if it has a folder or a known ending in it,
    or if a file of that name exists and no task does: ``./iris`` is a file, ``iris`` the task.

    Files may be CSV with any usual separator and encoding, xlsx, Parquet, Feather, ARFF, and text packed by gz, bz2, xz
    or zip; ``my.csv?target=quality&header=none`` says in the name itself what the arguments say.

    Args:
        source: the name, the path, or a DataFrame of pandas (or what has ``to_arrow`` or ``to_pandas``).
        kind: goes before what the catalogue says and what the target suggests.
        separator: of a text file; by default what makes all rows equally long.
        header: "first" where names are in the first row, "none" where none are: they become column_1, column_2, ...;
            "auto" is a first row of names that must not look like data.
        target: the column to predict by name, or by index where no column has that name; -1 is the last one.
        keep_na: words such as NA and None in columns of text are words; else they stand for no value.
        decimal: "." or ",", where the cells of a column leave it open, as 1,234 does.
        day_first: whether 01/02/2020 is the first of February, where no row of the file tells.
        drop: columns to leave out.
        keep: columns to use though they look like identifiers, or hold one value.
        categorical: columns of categories even where they hold numbers.

    Raises:
        BadInput: there is no such task or its data cannot be used; all arguments behind ``kind`` are for files alone.

    >>> task = load("iris")
    >>> task.kind, task.n, task.d, task.class_names
    ('classification', 150, 4, ('setosa', 'versicolor', 'virginica'))
    """
    if kind is not None:
        one_of("kind", kind, KINDS)
    columns = {"drop": _names("drop", drop), "keep": _names("keep", keep)}
    columns["categorical"] = _names("categorical", categorical)
    reading = Reading(separator, header, _column(target), keep_na, decimal=decimal, day_first=day_first, **columns)
    if not isinstance(source, str | bytes | os.PathLike):
        return assemble(table_of(source, reading), Entry("table"), "DataFrame", kind, reading)
    text = os.fsdecode(source)
    path, reading = parsed_source(spelled(text, reading))
    if isinstance(source, os.PathLike) or names_file(path):
        return _from_path(path, kind, reading)
    return _named(path, kind, reading)


def _column(target: object) -> str | None:
    """A column's name or index as text."""
    if target is None or isinstance(target, str):
        return target
    if isinstance(target, bool) or not isinstance(target, Integral):
        remedy = "give one of the two"
        raise BadInput("target", expected="a column's name or index", came=shown(repr(target)), remedy=remedy)
    return str(target)


def _names(what: str, names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns; of one name a tuple of one."""
    several = (names,) if isinstance(names, str) else tuple(names)
    odd = [name for name in several if not isinstance(name, str)]
    if odd:
        raise BadInput(what, expected="names of columns", came=shown(repr(odd[0])), remedy="give them as texts")
    return several


def table_of(source: Any, reading: Reading = AUTOMATIC) -> TextTable:
    """The table of text in a file or DataFrame, before anything is made of it; raises ``BadInput`` as ``load`` does."""
    if isinstance(source, str | bytes | os.PathLike):
        path, reading = parsed_source(spelled(os.fsdecode(source), reading))
        return read_table(_existing(path), reading)
    from continuum.data.reading.frames import frame_table, is_frame

    if not is_frame(source):
        expected, remedy = "a name, a path or a DataFrame", "make a DataFrame of it, with names for the columns"
        raise BadInput("source", expected=expected, came=type(source).__name__, remedy=remedy)
    return frame_table(source, reading)


def names_file(text: str) -> bool:
    """Whether a text names a file and no task: by its looks, or because a file of that name exists.

    >>> names_file("my.csv?target=y"), names_file("iris")
    (True, False)
    """
    path = parsed_source(text)[0]
    return looks_like_path(path) or (not _is_task(path) and is_file(os.path.expanduser(path)))


def task_names() -> dict[str, str]:
    """Return every name that ``load`` takes, with one line on where the task comes from.

    >>> task_names()["digits"]
    'scikit-learn: Optical Recognition of Handwritten Digits (UCI 80)'
    """
    origins = {SPIRALS: NOTES}
    for name, entry in catalogue().items():
        origin = "scikit-learn" if entry.bundled else "to be fetched"
        origins[name] = f"{origin}: {_title(entry)}"
    for origin, folder in reversed(_folders()):
        for path in sorted(folder.glob("*.csv")):
            known = catalogue().get(path.stem, Entry(path.stem))
            if path.stem != SPIRALS and not known.bundled:
                origins[path.stem] = f"{origin}: {_title(known) or path.name}"
    return origins


def _title(entry: Entry) -> str:
    return f"{entry.title} (UCI {entry.uci_id})" if entry.title else ""


def _is_task(name: str) -> bool:
    return name in catalogue() or name == SPIRALS or _own_file(name) is not None


def _own_file(name: str) -> tuple[str, Path] | None:
    """Where ``NAME.csv`` lies on this machine, and what that place is called."""
    if not name or "\0" in name:
        return None
    for source, folder in _folders():
        if is_file(os.fspath(path := folder / f"{name}.csv")):
            return source, path
    return None


def _existing(text: str) -> str:
    path = os.path.expanduser(text)
    if "\0" not in path and not os.path.lexists(path):  # unlike Path.exists, False for a folder that may not be entered
        near = _near(Path(path).stem)
        hint = f", or did you mean the task {' or '.join(near)}?" if near else ""
        raise BadInput(shown_path(text), expected="a file", came="no such file", remedy=f"check the path{hint}")
    return path


def _near(name: str) -> list[str]:
    return get_close_matches(name[:NAME_CHARACTERS], task_names(), n=3, cutoff=0.6)


def _from_path(text: str, kind: Kind | None, reading: Reading) -> Task:
    path = _existing(text)
    return assemble(read_table(path, reading), Entry(stem(path)), "file", kind, reading)


def stem(path: str) -> str:
    """A file's name without its endings, as its task is called.

    >>> stem("data/wine.quality.csv"), stem("my.csv.gz")
    ('wine.quality', 'my')
    """
    name = Path(path).name
    for ending in (".gz", ".bz2", ".xz", ".zip"):
        name = name[: -len(ending)] if name.lower().endswith(ending) and len(name) > len(ending) else name
    return shown(Path(name).stem or name, NAME_CHARACTERS)


def _folders() -> list[tuple[str, Path]]:
    folder = csv_folder()
    return [*([("csv folder", folder)] if folder else []), ("cache", cache_folder())]


def _named(name: str, kind: Kind | None, reading: Reading) -> Task:
    known = catalogue().get(name)
    if (given := reading.given()) and (known is not None or name == SPIRALS):
        came, remedy = ", ".join(given), f"leave it out, or write ./{name} for a file of that name"
        raise BadInput(name, expected="no options for files, for it is a task by name", came=came, remedy=remedy)
    entry = known or Entry(name)
    task = _on_this_machine(entry, kind, reading) or _fetched(entry, kind)
    return _beside_file(task) if is_file(name) else task


def _beside_file(task: Task) -> Task:
    """Say which of the two was taken, where a file bears the name of a task."""
    note = f"The task of that name; the file is ./{task.name}."
    notes = f"{task.provenance.notes} {note}".strip()
    return replace(task, provenance=replace(task.provenance, notes=notes))


def _on_this_machine(entry: Entry, kind: Kind | None, reading: Reading) -> Task | None:
    """Return the task without the network, None if it is nowhere."""
    if entry.name == SPIRALS:
        if kind == "regression":
            raise BadInput(SPIRALS, expected="kind classification", came=kind, remedy="leave the kind out")
        return two_spirals()
    if entry.bundled:
        return bundled(entry, kind)
    if (found := _own_file(entry.name)) is None:
        return None
    source, path = found
    return assemble(read_table(path, reading), entry, source, kind, reading)


def _fetched(entry: Entry, kind: Kind | None) -> Task:
    """Fetch, and cache only what could be read as a task; an unknown name is refused with its nearest ones."""
    if entry.name not in catalogue():
        _check_known(entry.name)
    text = fetch(entry)
    task = assemble(parse_table(text, f"{entry.name} (UCI id {entry.uci_id})"), entry, "UCI", kind)
    store(entry.name, text)
    return task


def _check_known(name: str) -> None:
    """Raise for a name that is no task's, with files and tasks that are called nearly so."""
    near = [file for file in sorted(_files_here()) if stem(file) == name and looks_like_path(file)]
    if near:
        remedy = f"did you mean the file {shown(near[0])}?"
        raise BadInput("task", expected="a task or the path of a file", came=repr(shown(name)), remedy=remedy)
    one_of("task", name, task_names(), plural="tasks, or give the path of a file")


def _files_here() -> list[str]:
    try:
        return os.listdir(".")
    except OSError:
        return []
