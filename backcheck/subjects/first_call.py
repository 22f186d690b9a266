"""The first call of somebody's code: whether it can be checked at all, and what has to be known to check it.

What is wrong with the *use* (no pair returned, too few gradients, chance in the forward, an exception) is said at once,
in a sentence that names the function; the user's own traceback stays attached. What is merely unusual (a write into an
array, a float32 library) is noted.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.pair import is_wider, seeded, split
from backcheck.subjects.user_code import UserCode

Names = str | Sequence[str]  # of arrays: one, or several


@dataclass(frozen=True, slots=True)
class FirstCall:
    """What the first call showed.

    `fixed` are the arrays whose gradients are not judged, by name, and `silent` those of floats that backward returned
    None for. `precision` is the dtype that the code itself computes in when that is not the arrays', `reseed` says
    that its forward draws from NumPy's global generator, and `notes` are what a reader should know.
    """

    fixed: frozenset[str] = frozenset()
    silent: tuple[str, ...] = ()
    precision: str = ""
    reseed: bool = False
    notes: tuple[str, ...] = ()


def with_fixed(seen: FirstCall, names: Sequence[str], arrays: Sequence[np.ndarray], fixed: Names) -> FirstCall:
    """The same with arrays that the caller does not want to be differentiated.

    Raises BadInput for a name that no array has, and when no array of floats is left.
    """
    given = {fixed} if isinstance(fixed, str) else set(fixed)
    # an array that is called as the value is has another name here
    said = {name if name in names else next((n for n in names if n.rstrip("_") == name), name) for name in given}
    unknown = sorted(said - set(names))
    if unknown:
        raise BadInput(f"fixed={fixed!r}: no array is called {unknown[0]!r}; the arrays are {', '.join(names)}")
    silent = tuple(name for name in seen.silent if name not in said)
    still = seen.fixed | said
    if all(name in still or is_integer(array) for name, array in zip(names, arrays, strict=True)):
        if not silent:
            raise BadInput(f"fixed={fixed!r} leaves no array of floating-point numbers, so there is nothing to check")
        return replace(seen, fixed=still - set(silent), silent=())
    return replace(seen, fixed=still, silent=silent)


NOT_CALLED = FirstCall()  # nothing is known yet


def first_call(
    code: UserCode, names: Sequence[str], arrays: Sequence[np.ndarray], config: Mapping[str, Any]
) -> FirstCall:
    """Call forward twice (more often where it draws) and backward once, on copies.

    Raises BadInput when the code cannot be checked.
    """
    for reseed in (False, True):
        with seeded(reseed):
            y, _ = _forward(code, [_copy(array) for array in arrays], config)
            before = _copy(pack(y)[0])  # the next call may write into it
        with seeded(reseed):
            copies = [_copy(array) for array in arrays]
            y, saved = _forward(code, copies, config)
            value, form = pack(y)
            if value.shape != before.shape or value.tobytes() != before.tobytes():
                continue
            notes = _writes(code, "forward", names, arrays, copies)
            dy = np.ones_like(value)
            given = unpack(form, _copy(dy))
            grads = _pulled(code, saved, given, arrays)
        notes += _writes(code, "backward", ["dy"], [dy], [pack(given)[0]])
        if reseed:
            notes.append("its forward draws from NumPy's global generator, which is seeded anew before every call")
        _require_gradients(code.name, arrays, value, grads)
        precision, said = _precision(code.name, arrays, [value, *grads])
        integers = {n for n, a in zip(names, arrays, strict=True) if is_integer(a)}
        silent = [n for n, grad in zip(names, grads, strict=True) if grad is None and n not in integers]
        if len(silent) + len(integers) == len(names):  # then zeros are judged in place of None
            return FirstCall(frozenset(integers), (), precision, reseed, (*notes, *said))
        return FirstCall(frozenset({*integers, *silent}), tuple(silent), precision, reseed, (*notes, *said))
    raise BadInput(
        f"{code.name}: forward gave two different values for the same arrays, so it has no gradient to check. "
        "Give it its random numbers as an array (a mask, say), or a generator seeded inside the function"
    )


def _pulled(code: UserCode, saved: Any, dy: Any, arrays: Sequence[np.ndarray]) -> list[Any]:
    """The gradients. Where backward takes its arguments and raises, that is a finding and no wrong use: the gradients
    are then as good as NaN, and what they should be is found from the forward."""
    try:
        with np.errstate(all="ignore"):
            return each_of(code.backward(saved, dy))
    except BadInput:
        raise
    except Exception as error:
        if _never_began(code.backward, error):
            shown = f"{type(error).__name__}: {error}"
            raise BadInput(f"{code.name}: backward cannot be called as backward(saved, dy): {shown}") from error
        return [None if is_integer(array) else np.full_like(array, np.nan) for array in arrays]


def _never_began(function: Callable[..., Any], error: Exception) -> bool:
    """Was it the call itself that failed, with the wrong number of arguments, and not the code within?"""
    return isinstance(error, TypeError) and not _fits(function)


def _fits(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None, None)
    except TypeError:
        return False
    except ValueError:  # it has no signature to ask
        return True
    return True


def _forward(code: UserCode, arrays: list[np.ndarray], config: Mapping[str, Any]) -> tuple[Any, Any]:
    return split(code.forward, _calling(code.name, "forward", code.forward, arrays, config))


def _calling(name: str, what: str, function: Callable[..., Any], given: list[Any], config: Mapping[str, Any]) -> Any:
    """What the function returns; what it raises is said in the user's own words."""
    try:
        with np.errstate(all="ignore"):
            return function(*given, **config)
    except BadInput:
        raise
    except Exception as error:
        shapes = ", ".join(f"{a.dtype}{list(a.shape)}" for a in given if isinstance(a, np.ndarray))
        options = f" with {dict(config)}" if config else ""
        raise BadInput(
            f"{name}: {what} raises {type(error).__name__}: {error} (called on {shapes}{options})"
        ) from error


