"""Try all mutants, a few at a time, and remember what came of each."""

import importlib
import json
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path

from proofs_checks.mutation import trial
from proofs_checks.mutation.mutant import Mutant
from proofs_checks.mutation.targets import Target

#: Imported once, before the processes fork; the library itself must not be among them.
PRELOADED = ("numpy", "scipy.optimize", "torch", "sympy", "pytest", "hypothesis", "hypothesis.extra.numpy", "beartype")
OUTCOMES = {trial.SURVIVED: "survived", trial.BY_TESTS: "tests", trial.BY_LEDGER: "ledger"}


@dataclass(frozen=True)
class Result:
    """What came of one mutant: who killed it (tests, ledger, timeout, crash), or that it survived."""

    key: str
    module: str
    mutant: str
    outcome: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether anything noticed."""
        return self.outcome != "survived"


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


def limit(open_targets: Sequence[Target]) -> float:
    """Seconds that a trial may take: twice what all tests and entries take on the library as it is; they must pass."""
    tests = tuple(dict.fromkeys(test for target in open_targets for test in target.tests))
    entries = tuple(dict.fromkeys(key for target in open_targets for key in target.entries))
    everything = replace(open_targets[0], tests=tests, entries=entries)
    unchanged = Mutant(everything.module, "", 0, "", "", everything.path.read_text())
    (result,) = tried([(everything, unchanged)], 3600.0, 1)
    if result.killed:
        raise RuntimeError(f"the library is not green as it stands ({result.outcome}): run `make test proofs` first")
    return 2 * result.seconds


def tried(mutants: Sequence[tuple[Target, Mutant]], limit: float, processes: int) -> Iterator[Result]:
    """Results as they come, at most ``processes`` trials at a time, each within a limit of seconds."""
    waiting, live = list(reversed(mutants)), list[_Live]()
    while waiting or live:
        while waiting and len(live) < processes:
            target, mutant = waiting.pop()
            live.append(_Live.start(target, mutant, limit))
        for run in list(live):
            if (result := run.result()) is not None:
                live.remove(run)
                yield result
        time.sleep(0.01)


@dataclass
class _Live:
    process: BaseProcess
    mutant: Mutant
    started: float
    limit: float

    @classmethod
    def start(cls, target: Target, mutant: Mutant, limit: float) -> "_Live":
        arguments = (target.module, target.path, mutant.source, target.tests, target.entries)
        process = multiprocessing.get_context("fork").Process(target=trial.run, args=arguments, daemon=True)
        process.start()
        return cls(process, mutant, time.monotonic(), limit)

    def result(self) -> Result | None:
        seconds = time.monotonic() - self.started
        code = self.process.exitcode
        if code is None and seconds < self.limit:
            return None
        if code is None:
            self.process.kill()
            self.process.join()
        outcome = "timeout" if code is None else OUTCOMES.get(code, "crash")
        return Result(self.mutant.key, self.mutant.module, str(self.mutant), outcome, round(seconds, 2))
