"""Odd files must give the task that is in them; damaged ones a sensible task or a short refusal, and nothing else."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from attacks.dresses import dressed
from attacks.harness import Attack
from attacks.made_tables import MadeTable, made_table
from continuum.data import Task, load
from continuum.errors import BadInput

#: Most characters of a message: half a screen.
MOST_CHARACTERS = 1000
#: What is put into files.
SPLINTERS = (
    *(
        b"\0",
        b"\x1b[31m",
        b"\xff\xfe",
        b'"',
        b"'",
        b",",
        b";",
        b"\t",
        b"\r",
        b"\n",
        b"\n\n",
        b"#",
        b"%",
        b"\\",
        b"\xc3",
    ),
    *(b"1e999", b"nan", b"inf", b"-", b"\xe2\x80\xae", b"\x85", b"sep=", b"@relation", b"PK\x03\x04", b"{", b"9" * 400),
)


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """Even attempts dress a table, and compare the task with the one that was made; odd ones damage the file, too."""
    table = made_table(generator)
    file = dressed(table, generator, folder)
    damages = [] if index % 2 == 0 else _damage(file.path, generator)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            task = load(file.path, **file.options)
        except BadInput as error:
            fault = _message_fault(str(error)) if damages else f"refused: {str(error)[-300:]}"
        else:
            fault = _nonsense(task) if damages else _difference(task, table, named=file.named)
    return fault and f"{fault} ({', '.join([*file.done, *damages])}; {file.options})"


def _difference(task: Task, table: MadeTable, *, named: bool) -> str | None:
    """In what a task differs from the one that was made."""
    pairs: dict[str, tuple[Any, Any]] = {"kind": (task.kind, table.kind), "classes": (task.class_names, table.classes)}
    if named:
        pairs["names"] = (task.feature_names, table.feature_names)
    for name, (came, expected) in pairs.items():
        if came != expected:
            return f"{name} {came}, not {expected}"
    if not np.array_equal(task.target, table.target):
        return "another target"
    return None if np.array_equal(task.features, table.features, equal_nan=True) else "other features"


def _nonsense(task: Task) -> str | None:
    """What no task may be."""
    if task.n < 1 or task.d < 1:
        return f"a task of shape {task.features.shape}"
    if np.isinf(task.features).any() or not np.isfinite(task.target).all():
        return "values that are not finite"
    return f"{task.classes} classes" if task.kind == "classification" and task.classes < 2 else None


def _message_fault(message: str) -> str | None:
    if len(message) > MOST_CHARACTERS:
        return f"a message of {len(message)} characters"
    return None if message.isprintable() else f"a message with {[c for c in message if not c.isprintable()][:3]}"


def _damage(path: Path, generator: np.random.Generator) -> list[str]:
    """Damage a file one to three times; the names of what was done."""
    raw, done = path.read_bytes(), []
    for _ in range(int(generator.integers(1, 4))):
        damage = DAMAGES[int(generator.integers(len(DAMAGES)))]
        raw = damage(raw, generator)
        done.append(damage.__name__.strip("_"))
    path.write_bytes(raw)
    return done


def _place(raw: bytes, generator: np.random.Generator) -> int:
    """A place in the file: half of them near its beginning, where headers are."""
    return int(generator.integers(0, (len(raw) if generator.random() < 0.5 else min(len(raw), 60)) + 1))


def _flipped(raw: bytes, generator: np.random.Generator) -> bytes:
    data = bytearray(raw)
    for _ in range(int(generator.integers(1, 20))):
        if data:
            data[int(generator.integers(len(data)))] = int(generator.integers(256))
    return bytes(data)


def _truncated(raw: bytes, generator: np.random.Generator) -> bytes:
    return raw[: _place(raw, generator)]


def _splintered(raw: bytes, generator: np.random.Generator) -> bytes:
    for _ in range(int(generator.integers(1, 6))):
        place = _place(raw, generator)
        raw = raw[:place] + SPLINTERS[int(generator.integers(len(SPLINTERS)))] + raw[place:]
    return raw


def _shortened(raw: bytes, generator: np.random.Generator) -> bytes:
    place = _place(raw, generator)
    return raw[:place] + raw[place + int(generator.integers(1, 200)) :]


def _doubled(raw: bytes, generator: np.random.Generator) -> bytes:
    place = _place(raw, generator)
    return raw[:place] + raw[place : place + int(generator.integers(1, 400))] + raw[place:]


def _swollen(raw: bytes, generator: np.random.Generator) -> bytes:
    """A giant: one character, or one piece of the file, up to a million bytes of it."""
    place = _place(raw, generator)
    piece = raw[place : place + int(generator.integers(1, 40))] or b"x"
    return raw[:place] + piece * (int(10.0 ** generator.uniform(2, 6)) // len(piece) + 1) + raw[place:]


def _exchanged(raw: bytes, generator: np.random.Generator) -> bytes:
    """One character for another in the whole file."""
    characters = b",;\t|\n\"' .#x0"
    old, new = (characters[int(generator.integers(len(characters)))] for _ in range(2))
    return raw.replace(bytes([old]), bytes([new]))


def _noise(raw: bytes, generator: np.random.Generator) -> bytes:
    place = _place(raw, generator)
    return raw[:place] + generator.bytes(int(generator.integers(1, 300))) + raw[place:]


#: Kinds of damage.
DAMAGES = (_flipped, _truncated, _splintered, _shortened, _doubled, _swollen, _exchanged, _noise)

attack = Attack("csv_files", cases=6000, short=100, attempt=attempt)
