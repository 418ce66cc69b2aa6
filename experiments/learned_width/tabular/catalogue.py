"""Tables of the preset ``tabular``: those of the experiment, further ones, lines, and the CSV files of a folder."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

from continuum.data import Task
from continuum.data.assemble import assemble
from continuum.data.catalogue import Entry
from continuum.data.reading.choice import TARGET
from continuum.data.reading.options import AUTOMATIC, Reading
from continuum.data.reading.sources import parsed_source, spelled
from continuum.data.reading.table import read_table
from continuum.data.task import Provenance
from continuum.errors import BadInput, ContinuumError

from ..tasks import SEED, cut, leave_out, task_of

#: Rows and features of the lines, and the noise of each in units of the deviation of the line.
LINE_ROWS, LINE_FEATURES = 300, 5
LINES = {"line": 0.0, "noisy_line": 0.5}
#: The tables of the preset, in the order of its own tables; those of a folder come behind them.
TABLES = tuple(
    "digits two_spirals vehicle segment satimage letter glass ionosphere banknote wine breast_cancer car ecoli "
    "noisy_3 noisy_4 concrete energy_heating airfoil yacht auto_mpg diabetes teacher_4 teacher_16 line "
    "noisy_line".split()
)
#: Tables on which defaults of the estimators were tried.
TRIED = frozenset(TABLES) - {"satimage", "letter", "banknote"}
#: Repetitions of a fold need so many rows.
LEAST_ROWS = 20


def table_of(name: str, rows: int, file: str | None = None) -> Task:
    """A table by name, or of a file, cut to so many random rows where it has more.

    >>> table_of("line", 5000).features.shape, table_of("diabetes", 100).n
    ((300, 5), 100)
    """
    if file is not None:
        return cut(from_file(Path(file), name), rows)
    made = MADE.get(name)
    return cut(made(), rows) if made else task_of(name, rows)


def line(name: str) -> Task:
    r"""Target :math:`t = w \cdot x` + noise, which no hidden unit can better.

    Least squares on it is the truth but for :math:`d/n` of the variance of the noise.
    """
    noise = LINES[name]
    rng = np.random.default_rng([SEED, 4, list(LINES).index(name)])
    x = rng.standard_normal((LINE_ROWS, LINE_FEATURES))
    clean = x @ rng.standard_normal(LINE_FEATURES)
    target = clean + noise * clean.std() * rng.standard_normal(LINE_ROWS)
    names = tuple(f"x{i}" for i in range(LINE_FEATURES))
    return Task(name, "regression", x, target, names, (), Provenance("synthetic", notes=f"a line, noise {noise:g}"))


def diabetes() -> Task:
    """scikit-learn's diabetes: 442 rows, 10 features, as they were measured."""
    bunch = load_diabetes(scaled=False)
    notes = "disease progression after one year; Efron et al., Ann. Statist. 32 (2004)"
    names = tuple(bunch.feature_names)
    return Task("diabetes", "regression", bunch.data, bunch.target, names, (), Provenance("scikit-learn", notes=notes))


#: Tables that are made here.
MADE: dict[str, Callable[[], Task]] = {
    "diabetes": diabetes,
    "line": lambda: line("line"),
    "noisy_line": lambda: line("noisy_line"),
}


def best_possible(name: str) -> float:
    """R2 of a line that knows the truth, else NaN."""
    return 1 / (1 + LINES[name] ** 2) if name in LINES else float("nan")


def from_file(path: Path, name: str) -> Task:
    """The task in a file: the target is the column ``target``, or else the last one; its kind is guessed.

    Raises:
        BadInput: as ``continuum.data`` words it, which names file, row and column.
    """
    source, reading = parsed_source(str(path))
    try:
        table = read_table(source, reading)
    except BadInput as error:
        if error.expected != f"a column named {TARGET}":
            raise
        table = read_table(source, replace(reading, target="-1"))
    return replace(assemble(table, Entry(path.stem), "file"), name=name)


def files_of(folder: Path, taken: Iterable[str]) -> dict[str, Path]:
    """CSV files of a folder by the name of their task; one whose name is taken has its folder's before it.

    Raises:
        BadInput: where there is no such folder, or no CSV file in it.
    """
    if not folder.is_dir():
        raise BadInput("tasks_from", expected="a folder", came=str(folder), remedy="check the path")
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
    if not paths:
        expected, remedy = f"CSV files in {folder}", "put tables there, with a header and the target last"
        raise BadInput("tasks_from", expected=expected, came="none", remedy=remedy)
    names = set(taken)
    return {f"{folder.name}_{path.stem}" if path.stem in names else path.stem: path for path in paths}


def tables_of(
    folder: Path, taken: Iterable[str], rows: int, folds: int, reading: Reading = AUTOMATIC
) -> dict[str, tuple[Task, Path]]:
    """The tables that can be judged; every other file is named on the error stream, with the reason.

    Paths say how their files are read, where ``reading`` does.
    """
    fit: dict[str, tuple[Task, Path]] = {}
    for name, path in files_of(folder, taken).items():
        try:
            told = Path(spelled(str(path), reading))
            task = cut(from_file(told, name), rows)
            check_rows(task, folds)
            fit[name] = task, told
        except (ContinuumError, OSError, ValueError) as error:  # whatever is in a file of others
            leave_out(f"table {path.name}", error)
    return fit


def check_rows(task: Task, folds: int) -> None:
    """Refuse a table with too few rows to judge anything, or in which some fold would train on one class."""
    least = max(LEAST_ROWS, 2 * folds)
    if task.n < least:
        expected, remedy = f"at least {least} rows", "lower --folds, or leave the table out"
        raise BadInput(task.name, expected=expected, came=task.n, remedy=remedy)
    if task.kind == "classification":
        counts = np.sort(np.bincount(task.target, minlength=task.classes))
        if len(counts) < 2 or counts[-2] < 2:
            expected, remedy = "two classes of two rows or more", "choose another target column"
            raise BadInput(task.name, expected=expected, came=f"classes of {counts.tolist()} rows", remedy=remedy)
