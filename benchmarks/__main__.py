"""``python -m benchmarks``: how fast continuum is, as ratios. A slow row is marked; the exit code is 0 all the same."""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro
from rich.console import Console

from benchmarks.launch import CORETYPE, Setting, groups, launch, profile, settings
from benchmarks.report import Results, table, write
from benchmarks.rows import INDIFFERENT, ROWS, Row
from continuum.exp.flags import documented

Name = Literal[
    "loop",
    "loop_fused",
    "sklearn",
    "vmap",
    "vmap_tuned",
    "gemm",
    "gemm_epochs",
    "vmap_compiled",
    "gemm_compiled",
    "processes",
    "processes_cpu",
    "slice",
    "slice_compiled",
    "gated_interval",
    "gated_fuzzy",
    "gated_soft",
    "gated_concrete",
    "gated_active",
    "simplex",
    "simplex_float64",
    "simplex_compiled",
    "simplex_compiled_float64",
    "hyper_unrolled",
    "hyper_implicit",
    "hyper_torchopt",
    "lookup",
    "random_searches",
    "random_optuna",
    "live",
    "table",
    "table_cpu",
    "table_alone",
    "agent",
    "memory",
]


@dataclass(frozen=True)
class Options:
    """Measure the speed of continuum against other ways to do the same work.

    Args:
        only: rows to measure (all by default).
        quick: fewer repetitions; whether it runs, rather than how fast.
        json: write the results there too.
        profile: show where the time of a training goes instead.
    """

    only: tuple[Name, ...] = ()
    quick: bool = False
    json: Path | None = None
    profile: bool = False


def main(arguments: list[str] | None = None) -> None:
    options: Options = tyro.cli(documented(Options), args=arguments, prog="python -m benchmarks")
    environments = settings(os.environ)
    # A pipe would get 80 columns, too few for the table.
    console = Console() if sys.stdout.isatty() else Console(width=150)
    if options.profile:
        for setting in environments:
            text = profile(["digits", "breast_cancer"], setting)
            console.print(f"{CORETYPE} {setting.title}", text, markup=False, highlight=False)
        return
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    results = _measured(rows, environments, options.quick, Console(stderr=True))
    console.print(table(rows, environments, results))
    if options.json is not None:
        write(options.json, environments, rows, results)


def _measured(rows: list[Row], environments: list[Setting], quick: bool, notes: Console) -> Results:
    results: Results = {setting.title: [] for setting in environments}
    for module, wanted in groups(rows).items():
        for setting in environments[-1:] if quick and module in INDIFFERENT else environments:
            start = time.perf_counter()
            results[setting.title] += launch(module, wanted, quick, setting)
            notes.print(f"{module}, {setting.title}: {time.perf_counter() - start:.0f} s", style="dim")
    return results


if __name__ == "__main__":
    main()
