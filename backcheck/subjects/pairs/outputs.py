"""Several outputs as one: the engine sees one array, and a user's backward gets its cotangents in the form of `y`."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.complex_numbers import as_complex, in_parts, is_complex
from backcheck.errors import BadInput


class Form(NamedTuple):
    """How `y` came: the shape of each output (None for one that is no array of floats), and what holds them.

    The `complexes` among them are seen by the engine as their parts, which their shapes are those of.
    """

    shapes: tuple[tuple[int, ...] | None, ...]
    integers: tuple[Any, ...]
    build: Callable[[list[Any]], Any]
    complexes: frozenset[int] = frozenset()

    @property
    def single(self) -> bool:
        return len(self.shapes) == 1 and self.shapes[0] is not None


def pack(y: Any) -> tuple[Any, Form]:
    """The outputs as one array: `y` itself when it is one, else all floating-point ones end to end."""
    if isinstance(y, np.ndarray) and y.dtype.kind not in "iub" and not is_complex(y):  # nearly always
        return y, Form((y.shape,), (None,), operator.itemgetter(0))
    if type(y) is int:  # a count, or a sum over nothing: a number all the same
        y = np.float64(y)
    parts, build = _parts(y)
    arrays, complexes = in_parts([np.asanyarray(part) for part in parts])
    floats = [array for array in arrays if array.dtype.kind not in "iub"]
    shapes = tuple(None if array.dtype.kind in "iub" else array.shape for array in arrays)
    form = Form(shapes, tuple(array if array.dtype.kind in "iub" else None for array in arrays), build, complexes)
    if not floats:
        raise BadInput("forward must return at least one array of floating-point numbers")
    return (floats[0] if form.single else np.concatenate([np.ravel(array) for array in floats])), form


def unpack(form: Form, dy: Any) -> Any:
    """The cotangents in the form of `y`; an output of integers gets zeros."""
    if form.single:
        return form.build([as_complex(dy) if form.complexes else dy])
    parts, at = [], 0
    for k, (shape, other) in enumerate(zip(form.shapes, form.integers, strict=True)):
        size = 0 if shape is None else int(np.prod(shape, dtype=int))
        part = np.zeros_like(other) if shape is None else dy[at : at + size].reshape(shape)
        parts.append(as_complex(part) if k in form.complexes else part)
        at += size
    return form.build(parts)


def in_form(y: Any, parts: Sequence[Any]) -> Any:
    """Cotangents of the outputs of floats in the form of `y`, whatever kind of array they are."""
    outputs, build = _parts(y)
    left = iter(parts)
    return build([next(left) if each.dtype.kind not in "iub" else np.zeros(each.shape) for each in outputs])


def each_of(y: Any) -> list[Any]:
    """The outputs (or their cotangents) one after the other, whatever holds them."""
    if isinstance(y, Mapping):
        return list(y.values())
    return list(y) if isinstance(y, tuple | list) else [y]


def _parts(y: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The outputs, and what puts as many arrays into such a holder again."""
    if isinstance(y, Mapping):
        return list(y.values()), lambda parts: dict(zip(y, parts, strict=True))
    if isinstance(y, tuple) and hasattr(y, "_fields"):
        return list(y), lambda parts: type(y)(*parts)
    if isinstance(y, tuple | list):
        return list(y), type(y)
    return [y], operator.itemgetter(0)
