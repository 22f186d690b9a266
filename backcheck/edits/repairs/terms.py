"""A factor or a term put in, a size divided by, a mean taken away, a reduction or a transpose added."""

from collections.abc import Iterator

import libcst as cst

from backcheck.edits.repairs.brackets import PRODUCT, at_least, joined, method
from backcheck.edits.repairs.words import RepairOperator, RepairText, Shape, Words, fits
from backcheck.edits.site import Site

EXPRESSIONS = (cst.BinaryOperation, cst.UnaryOperation, cst.Name, cst.Attribute, cst.Subscript, cst.Call)
NEAR, FAR = 2.0, 3.0
PRODUCTS, SUMS = (cst.Multiply, cst.Divide), (cst.Add, cst.Subtract)


def _operator_above(site: Site) -> type | None:
    """The operator that the node is an operand of, the left one where order counts."""
    parent = site.parent
    if not isinstance(parent, cst.BinaryOperation):
        return None
    if isinstance(parent.operator, cst.Subtract | cst.Divide) and site.node is parent.right:
        return None
    return type(parent.operator)


def slopes_of(name: str, numpy: str) -> Iterator[str]:
    """Derivatives that people write by the value of an array, or by that of the function of it."""
    yield f"1 - {name} * {name}"
    yield f"1 - {name}"
    yield f"{name} * (1 - {name})"
    yield f"({name} > 0)"
    yield f"1 - {name} ** 2"
    yield f"{name} * {name}"
    yield f"1 + {name}"
    for function in ("cos", "sin", "exp", "sign", "sqrt", "tanh", "abs") if numpy else ():
        yield f"{numpy}.{function}({name})"
    yield f"1 / {name}"


def factor_put_in(site: Site, words: Words) -> Iterator[RepairText]:
    """`a` becomes `a * b`, `a / b`, for arrays, numbers, sizes, slopes and expressions of the module."""
    shape = words.shape(site.text)
    if shape is None or _operator_above(site) in PRODUCTS:  # else the product around it is tried
        return
    for name in words.arrays:
        if shape != () and fits(shape, words.shape(name)):
            yield RepairText(joined(site.text, "*", name), NEAR - 0.8 * (name in words.unused))
            yield RepairText(joined(site.text, "/", name), NEAR + 0.6)
            for slope in slopes_of(name, words.numpy):
                yield RepairText(joined(site.text, "*", slope), FAR)
    for number in words.numbers:
        yield RepairText(joined(site.text, "*", number), NEAR + 0.4)
        yield RepairText(joined(site.text, "/", number), NEAR + 0.1)
    for text in words.expressions:
        if fits(shape, words.shape(text)):
            yield RepairText(joined(site.text, "*", text), NEAR + 0.5)
            yield RepairText(joined(site.text, "/", text), FAR)
    for text in words.calls:
        yield RepairText(joined(site.text, "*", text), NEAR + 0.2)
    for constant, cost in (("2", 0.2), ("0.5", 0.4), ("3", 1.0), ("4", 1.2)):
        yield RepairText(joined(constant, "*", site.text), NEAR + cost)
    yield RepairText(f"-{at_least(site.text, PRODUCT)}", 1.2)
    for number in words.numbers:
        if words.numpy:
            yield RepairText(joined(site.text, "/", f"{words.numpy}.sqrt({number})"), FAR + 0.4)
            yield RepairText(joined(site.text, "*", f"{words.numpy}.sqrt({number})"), FAR + 0.6)


def other_slope(site: Site, words: Words) -> Iterator[RepairText]:
    """A product with a slope of `a` among its factors, as `a * (1 - a)`, with another slope of `a` in its place."""
    if _operator_above(site) in PRODUCTS or not isinstance(site.node, cst.BinaryOperation):
        return
    factors = _factors(site.node, site)
    for name in words.arrays:
        pieces = (name, f"(1 - {name})", f"(1 - {name} * {name})", f"(1 - {name} ** 2)", f"({name} > 0)")
        rest = [each for each in factors if each not in pieces]
        if 0 < len(rest) < len(factors):
            for slope in slopes_of(name, words.numpy):
                yield RepairText(joined(" * ".join(rest), "*", slope), NEAR)


