"""One page per room: a table of its public names, then their docstrings."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from sphinx.pycode import ModuleAnalyzer

from manual.docstrings import STARRED
from manual.files import write

FIELDS, PENALTY = "continuum.widths.fields", "continuum.widths.penalty"


@dataclass(frozen=True)
class Room:
    """A page: names of ``module`` that come from below ``inside``, but not from below ``outside``."""

    page: str
    module: str
    inside: str
    outside: tuple[str, ...] = ()


ROOMS = (
    Room("widths", "continuum.widths", "continuum.widths", (FIELDS, PENALTY)),
    Room("widths_fields", "continuum.widths", FIELDS),
    Room("widths_penalty", "continuum.widths", PENALTY),
    *(
        Room(name, f"continuum.{name}", f"continuum.{name}")
        for name in ("nn", "estimators", "hypergrad", "problems", "data", "encoding", "ensemble", "learn", "sklearn")
    ),
    Room("benchmark", "continuum.benchmark", "continuum.benchmark"),
    Room("search", "continuum.search", "continuum.search"),
    Room("analysis", "continuum.analysis", "continuum.analysis"),
    Room("exp", "continuum.exp", "continuum.exp"),
    Room("compiled", "continuum.compiled", "continuum.compiled"),
    Room("errors", "continuum.errors", "continuum.errors"),
)


def generate(folder: Path) -> None:
    """Write a page per room."""
    for room in ROOMS:
        write(folder / f"{room.page}.rst", _page(room))


def _page(room: Room) -> str:
    title = f"``{room.inside}``"
    lines = [title, "=" * len(title), "", _docstring(importlib.import_module(room.inside)), ""]
    entries = [(owner, *item) for owner in _owners(room) for item in _names(owner, room)]
    lines += [".. list-table::", "   :widths: 1 3", ""]
    for owner, name, home in entries:
        lines += [f"   * - :py:obj:`~{owner}.{name}`", f"     - {_first_line(owner, name, home)}"]
    for owner, name, home in entries:
        lines += ["", *_described(owner, name, home)]
    return "\n".join(lines) + "\n"


def _owners(room: Room) -> list[str]:
    """The room itself; a room that keeps its names in modules lists these."""
    module = importlib.import_module(room.module)
    if hasattr(module, "__all__") or not hasattr(module, "__path__"):
        return [room.module]
    files = sorted(file.stem for path in module.__path__ for file in Path(path).glob("[a-z]*.py"))
    return [f"{room.module}.{file}" for file in files]


def _names(owner: str, room: Room) -> Iterator[tuple[str, str]]:
    """Public names and the modules that define them."""
    module = importlib.import_module(owner)
    homes = _imported(module)
    public = getattr(module, "__all__", None) or [name for name in _defined(module) if not name.startswith("_")]
    for name in public:
        home = homes.get(name, owner)
        if _below(home, room.inside) and not any(_below(home, other) for other in room.outside):
            yield name, home


def _below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _imported(module: ModuleType) -> dict[str, str]:
    statements = [node for node in ast.walk(_tree(module)) if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name: str(node.module) for node in statements for alias in node.names}


def _defined(module: ModuleType) -> list[str]:
    names = []
    for node in _tree(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def _is_data(owner: str, name: str) -> bool:
    thing = getattr(importlib.import_module(owner), name)
    return not (inspect.isclass(thing) or inspect.isfunction(thing)) or thing.__name__ != name


def _described(owner: str, name: str, home: str) -> list[str]:
    thing = getattr(importlib.import_module(owner), name)
    if _is_data(owner, name):
        comment = STARRED.sub(r"\\*", "\n".join(_comment(home, name)))
        return [f".. py:data:: {owner}.{name}", "", *(f"   {line}" for line in comment.splitlines()), ""]
    if inspect.isclass(thing):
        bases = ["   :show-inheritance:"] if thing.__bases__ != (object,) else []
        return [f".. autoclass:: {owner}.{name}", "   :members:", *bases]
    return [f".. autofunction:: {owner}.{name}"]


def _comment(home: str, name: str) -> list[str]:
    analyzer = ModuleAnalyzer.for_module(home)
    analyzer.analyze()
    text = analyzer.attr_docs.get(("", name), [])
    lines = Path(analyzer.srcname).read_text().splitlines()
    source = next((line for line in lines if line.startswith((f"{name} =", f"{name}:"))), "")
    definition = source.partition("=")[2].strip()
    shown = [f"``{definition}``", ""] if definition and definition[-1] not in "([{" else []
    return [*shown, *text]


def _first_line(owner: str, name: str, home: str) -> str:
    thing = getattr(importlib.import_module(owner), name)
    text = "\n".join(_comment(home, name)) if _is_data(owner, name) else _docstring(thing)
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    return STARRED.sub(r"\\*", paragraph.removesuffix(":")) or "\\-"


def _docstring(thing: object) -> str:
    return inspect.getdoc(thing) or ""
