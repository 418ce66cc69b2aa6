"""The command line: ``python -m continuum.exp NAME [flags]``, of which ``continuum NAME [flags]`` is the short form.

Exit codes: 0 done, 1 a cell failed, 2 bad input, 3 another process holds the run folder, 4 storage, 130 interrupted.
"""

import importlib
import inspect
import shlex
import sys
from collections.abc import Sequence
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from continuum.errors import ContinuumError
from continuum.exp import presets, registry
from continuum.exp.signals import EXIT_CODE, Stop

#: What the command calls itself: this works wherever the package can be imported.
PROGRAM = "python -m continuum.exp"
#: What can be done with finished runs: modules with a dataclass ``Options`` and ``main(options, notes) -> exit code``.
COMMANDS = {
    "data": "continuum.exp.preview",
    "figures": "continuum.exp.report.figures",
    "report": "continuum.exp.report.command",
}
Options = TypeVar("Options")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; without arguments list the experiments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print_list(Console())
        return 0
    notes = Console(stderr=True)
    stop = Stop()
    try:
        with stop.listening():
            return _run(arguments[0], arguments[1:], notes, stop)
    except ContinuumError as error:
        notes.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        return error.exit_code
    except KeyboardInterrupt:
        line = f"continue with: {resume_command(arguments)}"
        notes.print(line, markup=False, highlight=False, soft_wrap=True)
        return EXIT_CODE


def print_list(console: Console) -> None:
    """Print every experiment with its one line."""
    table = Table.grid(padding=(0, 2))
    for name, module_name in registry.modules().items():
        table.add_row(f"  {name}", registry.headline(module_name))
    table.add_row()
    for name, module_name in COMMANDS.items():
        table.add_row(f"  {name}", registry.headline(module_name))
    usage = f"usage: {PROGRAM} NAME [flags], or continuum NAME [flags], which is the same; NAME --help: its flags\n"
    console.print(usage, markup=False, highlight=False, soft_wrap=True)
    console.print(table, markup=False, highlight=False)


def first_paragraph(docstring: str | None) -> str:
    """Return what a docstring says first: the help is about flags.

    >>> first_paragraph("One question.\\n\\nWhat a reader of the code should know.")
    'One question.'
    """
    return inspect.cleandoc(docstring or "").partition("\n\n")[0]


def resume_command(arguments: Sequence[str]) -> str:
    """Return the command that continues a run: the same one, but that it reuses what is finished.

    >>> resume_command(["gamma_sweep", "--no-resume", "--out", "my runs"])
    "python -m continuum.exp gamma_sweep --out 'my runs'"
    """
    kept = [argument for argument in arguments if argument != "--no-resume"]
    return f"{PROGRAM} {shlex.join(kept)}"


def _run(name: str, flags: Sequence[str], notes: Console, stop: Stop) -> int:
    if name in COMMANDS:
        tool = importlib.import_module(COMMANDS[name])
        options = _parse(name, tool.Options, first_paragraph(tool.__doc__), flags)
        return options if isinstance(options, int) else int(tool.main(options, notes))
    experiment = registry.load(name)
    description = f"{first_paragraph(experiment.module.__doc__)}\n\n{presets.note(experiment)}"
    config = _parse(name, experiment.module.Config, description, presets.expand(experiment, flags))
    if isinstance(config, int):
        return config
    from continuum.exp.runner import execute  # pandas: not for --help or a wrong flag

    command = f"{PROGRAM} {shlex.join([name, *flags])}"
    execute(experiment, config, console=notes, report=Console(), command=command, stop=stop)
    return 0


def _parse(name: str, options: type[Options], description: str | None, flags: Sequence[str]) -> Options | int:
    """Return the options, or the exit code if the flags were wrong or asked for help."""
    import tyro  # half of the time that the list takes

    try:
        return tyro.cli(options, args=list(flags), prog=f"{PROGRAM} {name}", description=description)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 2
