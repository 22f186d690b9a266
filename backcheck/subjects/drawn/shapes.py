"""What arrays a function takes, in one line each, and how a case is drawn from that.

"n d"           floating-point numbers of shape (n, d); the same name is the same size everywhere
"*batch d"      any leading axes, none included
"n 3"           a size that does not change
"n <classes"    integers of shape (n,) from 0 to below the size of the axis `classes`, or below a number: "n <10"
"n d ?"         booleans
"n d >0"        numbers above zero
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy
from jaxtyping import Shaped

from backcheck.errors import BadInput
from backcheck.signature import Takes, takes
from backcheck.strategies.catalogue import CatalogueError, signature_of
from backcheck.strategies.choice import Pick
from backcheck.subjects.arrays import distinct, names_of
from backcheck.subjects.pairs.source_text import name_of
from scratch_bp.network import ArraySpec
from scratch_bp.rules import Rule

# Size 1 hides faults, and so do equal sizes: both are drawn, but not often. A failure shrinks towards the first.
SIZES = (1, 2, 3, 2, 3, 4, 5, 7)
LEADS: tuple[tuple[int, ...], ...] = ((2,), (1,), (), (3,), (3, 2), (2, 1))


@dataclass(frozen=True, slots=True)
class Described:
    """One array: its axes, and what it holds when that is not floating-point numbers."""

    name: str
    dims: tuple[str, ...]
    below: str = ""
    boolean: bool = False
    positive: bool = False


@dataclass(frozen=True, slots=True)
class Axis:
    """Stands for the size of an axis, a whole number, among the options of `verify_rule`.

    `verify_rule` raises BadInput where no array has an axis of this name.

    >>> import numpy as np
    >>> from backcheck import verify_rule
    >>> def forward(x, *, width):
    ...     return x / np.sqrt(width), width
    >>> def backward(width, dy):
    ...     return dy / np.sqrt(width)
    >>> print(verify_rule((forward, backward), "n d", {"width": Axis("d")}, draws=5).verdict)
    agree
    """

    name: str


def describe(function: Callable[..., Any], arrays: Any) -> tuple[Described, ...]:
    """The arrays of a function, as said or as its own annotations say. Raises BadInput when neither does."""
    if arrays is None:
        return _annotated(function)
    if isinstance(arrays, Mapping):
        return tuple(_parsed(name, arrays[given]) for name, given in _by_name(function, list(arrays)))
    texts = (arrays,) if isinstance(arrays, str) else arrays
    if not isinstance(texts, Sequence):
        raise BadInput(f"arrays has a line for each array that forward takes, or a strategy of them; got {arrays!r}")
    return tuple(map(_parsed, _names(function, len(texts)), texts))


def describe_drawn(function: Callable[..., Any], value: Any) -> tuple[Described, ...]:
    """The arrays of a function, by what a strategy of them gave once. Raises BadInput for what are no arrays."""
    given = given_arrays(value)
    names = _names(function, len(given))
    return tuple(Described(name, (), boolean=each.dtype.kind == "b") for name, each in zip(names, given, strict=True))


def given_arrays(value: Any) -> list[np.ndarray]:
    """What a strategy of arrays gave: one array, or several in a tuple or a list."""
    parts = value if isinstance(value, tuple | list) else (value,)
    try:
        found = [np.asarray(each) for each in parts]
    except ValueError as error:
        raise BadInput(f"arrays: the strategy drew {value!r}, which is no array and no tuple of arrays") from error
    if any(each.dtype.kind not in "iubf" and each.dtype.name != "bfloat16" for each in found):
        raise BadInput(f"arrays: the strategy drew {value!r}; it has to draw arrays of numbers, or tuples of them")
    return found


def _names(function: Callable[..., Any], count: int) -> tuple[str, ...]:
    """What the function calls them. Raises BadInput where it takes another number of arrays."""
    taken = takes(function)
    if not taken.required <= count <= len(taken.names) and not _any_number(taken):
        names = ", ".join(taken.names) or "none"
        raise BadInput(f"arrays: {count} are described, and {name_of(function)} takes {names}")
    return names_of(function, count)


def _by_name(function: Callable[..., Any], given: list[str]) -> list[tuple[str, str]]:
    """Each array's name here and where it is described, in the order in which the function takes them."""
    order = takes(function).names
    if _any_number(takes(function)):
        return list(zip(distinct(given), given, strict=True))
    names = _names(function, len(given))
    if set(given) != set(order[: len(given)]):
        raise BadInput(f"arrays: {', '.join(given)} are described, and {name_of(function)} takes {', '.join(order)}")
    return list(zip(names, order, strict=False))


