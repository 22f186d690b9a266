"""Brackets only where they are needed, so that an edit reads as a person would write it."""

import ast
from functools import cache

import libcst as cst

ANY, COMPARED, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
OF_OPERATOR = {
    **dict.fromkeys((ast.Add, ast.Sub), SUM),
    **dict.fromkeys((ast.Mult, ast.Div, ast.MatMult, ast.FloorDiv, ast.Mod), PRODUCT),
    ast.Pow: POWER,
}
OF_NODE = {
    **dict.fromkeys((cst.Add, cst.Subtract), SUM),
    **dict.fromkeys((cst.Multiply, cst.Divide, cst.MatrixMultiply, cst.FloorDivide, cst.Modulo), PRODUCT),
    cst.Power: POWER,
}
OF_TEXT = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "@": PRODUCT, "**": POWER, ">": COMPARED, "<": COMPARED}
LOOKS_IN = (cst.Attribute, cst.Subscript, cst.Call)


@cache
def strength(text: str) -> int:
    """How strongly the outermost operator of an expression binds."""
    node = _parsed(text)
    if node is None:
        return ANY
    if text.startswith("(") and _is_closed(text):
        return ATOM
    if isinstance(node, ast.BinOp):
        return OF_OPERATOR.get(type(node.op), COMPARED)
    if isinstance(node, ast.UnaryOp):
        return ANY if isinstance(node.op, ast.Not) else SIGN
    if isinstance(node, ast.Compare):
        return COMPARED
    return ANY if isinstance(node, ast.BoolOp | ast.IfExp | ast.Lambda | ast.Tuple | ast.Starred) else ATOM


@cache
def _parsed(text: str) -> ast.expr | None:
    """The expression; None for a text that is none."""
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _is_closed(text: str) -> bool:
    """Does the bracket at the beginning close at the end?"""
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0:
            return at == len(text) - 1
    return False


def at_least(text: str, wanted: int) -> str:
    """The expression as an operand that must bind so strongly."""
    return text if strength(text) >= wanted else f"({text})"


def joined(left: str, operator: str, right: str) -> str:
    """Two expressions and an operator.

    >>> joined("a + b", "*", "c - d"), joined("a", "-", "b - c"), joined("a", "/", "n")
    ('(a + b) * (c - d)', 'a - (b - c)', 'a / n')
    """
    own = OF_TEXT[operator]
    above = 0 if operator in ("+", "*") and strength(right) != own else 1
    left = at_least(left, ATOM if operator == "**" else own)
    return f"{left} {operator} {at_least(right, min(ATOM, own + above))}"


def method(text: str, call: str) -> str:
    """`text.call`, with brackets where the text needs them."""
    return f"{at_least(text, ATOM)}.{call}"


def without_outer(text: str) -> str:
    """The expression without brackets around all of it, where it may stand without."""
    inner = text[1:-1].strip()
    closed = text.startswith("(") and _is_closed(text) and "\n" not in text
    return inner if closed and inner and (strength(inner) or _is_condition(inner)) else text


def _is_product(text: str) -> bool:
    """Are there nothing but factors, whose order is no matter?"""
    node = _parsed(text)
    found = isinstance(node, ast.BinOp)
    while isinstance(node, ast.BinOp):
        found, node = found and isinstance(node.op, ast.Mult), node.left
    return found


def _is_condition(text: str) -> bool:
    return isinstance(_parsed(text), ast.BoolOp | ast.IfExp)


def in_place_of(node: cst.CSTNode, parent: cst.CSTNode | None, text: str) -> str:
    """The text where the node stood, in brackets where what is around it binds more strongly."""
    if isinstance(parent, cst.BinaryOperation):
        own = OF_NODE.get(type(parent.operator), COMPARED)
        if isinstance(parent.operator, cst.Multiply) and _is_product(text):
            return text
        return at_least(text, min(ATOM, own + (node is parent.right or own == POWER)))
    if isinstance(parent, cst.UnaryOperation):
        return at_least(text, SIGN)
    if isinstance(parent, cst.Comparison | cst.ComparisonTarget):
        return at_least(text, SUM)
    if isinstance(parent, LOOKS_IN) and node in (getattr(parent, "value", None), getattr(parent, "func", None)):
        return at_least(text, ATOM)
    return text
