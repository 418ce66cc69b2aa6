"""Try all mutants, a few at a time, and remember what came of each."""

import hashlib
import importlib
import json
import multiprocessing
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from continuum.errors import ContinuumError
from proofs_checks.mutation import trial
from proofs_checks.mutation.mutant import Mutant
from proofs_checks.mutation.targets import ROOT, Target

#: Imported once, before the processes fork; the library itself must not be among them.
PRELOADED = ("numpy", "scipy.optimize", "torch", "sympy", "pytest", "hypothesis", "hypothesis.extra.numpy", "beartype")
#: A trial may take this many times what its tests and entries take on the library as it is, and START to begin with.
PATIENCE, START = 2, 15
#: A trial that waits without computing is ended, too, after this many times its limit.
IDLE = 20


class NotGreen(ContinuumError):
    """The library does not pass its tests and entries as it stands: nothing can be learned from altering it."""


@dataclass(frozen=True)
class Result:
    """What came of one mutant: who killed it (tests, ledger, timeout, crash), or that it survived."""

    key: str
    module: str
    mutant: str
    outcome: str
    seconds: float
    by: str = ""

    @property
    def killed(self) -> bool:
        """Whether anything noticed."""
        return self.outcome != trial.SURVIVED


@dataclass
class Experience:
    """What is known before a trial: how long tests and entries take, and which of them killed mutants of a module."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    kills: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, result: Result) -> None:
        """Learn from a result."""
        if result.by:
            self.kills[result.module][result.by] += 1

    def task(self, target: Target, source: str) -> trial.Task:
        """What a trial of one version of a module has to know."""
        tests = sum(s for name, s in self.seconds.items() if any(test_of(name, test) for test in target.tests))
        entries = sum(self.seconds.get(key, 0.0) for key in target.entries)
        return trial.Task(
            target.module,
            target.path,
            source,
            target.tests,
            target.entries,
            self.kills[target.module],
            self.seconds,
            START + round(PATIENCE * (tests + entries)),
        )


@dataclass
class Measured:
    """Seconds of tests and entries on one version of everything, and which files and entries were run for that."""

    version: str
    judges: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "Measured":
        """What is known of the present version."""
        present = version()
        earlier = cls(**json.loads(path.read_text())) if path.exists() else cls(present)
        return earlier if earlier.version == present else cls(present)

    def save(self, path: Path) -> None:
        """Keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)))


def version() -> str:
    """Checksum of the library, the tests and the ledger."""
    texts = [path.read_bytes() for room in ("continuum", "tests", "proofs_checks") for path in _sources(ROOT / room)]
    return hashlib.sha256(b"\n".join(texts)).hexdigest()[:16]


def _sources(room: Path) -> list[Path]:
    return sorted(room.rglob("*.py"))


def test_of(name: str, place: str) -> bool:
    """Whether pytest's name of a test lies in a file or folder.

    >>> test_of("tests/widths/test_fuzzy.py::test_sum", "/home/tests/widths")
    True
    """
    file = f"/{name.split('::')[0]}"
    return place.endswith(file) or any(place.endswith(str(folder)) for folder in Path(file).parents[:-1])


def preload() -> None:
    """Import what every trial needs."""
    for name in PRELOADED:
        importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)  # a fork would lose the other threads


def known(path: Path) -> dict[str, Result]:
    """Results of an earlier, perhaps interrupted, campaign."""
    if not path.exists():
        return {}
    rows = (json.loads(line) for line in path.read_text().splitlines() if line.endswith("}"))
    return {row["key"]: Result(**row) for row in rows}


def remember(path: Path, result: Result) -> None:
    """Append one result."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(asdict(result)) + "\n")


def experience(open_targets: Sequence[Target], processes: int, memory: Path | None = None) -> Experience:
    """Run the tests and entries on the library as it is: they must pass, and are measured.

    What ``memory`` holds of the same library, tests and entries is not run again.
    """
    measured = Measured.load(memory) if memory else Measured("")
    tests = tuple(dict.fromkeys(test for target in open_targets for test in target.tests))
    entries = tuple(dict.fromkeys(key for target in open_targets for key in target.entries))
    new = [tuple(name for name in names if name not in measured.judges) for names in (tests, entries)]
    first = open_targets[0]
    unchanged = Mutant(first.module, "", 0, "", "", first.path.read_text())
    halves = [replace(first, tests=new[0], entries=()), replace(first, tests=(), entries=new[1])]
    for result, seconds in _tried([(half, unchanged) for half in halves], None, processes):
        if result.killed:
            raise NotGreen(f"the library: expected green tests and entries, got {result.by}; see make test proofs")
        measured.seconds |= seconds
    measured.judges += [name for names in new for name in names]
    if memory:
        measured.save(memory)
    return Experience(measured.seconds)


def tried(mutants: Sequence[tuple[Target, Mutant]], known: Experience, processes: int) -> Iterator[Result]:
    """Results as they come, at most ``processes`` trials at a time; each trial profits from those before it."""
    for result, _ in _tried(mutants, known, processes):
        known.add(result)
        yield result


def _tried(
    mutants: Sequence[tuple[Target, Mutant]], known: Experience | None, processes: int
) -> Iterator[tuple[Result, Mapping[str, float]]]:
    waiting, live = list(reversed(mutants)), list[_Live]()
    while waiting or live:
        while waiting and len(live) < processes:
            target, mutant = waiting.pop()
            plain = trial.Task(target.module, target.path, mutant.source, target.tests, target.entries)
            live.append(_Live.start(mutant, known.task(target, mutant.source) if known else plain))
        for running in list(live):
            if (answer := running.result()) is not None:
                live.remove(running)
                yield answer
        time.sleep(0.01)


@dataclass
class _Live:
    process: BaseProcess
    mutant: Mutant
    answer: Connection
    started: float
    limit: float

    @classmethod
    def start(cls, mutant: Mutant, task: trial.Task) -> "_Live":
        fork = multiprocessing.get_context("fork")
        answer, sender = fork.Pipe(duplex=False)
        process = fork.Process(target=trial.run, args=(task, sender), daemon=True)
        process.start()
        sender.close()
        limit = float("inf") if task.limit < 0 else float(IDLE * task.limit)
        return cls(process, mutant, answer, time.monotonic(), limit)

    def result(self) -> tuple[Result, Mapping[str, float]] | None:
        seconds = time.monotonic() - self.started
        if self.answer.poll():
            return self._ended(self._verdict(), seconds)
        if seconds > self.limit:
            self.process.kill()
            return self._ended(trial.Verdict("timeout"), seconds)
        return None

    def _verdict(self) -> trial.Verdict:
        try:
            verdict: trial.Verdict = self.answer.recv()
        except EOFError:  # it ended without an answer
            self.process.join()
            return trial.Verdict("timeout" if self.process.exitcode == -signal.SIGXCPU else "crash")
        return verdict

    def _ended(self, verdict: trial.Verdict, seconds: float) -> tuple[Result, Mapping[str, float]]:
        self.process.join()
        self.answer.close()
        mutant = self.mutant
        result = Result(mutant.key, mutant.module, str(mutant), verdict.outcome, round(seconds, 2), verdict.by)
        return result, verdict.seconds
