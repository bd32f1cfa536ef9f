"""Mutants of a module: each the same source with one small mistake, such as a programmer makes.

Rules: a mutant changes one node and is named by where it stands and what became of it, not by its line, so that
an accepted one is still known after the file has moved. Must not know: tests, how mutants are run.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Mutant:
    """`name`: the function it stands in, what was and what became of it, and the how-manieth of the same it is."""

    path: str
    line: int
    name: str
    source: str


_COMPARE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any", "sorted": "list"}


@cache
def mutants(path: str, source: str) -> tuple[Mutant, ...]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    found, seen = [], Counter[str]()
    for where, node in _nodes(tree):
        for changed in _changes(node):
            name = f"{path} {where}: {_text(node)} -> {_text(changed)}"
            seen[name] += 1
            again = f" ({seen[name]})" if seen[name] > 1 else ""
            found.append(Mutant(path, node.lineno, name + again, _replaced(tree, node, changed)))
    return tuple(found)


def _nodes(tree: ast.Module) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    """Every expression and statement that runs, with the name of what it stands in."""
    for top in tree.body:
        yield from _inside(top, "")


def _inside(node: ast.AST, where: str) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    if isinstance(node, ast.Import | ast.ImportFrom) or _is_text(node):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where}.{node.name}".lstrip(".")
    elif not where and isinstance(node, ast.Assign | ast.AnnAssign):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        where = ast.unparse(target)
    if isinstance(node, ast.expr | ast.stmt):
        yield where, node
    for field, value in ast.iter_fields(node):
        if field not in ("annotation", "returns", "decorator_list", "bases"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _inside(child, where)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    """What one node may be mistaken for."""
    makers = {
        ast.Compare: _comparisons,
        ast.BoolOp: _connections,
        ast.Constant: _constants,
        ast.UnaryOp: _unary,
        ast.BinOp: _sums,
        ast.Call: _calls,
        ast.Return: _returns,
        ast.If: _branches,
        ast.IfExp: _choices,
        ast.ListComp: _filters,
        ast.GeneratorExp: _filters,
        ast.Expr: _dropped,
    }
    maker = makers.get(type(node))
    if maker is not None:
        yield from maker(node)


def _comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    for place, operator in enumerate(node.ops):
        for other in _COMPARE[type(operator)]:
            changed = copy.deepcopy(node)
            changed.ops[place] = other()
            yield changed


def _connections(node: ast.BoolOp) -> Iterator[ast.AST]:
    """And for or, and each of the conditions left out."""
    changed = copy.deepcopy(node)
    changed.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield changed
    for place in range(len(node.values)):
        left = [value for i, value in enumerate(node.values) if i != place]
        yield left[0] if len(left) == 1 else ast.BoolOp(node.op, left)


def _constants(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    if isinstance(node.op, ast.Not | ast.USub):
        yield node.operand


def _sums(node: ast.BinOp) -> Iterator[ast.AST]:
    if type(node.op) in _ARITHMETIC:
        yield ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Name) and node.func.id in _CALLS:
        keywords = [] if node.func.id == "sorted" else node.keywords
        yield ast.Call(ast.Name(_CALLS[node.func.id], ast.Load()), node.args, keywords)


def _returns(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _branches(node: ast.If) -> Iterator[ast.AST]:
    """The condition always holds, or never does."""
    for value in (True, False):
        yield ast.If(ast.Constant(value), node.body, node.orelse)


def _choices(node: ast.IfExp) -> Iterator[ast.AST]:
    yield ast.IfExp(node.test, node.orelse, node.body)


def _filters(node: ast.ListComp | ast.GeneratorExp) -> Iterator[ast.AST]:
    for place, generator in enumerate(node.generators):
        for at in range(len(generator.ifs)):
            changed = copy.deepcopy(node)
            del changed.generators[place].ifs[at]
            yield changed


def _dropped(node: ast.Expr) -> Iterator[ast.AST]:
    """A statement that is only there for what it does is forgotten."""
    if not isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield ast.Pass()


class _Swap(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _replaced(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """The module's source with one node replaced; the tree itself stays as it was."""
    memo: dict[int, object] = {}
    twin = copy.deepcopy(tree, memo)
    target = memo[id(old)]
    assert isinstance(target, ast.AST)
    return ast.unparse(ast.fix_missing_locations(_Swap(target, copy.deepcopy(new)).visit(twin)))


def _text(node: ast.AST) -> str:
    """One line of source; of a statement with a body, its head."""
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).splitlines()[0]
