"""The gallery: every figure beside the code that draws it."""

import ast
from pathlib import Path

from manual.figures import PAPER
from manual.files import EXPERIMENTS, ROOT, dropdown, write


def generate(folder: Path, figures: dict[str, list[Path]]) -> None:
    """Write a page to include per experiment, and one for the paper."""
    for name in EXPERIMENTS:
        source = ROOT / "experiments" / name / "figures.py"
        pictures = [path for run in figures if run.startswith(name) for path in figures[run]]
        write(folder / f"{name}.md", "\n".join(_picture(path, _drawing(source, path.stem)) for path in pictures))
    drawn = [_picture(path, (ROOT / "paper" / "figures" / f"{path.stem}.py").read_text()) for path in figures[PAPER]]
    write(folder / f"{PAPER}.md", "\n".join(drawn))


def _picture(path: Path, code: str) -> str:
    image = f":::{{figure}} /_generated/figures/{path.parent.name}/{path.name}\n:alt: {path.stem}\n\n"
    image += f"`{path.parent.name}/{path.stem}`\n:::\n"
    return image + "\n" + dropdown("The code that draws it", f"```python\n{code.rstrip()}\n```")


def _drawing(source: Path, figure: str) -> str:
    """The functions of ``figures.py`` that a figure is drawn by; the whole file where they cannot be told."""
    text = source.read_text()
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    wanted = _called(_expression(functions["draw"], figure), functions)
    if not wanted:
        return text
    pieces = [ast.get_source_segment(text, node) or "" for name, node in functions.items() if name in wanted]
    return f"# {source.relative_to(ROOT)}\n\n" + "\n\n\n".join(pieces)


def _expression(draw: ast.FunctionDef, figure: str) -> ast.AST | None:
    """The expression that ``draw`` keeps under the figure's name: an entry of a dictionary, or an assignment."""
    for node in ast.walk(draw):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if key is not None and _names(key, figure):
                    return value
        if isinstance(node, ast.DictComp) and _names(node.key, figure):
            return node.value
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript) and _names(target.slice, figure):
                return node.value
    return None


def _names(key: ast.AST, figure: str) -> bool:
    """Whether a key is the name of the figure, or the beginning of a formatted one."""
    if isinstance(key, ast.JoinedStr):
        start = key.values[0]
        return isinstance(start, ast.Constant) and figure.startswith(str(start.value))
    return isinstance(key, ast.Constant) and key.value == figure


def _called(node: ast.AST | None, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Names of the module's functions that a piece of code uses, directly or through others."""
    names: set[str] = set()
    waiting = [node] if node is not None else []
    while waiting:
        for part in ast.walk(waiting.pop()):
            if isinstance(part, ast.Name) and part.id in functions and part.id not in names:
                names.add(part.id)
                waiting.append(functions[part.id])
    return names
