"""A pair of ordinary NumPy functions as a rule of the engine.

    forward(*arrays, **config) -> (y, saved)        backward(saved, dy) -> one gradient for each array

The functions are called with copies, so that one that writes into its arrays harms nobody; with exact numbers that
ordinary NumPy code can run on; and with `dy` in the form of `y`, which may be one array or several. The engine sees one
output: several are laid end to end.
"""

import functools
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from backcheck.errors import BadInput
from backcheck.signature import Takes, takes
from backcheck.subjects.pairs.small_constants import constants
from backcheck.subjects.pairs.source_text import name_of
from backcheck_reference.derivatives import judgement
from backcheck_reference.frontends import numpy_code
from backcheck_reference.numbers import balls
from scratch_bp.rules import Rule

SEED = 0
NOTHING = nullcontext()
WIDTHS = ("bfloat16", "float16", "float32", "float64")
# what the cotangent is called: by its beginning, and by all of it
COTANGENTS = ("dout", "d_out", "dy", "dz", "dnext", "dvalues", "dloss", "grad_out", "grad_y", "upstream", "cotangent")
SHORT = frozenset({"dl", "dh", "da", "ds", "grad", "grads", "gradient", "delta", "error", "g", "gy", "ct", "gout"})
KEPT = ("cache", "saved", "ctx", "context", "memory", "residual", "tape")


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
        with _numbers(arrays if numpy else (), watch) as bent, seeded(reseed):
            y, saved = split(forward, forward(*(own_copy(array, numpy) for array in arrays), **config))
            y, form = pack(y)
        if bent is not None:
            judgement.tell(not bent)
        dtype = next((array.dtype for array in arrays if array.dtype.kind not in "iub"), y.dtype)
        return narrowed(numpy_code.plain(y), dtype), (saved, form, watch, dtype)

    def pull(kept: Any, dy: np.ndarray) -> tuple[Any, ...]:
        saved, form, watch, dtype = kept
        with _numbers((dy,) if numpy else (), watch or _watch_of((dy,))), seeded(reseed):
            grads = as_tuple(backward(saved, unpack(form, own_copy(dy, numpy))))
        return tuple(None if g is None else narrowed(numpy_code.plain(np.asanyarray(g)), dtype) for g in grads)

    return Rule(run, pull)


def narrowed(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """An answer in a wider dtype than the arrays have, rounded to theirs: np.zeros(shape) is float64 among float32."""
    return array.astype(dtype) if is_wider(array.dtype, dtype) else array


def is_wider(dtype: np.dtype, than: np.dtype) -> bool:
    """Is this a floating-point dtype of more digits?"""
    if dtype == than:  # nearly always, and names of dtypes are slow to come by
        return False
    known = dtype.name in WIDTHS and than.name in WIDTHS
    return known and WIDTHS.index(dtype.name) > WIDTHS.index(than.name)


def own_copy(array: np.ndarray, numpy: bool) -> np.ndarray:
    """A writable copy, in a form that ordinary NumPy code can use where the code is that."""
    copied = np.array(array, copy=True, subok=True)
    return numpy_code.ordinary(copied) if numpy else copied


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
    if isinstance(y, np.ndarray) and y.dtype.kind not in "iub":  # nearly always
        return y, Form((y.shape,), (None,), operator.itemgetter(0))
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
        parts.append(np.zeros_like(other) if shape is None else dy[at : at + size].reshape(shape))
        at += size
    return form.build(parts)


def _parts(y: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    if isinstance(y, Mapping):
        return list(y.values()), lambda parts: dict(zip(y, parts, strict=True))
    if isinstance(y, tuple) and hasattr(y, "_fields"):
        return list(y), lambda parts: type(y)(*parts)
    if isinstance(y, tuple | list):
        return list(y), type(y)
    return [y], operator.itemgetter(0)


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


def _numbers(arrays: Sequence[Any], watch: Any) -> AbstractContextManager[list[bool] | None]:
    """On exact numbers NumPy's buffers are exact too; on floats nothing changes. See `ordinary.running`."""
    exactly = any(isinstance(array, np.ndarray) and array.dtype == object for array in arrays)
    return numpy_code.running(watch) if exactly else NOTHING


def seeded(reseed: bool) -> AbstractContextManager[None]:
    return _seeded() if reseed else NOTHING


@contextmanager
def _seeded() -> Iterator[None]:
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
    """`backward(saved, dy)`, also of one that is written backward(dout, cache), as its own names say, and of one that
    takes a cotangent for each output: backward(dh, dc, cache)."""
    taken = takes(backward)
    names = [name.lower() for name in (*taken.names, *([taken.rest] if taken.rest else []))]
    several = (_cotangents(taken) or 0) > 2
    last = len(names) > 1 and _swapped(names[0], names[-1 if several else 1])
    if not (several or last):
        return backward

    @functools.wraps(backward)
    def ordered(saved: Any, dy: Any) -> Any:
        given = each_of(dy) if several else [dy]
        return backward(*given, saved) if last else backward(saved, *given)

    return ordered


def each_of(dy: Any) -> list[Any]:
    """The cotangents of several outputs, one after the other."""
    return list(dy.values()) if isinstance(dy, Mapping) else list(dy) if isinstance(dy, tuple | list) else [dy]


def cotangents(backward: Callable[..., Any]) -> int | None:
    """How many arrays it asks for by position: those without a default, or one that may have it."""
    return _cotangents(takes(backward))


def _cotangents(taken: Takes) -> int | None:
    return (taken.required or min(1, len(taken.names))) if taken.known and not taken.rest else None


def _swapped(first: str, second: str) -> bool:
    """Is the cotangent the first of the two? Where the names leave it open it is not."""
    if second.startswith(KEPT) or first.startswith(KEPT):
        return second.startswith(KEPT) and not first.startswith(KEPT)
    return _is_cotangent(first) and not (_is_cotangent(second) or second.startswith(("d", "g", "v")))


def _is_cotangent(name: str) -> bool:
    return name in SHORT or name.startswith(COTANGENTS)
