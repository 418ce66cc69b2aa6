"""``python -m proofs_checks.mutation``: how many altered formulas do the tests and the ledger notice?"""

import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from proofs_checks.mutation import campaign
from proofs_checks.mutation.campaign import Result
from proofs_checks.mutation.mutant import mutants
from proofs_checks.mutation.targets import ROOMS, targets

EQUIVALENT = Path(__file__).with_name("equivalent.toml")
GOAL = 0.95


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
    """forget earlier results."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign; 0 if at least 95 % of the mutants are killed, else 1."""
    options = tyro.cli(Options, prog="python -m proofs_checks.mutation", args=argv)
    if options.fresh:
        options.out.unlink(missing_ok=True)
    chosen = [
        t for t in targets(options.rooms) if not options.only or t.module.removeprefix("continuum.") in options.only
    ]
    pairs = [(t, m) for t in chosen for m in mutants(t.module, t.path, options.per_function)]
    results = campaign.known(options.out)
    waiting = [(target, mutant) for target, mutant in pairs if mutant.key not in results]
    campaign.preload()
    console = Console()
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("mutants", total=len(pairs), completed=len(pairs) - len(waiting))
        limit = campaign.limit([target for target, _ in waiting]) if waiting else 0.0
        for result in campaign.tried(waiting, limit, options.processes):
            campaign.remember(options.out, result)
            results[result.key] = result
            progress.update(bar, advance=1)
    return report([results[mutant.key] for _, mutant in pairs], console)


def report(results: Sequence[Result], console: Console) -> int:
    """Print the score by module, and every survivor with its reason."""
    reasons = tomllib.loads(EQUIVALENT.read_text()) if EQUIVALENT.exists() else {}
    console.print(_table(results))
    survivors = [result for result in results if not result.killed]
    for result in survivors:
        reason = reasons.get(_name(result), "no reason recorded")
        console.print(f"survived: {result.mutant}\n    {reason}", markup=False, highlight=False, soft_wrap=True)
    equivalent = sum(_name(result) in reasons for result in survivors)
    killed, total = len(results) - len(survivors), len(results)
    console.print(f"{killed} of {total} mutants killed ({killed / max(total, 1):.1%})")
    share = killed / max(total - equivalent, 1)
    console.print(
        f"{equivalent} of {len(survivors)} survivors have a reason; {share:.1%} of the other mutants are killed"
    )
    return 0 if killed >= GOAL * (total - equivalent) else 1


def _name(result: Result) -> str:
    """The mutant without its line number, which moves."""
    place, _, what = result.mutant.partition(" ")
    return f"{_short(place.rsplit(':', 1)[0])} {what}"


def _short(module: str) -> str:
    return module.removeprefix("continuum.")


def _table(results: Sequence[Result]) -> Table:
    table = Table("module", *(f"{head}" for head in ("mutants", "tests", "ledger", "timeout", "crash", "survived")))
    for module in dict.fromkeys(result.module for result in results):
        mine = [result.outcome for result in results if result.module == module]
        counts = [mine.count(outcome) for outcome in ("tests", "ledger", "timeout", "crash", "survived")]
        table.add_row(_short(module), str(len(mine)), *map(str, counts))
    return table


if __name__ == "__main__":
    sys.exit(main())
