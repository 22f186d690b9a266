"""Which lines of a function compute a gradient: those whose names reach it through assignments."""

import ast
import itertools
from collections.abc import Collection, Sequence


def lines_of_gradients(text: str, line: int, count: int, wanted: Collection[int]) -> frozenset[int] | None:
    """The lines of the text that the gradients at these places come from, in the function that begins at `line`.

    None where the function does not return as many gradients, so that nothing can be told.
    """
    function = _function_at(text, line)
    if function is None:
        return None
    returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value is not None]
    tuples = [each.elts for each in returned if isinstance(each, ast.Tuple) and len(each.elts) == count]
    if len(returned) != 1 or not tuples:
        return None
    names = {name for at in wanted for name in _read(tuples[0][at])}
    lines = {tuples[0][at].lineno for at in wanted}
    statements = [each for each in ast.walk(function) if isinstance(each, ast.stmt)]
    grew = True
    while grew:
        grew = False
        for each in statements:
            if _written(each) & names and not set(_lines(each)) <= lines:
                lines |= set(_lines(each))
                names |= _read(each)
                grew = True
    return frozenset(lines)


def places_of_gradients(text: str, line: int, count: int, wanted: Collection[int]) -> list[tuple[int, int]]:
    """Where in the text the expressions of these gradients are returned, in the function that begins at `line`."""
    function = _function_at(text, line)
    returned = [each.value for each in ast.walk(function) if isinstance(each, ast.Return)] if function else []
    starts = [0, *itertools.accumulate(map(len, text.splitlines(keepends=True)))]
    lines = text.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    found = []
    for value in returned:
        if isinstance(value, ast.Tuple) and len(value.elts) == count:
            for each in (value.elts[place] for place in wanted):
                end = at(each.end_lineno or each.lineno, each.end_col_offset or each.col_offset)
                found.append((at(each.lineno, each.col_offset), end))
    return found


def _function_at(text: str, line: int) -> ast.AST | None:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for each in ast.walk(tree):
        if isinstance(each, ast.FunctionDef):
            first = min([each.lineno, *(d.lineno for d in each.decorator_list)])
            if first == line:
                return each
    return None


def _lines(node: ast.stmt) -> Sequence[int]:
    if isinstance(node, ast.For | ast.While | ast.If | ast.With):
        return [node.lineno]
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _read(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}


def _written(node: ast.stmt) -> set[str]:
    """The names that a statement gives a value, or changes the value of."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.For):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    if isinstance(node, ast.Expr):  # np.add.at(a, i, b) changes a
        return _read(node.value)
    if isinstance(node, ast.If | ast.While):
        return {name for each in node.body + node.orelse for name in _written(each)}
    return set()
