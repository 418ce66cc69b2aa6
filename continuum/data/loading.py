"""Finding a task by its name or path."""

import os
from difflib import get_close_matches
from pathlib import Path

from continuum.checks import one_of
from continuum.data.assemble import assemble
from continuum.data.bundled import NOTES, SPIRALS, bundled, two_spirals
from continuum.data.cache import cache_folder, csv_folder, store
from continuum.data.catalogue import Entry, catalogue
from continuum.data.table import parse_table, read_table
from continuum.data.task import KINDS, Kind, Task
from continuum.data.uci import fetch
from continuum.errors import BadInput


def load(name_or_path: str | os.PathLike[str], kind: Kind | None = None) -> Task:
    """Return a task by name, or from a CSV file by its path (anything with a separator, or ending in ``.csv``).

    A name is looked for among the bundled and synthetic tasks, then as ``NAME.csv`` in the folder
    ``$CONTINUUM_UCI``, then in the cache (``$CONTINUUM_CACHE`` moves it), and then at UCI, which fills the cache;
    that last step was tried against a local server only. ``kind`` overrides the catalogue and what a file's
    target suggests. Raises ``BadInput`` if there is no such task or if its data cannot be used.

    >>> task = load("iris")
    >>> task.kind, task.n, task.d, task.class_names
    ('classification', 150, 4, ('setosa', 'versicolor', 'virginica'))
    """
    if kind is not None:
        one_of("kind", kind, KINDS)
    text = os.fspath(name_or_path)
    if isinstance(name_or_path, os.PathLike) or _looks_like_path(text):
        return _from_path(text, kind)
    entry = catalogue().get(text, Entry(text))
    return _on_this_machine(entry, kind) or _fetched(entry, kind)


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


def _looks_like_path(text: str) -> bool:
    return text.lower().endswith(".csv") or "/" in text or os.sep in text


def _from_path(text: str, kind: Kind | None) -> Task:
    path = Path(text).expanduser()
    if not os.path.exists(path):  # unlike Path.exists, False for a folder that may not be entered
        near = get_close_matches(path.stem, task_names(), n=3, cutoff=0.6)
        hint = f", or did you mean the task {' or '.join(near)}?" if near else ""
        raise BadInput(text, expected="a CSV file", came="no such file", remedy=f"check the path{hint}")
    return assemble(read_table(path), Entry(path.stem), "file", kind)


def _folders() -> list[tuple[str, Path]]:
    folder = csv_folder()
    return [*([("csv folder", folder)] if folder else []), ("cache", cache_folder())]


def _on_this_machine(entry: Entry, kind: Kind | None) -> Task | None:
    """Return the task without the network, None if it is nowhere."""
    if entry.name == SPIRALS:
        if kind == "regression":
            raise BadInput(SPIRALS, expected="kind classification", came=kind, remedy="leave the kind out")
        return two_spirals()
    if entry.bundled:
        return bundled(entry, kind)
    for source, folder in _folders():
        path = folder / f"{entry.name}.csv"
        if path.is_file():
            return assemble(read_table(path), entry, source, kind)
    return None


def _fetched(entry: Entry, kind: Kind | None) -> Task:
    """Fetch, and cache only what could be read as a task; an unknown name is refused with its nearest ones."""
    one_of("task", entry.name, task_names(), plural="tasks")
    text = fetch(entry)
    task = assemble(parse_table(text, f"{entry.name} (UCI id {entry.uci_id})"), entry, "UCI", kind)
    store(entry.name, text)
    return task
