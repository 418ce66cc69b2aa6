"""Flags from a dataclass: its fields parsed by tyro, help without the markup of docstrings, errors in one line."""

import ast
import contextlib
import inspect
import io
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, field, fields, make_dataclass
from typing import Annotated, Any, TypeVar, get_type_hints

from continuum.errors import BadInput, ContinuumError
from continuum.legible import legible, nearest

#: Most characters of a flag or a value, and most of them in a line.
LONGEST, MOST = 10_000, 20_000
#: Roles, as in :class:`Width` or :math:`\gamma`, with or without a target behind the title.
ROLE = re.compile(r":[a-z:+]+:`~?([^`<]+?)(?:\s*<[^`>]*>)?`")
#: How tyro and Python say what a user should not have to decipher, and how we do.
REWORDED = (
    (r"^Error parsing ", ""),
    (r"invalid literal for int\(\) with base 10: ", "expected a whole number, got "),
    (r"could not convert string to float: ", "expected a number, got "),
    (r"^invalid choice (.*) for argument '(.*?)'\. Expected one of \((.*)\)\.?$", r"\2: expected one of \3, got \1"),
    (r"^Missing value for argument '(.*?)'.*", r"\1: expected a value, got none"),
    (r"^Missing from .*?: (\S+) .*", r"\1: expected it, got nothing"),
    (r"^Unrecognized options: ", "flags: nothing takes "),
)
Options = TypeVar("Options")


class BadFlags(ContinuumError):
    """A flag that there is not, a value of another type, or one that is missing."""

    exit_code = 2


def parse(program: str, options: type[Options], description: str, flags: Sequence[str]) -> Options | int:
    """Return the options that the flags say, or the exit code 0 if they asked for help; raise ``BadFlags``."""
    import tyro  # half of the time that the list of experiments takes

    form = documented(options)
    _check(program, form, flags)
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            parsed = tyro.cli(form, args=list(flags), prog=program, description=prose(description))
    except SystemExit as end:
        if not end.code:
            return 0
        raise BadFlags(f"{_message(said.getvalue())}; see {program} --help") from None
    return options(**{part.name: getattr(parsed, part.name) for part in fields(form)})


def documented(options: type[Any]) -> type[Any]:
    """Return a dataclass of the same fields whose help is prose, and which says a default only where there is one."""
    import tyro

    hints, texts = get_type_hints(options, include_extras=True), documents(options)
    made: list[Any] = []
    for part in [part for part in fields(options) if part.metadata.get("flag", True)]:
        told = tyro.conf.arg(help=prose(texts.get(part.name, "")) or None, help_behavior_hint=_hint)
        default = {"default": part.default} if part.default is not MISSING else {}
        if part.default_factory is not MISSING:
            default = {"default_factory": part.default_factory}
        made.append((part.name, Annotated[hints[part.name], told], field(**default)))
    return make_dataclass(options.__name__, made, frozen=True)


def documents(options: type[Any]) -> dict[str, str]:
    """Return the docstrings of fields: the texts that stand below them; those of a base are inherited.

    >>> from continuum.exp import RunOptions
    >>> documents(RunOptions)["jobs"]
    'Number of worker processes; 0 means one per core.'
    """
    texts: dict[str, str] = {}
    for kind in reversed(options.__mro__):
        try:
            (tree,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
        except (OSError, TypeError, SyntaxError, ValueError):  # a class of C, or one that no file holds
            continue
        for name, below in zip(getattr(tree, "body", []), getattr(tree, "body", [])[1:], strict=False):
            match name, below:
                case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(value=ast.Constant(value=str(text))):
                    texts[key] = inspect.cleandoc(text)
    return texts


def prose(text: str) -> str:
    r"""Return the text of a docstring without its markup, each paragraph on one line.

    >>> prose("Width :math:`\\gamma` of an\n:class:`~continuum.widths.Interval`, as ``--widths`` has it.")
    'Width gamma of an continuum.widths.Interval, as --widths has it.'
    """
    plain = ROLE.sub(lambda found: found[1].replace("\\", ""), text).replace("``", "")
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", plain.strip()))


def _hint(default: str) -> str:
    """What the help says of a default; nothing of one that is empty: the text says what happens then."""
    return f"(default: {default})" if default not in ("", "''", "None") else ""


def _check(program: str, form: type[Any], flags: Sequence[str]) -> None:
    """Refuse what tyro would look at for long: flags that it does not know, and giants."""
    if len(flags) > MOST:
        raise BadInput("flags", expected=f"at most {MOST}", came=len(flags), remedy="put the data into a file")
    known, flag = set(_names(form)), "flags"
    for word in flags:
        name = word.partition("=")[0].replace("_", "-")
        flag = name if name in known else flag
        if len(word) > LONGEST:
            came = f"{legible(word, 40)} of {len(word)} characters"
            remedy = "see " + program + " --help"
            raise BadInput(legible(flag, 40), expected=f"at most {LONGEST} characters", came=came, remedy=remedy)
        if word.startswith("--") and name not in known:
            near = nearest(name, sorted(known), most=1)
            meant = f"did you mean {' or '.join(near)}? " if near else ""
            came, remedy = repr(legible(word, 100)), f"{meant}see {program} --help"
            raise BadInput("flags", expected="those that there are", came=came, remedy=remedy)


def _names(form: type[Any]) -> Iterable[str]:
    """The flags of a form, with those that say no."""
    yield from ("--help", "-h")
    for part in fields(form):
        given = [name for extra in getattr(part.type, "__metadata__", ()) if (name := getattr(extra, "name", None))]
        name = (given or [part.name])[-1].replace("_", "-")
        yield f"--{name}"
        if isinstance(part.default, bool):
            yield f"--no-{name}"


def _message(box: str) -> str:
    """What a frame of tyro says between its title and the next line across; in ASCII there is one above it, too."""
    lines = [line.strip("│╭╮╰╯┃ ") for line in box.splitlines()[1:]]
    across = [place for place, line in enumerate(lines) if line and set(line) <= set("─-")]
    first = 1 if across[:1] == [0] else 0
    last = next((place for place in across if place >= first), len(lines))
    text = " ".join(" ".join(lines[first:last]).split())
    for found, said in REWORDED:
        text = re.sub(found, said, text)
    return text.removesuffix(".") or "the flags cannot be understood"
