"""The tasks of learned_width: those of the catalogue, and made-up ones of which the truth is known."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from jaxtyping import Float64
from rich.console import Console

from continuum.checks import one_of
from continuum.data import Task, load, task_names
from continuum.data.task import Provenance
from continuum.errors import BadInput, ContinuumError
from continuum.exp.sizes import MOST_UNITS

#: Tasks that the defaults of the learner were chosen on: on these its scores may flatter.
TUNED = frozenset(
    "digits two_spirals vehicle segment concrete energy_heating airfoil glass wine breast_cancer ionosphere "
    "banknote".split()
)
#: Hidden units, features, rows, classes and share of wrong labels (the Bayes error) of the noisy tasks.
NOISY = {"noisy_3": (3, 8, 1000, 2, 0.3), "noisy_4": (4, 12, 1200, 3, 0.4)}
#: Features, rows and noise (share of the target's standard deviation) of the teachers.
INPUTS, ROWS, NOISE = 10, 1000, 0.1
#: Seed of all that is made up here; no default was chosen with it.
SEED = 20_613


def task_of(name: str, rows: int) -> Task:
    """A task by name, cut to so many random rows where it has more.

    >>> task_of("teacher_4", 100).features.shape, task_of("noisy_4", 5000).classes
    ((100, 10), 3)
    """
    return cut(
        noisy(name) if name in NOISY else taught(name) if name.startswith("teacher_") else _catalogued(name), rows
    )


def cut(task: Task, rows: int) -> Task:
    """So many random rows of a task that has more."""
    if task.n <= rows:
        return task
    kept = np.sort(np.random.default_rng([SEED, 1]).permutation(task.n)[:rows])
    return replace(task, features=task.features[kept], target=task.target[kept])


def _catalogued(name: str) -> Task:
    try:
        return load(name)
    except BadInput as error:
        if error.what == "task":  # no such name: the catalogue does not know those that are made up here
            one_of("tasks", name, [*task_names(), *NOISY, "teacher_K"], plural="tasks")
        raise


def available_tasks(names: tuple[str, ...], rows: int, *, strict: bool) -> dict[str, Task]:
    """The tasks whose data this machine has; unless strict, the others are named on the error stream and left out."""
    return available(names, lambda name: task_of(name, rows), strict=strict)


def available(names: tuple[str, ...], made: Callable[[str], Task], *, strict: bool) -> dict[str, Task]:
    """The tasks that can be made; unless strict, the others are named on the error stream and left out."""
    tasks: dict[str, Task] = {}
    for name in names:
        try:
            tasks[name] = made(name)
        except ContinuumError as error:
            if strict:
                raise
            leave_out(f"task {name}", error)
    return tasks


def leave_out(what: str, error: Exception) -> None:
    """Say on the error stream what is not run, and why."""
    line = f"{what} is left out: {error}"
    Console(stderr=True).print(line, markup=False, highlight=False, soft_wrap=True)


def bayes_score(name: str) -> float:
    """The best score possible, where it is known, else NaN."""
    if name in NOISY:
        return 1 - NOISY[name][-1]
    return 1 / (1 + NOISE**2) if name.startswith("teacher_") else float("nan")


def known_units(name: str) -> float:
    """Units of the network that made the task, else NaN."""
    return float(name.partition("_")[2]) if name in NOISY or name.startswith("teacher_") else float("nan")


def hidden(rng: np.random.Generator, rows: int, features: int, units: int) -> tuple[Float64[np.ndarray, "n d"], ...]:
    """Normal inputs and their rectified features, of directions of unit length."""
    x = rng.standard_normal((rows, features))
    directions = rng.standard_normal((features, units))
    directions /= np.linalg.norm(directions, axis=0)
    return x, np.maximum(x @ directions + 0.5 * rng.standard_normal(units), 0.0)


def taught(name: str) -> Task:
    r"""Target :math:`t = \sum_{i<K} \pm \max(0, u_i \cdot x + b_i)` + noise, :math:`|u_i| = 1`, for teacher_K.

    >>> taught("teacher_16").n
    1000
    """
    number = name.partition("_")[2]
    if not (number.isdecimal() and len(number) <= len(str(MOST_UNITS)) and 1 <= int(number) <= MOST_UNITS):
        expected = f"teacher_K with a number K from 1 to {MOST_UNITS}"
        raise BadInput("tasks", expected=expected, came=name, remedy="write teacher_8, say")
    rng = np.random.default_rng([SEED, 2, int(number)])
    x, h = hidden(rng, ROWS, INPUTS, int(number))
    clean = h @ rng.choice([-1.0, 1.0], size=int(number))
    target = clean + NOISE * clean.std() * rng.standard_normal(ROWS)
    return Task(name, "regression", x, target, _named(INPUTS), (), Provenance("synthetic", notes=f"{number} units"))


def noisy(name: str) -> Task:
    """Labels of a network of few units, of which a known share is replaced by another class, drawn evenly.

    No classifier errs less, in the mean, than one that knows the network: its error is that share.
    """
    units, features, rows, classes, wrong = NOISY[name]
    rng = np.random.default_rng([SEED, 3, units])
    x, h = hidden(rng, rows, features, units)
    scores = h @ rng.standard_normal((units, classes))
    label = (scores - scores.mean(0)).argmax(1)
    flipped = rng.random(rows) < wrong
    label = np.where(flipped, (label + rng.integers(1, classes, rows)) % classes, label)
    names = tuple("abcdef"[:classes])
    notes = f"{units} units, Bayes error {wrong:g}"
    return Task(name, "classification", x, label, _named(features), names, Provenance("synthetic", notes=notes))


def _named(features: int) -> tuple[str, ...]:
    return tuple(f"x{i}" for i in range(features))
