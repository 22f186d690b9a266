"""A pair of ordinary NumPy functions as a rule of the engine.

    forward(*arrays, **config) -> (y, saved)        backward(saved, dy) -> one gradient for each array

The functions are called with copies, so that one that writes into its arrays harms nobody; with exact numbers that
ordinary NumPy code can run on; and with `dy` in the form of `y`, which may be one array or several. The engine sees one
output: several are laid end to end.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from backcheck.own.constants import constants
from backcheck.own.naming import name_of
from backcheck.problem import BadInput
from reference import balls, ordinary
from scratch_bp.rules import Rule

SEED = 0
COTANGENTS = ("dout", "dy", "dz", "grad", "delta", "upstream", "dl", "d_out", "dnext", "dvalues", "dh")
KEPT = ("cache", "saved", "ctx", "context", "memory", "caches")


class Form(NamedTuple):
    """How `y` came: the shape of each output (None for one that is no array of floats), and what holds them."""

    shapes: tuple[tuple[int, ...] | None, ...]
    integers: tuple[Any, ...]
    build: Callable[[list[Any]], Any]

    @property
    def single(self) -> bool:
        return len(self.shapes) == 1 and self.shapes[0] is not None


def as_rule(
    forward: Callable[..., Any], backward: Callable[..., Any], *, reseed: bool = False, numpy: bool = True
) -> Rule:
    """The pair as the engine takes it. With `reseed` NumPy's global generator starts anew before every call.

    Code that is not NumPy's (`numpy` off) takes exact arrays as they are.
    """

    @functools.wraps(forward)
    def run(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        watch = _watch_of(arrays)
        with _numbers(arrays if numpy else (), watch), seeded(reseed):
            y, saved = split(forward, forward(*(own_copy(array, numpy) for array in arrays), **config))
            y, form = pack(y)
        return ordinary.plain(y), (saved, form, watch)

    def pull(kept: Any, dy: np.ndarray) -> tuple[Any, ...]:
        saved, form, watch = kept
        with _numbers((dy,) if numpy else (), watch or _watch_of((dy,))), seeded(reseed):
            grads = as_tuple(backward(saved, unpack(form, own_copy(dy, numpy))))
        return tuple(None if grad is None else ordinary.plain(np.asanyarray(grad)) for grad in grads)

    return Rule(run, pull)


def own_copy(array: np.ndarray, numpy: bool) -> np.ndarray:
    """A writable copy, in a form that ordinary NumPy code can use where the code is that."""
    copied = np.array(array, copy=True, subok=True)
    return ordinary.ordinary(copied) if numpy else copied


def split(forward: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    """(y, saved) of what forward returned. Raises BadInput when it is no such pair."""
    if isinstance(result, tuple) and len(result) == 2:
        return result
    raise BadInput(
        f"{name_of(forward)} must return (y, saved), where saved is whatever its backward needs; "
        f"it returned {_kind(result)}"
    )


def pack(y: Any) -> tuple[Any, Form]:
    """The outputs as one array: `y` itself when it is one, else all floating-point ones end to end."""
    parts, build = _parts(y)
    arrays = [np.asanyarray(part) for part in parts]
    kept = [array for array in arrays if array.dtype.kind not in "iub"]
    shapes = tuple(None if array.dtype.kind in "iub" else array.shape for array in arrays)
    form = Form(shapes, tuple(array if array.dtype.kind in "iub" else None for array in arrays), build)
    if not kept:
        raise BadInput("forward must return at least one array of floating-point numbers")
    return (kept[0] if form.single else np.concatenate([np.ravel(array) for array in kept])), form


def unpack(form: Form, dy: Any) -> Any:
    """The cotangents in the form of `y`; an output of integers gets zeros."""
    if form.single:
        return form.build([dy])
    parts, at = [], 0
    for shape, other in zip(form.shapes, form.integers, strict=True):
        size = 0 if shape is None else int(np.prod(shape, dtype=int))
        parts.append(np.zeros(np.shape(other)) if shape is None else dy[at : at + size].reshape(shape))
        at += size
    return form.build(parts)


def _parts(y: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    if isinstance(y, Mapping):
        return list(y.values()), lambda parts: dict(zip(y, parts, strict=True))
    if isinstance(y, tuple) and hasattr(y, "_fields"):
        return list(y), lambda parts: type(y)(*parts)
    if isinstance(y, tuple | list):
        return list(y), type(y)
    return [y], lambda parts: parts[0]


def as_tuple(grads: Any) -> tuple[Any, ...]:
    """Gradients as a tuple: a single one may come bare, several in a dictionary."""
    if isinstance(grads, Mapping):
        return tuple(grads.values())
    return tuple(grads) if isinstance(grads, tuple | list) else (grads,)


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__}{list(np.shape(value))}" if isinstance(value, np.ndarray) else type(value).__name__


def _watch_of(arrays: Sequence[Any]) -> Any:
    return next((array.watch for array in arrays if isinstance(array, balls.Hull)), None)


@contextmanager
def _numbers(arrays: Sequence[Any], watch: Any) -> Iterator[None]:
    """On exact numbers NumPy's buffers are exact too; on floats nothing changes."""
    if any(isinstance(array, np.ndarray) and array.dtype == object for array in arrays):
        with ordinary.running(watch):
            yield
    else:
        yield


@contextmanager
def seeded(reseed: bool) -> Iterator[None]:
    if not reseed:
        yield
        return
    before = np.random.get_state()  # noqa: NPY002 - the user's code draws from the global generator
    np.random.seed(SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def pair_without(raw: tuple[Callable[..., Any], Callable[..., Any]]) -> dict[str, tuple[float, Rule]]:
    """The pair with 0 for each small constant of its forward, by what the constant is called."""
    found: dict[str, tuple[float, Rule]] = {}
    for label, value, other in constants(raw[0]):
        found[label if label not in found else f"{label} {len(found)}"] = value, as_rule(other, raw[1])
    return found


def in_order(backward: Callable[..., Any]) -> Callable[..., Any]:
    """`backward(saved, dy)`, also of one that is written backward(dout, cache), as its own names say."""
    try:
        names = [name.lower() for name in inspect.signature(backward).parameters][:2]
    except (TypeError, ValueError):
        return backward
    first_is_dy = bool(names) and names[0].startswith(COTANGENTS)
    if len(names) < 2 or not (first_is_dy and names[1] in KEPT):
        return backward
    return functools.wraps(backward)(lambda saved, dy: backward(dy, saved))