def _factors(node: cst.BaseExpression, site: Site) -> list[str]:
    """The factors of a product, each as it stands there."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Multiply) and not node.lpar:
        return [*_factors(node.left, site), *_factors(node.right, site)]
    return [at_least(site.code_of(node), PRODUCT)]


def term_put_in(site: Site, words: Words) -> Iterator[RepairText]:
    """`a` becomes `a + b`, `a - b`, `1 - a`, and `a` without its mean, or without its part along `b`."""
    shape = words.shape(site.text)
    if shape is None or _operator_above(site) in SUMS:
        return
    for text, cost in _terms(shape, words):
        yield RepairText(joined(site.text, "-", text), cost)
        yield RepairText(joined(site.text, "+", text), cost + 0.1)
    yield RepairText(joined("1", "-", site.text), NEAR)
    yield RepairText(joined("1", "+", site.text), FAR)
    if shape:
        for text, cost in _parts_of_itself(site.text, shape, words):
            yield RepairText(joined(site.text, "-", text), cost)


def _terms(shape: Shape, words: Words) -> Iterator[tuple[str, float]]:
    for name in words.arrays:
        if fits(shape, words.shape(name)):
            yield name, NEAR + 0.2 - 0.8 * (name in words.unused)
    for text in (*words.calls, *words.expressions):
        if words.shape(text) is not None and fits(shape, words.shape(text)):
            yield text, NEAR + 0.3
    for number in (*words.numbers, "1"):
        yield number, FAR + 0.2
    if shape:
        for at, one in enumerate(words.arrays):
            for other in (*words.arrays[at:], *words.calls):
                if fits(shape, words.shape(f"{one} * {other}")):
                    unused = one in words.unused or other in words.unused
                    yield f"{one} * {other}", NEAR + 0.4 if unused else FAR + 0.6


def axes_of(shape: Shape) -> Iterator[str]:
    """The ways to name axes of an array of this shape in a reduction."""
    if len(shape) > 1:
        yield from ("-1", "0")
    if len(shape) > 2:
        yield from ("1", "(0, 1)", "(-2, -1)")
        yield from ("(0, 2)",) if len(shape) == 3 else ("(0, 2, 3)", "(1, 2, 3)")


def _parts_of_itself(text: str, shape: Shape, words: Words) -> Iterator[tuple[str, float]]:
    """Means and sums over an axis, and those weighed by another array: what norms and softmaxes take away."""
    same = [name for name in words.arrays if words.shape(name) == shape]
    for kind, cost in (("mean", NEAR), ("sum", NEAR + 0.3)):
        for given in (*(f"{axis}, keepdims=True" for axis in axes_of(shape)), ""):
            yield method(text, f"{kind}({given})"), cost
            for name in same:
                product = method(joined(text, "*", name), f"{kind}({given})")
                yield joined(name, "*", product), cost + 0.8
                yield product, cost + 0.9


def reduced(site: Site, words: Words) -> Iterator[RepairText]:
    """`a` becomes `a.sum(0)`, `a.mean(-1, keepdims=True)`, `a.T`, `a.reshape(b.shape)`."""
    shape = words.shape(site.text)
    if shape is None:
        return
    if len(shape) >= 1 and not isinstance(site.parent, cst.Attribute):
        for kind, cost in (("sum", NEAR), ("mean", NEAR + 0.5)):
            for axis in axes_of(shape):
                yield RepairText(method(site.text, f"{kind}({axis})"), cost)
                yield RepairText(method(site.text, f"{kind}({axis}, keepdims=True)"), cost + 0.2)
            yield RepairText(method(site.text, f"{kind}()"), cost + 0.2)
    if len(shape) == 2:
        yield RepairText(method(site.text, "T"), 1.4)
    if len(shape) >= 2:
        yield RepairText(method(site.text, "swapaxes(-1, -2)"), NEAR + (len(shape) == 2))
    for name in words.arrays:
        other = words.shape(name)
        if other is not None and other != shape and _size(other) == _size(shape):
            yield RepairText(method(site.text, f"reshape({name}.shape)"), NEAR)


def _size(shape: Shape) -> int:
    found = 1
    for each in shape:
        found *= each
    return found


def _values(name: str, operator) -> RepairOperator:  # type: ignore[no-untyped-def]
    def of_values(site: Site, words: Words) -> Iterator[RepairText]:
        return operator(site, words) if site.is_value else iter(())

    return RepairOperator(name, EXPRESSIONS, of_values)


TERM_OPERATORS: tuple[RepairOperator, ...] = (
    _values("a factor put in", factor_put_in),
    _values("another slope", other_slope),
    _values("a term put in", term_put_in),
    _values("a reduction put in", reduced),
)
