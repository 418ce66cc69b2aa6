"""Plausible errors in a formula: each operator takes a node of the syntax tree and gives altered ones."""

import ast
from collections.abc import Iterator

#: Names that are easily taken for each other.
TWINS = {
    "floor": "ceil",
    "amin": "amax",
    "min": "max",
    "minimum": "maximum",
    "log1p": "log",
    "expm1": "exp",
    "sigmoid": "tanh",
    "logsigmoid": "softplus",
    "softmax": "sigmoid",
    "sum": "mean",
    "cumsum": "cumprod",
    "square": "abs",
    "zeros_like": "ones_like",
    "new_zeros": "new_ones",
    "logical_and": "logical_or",
}
TWINS |= {twin: name for name, twin in TWINS.items() if name not in ("softmax", "sum", "square", "cumsum")}
#: What stands for what, in sides, comparisons and signs.
SIDES = {"right": "left", "left": "right"}
#: Methods that a formula may lose.
DROPPED = {"flip", "detach", "neg", "abs", "clamp", "sqrt", "log", "exp", "unsqueeze"}
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
}
SIGNS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Div(),
    ast.Div: ast.Mult(),
    ast.FloorDiv: ast.Div(),
    ast.BitAnd: ast.BitOr(),
    ast.BitOr: ast.BitAnd(),
}


def altered(node: ast.AST) -> Iterator[ast.expr]:
    """Wrong variants of one expression.

    >>> [ast.unparse(variant) for variant in altered(ast.parse("a - b", mode="eval").body)]
    ['a + b', 'a', 'b - a']
    >>> [ast.unparse(variant) for variant in altered(ast.parse("2 * x", mode="eval").body)]
    ['2 / x', 'x']
    """
    match node:
        case ast.BinOp():
            yield from _operation(node)
        case ast.UnaryOp(op=ast.USub() | ast.Not() | ast.Invert()):
            yield node.operand
        case ast.Compare(ops=[op], left=left, comparators=right) if type(op) in COMPARED:
            yield ast.Compare(left, [COMPARED[type(op)]()], right)
        case ast.BoolOp():
            yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        case ast.Call():
            yield from _call(node)
        case ast.Constant(value=value):
            yield from _constant(value)
        case ast.IfExp():
            yield ast.IfExp(node.test, node.orelse, node.body)


def _operation(node: ast.BinOp) -> Iterator[ast.expr]:
    kind, left, right = type(node.op), node.left, node.right
    if kind in SIGNS:
        yield ast.BinOp(left, SIGNS[kind], right)
    if kind is ast.Mult:
        yield right if isinstance(left, ast.Constant) else left  # a lost factor
    if kind in (ast.Div, ast.Sub, ast.Pow, ast.MatMult):
        yield left
    if kind is ast.Sub:
        yield ast.BinOp(right, ast.Sub(), left)


def _call(node: ast.Call) -> Iterator[ast.expr]:
    match node.func:
        case ast.Attribute(value=value, attr=name):
            if name in TWINS:
                yield ast.Call(ast.Attribute(value, TWINS[name], ast.Load()), node.args, node.keywords)
            if name in DROPPED and not (isinstance(value, ast.Name) and value.id in ("torch", "np", "math")):
                yield value
        case ast.Name(id=name) if name in TWINS:
            yield ast.Call(ast.Name(TWINS[name], ast.Load()), node.args, node.keywords)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "where" and len(node.args) == 3:
        yield ast.Call(node.func, [node.args[0], node.args[2], node.args[1]], node.keywords)


def _constant(value: object) -> Iterator[ast.expr]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)  # an index that is off by one
    elif isinstance(value, float):
        yield ast.Constant(2 * value if value else 1.0)
    elif value in SIDES:
        yield ast.Constant(SIDES[str(value)])
