"""The shipped catalogue: what is known about each task besides its numbers."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from continuum.data.task import Kind, Provenance


@dataclass(frozen=True)
class Entry:
    """One task of the catalogue; an entry with a name only stands for a file that nothing is known about.

    ``target`` is the column to predict as UCI names it; empty means the only column that UCI marks as a target.
    ``categorical`` columns are one-hot coded even where they hold digits; ``drop_columns`` and the rows of
    ``drop_classes`` are left out where present.

    >>> Entry("iris", uci_id=53).url
    'https://archive.ics.uci.edu/dataset/53'
    """

    name: str
    title: str = ""
    kind: Kind | None = None
    uci_id: int | None = None
    target: str = ""
    licence: str = ""
    citation: str = ""
    notes: str = ""
    bundled: bool = False
    categorical: tuple[str, ...] = ()
    drop_columns: tuple[str, ...] = ()
    drop_classes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The task's page at UCI; empty without an id."""
        return f"https://archive.ics.uci.edu/dataset/{self.uci_id}" if self.uci_id is not None else ""

    def provenance(self, source: str, *more: str) -> Provenance:
        """Return the provenance of a copy taken from ``source``, with ``more`` notes added.

        >>> Entry("toy", notes="First.").provenance("cache", "Second.").notes
        'First. Second.'
        """
        notes = " ".join(note for note in (self.notes, *more) if note)
        return Provenance(source, self.uci_id, self.url, self.licence, self.citation, notes)


@cache
def catalogue() -> dict[str, Entry]:
    """Return all entries by name, in the order of ``catalogue.toml``.

    >>> catalogue()["energy_heating"].target
    'Y1'
    """
    text = files("continuum.data").joinpath("catalogue.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    return {name: _entry(name, table) for name, table in tables.items()}


def _entry(name: str, table: dict[str, object]) -> Entry:
    # Lists become tuples, since entries are shared and must not change.
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Entry(name, **fields)  # type: ignore[arg-type]
