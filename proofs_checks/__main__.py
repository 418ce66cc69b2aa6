"""``python -m proofs_checks``: derive, witness and attack the claims. Exit codes: 0 sound, 1 not, 2 bad input."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from continuum import checks
from continuum.errors import BadInput, ContinuumError
from continuum.exp.flags import documented
from proofs_checks import pool, registry, table
from proofs_checks.page import page
from proofs_checks.prove import Report, prove


@dataclass(frozen=True)
class Options:
    """Check the ledger: claims derived, compared with shipped code, attacked by wrong variants; counted apart."""

    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ID ...")] = ()
    """entries to check, such as A14 N3.2 (all by default)."""
    show: Annotated[str | None, tyro.conf.arg(metavar="ID")] = None
    """check one entry and print its statement, proof, counterexamples and figures."""
    json: bool = False
    """print the reports as JSON."""
    markdown: bool = False
    """print a Markdown table."""
    latex: bool = False
    """print a LaTeX longtable for the paper."""
    processes: int = os.cpu_count() or 1
    """worker processes."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    options: Options = tyro.cli(
        documented(Options), prog="python -m proofs_checks", args=argv, config=(tyro.conf.FlagCreatePairsOff,)
    )
    notes = Console(stderr=True)
    try:
        checks.whole("processes", options.processes, at_least=1)
        _refuse_rivals(options)
        if options.show is not None:
            return _show(options.show)
        return _check(options, notes)
    except ContinuumError as error:
        notes.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return error.exit_code
    except KeyboardInterrupt:
        notes.print("interrupted")
        return 130


def _refuse_rivals(options: Options) -> None:
    """Refuse flags of which one would go unheeded."""
    forms = [f"--{name}" for name in ("json", "markdown", "latex") if getattr(options, name)]
    flags = [*(["--show"] if options.show is not None else []), *(["--only"] if options.only else []), *forms]
    if len(forms) > 1:
        raise BadInput("the table", expected="one form", came=" ".join(forms), remedy="give one of these flags")
    if options.show is not None and len(flags) > 1:
        remedy = f"show one entry, or leave out --show to use {' '.join(flags[1:])}"
        raise BadInput("--show", expected="no other choice of entries or form", came=" ".join(flags), remedy=remedy)


def _show(key: str) -> int:
    entry = registry.load(key)
    report = prove(entry)
    text = page(entry, report)
    console = Console()
    console.print(Markdown(text) if console.is_terminal else text, markup=False, highlight=False, soft_wrap=True)
    return 0 if report.sound else 1


def _check(options: Options, notes: Console) -> int:
    known = registry.modules()
    named = [checks.one_of("--only", key.upper(), known, plural="entries") for key in options.only]
    chosen = list(dict.fromkeys(named)) or list(known)  # each once, however often it is named
    reports = _reports(chosen, options.processes, notes)
    if text := _written(options, chosen, reports):
        sys.stdout.write(text + "\n")
    else:
        Console().print(table.terminal(reports))
    for report in reports:
        for fault in report.faults:
            notes.print(f"{report.id} FAILS: {fault}", style="red", markup=False, highlight=False, soft_wrap=True)
    notes.print(table.summary(reports), markup=False, highlight=False, soft_wrap=True)
    return 0 if all(report.sound for report in reports) else 1


def _written(options: Options, chosen: Sequence[str], reports: Sequence[Report]) -> str:
    if options.json:
        pairs = zip(chosen, reports, strict=True)
        return json.dumps([registry.load(key).statement() | report.as_dict() for key, report in pairs], indent=1)
    if options.markdown:
        return table.markdown(reports)
    if options.latex:
        return table.latex([registry.load(key) for key in chosen], reports)
    return ""


def _reports(chosen: Sequence[str], processes: int, notes: Console) -> list[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    reports: dict[str, Report] = {}
    with Progress(*columns, console=notes, transient=True) as progress:
        bar = progress.add_task("the ledger", total=len(chosen))
        for report in pool.proved(chosen, min(processes, len(chosen))):
            reports[report.id] = report
            progress.update(bar, advance=1, description=report.id)
    return [reports[key] for key in chosen]


if __name__ == "__main__":
    sys.exit(main())
