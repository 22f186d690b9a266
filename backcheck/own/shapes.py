"""What arrays a function takes, in one line each, and how a case is drawn from that.

"n d"           floating-point numbers of shape (n, d); the same name is the same size everywhere
"*batch d"      any leading axes, none included
"n 3"           a size that does not change
"n <classes"    integers of shape (n,) from 0 to below the size of the axis `classes`, or below a number: "n <10"
"n d ?"         booleans
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

from backcheck.catalogue import CatalogueError, signature_of
from backcheck.own.subject import names_of
from backcheck.picking import Pick
from backcheck.problem import BadInput
from scratch_bp.network import ArraySpec
from scratch_bp.rules import Rule

# 1 hides a fault and square shapes do: both are drawn, and mostly neither; a failure shrinks towards the first
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
    """Stands for the size of an axis among the options: config={"in_features": Axis("d")}."""

    name: str


def describe(function: Callable[..., Any], arrays: Any) -> tuple[Described, ...]:
    """The arrays of a function, as said or as its own annotations say. Raises BadInput when neither does."""
    if arrays is None:
        return _annotated(function)
    if isinstance(arrays, Mapping):
        return tuple(_parsed(name, text) for name, text in arrays.items())
    texts = (arrays,) if isinstance(arrays, str) else tuple(arrays)
    return tuple(_parsed(name, text) for name, text in zip(names_of(function, len(texts)), texts, strict=True))


def _parsed(name: str, text: str) -> Described:
    if not isinstance(text, str):
        raise BadInput(f'arrays: {name} must be described by its axes, such as "n d" or "n <classes"; got {text!r}')
    tokens = text.split()
    below = next((token[1:] for token in tokens if token.startswith("<")), "")
    dims = tuple(token for token in tokens if token not in ("?", ">0") and token[0] != "<")
    wrong = [axis for axis in (*dims, *[below] * bool(below)) if not axis.removeprefix("*").isidentifier()]
    wrong = [axis for axis in wrong if not axis.isdigit()]
    if wrong or sum(axis.startswith("*") for axis in dims) > 1:
        raise BadInput(
            f"arrays: {text!r} for {name}: {(wrong or dims)[0]!r} is no axis; write names, numbers or *names"
        )
    return Described(name, dims, below, "?" in tokens)


def _annotated(function: Callable[..., Any]) -> tuple[Described, ...]:
    try:
        slots = signature_of("own", {"own": Rule(function, function)}).arrays
    except CatalogueError as error:
        positional = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
        if len(positional) == 1:
            return (Described(positional[0].name, ("*any",)),)
        raise BadInput(
            f"which arrays does {names_of(function, 1)[0]} and what follows take? Say their axes: "
            'arrays=("n d", "d"), or annotate forward with jaxtyping'
        ) from error
    return tuple(Described(slot.name, slot.dims, "2" if slot.integer else "") for slot in slots)


def sizes(pick: Pick, described: Sequence[Described]) -> dict[str, Any]:
    """A size for every axis that is named, drawn on its own."""
    bound: dict[str, Any] = {}
    for each in described:
        for axis in (*each.dims, *[each.below] * bool(each.below)):
            if not axis.isdigit() and axis not in bound:
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
    return {name: _option(pick, draw, choices, bound) for name, choices in config.items()}


def _option(pick: Pick, draw: Callable[[Any], Any], choices: Any, bound: Mapping[str, Any]) -> Any:
    if isinstance(choices, SearchStrategy):
        choices = draw(choices)
    if isinstance(choices, list):
        choices = pick(choices)
    if isinstance(choices, Axis):
        if choices.name not in bound:
            raise BadInput(f"config: no array has an axis {choices.name!r}; the axes are {', '.join(bound)}")
        return bound[choices.name]
    return choices
