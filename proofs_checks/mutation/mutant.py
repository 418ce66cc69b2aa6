"""Mutants of a module: where it may be altered, and its source after one alteration."""

import ast
import hashlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from proofs_checks.mutation.operators import altered

#: What is not a formula: errors and their texts, checks of input and of lengths, how an object prints.
SKIPPED_CALLS = {"BadInput", "checks", "within", "super", "isinstance", "range", "legendre", "lru_cache"}
#: Functions that hold no formula.
SKIPPED_FUNCTIONS = {"extra_repr", "__repr__", "__init__", "set_extra_state", "_side"}


@dataclass(frozen=True)
class Mutant:
    """One altered expression of one module."""

    module: str
    function: str
    line: int
    before: str
    after: str
    source: str

    @property
    def key(self) -> str:
        """Name of this alteration of this text of the module."""
        return hashlib.sha256(f"{self.module}\n{self.source}".encode()).hexdigest()[:16]

    def __str__(self) -> str:
        return f"{self.module}:{self.line} {self.function}: {self.before}  ->  {self.after}"


def mutants(module: str, path: Path, per_function: int) -> list[Mutant]:
    """Up to ``per_function`` alterations of every function, spread over its expressions; always the same ones."""
    tree = ast.parse(path.read_text())
    chosen = []
    for function, name in _functions(tree, ""):
        alterations = list(_of(module, tree, function, name))
        keep = sorted(random.Random(name).sample(range(len(alterations)), min(per_function, len(alterations))))
        chosen += [alterations[i] for i in keep]
    return chosen


def _functions(node: ast.AST, scope: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{scope}{child.name}.")
        elif isinstance(child, ast.FunctionDef) and child.name not in SKIPPED_FUNCTIONS:
            yield child, f"{scope}{child.name}"


def _of(module: str, tree: ast.Module, function: ast.FunctionDef, name: str) -> Iterator[Mutant]:
    for statement in function.body:
        for node, parent, field, place in list(_expressions(statement)):
            before = ast.unparse(node)
            for variant in altered(node):
                after = ast.unparse(variant)
                if after == before:
                    continue
                _put(parent, field, place, variant)
                source = ast.unparse(ast.fix_missing_locations(tree))
                _put(parent, field, place, node)
                yield Mutant(module, name, getattr(node, "lineno", 0), before, after, source)


Place = tuple[ast.expr, ast.AST, str, int | None]


def _expressions(node: ast.AST) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "defaults", "msg") or _is_docstring(node):
            continue
        for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _skipped(child):
                continue
            if isinstance(child, ast.expr):
                yield child, node, field, place
            yield from _expressions(child)


def _skipped(node: ast.AST) -> bool:
    if isinstance(node, ast.Raise | ast.JoinedStr | ast.FunctionDef | ast.ExceptHandler):
        return True
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return True
    if isinstance(node, ast.Call):
        root = node.func
        while isinstance(root, ast.Attribute):
            root = root.value
        return isinstance(root, ast.Name) and root.id in SKIPPED_CALLS
    return False


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(parent: ast.AST, field: str, place: int | None, node: ast.expr) -> None:
    if place is None:
        setattr(parent, field, node)
    else:
        getattr(parent, field)[place] = node
