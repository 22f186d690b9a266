"""The first call of somebody's pair: what it takes and gives, and whether it can be checked at all.

What is wrong with the *use* (no pair returned, too few gradients, chance in the forward, an exception) is said at once,
in a sentence that names the function; the user's own traceback stays attached. What is merely unusual (a write into an
array, a float32 library) is noted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backcheck.errors import BadInput
from backcheck.subjects.pairs.pair import as_tuple, is_wider, pack, seeded, split, unpack


@dataclass(frozen=True, slots=True)
class Trial:
    """What the first call showed.

    `moves` says which arrays have a gradient, `precision` is the dtype the code itself computes in when that is not the
    arrays', `reseed` that its forward draws from NumPy's global generator, `notes` what a reader should know.
    """

    moves: tuple[bool, ...]
    precision: str = ""
    reseed: bool = False
    notes: tuple[str, ...] = ()


def attempt(
    name: str,
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    names: Sequence[str] = (),
) -> Trial:
    """Call forward and backward once or twice on copies. Raises BadInput when they cannot be checked."""
    reseed = _draws(name, forward, arrays, config)
    with seeded(reseed):
        copies = [_copy(array) for array in arrays]
        value, saved = split(forward, _calling(name, "forward", forward, copies, config))
        packed, form = pack(value)
        notes = [*_written(name, "forward", arrays, copies, names)]
        dy = np.ones_like(packed)
        before, wholly = _copy(dy), unpack(form, _copy(dy))
        grads = as_tuple(_calling(name, "backward", backward, [saved, wholly], {}))
    notes += _written(name, "backward", [before], [pack(wholly)[0]], ["dy"])
    notes += ["its forward draws from NumPy's global generator, which is seeded anew before every call"] * reseed
    _count(name, grads, arrays)
    _require_numbers(name, "forward returned", packed)
    for grad in grads:
        _require_numbers(name, "backward returned", grad)
    moves = tuple(g is not None and a.dtype.kind not in "iub" for g, a in zip(grads, arrays, strict=True))
    if not any(moves):
        raise BadInput(
            f"{name}: backward returned no gradient for any floating-point array, so there is nothing to check"
        )
    dtype = next(array.dtype for array in arrays if array.dtype.kind not in "iub")
    precision, said = _precisions(name, [packed, *grads], dtype)
    return Trial(moves, precision, reseed, (*notes, *said))


def _draws(name: str, forward: Callable[..., Any], arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> bool:
    """Is the forward value the same to the bit every time only when NumPy's global generator starts anew?"""
    for reseed in (False, True):
        values = []
        for _ in range(2):
            with seeded(reseed):
                result = _calling(name, "forward", forward, [_copy(array) for array in arrays], config)
            values.append(np.array(pack(split(forward, result)[0])[0]))
        if values[0].shape == values[1].shape and values[0].tobytes() == values[1].tobytes():
            return reseed
    raise BadInput(
        f"{name}: forward gave two different values for the same arrays, so it has no gradient to check. "
        "Give it its random numbers as an array (a mask, say), or a generator seeded inside the function"
    )


def _calling(name: str, what: str, function: Callable[..., Any], given: list[Any], config: Mapping[str, Any]) -> Any:
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


def _written(
    name: str, what: str, before: Sequence[np.ndarray], after: Sequence[np.ndarray], names: Sequence[str] = ()
) -> list[str]:
    changed = [
        names[at] if names else f"array {at + 1}"
        for at, (a, b) in enumerate(zip(before, after, strict=True))
        if a.tobytes() != b.tobytes()
    ]
    return [f"{what} of {name} writes into {' and '.join(changed)}; callers lose what they passed"] if changed else []


def _require_numbers(name: str, what: str, answer: Any) -> None:
    kind = np.asanyarray(answer).dtype
    if answer is not None and kind.kind in "cOSUmM":
        raise BadInput(f"{name}: {what} {type(answer).__name__} of dtype {kind}; it must be real numbers")


def _count(name: str, grads: tuple[Any, ...], arrays: Sequence[np.ndarray]) -> None:
    if len(grads) != len(arrays):
        raise BadInput(
            f"{name}: backward must return one gradient for each of the {len(arrays)} arrays that forward takes "
            f"(None where there is none); it returned {len(grads)}"
        )


def _precisions(name: str, answers: Sequence[Any], dtype: np.dtype) -> tuple[str, list[str]]:
    """The dtype of the forward value, the first answer, where it is narrower than that of the arrays; what to know."""
    found = [np.asanyarray(each).dtype for each in answers if each is not None]
    wider = next((each for each in found if is_wider(each, dtype)), None)
    if is_wider(dtype, found[0]):
        return found[0].name, [f"{name} computes in {found[0]} whatever it is given, and is judged in that"]
    return "", [f"{name} answers in {wider} when it is given {dtype}; that is rounded before it is judged"] * bool(
        wider
    )
