"""``python -m proofs_checks.mutation``: how many altered formulas do the tests and the ledger notice?"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.progress import Progress

from continuum import checks
from continuum.errors import BadInput, ContinuumError
from continuum.exp.flags import documented
from proofs_checks.mutation import campaign
from proofs_checks.mutation.campaign import Result
from proofs_checks.mutation.mutant import Mutant, mutants
from proofs_checks.mutation.score import listed, report, short
from proofs_checks.mutation.targets import ROOMS, Target, known_rooms, targets


@dataclass(frozen=True)
class Options:
    """Alter the formulas of the library, one at a time, and run the tests and entries that cover them."""

    rooms: tuple[str, ...] = ROOMS
    """rooms of the library."""
    only: tuple[str, ...] = ()
    """modules, such as widths.interval (all by default)."""
    per_function: int = 4
    """alterations of each function, at most."""
    processes: int = 2
    """trials at a time."""
    out: Path = Path("runs/mutants.jsonl")
    """results; an interrupted run goes on from there."""
    fresh: bool = False
    """start anew; earlier results are set aside, in a file whose name ends in .previous."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 if at least 95 % of the mutants of each room are killed, else 1; 2 for bad input."""
    options: Options = tyro.cli(documented(Options), prog="python -m proofs_checks.mutation", args=argv)
    try:
        return report(_results(options), Console())
    except ContinuumError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return error.exit_code


def _results(options: Options) -> list[Result]:
    """What came of each mutant that was asked for: known from before, or tried now."""
    chosen = _chosen(options)
    if options.fresh and options.out.exists():
        options.out.replace(options.out.with_name(f"{options.out.name}.previous"))
    pairs = [(t, m) for t in chosen for m in mutants(t.module, t.path, options.per_function)]
    earlier = campaign.known(options.out)
    results = {mutant.key: earlier[mutant.key] for _, mutant in pairs if mutant.key in earlier}
    if waiting := [(target, mutant) for target, mutant in pairs if mutant.key not in results]:
        _try(waiting, results, options)
    return [results[mutant.key] for _, mutant in pairs]


def _chosen(options: Options) -> list[Target]:
    """The modules that were asked for; ``BadInput`` before anything is touched."""
    checks.whole("--per-function", options.per_function, at_least=1)
    checks.whole("--processes", options.processes, at_least=1)
    for room in options.rooms:
        checks.one_of("--rooms", room, known_rooms(), plural="rooms")
    if not options.rooms:
        raise BadInput("--rooms", expected="at least one room", came="none", remedy=f"give {' '.join(ROOMS)}, say")
    if options.out.is_dir():
        came, remedy = f"the folder {options.out}", f"try {options.out / 'mutants.jsonl'}"
        raise BadInput("--out", expected="the name of a file", came=came, remedy=remedy)
    modules = {short(target.module): target for target in targets(tuple(dict.fromkeys(options.rooms)))}
    for module in options.only:
        checks.one_of("--only", module, modules, plural="modules, or name their room with --rooms")
    return [target for module, target in modules.items() if not options.only or module in options.only]


def _try(waiting: Sequence[tuple[Target, Mutant]], results: dict[str, Result], options: Options) -> None:
    campaign.preload()
    memory = options.out.with_suffix(".seconds.json")
    waiting = sorted(waiting, key=lambda pair: listed(pair[1]))  # these will survive, which takes longest
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("the library as it is", total=None)
        experience = campaign.experience([target for target, _ in waiting], options.processes, memory)
        for result in results.values():
            experience.add(result)
        total = len(results) + len(waiting)
        progress.update(bar, description="mutants", total=total, completed=len(results))
        for result in campaign.tried(waiting, experience, options.processes):
            campaign.remember(options.out, result)
            results[result.key] = result
            progress.update(bar, advance=1)


if __name__ == "__main__":
    sys.exit(main())