def _any_number(taken: Takes) -> bool:
    return bool(taken.rest) or not taken.known


def _parsed(name: str, text: Any) -> Described:
    if not isinstance(text, str):
        raise BadInput(f'arrays: {name} must be described by its axes, such as "n d" or "n <classes"; got {text!r}')
    tokens = text.split()
    below = [token[1:] for token in tokens if token.startswith("<")]
    dims = tuple(token for token in tokens if token not in ("?", ">0") and token[0] != "<")
    wrong = [axis for axis in dims if not _is_axis(axis.removeprefix("*"))]
    wrong += [f"<{axis}" for axis in below if not _is_axis(axis)]
    if wrong:
        raise BadInput(
            f"arrays: {text!r} for {name}: {wrong[0]!r} is no axis; write names, numbers or *names, and "
            '"<classes" for integers, "?" for booleans, ">0" for numbers above zero'
        )
    if sum(axis.startswith("*") for axis in dims) > 1 or len(below) > 1:
        raise BadInput(f"arrays: {text!r} for {name}: one *name may stand for several axes, and one < for the integers")
    return Described(name, dims, "".join(below), "?" in tokens, ">0" in tokens)


def _is_axis(text: str) -> bool:
    return text.isidentifier() or text.isdigit()


def _annotated(function: Callable[..., Any]) -> tuple[Described, ...]:
    try:
        slots = signature_of("own", {"own": Rule(_with_result(function), function)}).arrays
    except CatalogueError as error:
        taken = takes(function)
        needed = [*taken.names[: taken.required], *([taken.rest] if taken.rest else [])]
        if len(needed) == 1:
            return (Described(distinct(needed)[0], ("*any",)),)
        raise BadInput(
            f"which arrays does {name_of(function)}({', '.join(needed)}) take? Say their axes: "
            'arrays=("n d", "d"), or annotate forward with jaxtyping'
        ) from error
    names = distinct([slot.name for slot in slots])
    found = zip(names, slots, strict=True)
    return tuple(Described(name, slot.dims, "2" if slot.integer else "") for name, slot in found)


def _with_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same annotations with one for the result, which says nothing here and need not be written."""

    def annotated(*arrays: Any) -> Any:
        return function(*arrays)

    functools.update_wrapper(annotated, function)
    hints = getattr(function, "__annotations__", {})
    annotated.__annotations__ = {**hints, "return": tuple[Shaped[np.ndarray, ""], Any]}
    return annotated


def sizes(pick: Pick, described: Sequence[Described]) -> dict[str, Any]:
    """A size for every axis that is named, drawn on its own."""
    bound: dict[str, Any] = {}
    for each in described:
        for axis in (*each.dims, each.below):
            if axis and not axis.isdigit() and axis not in bound:
                bound[axis] = pick(LEADS) if axis.startswith("*") else pick(SIZES)
    return bound


def specs(described: Sequence[Described], bound: Mapping[str, Any]) -> dict[str, ArraySpec]:
    """The arrays' shapes at these sizes."""
    return {each.name: _spec(each, bound) for each in described}


def _spec(each: Described, bound: Mapping[str, Any]) -> ArraySpec:
    shape: tuple[int, ...] = ()
    for axis in each.dims:
        size = int(axis) if axis.isdigit() else bound[axis]
        shape += size if isinstance(size, tuple) else (size,)
    if each.boolean:
        return ArraySpec(shape, classes=2)
    below = int(each.below) if each.below.isdigit() else bound[each.below] if each.below else None
    return ArraySpec(shape, classes=below)


def options(
    pick: Pick, draw: Callable[[Any], Any], config: Mapping[str, Any], bound: Mapping[str, Any]
) -> dict[str, Any]:
    """One choice of every option: from a list or a strategy, the size of an Axis, and anything else as it is."""
    return {name: _option(pick, draw, name, choices, bound) for name, choices in config.items()}


def _option(pick: Pick, draw: Callable[[Any], Any], name: str, choices: Any, bound: Mapping[str, Any]) -> Any:
    if isinstance(choices, SearchStrategy):
        choices = draw(choices)
    if isinstance(choices, list):
        if not choices:
            raise BadInput(f"config: there is nothing to choose from for {name!r}")
        choices = pick(choices)
    if isinstance(choices, Axis):
        if choices.name not in bound:
            raise BadInput(f"config: no array has an axis {choices.name!r}; the axes are {', '.join(bound)}")
        return bound[choices.name]
    return choices
