"""What arrays a function takes, in one line each, and how a case is drawn from that.

"n d"           floating-point numbers of shape (n, d); the same name is the same size everywhere
"*batch d"      any leading axes, none included
"n 3"           a size that does not change
"n>=2 d"        an axis of at least 2
"n 4*s", "d+1"  sizes that follow from another: a multiple of 4, one more than d
"n <classes"    integers of shape (n,) from 0 to below the size of the axis `classes`, or below a number: "n <10"
"n d ?"         booleans
"n d >0"        numbers above zero; ">=1", "<=5" and two of them together, ">0 <=1", likewise
"n d in (-1, 1]"  numbers of an interval: a round bracket leaves its end out, a square one takes it in
"""

import functools
import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy
from jaxtyping import Shaped

from backcheck.errors import BadInput
from backcheck.signature import Takes, takes
from backcheck.strategies.catalogue import CatalogueError, signature_of
from backcheck.strategies.choice import Pick
from backcheck.subjects.arrays import distinct, names_of
from backcheck.subjects.drawn.sizes import AxisSize, draw_sizes, parsed_axis
from backcheck.subjects.drawn.value_range import EVERY_NUMBER, ValueRange, parsed_bound, parsed_interval
from backcheck.subjects.pairs.source_text import name_of
from scratch_bp.network import ArraySpec
from scratch_bp.rules import Rule

HOW_TO_WRITE = (
    'write names, numbers, *names, "n>=2", "4*s" or "d+1" for axes, and "<classes" for integers, "?" for booleans, '
    '">0", ">=1", "<=5" or "in (-1, 1]" for numbers of a range'
)


@dataclass(frozen=True, slots=True)
class Described:
    """One array: its axes, and what it holds: numbers of `within`, integers `below` a size, or booleans."""

    name: str
    axes: tuple[AxisSize, ...]
    below: str = ""
    boolean: bool = False
    within: ValueRange = EVERY_NUMBER

    @property
    def line(self) -> str:
        """The axes as they are written."""
        return " ".join(map(str, self.axes))


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
    said = f"arrays: {text!r} for {name}"
    shape, between, interval = f" {text} ".partition(" in ")
    ranges = [(interval.strip(), parsed_interval(interval))] if between else []
    tokens = shape.split()
    ranges += [(t, parsed_bound(t)) for t in tokens if t.startswith((">", "<="))]
    below = [token[1:] for token in tokens if token.startswith("<") and not token.startswith("<=")]
    axes = [(token, parsed_axis(token)) for token in tokens if token != "?" and token[0] not in "<>"]
    wrong = [f"{token!r} is no range" for token, found in ranges if found is None]
    wrong += [f"{token!r} is no axis" for token, found in axes if found is None]
    wrong += [f"'<{axis}' is no axis" for axis in below if not (axis.isidentifier() or axis.isdigit())]
    if wrong:
        raise BadInput(f"{said}: {wrong[0]}; {HOW_TO_WRITE}")
    found = tuple(axis for _, axis in axes if axis is not None)
    if sum(axis.starred for axis in found) > 1 or len(below) > 1:
        raise BadInput(f"{said}: one *name may stand for several axes, and one < for the integers")
    within = functools.reduce(ValueRange.of_both, (each for _, each in ranges if each is not None), EVERY_NUMBER)
    if within.empty:
        raise BadInput(f"{said}: no number lies in the range {within}")
    if ranges and (below or "?" in tokens):
        raise BadInput(f"{said}: a range is for floating-point numbers; integers and booleans have none")
    return Described(name, found, "".join(below), "?" in tokens, within)


def _annotated(function: Callable[..., Any]) -> tuple[Described, ...]:
    try:
        slots = signature_of("own", {"own": Rule(_with_result(function), function)}).arrays
    except CatalogueError as error:
        taken = takes(function)
        needed = [*taken.names[: taken.required], *([taken.rest] if taken.rest else [])]
        if len(needed) == 1:
            return (Described(distinct(needed)[0], (AxisSize("any", starred=True),)),)
        raise BadInput(
            f"which arrays does {name_of(function)}({', '.join(needed)}) take? Say their axes: "
            'arrays=("n d", "d"), or annotate forward with jaxtyping'
        ) from error
    names = distinct([slot.name for slot in slots])
    found = zip(names, slots, strict=True)
    return tuple(replace(_parsed(name, " ".join(slot.dims)), below="2" if slot.integer else "") for name, slot in found)


def _with_result(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same annotations with one for the result, which says nothing here and need not be written."""

    def annotated(*arrays: Any) -> Any:
        return function(*arrays)

    functools.update_wrapper(annotated, function)
    hints = getattr(function, "__annotations__", {})
    annotated.__annotations__ = {**hints, "return": tuple[Shaped[np.ndarray, ""], Any]}
    return annotated


def sizes(pick: Pick, described: Sequence[Described], may_be_empty: bool = False) -> dict[str, Any]:
    """A size for every axis that is named, drawn on its own."""
    below = [AxisSize(each.below) for each in described if each.below and not each.below.isdigit()]
    counted = {axis.name for axis in below} if may_be_empty else None
    names = [Counter(axis.key for axis in each.axes if axis.name) for each in described]
    squared = {name for each in names for name, times in each.items() if times > 1}
    return draw_sizes(pick, [axis for each in described for axis in each.axes] + below, counted, squared)


def specs(described: Sequence[Described], bound: Mapping[str, Any]) -> dict[str, ArraySpec]:
    """The arrays' shapes at these sizes."""
    return {each.name: _spec(each, bound) for each in described}


def _spec(each: Described, bound: Mapping[str, Any]) -> ArraySpec:
    shape = tuple(itertools.chain.from_iterable(axis.of(bound) for axis in each.axes))
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
