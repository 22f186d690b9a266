"""A pair of ordinary NumPy functions as a rule of the engine.

    forward(*arrays, **config) -> (y, saved)        backward(saved, dy) -> one gradient for each array

The functions are called with copies, so that one that writes into its arrays harms nobody; with exact numbers that
ordinary NumPy code can run on; and with `dy` in the form of `y`, which may be one array or several. The engine sees one
output: several are laid end to end.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.small_constants import constants
from backcheck.subjects.pairs.source_text import name_of
from backcheck_reference.derivatives import judgement
from backcheck_reference.frontends import numpy_code
from backcheck_reference.numbers import balls, limits
from scratch_bp.rules import Rule

GENERATOR_SEED = 0  # at which a generator of random numbers starts before each call of code that draws from it
AS_IT_IS = nullcontext()
BY_DIGITS = ("bfloat16", "float16", "float32", "float64")


def as_rule(
    forward: Callable[..., Any], backward: Callable[..., Any], *, reseed: bool = False, numpy: bool = True
) -> Rule:
    """The pair as the engine takes it. With `reseed` NumPy's global generator starts anew before every call.

    Code that is not NumPy's (`numpy` off) takes exact arrays as they are.
    """

    @functools.wraps(forward)
    def run(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        watch = _watch_of(arrays)
        with _limited(forward, arrays), _numbers(arrays if numpy else (), watch) as bent, seeded(reseed):
            y, saved = split(forward, forward(*(own_copy(array, numpy) for array in arrays), **config))
            y, form = pack(y)
        if bent is not None:
            judgement.tell(not bent)
        dtype = next((array.dtype for array in arrays if array.dtype.kind not in "iub"), y.dtype)
        return narrowed(numpy_code.plain(y), dtype), (saved, form, watch, dtype)

    def pull(kept: Any, dy: np.ndarray) -> tuple[Any, ...]:
        saved, form, watch, dtype = kept
        numbers = _numbers((dy,) if numpy else (), watch or _watch_of((dy,)))
        with _limited(backward, (dy,)), numbers, seeded(reseed):
            grads = each_of(backward(saved, unpack(form, own_copy(dy, numpy))))
        return tuple(None if g is None else narrowed(numpy_code.plain(np.asanyarray(g)), dtype) for g in grads)

    return Rule(run, pull)


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


def seeded(reseed: bool) -> AbstractContextManager[None]:
    """Within the block NumPy's global generator starts anew, if it is to, and goes on afterwards as if never used."""
    return _seeded() if reseed else AS_IT_IS


@contextmanager
def _seeded() -> Iterator[None]:
    before = np.random.get_state()  # noqa: NPY002 - the user's code draws from the global generator
    np.random.seed(GENERATOR_SEED)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _watch_of(arrays: Sequence[Any]) -> Any:
    """Who notes the roundings of balls, where the arrays are of balls."""
    return next((array.watch for array in arrays if isinstance(array, balls.Hull)), None)


def _limited(code: Any, arrays: Sequence[Any]) -> AbstractContextManager[None]:
    """On exact numbers a call of the code may not go on for ever; see `limits`."""
    return limits.one_run(code) if _exactly(arrays) else AS_IT_IS


def _exactly(arrays: Sequence[Any]) -> bool:
    return any(isinstance(array, np.ndarray) and array.dtype == object for array in arrays)


def _numbers(arrays: Sequence[Any], watch: Any) -> AbstractContextManager[list[bool] | None]:
    """On exact numbers NumPy's buffers are exact too; on floats nothing changes. See `numpy_code.running`."""
    return numpy_code.running(watch) if _exactly(arrays) else AS_IT_IS


def without_constants(forward: Callable[..., Any], backward: Callable[..., Any]) -> Mapping[str, tuple[float, Rule]]:
    """The pair with 0 for each small constant of its forward, by what the constant is called."""
    found: dict[str, tuple[float, Rule]] = {}
    for label, value, other in constants(forward):
        found[label if label not in found else f"{label} {len(found)}"] = value, as_rule(other, backward)
    return found
