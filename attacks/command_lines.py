"""Command lines that nobody should write: each ends in a short message and a code that the manual names.

Experiments are stopped where they would compute: what is attacked is all that happens before, and the other commands.
"""

import contextlib
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import numpy as np

from attacks.harness import Attack
from continuum.exp import cli, registry, runner

#: Exit codes that the manual names, but for that of a fault of ours.
CODES = frozenset({0, 1, 2, 3, 4, 130})
#: A message is at most so long, in characters and in lines, and takes at most so many seconds of processor.
CHARACTERS, LINES, SECONDS = 1000, 20, 2.0
#: Words, numbers and paths by kind.
NUMBERS: tuple[str, ...] = (
    "-1",
    "0",
    "1e400",
    "-1e400",
    "nan",
    "-inf",
    "inf",
    "1e-320",
    "9" * 30,
    "9" * 5000,
    "-" + "9" * 5000,
)
NUMBERS += ("0x10", "1_000", "1,5", "٣", "1e", "--1", "1" * 100_000, "2.5", "1" + "0" * 30, "1/0", "-0.0", "½", "True")
WORDS: tuple[str, ...] = (
    "",
    " ",
    "\t",
    "None",
    "iris",
    "iris " * 3000,
    "irsi",
    "[red]x[/red]",
    "[/]",
    "[/b]",
    "{x}",
    "%s%n",
    "$(id)",
)
WORDS += ("'", '"', "`", "\\", "\\\\" * 500, "'\"'\"'" * 300, "a" * 300, "b" * 10_000, "c" * 1_000_000, "é" * 5000)
WORDS += ("😀" * 1000, "e" + "\u0301" * 4000, "{" * 9000, "[" * 9000, "-" * 5000, "=" * 500, "a=b=c", "@", "@/dev/zero")
CONTROLS: tuple[str, ...] = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b2J",
    "\x00",
    "a\x00b",
    "line\nline",
    "line\r\nline",
    "\x7f",
)
CONTROLS += ("\u202egnp.exe", "\u2066x\u2069", "\ud800", "\udcff.csv", "\u2028", "\u200b", "\ufeffiris", "\x1b" * 5000)
CONTROLS += ("\n" * 500, "\x08" * 50, "\x1b[2J\x1b[H" * 400, "\u061c", "\x85", "a\u0000" * 600)
PATHS: tuple[str, ...] = (
    ".",
    "/",
    "~",
    "..",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/proc/self/mem",
    "no/where",
    "//",
    "/etc/passwd",
)
PATHS += ("d" * 256, "/".join(["d" * 200] * 40), "../" * 2000, "a/" * 3000, "x.csv/y", "/none/x", "con.csv", "*", "?")
T = TypeVar("T")
OPTIONS: tuple[str, ...] = (
    "--",
    "---",
    "-",
    "--=",
    "-x",
    "--no-",
    "--no-no-resume",
    "--help",
    "-h",
    "-H",
    "--preset",
    "--quick",
    "--out=",
)
OPTIONS += (
    "--preset=",
    "--preset=../../x",
    "--tyro-print-completion",
    "--tyro-print-completion bash",
    "--unit",
    "--seed_s",
)


class Stopped(Exception):
    """Whatever came after the checks would be the experiment."""


def attempt(index: int, generator: np.random.Generator, folder: Path) -> str | None:
    """Run one hostile command line in a folder of its own."""
    return fault(_drawn_line(generator, folder), folder)


