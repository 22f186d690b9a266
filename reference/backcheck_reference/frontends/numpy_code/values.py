"""What goes into an array of exact numbers, and what comes out of a comparison of them."""

from types import NoneType
from typing import Any

import numpy as np

from backcheck_reference.frontends.judged import note_narrow
from backcheck_reference.lazy import Unavailable, flint
from backcheck_reference.numbers import balls
from backcheck_reference.numbers.complex_balls import COMPLEX, REAL, is_complex
from backcheck_reference.numbers.exact import holds_numbers, pack
from backcheck_reference.numbers.scalar_functions import number

_PLAIN = frozenset({int, float, bool, NoneType, complex})


def bare(value: Any) -> Any:
    """An array without its class, so that NumPy treats it as any array of objects; all else as it is."""
    return np.ndarray.view(value, np.ndarray) if isinstance(value, np.ndarray) else value


def exactly(array: np.ndarray) -> np.ndarray:
    """An object array whose numbers are all made exact, in place where it is writeable; other objects stay.

    Where one of them is complex all are.
    """
    if holds_numbers(array) or (is_complex(array) and _all_complex(array)):
        return array
    try:
        numbers = _numbers(array.ravel().tolist())
    except TypeError:
        return array
    if not array.flags.writeable:
        return pack(array.shape, numbers).view(np.ndarray)
    array[...] = pack(array.shape, numbers).view(np.ndarray)
    return array


def _numbers(elements: list[Any]) -> list[Any]:
    """Each as an exact number. A constant is made once: buffers repeat one a thousand times."""
    ball, made = flint.arb, {}
    for each in elements:
        if type(each) in _PLAIN and each not in made:
            made[each] = number(each)
    found = [each if type(each) is ball else made[each] if type(each) in _PLAIN else number(each) for each in elements]
    return list(map(flint.acb, found)) if any(type(each) is flint.acb for each in found) else found


def _all_complex(array: np.ndarray) -> bool:
    return all(type(each) is flint.acb for each in bare(array).ravel().tolist())


def lifted(value: Any) -> Any:
    """A value as exact numbers, as it goes into an exact array."""
    array = np.asarray(value)
    if array.dtype.kind in "iubfc":
        array = array.astype(object)
    elif array.dtype.kind != "O":
        raise Unavailable(f"exact arithmetic is not available for this code: it has no numbers of {array.dtype}")
    array = exactly(bare(array))
    return array if array.ndim else array[()]


def fitted(target: np.ndarray, value: Any) -> Any:
    """A value as exact numbers of the kind that an array holds: NumPy drops imaginary parts that have no room."""
    value = lifted(value)
    if is_complex(target):
        return COMPLEX(value)
    return REAL(value) if is_complex(value) and target.size else value


def write(target: np.ndarray, value: Any) -> None:
    """Copy a value into an array, but never an exact number into one of floats, where it would be rounded."""
    if target.dtype == object:
        note_narrow(getattr(target, "narrow", None))
        bare(target)[...] = fitted(target, value)
        return
    if np.asarray(value).dtype == object:
        require_room(target)
    np.copyto(target, value, casting="same_kind")


def require_room(target: np.ndarray) -> None:
    """Raise Unavailable for an array that is to be written into and cannot hold exact numbers."""
    if target.dtype != object:
        raise Unavailable(
            f"exact arithmetic is not available for this code: it writes into an array of {target.dtype}, "
            "which would round exact numbers"
        )


def truth(value: Any) -> Any:
    """True where a number is not zero: booleans, or balls [0, 1] where that cannot be decided."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value != 0
    return np.asarray(value).astype(bool)


def decided(value: Any) -> Any:
    """The truth of each entry as booleans. Raises Undecidable where a ball leaves it open."""
    found = truth(value)
    if not isinstance(found, balls.Hull):
        return found
    elements = bare(found).ravel().tolist()
    if not all(each == 0 or each == 1 for each in elements):
        raise balls.Undecidable("a choice that hangs on a comparison of balls that overlap")
    return np.array([each == 1 for each in elements], dtype=bool).reshape(found.shape)
