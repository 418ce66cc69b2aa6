"""The table: every network of the space on every task, looked at from every seed."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from continuum import checks
from continuum.benchmark import card, columns
from continuum.benchmark.coding import Codes, coded
from continuum.benchmark.curves import blocks, train_points
from continuum.benchmark.entry import Entry
from continuum.benchmark.head import HEAD, Head, damaged
from continuum.benchmark.objective import Objective
from continuum.benchmark.space import SPACE, Space
from continuum.ensemble.parts import PartName
from continuum.errors import BadInput
from continuum.storage import read_regular, storing, write_whole

#: The table that comes with the package: four tasks.
SHIPPED = Path(__file__).parent / "shipped"


class Table:
    """Curves of all points of a space, on some tasks, from some seeds.

    >>> table = Table.load()
    >>> table.tasks, table.seeds
    (('iris', 'wine', 'breast_cancer', 'digits'), (0, 1, 2, 3, 4))
    >>> table.curves("iris", 0)["validation"].shape
    (480, 100)
    """

    def __init__(self, head: Head, files: Mapping[str, bytes]) -> None:
        self._head, self._files = head, files
        self.space, self.tasks, self.seeds = head.space, tuple(head.entries), head.seeds
        self._codes = lru_cache(maxsize=32)(self._read)
        self._decoded = lru_cache(maxsize=64)(self._decode)

    # ---- making and keeping ----------------------------------------------------------------------------------

    @classmethod
    def of(cls, space: Space, seeds: Sequence[int], tasks: Mapping[str, tuple[Entry, Codes]]) -> "Table":
        """A table of codes of shape (seeds, points, epochs), by task and column."""
        files = {task: columns.encode(codes) for task, (_, codes) in tasks.items()}
        checksums = {task: hashlib.sha256(content).hexdigest() for task, content in files.items()}
        return cls(Head.now(space, tuple(seeds), {task: entry for task, (entry, _) in tasks.items()}, checksums), files)

    @classmethod
    def load(cls, path: Path | str | None = None) -> "Table":
        """Read a table from its folder; None is the one that comes with the package.

        Raises:
            BadInput: there is none, it was made by another version, or a file of it is missing or damaged.
        """
        folder = SHIPPED if path is None else Path(path)
        head = Head.read(folder)
        return cls(head, {task: _content(folder / f"{task}.parquet", sha) for task, sha in head.checksums.items()})

    def save(self, folder: Path | str) -> list[Path]:
        """Write the table into a folder: Parquet by task, ``table.json`` and the data card; return their paths."""
        folder = Path(folder)
        content = {f"{task}.parquet": content for task, content in self._files.items()}
        content |= {"CARD.md": card.text(self._head, self.checksum).encode(), HEAD: self._head.encode()}
        with storing(folder, ""):
            folder.mkdir(parents=True, exist_ok=True)
            for name, data in content.items():  # the head last: without it there is no table
                write_whole(folder / name, data)
        return [folder / name for name in content]

    def only(self, *tasks: str) -> "Table":
        """The table of some of its tasks."""
        for task in tasks:
            self.entry(task)
        return Table(self._head.only(tasks), {task: self._files[task] for task in tasks})

    # ---- what it says ----------------------------------------------------------------------------------------

    @property
    def checksum(self) -> str:
        """SHA-256 of what the table says of itself, the checksums of its files included, in hex."""
        return hashlib.sha256(self._head.encode()).hexdigest()

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of continuum, torch and numpy that trained it."""
        return self._head.versions

    @property
    def size(self) -> int:
        """Bytes of its curves on disk."""
        return sum(map(len, self._files.values()))

    def entry(self, task: str) -> Entry:
        """What it says of a task; ``BadInput`` where it has none of that name."""
        return self._head.entries[checks.one_of("task", task, self.tasks, plural="tasks of the table")]

    def objective(self, task: str, seed: int) -> Objective:
        """J on a task."""
        return Objective(self.entry(task).constants[self._place(seed)])

    def curves(self, task: str, seed: int) -> Mapping[PartName, Float[np.ndarray, "points epochs"]]:
        """Losses by part, in the order of ``space.points()``; read-only, and decoded once."""
        return self._decoded(task, seed)[0]

    def scores(self, task: str, seed: int) -> Mapping[PartName, Float[np.ndarray, "points epochs"]]:
        """Scores, in the same way."""
        return self._decoded(task, seed)[1]

    def _place(self, seed: int) -> int:
        if seed not in self.seeds:
            remedy = "Live trains from any seed"
            raise BadInput("seed", expected=f"one of {self.seeds}", came=seed, remedy=remedy)
        return self.seeds.index(seed)

    def __reduce__(self) -> tuple[type["Table"], tuple[Head, Mapping[str, bytes]]]:
        return Table, (self._head, self._files)  # workers decode for themselves

    def _read(self, task: str) -> Codes:
        shape = len(self.seeds), self.space.size, self.space.epochs
        try:
            return columns.decode(self._files[task], shape, self.entry(task).kind)
        except ValueError as error:
            raise damaged(f"{task}.parquet", str(error)) from None

    def _decode(self, task: str, seed: int) -> tuple[dict[PartName, np.ndarray], dict[PartName, np.ndarray]]:
        entry, place = self.entry(task), self._place(seed)
        pair = entry.decoded({name: codes[place] for name, codes in self._codes(task).items()}, place)
        for arrays in pair:
            for array in arrays.values():
                array.flags.writeable = False
        return pair


def tabulate(tasks: Sequence[str], seeds: Sequence[int], space: Space = SPACE) -> Table:
    """Train every point of a space, here and now.

    >>> tiny = Space(gamma=(0.5, 2.0), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=2)
    >>> tabulate(["iris"], [0], tiny).curves("iris", 0)["test"].shape
    (2, 2)
    """
    made: dict[str, tuple[Entry, Codes]] = {}
    for task in tasks:
        entry = Entry.of(task, seeds)
        of_seeds = []
        for seed in seeds:
            parts = [coded(train_points(task, seed, b, space.epochs), entry.kind, entry.sizes) for b in blocks(space)]
            of_seeds.append({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
        made[task] = entry, {name: np.stack([codes[name] for codes in of_seeds]) for name in of_seeds[0]}
    return Table.of(space, seeds, made)


def _content(path: Path, checksum: str) -> bytes:
    try:
        content = read_regular(path)
    except OSError as error:
        raise damaged(path, error.strerror or "no file") from None
    if (came := hashlib.sha256(content).hexdigest()) != checksum:
        raise damaged(path, f"one with SHA-256 {came[:12]}...")
    return content