def fault(line: Sequence[str], folder: Path) -> str | None:
    """What is wrong with the answer to a command line, None if nothing is."""
    out, err = io.StringIO(), io.StringIO()
    _warm_up()
    start = time.process_time()
    with _inside(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(list(line))
        except BaseException as error:
            if type(error).__name__ == "Hang":
                raise
            return f"{_shown(line)}: {type(error).__name__} escapes: {str(error)[:200]}"
    seconds = time.process_time() - start
    wrong = _wrong(code, out.getvalue(), err.getvalue(), seconds)
    return f"{_shown(line)}: {wrong}" if wrong else None


def _wrong(code: object, out: str, err: str, seconds: float) -> str | None:
    odd = sorted({char for char in out + err if not char.isprintable() and char != "\n"})
    if code not in CODES:
        return f"exit code {code}: {err[:300]}"
    if odd:
        return f"echoes {''.join(odd[:5])!a}"
    if "Traceback" in err:
        return "a traceback"
    if len(err) > CHARACTERS or err.count("\n") > LINES:
        return f"a message of {len(err)} characters in {err.count(chr(10))} lines"
    if code and not err.strip():
        return f"exit code {code} without a word"
    return f"{seconds:.1f} s" if seconds > SECONDS else None


def _drawn_line(generator: np.random.Generator, folder: Path) -> list[str]:
    experiments = list(registry.modules())
    names = [*experiments, *experiments, *cli.COMMANDS, *cli.COMMANDS, *cli.COMMANDS]
    name = _one(generator, names) if generator.random() < 0.95 else _word(generator)
    if name in ("report", "figures") and generator.random() < 0.6:
        _hostile_run(generator, folder / "run")
        return _at_run(name, generator)
    if name == "data" and generator.random() < 0.6:
        return ["data", _hostile_file(generator, folder)]
    flags = _flags(name) or ["--out"]
    line = [name]
    for _ in range(int(generator.integers(0, 5))):
        line += _part(generator, flags)
    if generator.random() < 0.03:
        line += [_one(generator, flags), *[_word(generator)[:50]] * int(generator.integers(1000, 20_000))]
    return line


def _part(generator: np.random.Generator, flags: Sequence[str]) -> list[str]:
    draw = generator.random()
    if draw < 0.15:
        return _one(generator, OPTIONS).split(" ")
    if draw < 0.25:
        return ["--" + _word(generator)]
    if draw < 0.35:
        return [_word(generator)]
    flag = _one(generator, flags)
    if draw < 0.45:
        return [f"{flag}={_word(generator)}"]
    return [flag, *(_word(generator) for _ in range(int(generator.integers(0, 4))))]


def _word(generator: np.random.Generator) -> str:
    draw = generator.random()
    if draw < 0.05:  # anything
        return "".join(chr(int(code)) for code in generator.integers(0, 0x3000, int(generator.integers(1, 40))))
    word = _one(generator, _one(generator, (NUMBERS, WORDS, CONTROLS, PATHS)))
    return word + _one(generator, CONTROLS)[:50] if draw < 0.1 else word


def _one(generator: np.random.Generator, values: Sequence[T]) -> T:
    return values[int(generator.integers(len(values)))]


def _flags(name: str) -> list[str]:
    """The flags of an experiment or a command."""
    if name in registry.modules():
        options = registry.load(name).module.Config
    elif name in cli.COMMANDS:
        options = __import__(cli.COMMANDS[name], fromlist=["Options"]).Options
    else:
        return []
    return [f"--{field.name.replace('_', '-')}" for field in fields(options)]


def _at_run(name: str, generator: np.random.Generator) -> list[str]:
    out = [["--out", "--to"][name == "figures"], _word(generator)] if generator.random() < 0.3 else []
    return [name, *(["--from"] if name == "figures" else []), "run", *out]


def _hostile_run(generator: np.random.Generator, folder: Path) -> None:
    """A folder that says that it is a finished run."""
    folder.mkdir()
    manifest = {"schema": 1, "status": "complete", "experiment": "gamma_sweep", "result_version": 1, "tables": {}}
    manifest |= {"configuration": {}, "command": "python -m continuum.exp gamma_sweep", "cells": [], "failed": []}
    for _ in range(int(generator.integers(1, 3))):
        key = _one(generator, list(manifest))
        manifest[key] = _odd_value(generator, manifest[key])
    text = json.dumps(manifest)
    if generator.random() < 0.1:
        text = _one(generator, ["[" * 100_000, "{" * 9000, "", "null", '"', text[:50], '{"a": NaN}', "1" * 100_000])
    (folder / "manifest.json").write_text(text)
    (folder / "results.parquet").write_bytes(b"PAR1" + generator.bytes(40))


def _hostile_file(generator: np.random.Generator, folder: Path) -> str:
    """A file of data whose name, columns and cells are hostile."""
    name = _word(generator).replace("/", "").replace("\0", "")[:60] or "empty"
    rows = [[_word(generator)[:2000] for _ in range(3)] for _ in range(int(generator.integers(1, 5)))]
    text = "\n".join(",".join(row) for row in [["a", "b", "target"], *rows][int(generator.integers(2)) :])
    path = folder / os.fsdecode(f"{name}.csv".encode("utf-8", "surrogatepass"))
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return str(path)


def _odd_value(generator: np.random.Generator, usual: Any) -> Any:
    word = _word(generator)
    others = [word, word, word, 10**30, -1, None, [], [word], {word: word}, {"results": word}, {word: {}}, True, 1e400]
    return _one(generator, [*others, {f"../{word}": word}, registry_name(generator), usual])


def registry_name(generator: np.random.Generator) -> str:
    """The name of an experiment."""
    return str(_one(generator, list(registry.modules())))


def _stopped(experiment: Any, config: Any, **_: Any) -> None:
    config.validate()


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """In this folder, with a screen of 80 columns, and no experiment computed."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.object(runner, "execute", _stopped), mock.patch.dict(os.environ, {"COLUMNS": "80"}):
            yield
    finally:
        os.chdir(before)


def _warm_up() -> None:
    """What takes long to import is imported before the clock runs."""
    import torch  # noqa: F401
    import tyro  # noqa: F401

    import continuum.analysis.style  # noqa: F401

    for name in registry.modules():
        registry.load(name)


def _shown(line: Sequence[str]) -> str:
    """A command line as Python has it, but short."""
    return ascii([part if len(part) < 60 else f"{part[:30]}<{len(part)}>" for part in line[:12]])


attack = Attack("command_lines", cases=3000, short=30, attempt=attempt, seconds=60.0)
