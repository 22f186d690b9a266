"""One value for another: a name, a size, a number, an entry of a shape, an index, a whole expression of the module."""

import ast
import re
from collections.abc import Iterator

import libcst as cst

from backcheck.edits.repairs.terms import slopes_of
from backcheck.edits.repairs.words import RepairOperator, RepairText, Words
from backcheck.edits.site import Site

ATOMS = (cst.Name, cst.Attribute, cst.Subscript)
NAMED = 1.3


def other_name(site: Site, words: Words) -> Iterator[RepairText]:
    """An array for another of the same shape first, a number for another, anything there is for `None`."""
    if not site.is_value or site.text in (words.numpy, "self", "True", "False"):
        return
    if site.text == "None":
        yield from (RepairText(text, NAMED) for text in dict.fromkeys((*words.arrays, *words.names, *words.numbers)))
        yield from (RepairText(text, NAMED + 0.5) for text in words.expressions)
        yield from (RepairText(text, NAMED + 1) for text in ("True", "False", "-1", "0", "1"))
        return
    shape = words.shape(site.text)
    if shape is None:
        return
    if shape == ():
        yield from (RepairText(text, NAMED) for text in words.numbers if text != site.text)
    for text in words.arrays:
        if text != site.text:
            same = words.shape(text) == shape
            yield RepairText(text, NAMED if same else NAMED + 1.2)


def slope_for_name(site: Site, words: Words) -> Iterator[RepairText]:
    """`y` becomes `1 - y * y`, `y * (1 - y)`, `y > 0`: a slope for the value that it is read from."""
    if site.is_value and words.shape(site.text):
        yield from (RepairText(text, 2.2) for text in slopes_of(site.text, words.numpy))


def other_size(site: Site, words: Words) -> Iterator[RepairText]:
    """`len(a)` becomes `a.size`, and `a.size` becomes `len(a)`, `a.shape[-1]`, `a.shape[0]`."""
    found = re.fullmatch(r"len\((.+)\)|(.+)\.size|(.+)\.shape\[-?\d\]", site.text)
    if found is not None and site.is_value:
        array = next(each for each in found.groups() if each)
        for text in (f"{array}.size", f"len({array})", f"{array}.shape[-1]", f"{array}.shape[1]"):
            if text != site.text:
                yield RepairText(text, 1.1)


def other_expression(site: Site, words: Words) -> Iterator[RepairText]:
    """An expression that stands somewhere else in the module, where it has a value of the same shape."""
    if site.is_value and len(site.text) > 1:
        shape = words.shape(site.text)
        if shape is not None:
            same = [each for each in words.expressions if words.shape(each) == shape and each != site.text]
            yield from (RepairText(text, 2.2) for text in same)


def other_number(site: Site, words: Words) -> Iterator[RepairText]:
    """A number for one beside it, its double, half, inverse, root and opposite, and for the sizes that there are."""
    try:
        value = ast.literal_eval(site.text)
    except (ValueError, SyntaxError):
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    others: list[int | float] = [value + 1, value - 1, 2 * value, -value]
    others += [value / 2] if isinstance(value, float) or value % 2 else [value // 2]
    others += [1 / value, value * value] if value not in (0, 1) else []
    others += [0, 1, 2, 3, 0.5]
    for each in dict.fromkeys(map(repr, others)):
        if each != repr(value):
            yield RepairText(each, 1.5)
    yield from (RepairText(text, 2.3) for text in words.numbers)


def other_index(site: Site, words: Words) -> Iterator[RepairText]:
    """`a[i]` becomes `a[i - 1]`, `a[i + 1]`, and a slice begins or ends elsewhere."""
    if isinstance(site.node, cst.Index) and words.shape(site.text) == () and not site.text.lstrip("-").isdigit():
        yield from (RepairText(f"{site.text} {sign} 1", 2.0) for sign in "+-")
    if isinstance(site.node, cst.Slice):
        for text in (":", "1:", ":-1", "::-1", "::2", "1:-1", "2:", ":1", "-1:"):
            if text != site.text:
                yield RepairText(text, 2.0)
        for number in words.numbers:
            yield from (RepairText(text, 2.6) for text in (f"{number}:", f":{number}", f"-{number}:", f":-{number}"))


def other_text(site: Site, words: Words) -> Iterator[RepairText]:
    """Another string of the module; the letters of einsum's subscripts in another order, of each operand."""
    for text in (*words.texts, site.text.lower()):
        if text != site.text:
            yield RepairText(text, 1.6)
    value = site.text[1:-1]
    operands, arrow, result = value.partition("->")
    if not arrow or not all(each.isalpha() or each in ",. " for each in operands + result):
        return
    parts = [*operands.split(","), result]
    for at, part in enumerate(parts):
        for i in range(len(part)):
            for other in dict.fromkeys("".join(parts)):
                if other.isalpha() and other != part[i]:
                    yield RepairText(_subscripts(parts, at, part[:i] + other + part[i + 1 :], site.text[0]), 2.4)
            if i + 1 < len(part):
                swapped = part[:i] + part[i + 1] + part[i] + part[i + 2 :]
                yield RepairText(_subscripts(parts, at, swapped, site.text[0]), 1.8)


def _subscripts(parts: list[str], at: int, new: str, quote: str) -> str:
    changed = [*parts[:at], new, *parts[at + 1 :]]
    return f"{quote}{','.join(changed[:-1])}->{changed[-1]}{quote}"


REPLACEMENT_OPERATORS: tuple[RepairOperator, ...] = (
    RepairOperator("another name", (*ATOMS, cst.Call), other_name),
    RepairOperator("another size", (cst.Call, cst.Attribute, cst.Subscript), other_size),
    RepairOperator("another number", (cst.Integer, cst.Float, cst.UnaryOperation), other_number),
    RepairOperator("a slope for a value", ATOMS, slope_for_name),
    RepairOperator("another index", (cst.Index, cst.Slice), other_index),
    RepairOperator("another expression", (cst.BinaryOperation, cst.Call, *ATOMS), other_expression),
    RepairOperator("other subscripts", (cst.SimpleString,), other_text),
)
