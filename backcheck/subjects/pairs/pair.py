"""A pair of ordinary NumPy functions as a rule of the engine.

    forward(*arrays, **config) -> (y, saved)        backward(saved, dy) -> one gradient for each array

The functions are called with copies, so that one that writes into its arrays harms nobody; with exact numbers that
ordinary NumPy code can run on; and with `dy` in the form of `y`, which may be one array or several. The engine sees one
output: several are laid end to end.
"""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from backcheck.containment import without_exit
from backcheck.errors import BadInput
from backcheck.subjects.pairs.generators import NO_GENERATORS, Generators, Mark
from backcheck.subjects.pairs.outputs import Form, each_of, pack, unpack
from backcheck.subjects.pairs.small_constants import constants
from backcheck.subjects.pairs.source_text import name_of
from backcheck.time_limit import calling
from backcheck_reference.derivatives import judgement
from backcheck_reference.frontends import numpy_code
from backcheck_reference.numbers import balls, limits
from scratch_bp.rules import Rule

AS_IT_IS = nullcontext()
BY_DIGITS = ("bfloat16", "float16", "float32", "float64", np.dtype(np.longdouble).name)


class Kept(NamedTuple):
    """What one forward leaves for its backward: `left` are the states of the generators after it."""

    saved: Any
    form: Form
    watch: Any
    dtype: np.dtype
    shapes: tuple[tuple[int, ...], ...]
    left: Mark


def as_rule(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *,
    generators: Generators = NO_GENERATORS,
    numpy: bool = True,
    reruns: bool = False,
) -> Rule:
    """The pair as the engine takes it.

    Every call of forward draws its random numbers from the same states of the `generators`, and backward goes on from
    those that this forward left; with `reruns`, where backward runs forward once more, from the first ones too.
    Code that is not NumPy's (`numpy` off) takes exact arrays as they are. A gradient whose shape differs from the
    array's by axes of length 1 only, or that is laid out flat, is taken for its numbers: the shape is a finding of its
    own.
    """

    call, call_back = without_exit(forward), without_exit(backward)

    @functools.wraps(forward)
    def run(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        watch = _watch_of(arrays)
        limited, exactly = _around(forward, arrays, watch, numpy)
        with calling("forward"), limited, exactly as bent, generators.at(generators.start):
            copies = [own_copy(array, numpy) for array in arrays]
            y, saved = split(forward, call(*copies, **config))
            y, form = pack(_like(y, copies) if type(y) is int else y)
            left = generators.start if reruns else generators.read()
        if bent is not None:
            judgement.tell(not bent)
        dtype = next((array.dtype for array in arrays if array.dtype.kind not in "iub"), y.dtype)
        shapes = tuple(array.shape for array in arrays)
        # a forward may write its next value into the buffer of this one
        value = np.array(narrowed(numpy_code.plain(y), dtype), copy=True, subok=True)
        return value, Kept(saved, form, watch, dtype, shapes, left)

    def pull(kept: Kept, dy: np.ndarray) -> tuple[Any, ...]:
        watch = kept.watch or _watch_of((dy,))
        limited, exactly = _around(backward, (dy,), watch, numpy)
        with calling("backward"), limited, exactly, generators.at_backward(kept.left, kept.saved):
            grads = each_of(call_back(kept.saved, unpack(kept.form, own_copy(dy, numpy))))
        found = [None if g is None else narrowed(numpy_code.plain(np.asanyarray(g)), kept.dtype) for g in grads]
        if len(found) != len(kept.shapes):
            return tuple(found)
        return tuple(None if g is None else laid_out(g, shape) for g, shape in zip(found, kept.shapes, strict=True))

    return Rule(run, pull)


def _like(constant: int, arrays: Sequence[np.ndarray]) -> Any:
    """A whole number as one of the kind that the arrays hold."""
    return 0 * np.sum(next(array for array in arrays if array.dtype.kind not in "iub")) + constant


def split(forward: Callable[..., Any], result: Any) -> tuple[Any, Any]:
    """(y, saved) of what forward returned. Raises BadInput when it is no such pair."""
    if isinstance(result, tuple) and len(result) == 2:
        return result
    came = f"a {type(result).__name__} of {len(result)}" if isinstance(result, tuple | list) else type(result).__name__
    came += str(list(np.shape(result))) if isinstance(result, np.ndarray) else ""
    raise BadInput(
        f"{name_of(forward)} must return (y, saved), where saved is whatever its backward needs; it returned {came}"
    )


def own_copy(array: np.ndarray, numpy: bool) -> np.ndarray:
    """A writable copy, in a form that ordinary NumPy code can use where the code is that."""
    copied = np.array(array, copy=True, subok=True)
    return numpy_code.ordinary(copied) if numpy else copied


def narrowed(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """An answer in a wider dtype than the arrays have, rounded to theirs: np.zeros(shape) is float64 among float32."""
    return array.astype(dtype) if is_wider(array.dtype, dtype) else array


def is_wider(dtype: np.dtype, than: np.dtype) -> bool:
    """Is this a floating-point dtype of more digits?"""
    if dtype == than:  # nearly always, and names of dtypes are slow to come by
        return False
    known = dtype.name in BY_DIGITS and than.name in BY_DIGITS
    return known and BY_DIGITS.index(dtype.name) > BY_DIGITS.index(than.name)


def laid_out(grad: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The gradient in the shape of its array, where that changes no order of its numbers: (k,) for (1, k)."""
    if grad.shape == shape or grad.size != math.prod(shape):
        return grad
    same = [n for n in grad.shape if n != 1] == [n for n in shape if n != 1]
    return grad.reshape(shape) if same or grad.ndim == 1 else grad


def _watch_of(arrays: Sequence[Any]) -> Any:
    """Who notes the roundings of balls, where the arrays are of balls."""
    return next((array.watch for array in arrays if isinstance(array, balls.Hull)), None)


def _around(
    code: Any, arrays: Sequence[Any], watch: Any, numpy: bool
) -> tuple[AbstractContextManager[None], AbstractContextManager[list[bool] | None]]:
    """On exact numbers a call of the code may not go on for ever (see `limits`), and NumPy's buffers are exact too (see
    `numpy_code.running`). On floats, which most calls are given, nothing changes."""
    if not any(isinstance(array, np.ndarray) and array.dtype == object for array in arrays):
        return AS_IT_IS, AS_IT_IS
    return limits.one_run(code), numpy_code.running(watch) if numpy else AS_IT_IS


def without_constants(forward: Callable[..., Any], backward: Callable[..., Any]) -> Mapping[str, tuple[float, Rule]]:
    """The pair with 0 for each small constant of its forward, by what the constant is called."""
    found: dict[str, tuple[float, Rule]] = {}
    for label, value, other in constants(forward):
        found[label if label not in found else f"{label} {len(found)}"] = value, as_rule(other, backward)
    return found
