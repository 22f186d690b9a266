"""Another operator, comparison or function of the same kind; arguments put in, changed or left out."""

from collections.abc import Iterator

import libcst as cst
import libcst.matchers as m

from backcheck.edits.repairs.brackets import at_least, joined
from backcheck.edits.repairs.terms import axes_of
from backcheck.edits.repairs.words import RepairOperator, RepairText, Words
from backcheck.edits.site import Site

FUNCTIONS = (
    ("sum", "mean", "max", "min", "prod", "cumsum", "var", "std"),
    ("maximum", "minimum", "add", "multiply"),
    ("sin", "cos", "tan"),
    ("sinh", "cosh", "tanh"),
    ("exp", "expm1", "exp2"),
    ("log", "log1p", "log2", "log10"),
    ("sqrt", "square", "reciprocal", "cbrt"),
    ("sign", "abs"),
    ("floor", "ceil", "round"),
    ("cumsum", "cumprod"),
    ("zeros_like", "ones_like", "empty_like"),
    ("zeros", "ones", "empty"),
    ("argmax", "argmin"),
    ("matmul", "multiply", "outer", "dot"),
    ("swapaxes", "moveaxis"),
)
BINARY = {
    cst.Add: "-*/@", cst.Subtract: "+*/", cst.Multiply: "/+-@", cst.Divide: "*-+", cst.MatrixMultiply: "*",
    cst.FloorDivide: "/*", cst.Modulo: "/*",
}  # fmt: skip
CONDITIONS = (cst.If, cst.IfExp, cst.BooleanOperation, cst.Arg, cst.BinaryOperation)
NAMES_OF_AXES = ("axis", "axes", "dim", "dims")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def other_operator(site: Site, words: Words) -> Iterator[RepairText]:
    """`a + b` becomes `a - b`, `a * b`, and so on."""
    node = cst.ensure_type(site.node, cst.BinaryOperation)
    left, right = site.code_of(node.left), site.code_of(node.right)
    for operator in BINARY.get(type(node.operator), ""):
        text = joined(left, operator, right)
        yield RepairText(_bracketed(site, text), 1.2 if operator in "+-*/" else 2.0)
    if isinstance(node.operator, cst.Multiply | cst.FloorDivide):
        yield RepairText(_bracketed(site, joined(left, "**", right)), 2.2)
    if isinstance(node.operator, cst.Power):
        yield RepairText(_bracketed(site, joined(left, "*", right)), 1.6)


def _bracketed(site: Site, text: str) -> str:
    """In brackets again, where the node has some over several lines."""
    return f"({text})" if getattr(site.node, "lpar", ()) and "\n" in site.text else text


def other_comparison(site: Site, words: Words) -> Iterator[RepairText]:
    """`a > b` becomes `a >= b`, `a < b` and the rest; a mask the other way round."""
    target = cst.ensure_type(site.node, cst.ComparisonTarget)
    own = site.code_of(target.operator).strip()
    if own in COMPARISONS:
        right = site.code_of(target.comparator)
        yield from (RepairText(f" {other} {right}", 1.3) for other in COMPARISONS if other != own)
    for one, other in (("is", "is not"), ("is not", "is"), ("in", "not in"), ("not in", "in")):
        if own == one:
            yield RepairText(f" {other} {site.code_of(target.comparator)}", 1.4)


def negated(site: Site, words: Words) -> Iterator[RepairText]:
    """A mask the other way round, a condition, a truth value."""
    if site.text in ("True", "False") and site.is_value:
        yield RepairText("False" if site.text == "True" else "True", 1.3)
    elif site.is_value and isinstance(site.parent, CONDITIONS):
        if isinstance(site.parent, cst.If | cst.IfExp) and site.node is site.parent.test:
            yield RepairText(f"not {at_least(site.text, 1)}", 1.6)
        elif words.shape(site.text) is not None:
            yield RepairText(f"~{at_least(site.text, 4)}", 2.6)


