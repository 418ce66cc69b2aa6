"""What may happen to a file of a run, or stand in its place."""

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from continuum.exp.keys import cell_key
from continuum.exp.store import checksum_of
from continuum.exp.tables import encode_cell

Rng = np.random.Generator
Damage = Callable[[Path, Rng], None]
#: Values that no entry of a record should have.
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1.5,
    10**4000,
    1e308,
    float("nan"),
    float("inf"),
    "",
    "../../../outside",
    "/etc/passwd",
    "a\x1b[2J\nb",
    "\ud800",
    "x" * 20_000,
    [],
    {},
    [[[]]],
    {"": None},
    {"results": 1},
)


def pipe(path: Path, rng: Rng) -> None:
    """A pipe that nobody writes to."""
    os.mkfifo(path)


def listening(path: Path, rng: Rng) -> None:
    """A socket."""
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(path.parent)  # the address of a socket is short
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)


def device(path: Path, rng: Rng) -> None:
    """A link to a device, or to a file of the system that never ends."""
    path.symlink_to(
        str(rng.choice(["/dev/zero", "/dev/full", "/dev/null", "/dev/tty", "/proc/self/mem", "/dev/stdin"]))
    )


def folder(path: Path, rng: Rng) -> None:
    """A folder, with something in it or without."""
    path.mkdir()
    if rng.random() < 0.5:
        (path / "inside").write_text("something")


def nested_folders(path: Path, rng: Rng) -> None:
    """Folders within folders, some deeper than Python can recurse."""
    path.mkdir()
    here = os.open(path, os.O_RDONLY)
    for _ in range(int(rng.choice([40, 1500]))):
        os.mkdir("d", dir_fd=here)
        deeper = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(here)


def circle(path: Path, rng: Rng) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def link_outside(path: Path, rng: Rng) -> None:
    """A link to a file or folder elsewhere, or to nothing."""
    outside = path.parents[len(path.parts) - 2 - int(rng.integers(2, 4))] if rng.random() < 0.3 else Path("/etc")
    path.symlink_to(outside / str(rng.choice(["passwd", "nothing", "."])))


def nothing(path: Path, rng: Rng) -> None:
    """An empty file."""
    path.write_bytes(b"")


def noise(path: Path, rng: Rng) -> None:
    """Random bytes."""
    path.write_bytes(rng.bytes(int(rng.integers(1, 3000))))


def sparse(path: Path, rng: Rng) -> None:
    """A file of zeros that is larger than anything that a run writes."""
    with path.open("wb") as file:
        file.truncate(int(rng.choice([70_000_000, 3 * 2**30, 2**42])))


def deep_json(path: Path, rng: Rng) -> None:
    """JSON of many levels."""
    depth, (left, right) = int(rng.choice([60, 300, 950, 10_000, 1_000_000])), ('{"a":', "}")
    if rng.random() < 0.5:
        left, right = "[", "]"
    path.write_text(left * depth + "1" + right * depth)


def odd_json(path: Path, rng: Rng) -> None:
    """JSON that is valid, or nearly, and says something else."""
    path.write_text(json.dumps(ODD_VALUES[rng.integers(len(ODD_VALUES))]) if rng.random() < 0.8 else "{1e999")


#: What may stand in place of anything.
IN_PLACE: tuple[Damage, ...] = (
    pipe, listening, device, folder, nested_folders, circle, link_outside, nothing, noise, sparse, deep_json, odd_json,
)  # fmt: skip


def changed_json(path: Path, rng: Rng) -> None:
    """One entry of a record or manifest is something else, or missing, or new."""
    content = json.loads(path.read_bytes())
    place = content
    while isinstance(place, dict | list) and place:
        key = list(place)[rng.integers(len(place))] if isinstance(place, dict) else int(rng.integers(len(place)))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.7:
            place = inner
            continue
        match rng.integers(3):
            case 0:
                del place[key]
            case 1 if isinstance(place, dict):
                place[ODD_VALUES[int(rng.integers(9, 15))]] = place.pop(key)
            case _:
                place[key] = ODD_VALUES[rng.integers(len(ODD_VALUES))]
        break
    path.write_text(json.dumps(content))


def changed_bytes(path: Path, rng: Rng) -> None:
    """One bit is another, or the end is missing."""
    content = bytearray(path.read_bytes())
    where = int(rng.integers(len(content)))
    if rng.random() < 0.5:
        del content[where:]
    else:
        content[where] ^= int(rng.integers(1, 256))
    path.write_bytes(content)


def forged(path: Path, rng: Rng) -> None:
    """A table that is none, or another, whose checksum is put right in the record beside it."""
    other = {"results": pd.DataFrame({str(rng.choice(["number", "other"])): [["text"], [1.5], [[1]]][rng.integers(3)]})}
    content = encode_cell(other)["results"] if rng.random() < 0.6 else rng.bytes(100)
    path.write_bytes(content)
    records = (path.parent / "cell.json", path.parent / "manifest.json")
    record = next(file for file in records if file.is_file() and file.stat().st_size < 10**6)
    entries = json.loads(record.read_bytes())
    entries.pop("checksum", None)
    entries["tables"][path.stem] = checksum_of(content)
    record.write_text(json.dumps(entries))


def another_cell(path: Path, rng: Rng) -> None:
    """The record of a cell that asks for something else, put into the folder of its own key or left where it is."""
    entries = json.loads(path.read_bytes())
    entries["parts"]["settings"]["number"] = 7
    entries.pop("checksum", None)
    entries["key"] = cell_key(entries["parts"]) if rng.random() < 0.5 else entries["key"]
    path.write_text(json.dumps(entries))


#: What may happen to a file that stays one.
CHANGES: dict[str, tuple[Damage, ...]] = {
    ".json": (changed_json, changed_json, changed_bytes),
    ".parquet": (changed_bytes, forged),
}
