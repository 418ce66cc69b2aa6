"""``python -m attacks``: every attack in its long form; the exit code is 1 if anything was found to be wrong."""

import multiprocessing
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import tyro
from rich.console import Console
from rich.table import Table

from attacks.harness import faults_of, known, tried

#: Attempts that a worker gets at once.
BATCH = 8
#: Faults of an attack that are shown; all are counted.
SHOWN = 20


@dataclass(frozen=True)
class Options:
    """Attack continuum with hostile input and sudden death.

    Args:
        only: attacks to try (all by default).
        seed: seed of the random input; drawn afresh, and printed, by default.
        cases: attempts of each attack instead of its long form.
        case: the one attempt to repeat, in this process; needs one attack in ``--only`` and the seed.
        jobs: processes.
    """

    only: tuple[str, ...] = ()
    seed: int | None = None
    cases: int | None = None
    case: int | None = None
    jobs: int = 2


def main(arguments: list[str] | None = None) -> int:
    """Run the command, return its exit code."""
    options = tyro.cli(Options, args=arguments, prog="python -m attacks")
    console = Console() if sys.stdout.isatty() else Console(width=150)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    attacks = known()
    if unknown := set(options.only) - set(attacks):
        console.print(f"no attack {', '.join(sorted(unknown))}; there are {', '.join(attacks)}", markup=False)
        return 2
    names = options.only or tuple(attacks)
    if options.case is not None:
        fault = tried(attacks[names[0]], seed, options.case)
        console.print(fault or "nothing wrong", markup=False, highlight=False)
        return int(fault is not None)
    table, wrong = Table("attack", "tried", "wrong", "seconds", title=f"seed {seed}"), 0
    for name in names:
        start, cases = time.perf_counter(), options.cases or attacks[name].cases
        faults = dict(_faults(name, seed, cases, options.jobs))
        _show(console, name, seed, faults)
        wrong += len(faults)
        table.add_row(name, str(cases), str(len(faults)), f"{time.perf_counter() - start:.0f}")
    console.print(table)
    return int(wrong > 0)


def _faults(name: str, seed: int, cases: int, jobs: int) -> Iterator[tuple[int, str]]:
    batches = [(name, seed, range(start, min(start + BATCH, cases))) for start in range(0, cases, BATCH)]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            for faults in pool.map(faults_of, batches):
                yield from faults
        except BrokenProcessPool:
            yield -1, "a worker died"


def _show(console: Console, name: str, seed: int, faults: dict[int, str]) -> None:
    for index, fault in list(faults.items())[:SHOWN]:
        console.print(f"{name} --seed {seed} --case {index}: {ascii(fault)[1:-1]}", markup=False, highlight=False)
    if len(faults) > SHOWN:
        console.print(f"{name}: {len(faults) - SHOWN} more", markup=False, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