def other_logic(site: Site, words: Words) -> Iterator[RepairText]:
    """`and` for `or`, `not` left out or a side of it."""
    if isinstance(site.node, cst.BooleanOperation):
        left, right = site.code_of(site.node.left), site.code_of(site.node.right)
        other = "or" if isinstance(site.node.operator, cst.And) else "and"
        yield RepairText(f"{left} {other} {right}", 1.4)
        yield from (RepairText(side, 1.8) for side in (left, right))
    elif isinstance(site.node, cst.UnaryOperation) and isinstance(site.node.operator, cst.Not | cst.BitInvert):
        yield RepairText(site.code_of(site.node.expression), 1.3)
    elif isinstance(site.node, cst.IfExp):
        node = site.node
        yield from (RepairText(site.code_of(each), 2.0) for each in (node.body, node.orelse))


def other_function(site: Site, words: Words) -> Iterator[RepairText]:
    """Another function of the same kind, where it belongs to the library: a cosine for a sine."""
    func = cst.ensure_type(site.node, cst.Call).func
    if not isinstance(func, cst.Attribute):
        return
    call = site.text[len(site.code_of(func)) :]
    for group in FUNCTIONS:
        if func.attr.value in group:
            holder = site.code_of(func.value)
            for other in group:
                if other != func.attr.value:
                    yield RepairText(f"{holder}.{other}{call}", 1.3)


def arguments_changed(site: Site, words: Words) -> Iterator[RepairText]:
    """An argument left out or put in: `keepdims=True`, an axis, a name."""
    node = cst.ensure_type(site.node, cst.Call)
    func, given = site.code_of(node.func), [site.code_of(each).rstrip().rstrip(",") for each in node.args]

    def call(arguments: list[str]) -> str:
        return f"{func}({', '.join(arguments)})"

    for at in range(len(given)):
        yield RepairText(call([*given[:at], *given[at + 1 :]]), 1.8)
        if at + 1 < len(given):
            yield RepairText(call([*given[:at], given[at + 1], given[at], *given[at + 2 :]]), 1.6)
    name = node.func.attr.value if isinstance(node.func, cst.Attribute) else ""
    if name in ("sum", "mean", "max", "min", "var", "std", "cumsum", "prod"):
        of_library = m.matches(node.func, m.Attribute(m.Name(words.numpy or "np")))
        shape = words.shape(given[0] if of_library and given else site.code_of(getattr(node.func, "value", node.func)))
        yield from _reductions(site, words, func, given, shape, int(of_library))
    positional = [at for at, each in enumerate(node.args) if each.keyword is None]
    for at in range(len(positional) + 1):
        for text in words.arrays:
            yield RepairText(call([*given[:at], text, *given[at:]]), 2.4)
        for text in (*words.numbers, "0", "1", "-1", "None"):
            yield RepairText(call([*given[:at], text, *given[at:]]), 2.8)
        for text in words.expressions:
            yield RepairText(call([*given[:at], text, *given[at:]]), 3.2)


def _reductions(site, words, func, given, shape, first) -> Iterator[RepairText]:  # type: ignore[no-untyped-def]
    """A reduction over other axes, and with its axes kept."""
    kept = [each for each in given[first:] if each.startswith("keepdim")]
    before = ", ".join(given[:first])
    known = [each for each in words.numbers if each in NAMES_OF_AXES]
    axes = ["", *(axes_of(shape) if shape is not None else ("-1", "0")), *known]
    for axis in axes:
        for keep in ([], ["keepdims=True"]):
            arguments = [each for each in (before, axis, *keep) if each]
            same = bool(keep) == bool(kept)
            yield RepairText(f"{func}({', '.join(arguments)})", 1.4 if same else 1.7)
    if not kept:
        yield RepairText(f"{func}({', '.join([*given, 'keepdims=True'])})", 1.2)


CALL_OPERATORS: tuple[RepairOperator, ...] = (
    RepairOperator("another operator", (cst.BinaryOperation,), other_operator),
    RepairOperator("another comparison", (cst.ComparisonTarget,), other_comparison),
    RepairOperator("the other way round", (cst.Name, cst.Comparison, cst.Call, cst.Attribute), negated),
    RepairOperator("other logic", (cst.BooleanOperation, cst.UnaryOperation, cst.IfExp), other_logic),
    RepairOperator("another function", (cst.Call,), other_function),
    RepairOperator("other arguments", (cst.Call,), arguments_changed),
)
