"""The flags that say how files are read, for experiments whose tasks may be files."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from continuum.errors import BadInput
from continuum.exp.experiment import RunOptions

if TYPE_CHECKING:
    from continuum.data.reading.options import Reading


@dataclass(frozen=True)
class FileOptions(RunOptions):
    """Base of a ``Config`` with a field ``tasks``, in which paths of files may stand.

    What the flags say becomes part of each path among the tasks, ``my.csv?target=quality``: so cells, manifests and
    tables of results hold it, and the names of runs without such files stay as they are.

    >>> @dataclass(frozen=True)
    ... class Config(FileOptions):
    ...     tasks: tuple[str, ...] = ("iris",)
    >>> Config(tasks=("iris", "my.csv"), target="quality").tasks
    ('iris', 'my.csv?target=quality')
    >>> Config(tasks=("my.csv",), target="-1").configuration()
    {'tasks': ('my.csv?target=-1',)}
    """

    separator: str | None = None
    """What separates cells in the files among the tasks: comma, semicolon, tab, pipe, space, or the character itself;
    without it, what makes all rows equally long."""
    header: Literal["auto", "first", "none"] = "auto"
    """What the first row of such a file is: first, names of columns; none, data; auto, names that must not look like
    data."""
    target: str | None = None
    """Column to predict in such a file: its name, or its index, of which -1 is the last; without it, target."""
    keep_na: bool = False
    """Keep words such as NA and None in columns of text of such a file as words: without it they are missing."""

    decimal: Literal[".", ","] | None = None
    """Decimal sign of columns that both signs can read, such as one of 1,234 and 5,678 alone."""
    day_first: bool | None = None
    """Whether 01/02/2020 is the first of February, where no row of the file tells."""
    drop: tuple[str, ...] = ()
    """Columns of such files to leave out."""
    keep: tuple[str, ...] = ()
    """Columns to use though they look like identifiers, or hold one value."""
    categorical: tuple[str, ...] = ()
    """Columns of categories even where they hold numbers."""

    TASK_FIELDS: ClassVar[tuple[str, ...]] = ("tasks",)
    """Fields that hold names of tasks."""

    def __post_init__(self) -> None:
        from continuum.data.loading import names_file  # not for a list of experiments
        from continuum.data.reading.sources import spelled

        reading = self.reading()
        if not reading.given():
            return
        files = 0
        for field in self.TASK_FIELDS:
            sources = [(task, self.path_in(task)) for task in getattr(self, field)]
            files += sum(names_file(path) for _, path in sources)
            told = (t.replace(p, spelled(p, reading), 1) if names_file(p) else t for t, p in sources)
            object.__setattr__(self, field, tuple(told))
        if not files and not self.reads_files():
            flags = ", ".join(f"--{name.replace('_', '-')}" for name in reading.given())
            remedy = "name one with --tasks, or leave these flags out"
            raise BadInput(flags, expected="a file among the tasks", came="none", remedy=remedy)

    def reading(self) -> "Reading":
        """How files are read. Raises ``BadInput`` for a separator or header that is none."""
        from continuum.data.reading.options import Reading

        return Reading(**{name: getattr(self, name) for name in FILE_FIELDS})

    def path_in(self, task: str) -> str:
        """What in a task's name may be a path: all of it, unless conditions follow."""
        return task

    def reads_files(self) -> bool:
        """Whether files are read that do not stand among the tasks."""
        return False

    def configuration(self) -> dict[str, Any]:
        """All fields but those that the tasks hold already."""
        return {name: value for name, value in super().configuration().items() if name not in FILE_FIELDS}


#: The fields that say how files are read.
FILE_FIELDS = (
    *("separator", "header", "target", "keep_na"),
    *("decimal", "day_first", "drop", "keep", "categorical"),
)
