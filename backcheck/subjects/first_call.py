"""The first call of somebody's code: whether it can be checked at all, and what has to be known to check it.

What is wrong with the *use* (no pair returned, too few gradients, chance in the forward, an exception) is said at once,
in a sentence that names the function; the user's own traceback stays attached. What is merely unusual (random numbers,
a float32 library) is noted.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.array_bits import bits
from backcheck.errors import BadInput
from backcheck.subjects.arrays import is_integer, others
from backcheck.subjects.behaviour import NOTHING_SEEN, Behaviour, OneCall, forward_of, generators_of_code, one_call
from backcheck.subjects.pairs.generators import Generators
from backcheck.subjects.pairs.outputs import each_of, pack
from backcheck.subjects.pairs.pair import is_wider
from backcheck.subjects.stateful.hidden_arrays import NOTHING_HIDDEN, HiddenArrays
from backcheck.subjects.user_code import UserCode

Names = str | Sequence[str]  # of arrays: one, or several
OVERWRITTEN = "the next forward of {} writes into what the one before it returned; callers lose what they got"


@dataclass(frozen=True, slots=True)
class FirstCall:
    """What the first call showed.

    `fixed` are the arrays whose gradients are not judged, by name, and `silent` those of floats that backward returned
    None for. `hidden` are arrays of floats that an object holds and that nobody gives a gradient of. `precision` is the
    dtype that the code itself computes in when that is not the arrays', `behaviour` is what it does beside computing,
    and `notes` are what a reader should know.
    """

    fixed: frozenset[str] = frozenset()
    silent: tuple[str, ...] = ()
    hidden: HiddenArrays = NOTHING_HIDDEN
    precision: str = ""
    behaviour: Behaviour = NOTHING_SEEN
    notes: tuple[str, ...] = ()


def with_fixed(seen: FirstCall, names: Sequence[str], arrays: Sequence[np.ndarray], fixed: Names) -> FirstCall:
    """The same with arrays that the caller does not want to be differentiated.

    Raises BadInput for a name that no array has, and when no array of floats is left.
    """
    given = {fixed} if isinstance(fixed, str) else set(fixed)
    held = {name for name in given if name in seen.hidden.names and name not in names}
    given, seen = given - held, replace(seen, hidden=seen.hidden.without(held))
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
    """Call forward twice and backward once, on copies; the random numbers are the same both times.

    Before that forward sees other arrays: what it keeps of its very first call is not what it is judged at. Raises
    BadInput when the code cannot be checked.
    """

    def calls(generators: Generators) -> tuple[np.ndarray, bool, OneCall]:
        elsewhere: list[np.ndarray] = []  # what forward returns for other arrays, if it takes them
        with (
            generators.at(generators.start),
            suppress(Exception, SystemExit),
            np.errstate(all="ignore"),
        ):
            elsewhere = _returned(code.forward(*others(dict(enumerate(arrays))).values(), **config))
        earlier = list(map(bits, elsewhere))
        with generators.at(generators.start):
            y, _ = forward_of(code, [np.array(array, copy=True) for array in arrays], config)
            first = np.array(pack(y)[0], copy=True)  # the next call may write into it
        overwritten = list(map(bits, elsewhere)) != earlier
        return first, overwritten, one_call(code, names, arrays, config, generators)

    before, overwritten, (value, grads, behaviour) = generators_of_code(code).as_needed(calls)
    if value.shape != before.shape or bits(value) != bits(before):
        raise BadInput(
            f"{code.name}: forward gave two different values for the same arrays, so it has no gradient to check. "
            "It draws from a generator that it makes anew in each call, without a seed, or from a clock. Give it its "
            "random numbers as an array (a mask, say), or a generator that lives outside of the call"
        )
    if overwritten:
        behaviour = replace(behaviour, writes=(*behaviour.writes, OVERWRITTEN.format(code.name)))
    notes = []
    if behaviour.generators.each:
        notes.append(
            f"it draws from {behaviour.generators.names}: every call of forward starts at the same state, and backward "
            "at the state that this forward left"
        )
    _require_gradients(code.name, arrays, value, grads)
    precision, said = _precision(code.name, arrays, [value, *grads])
    integers = {n for n, a in zip(names, arrays, strict=True) if is_integer(a)}
    silent = [n for n, grad in zip(names, grads, strict=True) if grad is None and n not in integers]
    if len(silent) + len(integers) == len(names):  # then zeros are judged in place of None
        silent = []
    return FirstCall(
        fixed=frozenset({*integers, *silent}),
        silent=tuple(silent),
        hidden=code.hidden(arrays, config),
        precision=precision,
        behaviour=behaviour,
        notes=(*notes, *said),
    )


def _returned(result: Any) -> list[np.ndarray]:
    """The arrays of y as they came, where forward returned (y, saved)."""
    y = result[0] if isinstance(result, tuple) and len(result) == 2 else None
    return [each for each in each_of(y) if isinstance(each, np.ndarray)]


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
