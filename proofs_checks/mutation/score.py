"""The score of a campaign: by module and by room, with every survivor and the reason why it computes the same."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from proofs_checks.mutation.campaign import Result
from proofs_checks.mutation.mutant import Mutant

#: Mutants that compute the same, with the reason.
REASONS = Path(__file__).with_name("equivalent.toml")
#: Share to be killed of those that differ.
GOAL = 0.95
#: How a mutant may be killed.
OUTCOMES = ("tests", "ledger", "timeout", "crash")


@dataclass(frozen=True)
class Score:
    """How many mutants were tried, killed, and found to compute the same as the library."""

    tried: int
    killed: int
    same: int

    @property
    def share(self) -> float:
        """Killed, of the mutants that compute something else.

        >>> Score(tried=100, killed=90, same=5).share
        0.9473684210526315
        """
        return self.killed / max(self.tried - self.same, 1)

    @property
    def enough(self) -> bool:
        """Whether the goal is met."""
        return self.killed >= GOAL * (self.tried - self.same)


def report(results: Sequence[Result], console: Console, reasons: Mapping[str, str] | None = None) -> int:
    """Print the score by module and room, and every survivor with its reason; 1 if a room misses the goal.

    The last column is the share that is killed of those mutants that differ from the library.
    """
    reasons = tomllib.loads(REASONS.read_text()) if reasons is None else reasons
    rooms = {room: [r for r in results if _room(r) == room] for room in dict.fromkeys(map(_room, results))}
    console.print(_table(rooms, reasons))
    for line in _remarks(results, reasons):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    all_ = score(results, reasons)
    console.print(
        f"{all_.killed} of {all_.tried} mutants killed; {all_.same} compute the same, for a reason that is listed; "
        f"{all_.share:.1%} of the others are killed",
        soft_wrap=True,
    )
    return 0 if all(score(room, reasons).enough for room in rooms.values()) else 1


def score(results: Sequence[Result], reasons: Mapping[str, str]) -> Score:
    """Count."""
    survivors = [result for result in results if not result.killed]
    same = sum(name(result.mutant) in reasons for result in survivors)
    return Score(len(results), len(results) - len(survivors), same)


def listed(mutant: Mutant) -> bool:
    """Whether it is said to compute the same."""
    return name(str(mutant)) in tomllib.loads(REASONS.read_text())


def name(mutant: str) -> str:
    """A mutant without its line number, which moves."""
    place, _, what = mutant.partition(" ")
    return f"{short(place.rsplit(':', 1)[0])} {what}"


def short(module: str) -> str:
    """A module without the name of the library.

    >>> short("continuum.widths.width")
    'widths.width'
    """
    return module.removeprefix("continuum.")


def _room(result: Result) -> str:
    return short(result.module).split(".")[0]


def _remarks(results: Sequence[Result], reasons: Mapping[str, str]) -> Iterator[str]:
    for result in results:
        reason = reasons.get(name(result.mutant))
        if not result.killed:
            yield f"survived: {result.mutant}\n    {reason or 'no reason recorded'}"
        elif reason:
            yield f"killed by {result.by}, though said to compute the same: {result.mutant}"


def _table(rooms: Mapping[str, Sequence[Result]], reasons: Mapping[str, str]) -> Table:
    numbers = (Column(name, justify="right") for name in ("tried", *OUTCOMES, "same", "other", "killed"))
    table = Table(Column("module", no_wrap=True), *numbers, padding=(0, 0))  # all of it in a terminal of 80 columns
    for room, results in rooms.items():
        for module in dict.fromkeys(result.module for result in results):
            table.add_row(short(module), *_cells([r for r in results if r.module == module], reasons))
        table.add_row(f"all {room}", *_cells(results, reasons), style="bold", end_section=True)
    return table


def _cells(results: Sequence[Result], reasons: Mapping[str, str]) -> list[str]:
    counts, outcomes = score(results, reasons), [result.outcome for result in results]
    other = counts.tried - counts.killed - counts.same
    by = (outcomes.count(outcome) for outcome in OUTCOMES)
    return [str(n) for n in (counts.tried, *by, counts.same, other)] + [f"{counts.share:.1%}"]
