"""The command line: ``python -m continuum.exp NAME [flags]``, of which ``continuum NAME [flags]`` is the short form.

Exit codes: 0 done, 1 a cell failed, 2 bad input, 3 another process holds the run folder, 4 storage, 5 standard output
is closed or full, 70 a fault of continuum itself, 130 interrupted, 141 nobody reads standard output any more. A message
is one line; of a fault, ``CONTINUUM_TRACEBACK=1`` shows where it happened.
"""

import importlib
import inspect
import os
import shlex
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from continuum.analysis.sheet import Sheet
from continuum.checks import one_of
from continuum.errors import ContinuumError
from continuum.exp import presets, registry
from continuum.exp.flags import LONGEST, parse
from continuum.exp.printing import encodable, say, show
from continuum.exp.signals import EXIT_CODE, Stop
from continuum.legible import legible

#: What the command calls itself: this works wherever the package can be imported.
PROGRAM = "python -m continuum.exp"
#: Commands beside the experiments: modules with a dataclass ``Options`` and ``main(options, notes) -> exit code``.
COMMANDS = {
    "data": "continuum.exp.preview",
    "figures": "continuum.exp.report.figures",
    "report": "continuum.exp.report.command",
    "tasks": "continuum.exp.tasks",
}
#: The exit code of a fault of ours: EX_SOFTWARE, as sysexits.h has it.
FAULT = 70
#: The environment variable that asks for tracebacks.
TRACEBACK = "CONTINUUM_TRACEBACK"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; without arguments list the experiments."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    encodable()
    notes = Console(stderr=True)
    stop = Stop()
    try:
        with stop.listening():
            if not arguments or arguments[0] in ("-h", "--help"):
                return print_list(Console())
            return _run(arguments[0], arguments[1:], notes, stop)
    except ContinuumError as error:
        say(notes, f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        say(notes, f"continue with: {resume_command(arguments)}", most=LONGEST)
        return EXIT_CODE
    except Exception as error:
        return _unforeseen(error, notes)


def print_list(console: Console) -> int:
    """Print every experiment with its one line."""
    say(
        console,
        f"usage: {PROGRAM} NAME [flags], or continuum NAME [flags], which is the same; NAME --help: its flags",
        "",
    )
    table = Sheet(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column()
    table.add_column()
    for name, module_name in registry.modules().items():
        table.add_row(f"  {name}", registry.headline(module_name))
    table.add_row()
    for name, module_name in COMMANDS.items():
        table.add_row(f"  {name}", registry.headline(module_name))
    show(console, table)
    return 0


def _unforeseen(error: Exception, notes: Console) -> int:
    """Say in one line what nobody thought of, and return the exit code."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.filename is not None:
        said = f"{legible(error.filename, 200)}: expected a path that can be used, got {error.strerror!r}"
        say(notes, f"error: {said}; choose another")
        return 4
    if isinstance(error, MemoryError):
        say(notes, "error: memory: expected enough of it, got less; ask for fewer rows, units or jobs")
        return 1
    place = traceback.extract_tb(error.__traceback__)[-1]
    cause = legible(f"{type(error).__name__}: {error}", 400)
    where = f"{os.path.basename(place.filename)}:{place.lineno}"
    remedy = f"please report it, with what {TRACEBACK}=1 in the environment makes it print"
    say(notes, f"error: a fault of continuum itself, not of your input: {cause} ({where}); {remedy}")
    return FAULT


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
        options = parse(f"{PROGRAM} {name}", tool.Options, first_paragraph(tool.__doc__), flags)
        return options if isinstance(options, int) else int(tool.main(options, notes))
    one_of("experiment or command", name, [*registry.modules(), *COMMANDS], plural="names")
    experiment = registry.load(name)
    description = f"{first_paragraph(experiment.module.__doc__)}\n\n{presets.note(experiment)}"
    config = parse(f"{PROGRAM} {name}", experiment.module.Config, description, presets.expand(experiment, flags))
    if isinstance(config, int):
        return config
    config = replace(config, preset=presets.chosen(flags) or "")
    from continuum.exp.runner import execute  # pandas: not for --help or a wrong flag
    from continuum.exp.told import file_notes

    command = f"{PROGRAM} {shlex.join([name, *flags])}"
    with file_notes(notes):
        execute(experiment, config, console=notes, report=Console(), command=command, stop=stop)
    return 0
