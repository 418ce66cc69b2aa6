"""Build the paper: ``python -m paper.build [STEP] [NAME ...] [--quick]``.

Steps: ``all`` (figures, tables, numbers, PDF), ``generate`` (the same without LaTeX), ``run`` (compute what the presets
lack, then collect), ``collect`` (from runs/ into paper/results), ``report`` (the report's tables of what is recorded,
anew), ``ledger`` (record the ledger), ``numbers`` (print them). With --quick the small presets are run first, and the
PDF is marked as such.
"""

import datetime
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro
from rich.console import Console

from continuum.checks import one_of
from continuum.errors import BadInput, ContinuumError
from continuum.exp.flags import documented, prose
from paper import collect, generate, latex, ledger
from paper.presets import PEERS, Wanted, before, further, wanted
from paper.results import Results

QUICK_RESULTS = Path(__file__).parent / ".quick"
Step = Literal["all", "generate", "run", "collect", "report", "ledger", "numbers"]


@dataclass(frozen=True)
class Options:
    """What to build."""

    step: Annotated[Step, tyro.conf.Positional] = "all"
    """Which part."""
    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME ...")] = ()
    """Results to run, collect or report, such as gamma_sweep; all by default."""
    quick: bool = False
    """Build from the quick presets, running what is missing."""
    runs: Path = collect.RUNS
    """Folder of the runs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Build and return the exit code."""
    options: Options = tyro.cli(
        documented(Options), prog="python -m paper.build", description=prose(__doc__), args=argv
    )
    notes = Console(stderr=True)
    try:
        _refuse_names(options)
        STEPS[options.step](options, notes)
    except collect.RunFailed as failed:
        return failed.code
    except ContinuumError as error:
        _say(notes, f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        _say(notes, "interrupted")
        return 130
    return 0


def _refuse_names(options: Options) -> None:
    """Refuse names that would go unheeded."""
    if options.names and options.step not in ("run", "collect", "report"):
        expected, came = "none, but for the steps run, collect and report", " ".join(options.names)
        raise BadInput("NAME", expected=expected, came=came, remedy=f"drop them: {options.step} takes all results")


def results_of(options: Options) -> Results:
    """The results to build from, checked."""
    results = Results(QUICK_RESULTS, "quick") if options.quick else Results(collect.RESULTS)
    results.check()
    return results


def _chosen(options: Options) -> list[Wanted]:
    known = {run.name: run for run in [*wanted("paper"), *further()]}
    if options.quick:
        known = {run.name: run for run in wanted("quick")}
    for name in options.names:
        one_of("NAME", name, known, plural="results")
    # The peers have packages of their own to install: only by name.
    return [known[name] for name in options.names] or [run for run in known.values() if run.preset != PEERS]


def _run(options: Options, notes: Console) -> None:
    started = time.monotonic()
    runs = _chosen(options)
    collect.compute([*before(runs), *runs], options.runs, notes)
    _collect(options, notes)
    _say(notes, f"all results after {(time.monotonic() - started) / 60:.1f} min")


def _missing() -> list[Wanted]:
    """The quick runs that were not collected, or are those of other settings."""
    results = Results(QUICK_RESULTS, "quick")
    missing = []
    for name, run in results.runs.items():
        try:
            results.run(name)
        except BadInput:
            missing.append(run)
    return missing


def _collect(options: Options, notes: Console) -> None:
    target = QUICK_RESULTS if options.quick else collect.RESULTS
    for run in _chosen(options):
        _say(notes, f"collected {collect.collect(run, options.runs, target)}")


def _report(options: Options, notes: Console) -> None:
    for run in _chosen(options):
        _say(notes, f"reported {collect.report_anew(run, QUICK_RESULTS if options.quick else collect.RESULTS)}")


def _ledger(options: Options, notes: Console) -> None:
    _say(notes, f"{len(ledger.record())} entries in {ledger.FILE}")


def _numbers(options: Options, notes: Console) -> None:
    for number in generate.collected(results_of(options)):
        _say(Console(), f"{number.name}\t{number.value}\t{number.source}")


def _generate(options: Options, notes: Console) -> Results:
    if options.quick and (missing := _missing()):
        collect.compute(missing, options.runs, notes)
        for run in missing:
            _say(notes, f"collected {collect.collect(run, options.runs, QUICK_RESULTS)}")
    results = results_of(options)
    paths = generate.generate(results)
    _say(notes, f"{len(paths)} files in {generate.FOLDER}")
    return results


def _all(options: Options, notes: Console) -> None:
    results = _generate(options, notes)
    name = "continuum-quick" if options.quick else "continuum"
    path = latex.typeset(name, _epoch(results))
    _say(notes, f"{latex.pages(name)} pages in {path}")


def _epoch(results: Results) -> int:
    """When the last of the results was finished."""
    ends = [datetime.datetime.fromisoformat(results.manifest(name)["finished"]) for name in results.runs]
    return int(max(ends).timestamp())


def _say(notes: Console, line: str) -> None:
    notes.print(line, markup=False, highlight=False, soft_wrap=True)


STEPS: Mapping[str, Callable[[Options, Console], object]] = {
    "all": _all,
    "generate": _generate,
    "run": _run,
    "collect": _collect,
    "report": _report,
    "ledger": _ledger,
    "numbers": _numbers,
}

if __name__ == "__main__":
    sys.exit(main())
