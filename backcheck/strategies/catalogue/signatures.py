"""The shapes of a rule's arrays and outputs, read from the annotations of its forward. They are written nowhere else.

`*batch n_in`, `n_in n_out`   the same axis name is the same size: this says which arrays fit together
`X | None`                    an array that may be left out
`*xs: X`                      one to three arrays, or as many as the rule's row says
integers                      indices or masks
`*_part`                      after an underscore a name asks nothing of other arrays: the row lists their shapes
`*_any`                       weights of any rank, which no value is read as
`*broadcast`                  of an output: the axes of all arrays, broadcast together

An axis that the output alone has depends on the options. A rule of several outputs is annotated with a tuple of them. A
rule is a loss when its output has the shape "" or when it has an option `reduction`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from inspect import Parameter, signature
from itertools import chain, zip_longest
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from backcheck.errors import Unusable
from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.row import Binding
from scratch_bp.rules import RULES, Rule

ANY = "*_any"
MOST_ARRAYS = 3  # how many arrays are drawn for a rule that takes any number


class CatalogueError(Unusable):
    """A rule whose signature does not say which arrays fit it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One array of a rule: its name, its axes, whether it may be left out and whether it holds integers.

    `number` counts the arrays that `*xs` stands for, from 1; it is 0 for an array that has a name of its own.
    """

    name: str
    dims: tuple[str, ...]
    optional: bool = False
    integer: bool = False
    number: int = 0

    @property
    def carries(self) -> bool:
        """Does it take data of any rank, as an activation does? A weight has a fixed rank."""
        return self.dims[:1] != () and self.dims[0].startswith("*") and self.dims[0] != ANY

    @property
    def stem(self) -> str:
        """The name of the parameter that it is passed by."""
        return self.name.removesuffix(str(self.number)) if self.number else self.name


@dataclass(frozen=True, slots=True)
class RuleShapes:
    """The arrays of a rule in order, the axes of its output, and its options with their defaults.

    `several` says that there is more than one output; their axes are read off a run then.
    """

    arrays: tuple[Slot, ...]
    output: tuple[str, ...]
    defaults: Mapping[str, Any]
    forward: Callable[..., Any]
    several: bool = False

    @property
    def is_loss(self) -> bool:
        return not self.several and (not self.output or "reduction" in self.defaults)

    @property
    def leader(self) -> int:
        """The position of the first array of numbers, which options and other shapes may depend on."""
        return next(i for i, slot in enumerate(self.arrays) if not slot.integer)

    @property
    def broadcasts(self) -> bool:
        return "*broadcast" in self.output

    def counted(self, count: int) -> "RuleShapes":
        """The same rule where `*xs` stands for exactly so many arrays."""
        named = tuple(slot for slot in self.arrays if not slot.number)
        one = self.arrays[len(named)]
        return replace(self, arrays=named + tuple(_numbered(one.stem, one, i + 1) for i in range(count)))

    def read(self, position: int, shape: Shape, bound: Binding) -> Binding | None:
        """What is bound once the array at `position` has `shape`; None where it does not fit what is bound so far."""
        known = bind(self.arrays[position].dims, shape, bound)
        if known is None or not self.broadcasts:
            return known
        together = broadcast([sizes for axis, sizes in known.items() if axis[0] == "*" and axis != "*broadcast"])
        return None if together is None else {**known, "*broadcast": together}

    def results(self, bound: Binding, shapes: list[Shape], config: Mapping[str, Any]) -> list[Shape]:
        """The shape of each output. Where one has an axis that no array has, the rule is run to see."""
        if not self.several and all(axis in bound or axis.isdigit() for axis in self.output):
            return [fill(self.output, bound)]
        slots = self.arrays[: len(shapes)]
        arrays = [np.full(shape, 0 if s.integer else 0.5) for shape, s in zip(shapes, slots, strict=True)]
        with np.errstate(all="ignore"):
            value = self.forward(*arrays, **config)[0]
        return [np.shape(part) for part in (value if isinstance(value, tuple) else (value,))]


def signature_of(rule: str, rules: Mapping[str, Rule] = RULES) -> RuleShapes:
    """The shapes that the rule's forward announces."""
    if rule not in rules:
        raise CatalogueError(f"no rule {rule!r}; known are {', '.join(sorted(rules))}")
    try:
        return _read_signature(rules[rule].forward)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise CatalogueError(
            f"{rule}: every array and the result of forward need a jaxtyping annotation such as "
            f'Shaped[np.ndarray, "*batch n"], got {signature(rules[rule].forward)}: {error}'
        ) from error