def _copy(array: np.ndarray) -> np.ndarray:
    return np.array(array, copy=True)


def _writes(
    code: UserCode, what: str, names: Sequence[str], before: Sequence[np.ndarray], after: Sequence[np.ndarray]
) -> list[str]:
    """A note where a function wrote into what it was given."""
    changed = [n for n, a, b in zip(names, before, after, strict=True) if a.tobytes() != b.tobytes()]
    if not changed:
        return []
    return [f"{what} of {code.name} writes into {' and '.join(changed)}; callers lose what they passed"]


def _require_gradients(name: str, arrays: Sequence[np.ndarray], value: Any, grads: Sequence[Any]) -> None:
    """Raises BadInput where not every array has a gradient or None, or what came back are no real numbers."""
    if len(grads) != len(arrays):
        raise BadInput(
            f"{name}: backward must return one gradient for each of the {len(arrays)} arrays that forward takes "
            f"(None where there is none); it returned {len(grads)}"
        )
    for what, answer in (("forward", value), *(("backward", grad) for grad in grads if grad is not None)):
        dtype = np.asanyarray(answer).dtype
        if dtype.kind in "cOSUmM":
            raise BadInput(f"{name}: {what} returned {type(answer).__name__} of dtype {dtype}; it must be real numbers")


def _precision(name: str, arrays: Sequence[np.ndarray], answers: Sequence[Any]) -> tuple[str, list[str]]:
    """The dtype of the forward value, the first answer, where it is narrower than that of the arrays; what to know."""
    dtype = next(array.dtype for array in arrays if not is_integer(array))
    found = [np.asanyarray(each).dtype for each in answers if each is not None]
    if is_wider(dtype, found[0]):
        return found[0].name, [f"{name} computes in {found[0]} whatever it is given, and is judged in that"]
    wider = next((each for each in found if is_wider(each, dtype)), None)
    if wider is None:
        return "", []
    return "", [f"{name} answers in {wider} when it is given {dtype}; that is rounded before it is judged"]
