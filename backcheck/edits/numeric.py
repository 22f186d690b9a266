"""Operators for code that computes with arrays: what people get wrong in a backward pass, one change each.

Each takes a node of LibCST and gives other nodes for its place. A repair is such a change as well, the other way.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import libcst as cst
import libcst.matchers as m

NodeOperator = tuple[str, type, Callable[[Any], Iterable[Any]]]

SWAPPED_CALLS = {
    "sum": ("mean",),
    "mean": ("sum",),
    "max": ("min",),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "sin": ("cos",),
    "cos": ("sin",),
    "exp": ("expm1",),
    "log": ("log1p",),
    "cumsum": ("cumprod",),
    "zeros_like": ("ones_like",),
    "ones_like": ("zeros_like",),
    "floor": ("ceil",),
    "ceil": ("floor",),
}
MIRRORED = {cst.LessThan: cst.GreaterThan, cst.GreaterThan: cst.LessThan}
MIRRORED |= {cst.LessThanEqual: cst.GreaterThanEqual, cst.GreaterThanEqual: cst.LessThanEqual}
NOT_SYMMETRIC = (cst.Subtract, cst.Divide, cst.MatrixMultiply, cst.Power, cst.FloorDivide, cst.Modulo)


def operand_alone(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """A factor or a term left out: `a * b` becomes `a`, and `b`."""
    if isinstance(node.operator, cst.Add | cst.Subtract | cst.Multiply | cst.Divide | cst.Power):
        yield _like(node, node.left)
        if not isinstance(node.operator, cst.Divide | cst.Power):
            yield _like(node, node.right)


def operands_swapped(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """`a - b` becomes `b - a`, and `a @ b` becomes `b @ a`."""
    if isinstance(node.operator, NOT_SYMMETRIC):
        yield node.with_changes(left=_grouped(node.right), right=_grouped(node.left))


def sign_changed(node: cst.UnaryOperation) -> Iterator[cst.BaseExpression]:
    """`-a` becomes `a`."""
    if isinstance(node.operator, cst.Minus):
        yield _like(node, node.expression)


def transposed(node: cst.Attribute) -> Iterator[cst.BaseExpression]:
    """`a.T` becomes `a`."""
    if node.attr.value in ("T", "mT"):
        yield _like(node, node.value)


def factor_transposed(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """`a @ b` becomes `a.T @ b` and `a @ b.T`."""
    if isinstance(node.operator, cst.MatrixMultiply):
        for side in ("left", "right"):
            value = getattr(node, side)
            if isinstance(value, cst.Name):
                yield node.with_changes(**{side: cst.Attribute(value, cst.Name("T"))})


def other_call(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """Another function of the same kind: a mean for a sum, a maximum for a minimum."""
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    for other in SWAPPED_CALLS.get(name.value, ()) if isinstance(name, cst.Name) else ():
        yield node.with_deep_changes(name, value=other)


def axis_changed(node: cst.Arg) -> Iterator[cst.Arg]:
    """Another axis: `axis=0` becomes `axis=-1`, and the other way."""
    if node.keyword is not None and node.keyword.value in ("axis", "dim"):
        if m.matches(node.value, m.UnaryOperation(operator=m.Minus(), expression=m.Integer())):
            yield node.with_changes(value=cst.Integer("0"))
        elif isinstance(node.value, cst.Integer):
            yield node.with_changes(value=cst.UnaryOperation(cst.Minus(), cst.Integer("1")))


def size_changed(node: cst.Attribute) -> Iterator[cst.BaseExpression]:
    """`x.size` becomes `len(x)`."""
    if node.attr.value == "size":
        yield cst.Call(cst.Name("len"), [cst.Arg(node.value)])


def shape_entry_changed(node: cst.Subscript) -> Iterator[cst.BaseExpression]:
    """`x.shape[0]` becomes `x.shape[1]`, and `x.shape[-1]` becomes `x.shape[0]`."""
    if m.matches(node.value, m.Attribute(attr=m.Name("shape"))):
        if m.matches(node.slice[0].slice, m.Index(m.Integer("0"))):
            yield _at(node, cst.UnaryOperation(cst.Minus(), cst.Integer("1")))
        elif m.matches(node.slice[0].slice, m.Index(m.UnaryOperation() | m.Integer())):
            yield _at(node, cst.Integer("0"))


def slice_shifted(node: cst.Slice) -> Iterator[cst.Slice]:
    """`a[1:]` becomes `a[:]`, and `a[:-1]` too; a step is left out."""
    for part in ("lower", "upper", "step"):
        if getattr(node, part) is not None:
            yield node.with_changes(**{part: None})


def comparison_mirrored(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """`a > b` becomes `a < b`: a mask the other way round."""
    other = MIRRORED.get(type(node.operator))
    if other is not None:
        yield node.with_changes(operator=other())


def arms_swapped(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """`where(c, a, b)` becomes `where(c, b, a)`."""
    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    if isinstance(name, cst.Name) and name.value == "where" and len(node.args) == 3:
        condition, first, second = node.args
        arms = (first.with_changes(value=second.value), second.with_changes(value=first.value))
        yield node.with_changes(args=[condition, *arms])


def added_at_once(node: cst.Expr) -> Iterator[cst.BaseSmallStatement]:
    """`np.add.at(a, i, b)` becomes `a[i] += b`, which adds once where an index comes twice."""
    if m.matches(node.value, m.Call(func=m.Attribute(m.Attribute(attr=m.Name("add")), m.Name("at")))):
        call = cst.ensure_type(node.value, cst.Call)
        if len(call.args) == 3:
            target, index, value = (each.value for each in call.args)
            held = cst.Subscript(target, [cst.SubscriptElement(cst.Index(index))])
            yield cst.AugAssign(held, cst.AddAssign(), value)


def constant_changed(node: cst.BaseNumber) -> Iterator[cst.BaseExpression]:
    """The double of a number, its half, and its inverse."""
    text = getattr(node, "value", "")
    try:
        value = float(text)
    except ValueError:
        return
    if value and not text.startswith(("0x", "0b", "0o")):
        whole = isinstance(node, cst.Integer)
        others = (2 * value,) if whole else (2 * value, value / 2, 1 / value)
        yield from (_number(other, whole) for other in others if other != value)


def _number(value: float, whole: bool) -> cst.BaseExpression:
    return cst.Integer(str(int(value))) if whole else cst.Float(repr(float(value)))


def _at(node: cst.Subscript, index: cst.BaseExpression) -> cst.Subscript:
    return node.with_changes(slice=[node.slice[0].with_changes(slice=cst.Index(index))])


def _grouped(node: cst.BaseExpression) -> cst.BaseExpression:
    """In brackets, so that it stays one operand wherever it stands."""
    if getattr(node, "lpar", ()) or isinstance(node, cst.Name | cst.BaseNumber | cst.Call | cst.Attribute):
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _like(node: cst.BaseExpression, part: cst.BaseExpression) -> cst.BaseExpression:
    """A part in the place of the whole; in the brackets of the whole it needs none of its own."""
    return part if getattr(node, "lpar", ()) and not getattr(part, "lpar", ()) else _grouped(part)


NUMERIC_OPERATORS: tuple[NodeOperator, ...] = (
    ("a factor or term left out", cst.BinaryOperation, operand_alone),
    ("operands swapped", cst.BinaryOperation, operands_swapped),
    ("sign left out", cst.UnaryOperation, sign_changed),
    ("transpose left out", cst.Attribute, transposed),
    ("a factor transposed", cst.BinaryOperation, factor_transposed),
    ("another function", cst.Call, other_call),
    ("another axis", cst.Arg, axis_changed),
    ("len for size", cst.Attribute, size_changed),
    ("another entry of the shape", cst.Subscript, shape_entry_changed),
    ("a slice shifted", cst.Slice, slice_shifted),
    ("comparison mirrored", cst.ComparisonTarget, comparison_mirrored),
    ("arms swapped", cst.Call, arms_swapped),
    ("repeated indices added once", cst.Expr, added_at_once),
    ("another constant", cst.BaseNumber, constant_changed),
)