def bind(dims: tuple[str, ...], shape: Shape, known: Mapping[str, Any]) -> Binding | None:
    """`known` and the sizes that these axes take in `shape`; None where the two do not fit."""
    star = next((i for i, axis in enumerate(dims) if axis[0] == "*"), None)
    spread = len(shape) - len(dims) + 1
    sizes: tuple[Any, ...] = shape
    if star is not None and spread >= 0:
        sizes = (*shape[:star], shape[star : star + spread], *shape[star + spread :])
    if len(sizes) != len(dims):
        return None
    bound = dict(known)
    for axis, size in zip(dims, sizes, strict=True):
        known_size = int(axis) if axis.isdigit() else bound.setdefault(axis, size)
        if known_size != size and not axis.startswith(("_", "*_")):
            return None
    return bound


def fill(dims: tuple[str, ...], bound: Mapping[str, Any]) -> Shape:
    """The shape of these axes, all of which are bound."""
    sizes = [int(axis) if axis.isdigit() else bound[axis] for axis in dims]
    return tuple(chain.from_iterable(size if isinstance(size, tuple) else (size,) for size in sizes))


def broadcast(shapes: list[Shape]) -> Shape | None:
    """The shape of arrays of these shapes broadcast together; None where they do not fit."""
    columns = list(zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1))
    sizes = [max(column) for column in columns]
    fits = all(n in (1, size) for size, column in zip(sizes, columns, strict=True) for n in column)
    return tuple(reversed(sizes)) if fits else None


@lru_cache(maxsize=1024)
def _read_signature(forward: Callable[..., Any]) -> RuleShapes:
    hints = get_type_hints(forward)
    parameters = signature(forward).parameters.values()
    arrays = [each for p in parameters if p.kind is not Parameter.KEYWORD_ONLY for each in _slots(p, hints[p.name])]
    defaults = {p.name: p.default for p in parameters if p.kind is Parameter.KEYWORD_ONLY}
    output = get_args(hints["return"])[0]
    several = get_origin(output) is tuple
    return RuleShapes(tuple(arrays), () if several else _dims(output), defaults, forward, several)


def _slots(parameter: Parameter, hint: Any) -> list[Slot]:
    """The arrays that a parameter stands for: one, or of `*xs` some, the first of which is there always."""
    if parameter.kind is not Parameter.VAR_POSITIONAL:
        return [_slot(parameter.name, hint)]
    one = _slot(parameter.name, hint)
    return [replace(_numbered(one.name, one, i + 1), optional=i > 0) for i in range(MOST_ARRAYS)]


def _numbered(stem: str, one: Slot, number: int) -> Slot:
    return replace(one, name=f"{stem}{number}", optional=False, number=number)


def _slot(name: str, hint: Any) -> Slot:
    choices = [choice for choice in get_args(hint) if choice is not type(None)]
    array = choices[0] if choices else hint
    integer = isinstance(array.dtypes, tuple | list) and all(
        dtype.startswith(("int", "uint")) for dtype in array.dtypes
    )
    return Slot(name, _dims(array), optional=bool(choices), integer=integer)


def _dims(array: Any) -> tuple[str, ...]:
    dims = tuple(array.dim_str.split())
    for axis in dims:
        if not axis.removeprefix("*").isidentifier() and not axis.isdigit():
            raise TypeError(f"the axis {axis!r} is neither a name, a starred name nor a number")
    return dims
