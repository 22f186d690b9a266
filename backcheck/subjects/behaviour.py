"""What one forward and one backward of somebody's code show beside their numbers: chance, writes, odd shapes."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from backcheck.array_bits import bits
from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.subjects.arrays import is_integer
from backcheck.subjects.pairs.generators import NO_GENERATORS, Generators, generators_in, generators_of
from backcheck.subjects.pairs.outputs import each_of, pack, unpack
from backcheck.subjects.pairs.pair import laid_out, split
from backcheck.subjects.user_code import UserCode
from backcheck.time_limit import calling
from backcheck_reference.lazy import Unavailable


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one call showed.

    `generators` are those that the code draws random numbers from, and `draws_again` says that its backward does.
    `writes` says, in words, into which of the things it was given it writes. `shapes` has for the arrays whose gradient
    has another shape what is wrong with it.
    """

    generators: Generators = NO_GENERATORS
    draws_again: bool = False
    writes: tuple[str, ...] = ()
    shapes: Mapping[str, str] = field(default_factory=dict)


NOTHING_SEEN = Behaviour()


class OneCall(NamedTuple):
    """The value of one forward, the gradients of one backward, and what they showed."""

    value: np.ndarray
    grads: list[Any]
    behaviour: Behaviour


def generators_of_code(code: UserCode) -> Generators:
    """Those that the code may draw from."""
    return generators_of(code.forward, code.backward, code.signature)


def one_call(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    generators: Generators,
) -> OneCall:
    """Call forward and backward once, on copies. Raises BadInput in the user's words where one of them raises."""
    copies = [_copy(array) for array in arrays]
    with generators.at(generators.start):
        y, saved = forward_of(code, copies, config)
        value, form = pack(y)
        kept = _copy(value)
        writes = _writes(code, "forward", names, arrays, copies)
        left, held = generators.read(), generators_in(saved)
        mark, seen = held.read(), [_copy(array) for array in copies]
        dy = np.ones_like(value)
        given = unpack(form, _copy(dy))
        grads = _pulled(code, saved, given, arrays)
        in_saved = bool(held.drawn_since(mark))
        again = in_saved or bool(generators.drawn_since(left))
        drawn = generators.drawn_since(generators.start)
    writes += _writes(code, "backward", ["dy"], [dy], [pack(given)[0]])
    if not code.reruns:
        writes += _writes(code, "backward", names, seen, copies)
    behaviour = Behaviour(
        Generators(drawn.each, in_saved=in_saved), again, tuple(writes), _odd_shapes(names, arrays, grads)
    )
    return OneCall(kept, grads, behaviour)


def behaviour_at(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    generators: Generators,
) -> Behaviour:
    """What the code shows at these arrays; nothing where it raises, which is found elsewhere."""
    try:
        return generators.as_needed(partial(one_call, code, names, arrays, config)).behaviour
    except BadInput:
        return NOTHING_SEEN


def forward_of(code: UserCode, arrays: list[np.ndarray], config: Mapping[str, Any]) -> tuple[Any, Any]:
    """(y, saved). Raises BadInput where forward raises or returns something else."""
    return split(code.forward, _calling(code.name, "forward", code.forward, arrays, config))


def _pulled(code: UserCode, saved: Any, dy: Any, arrays: Sequence[np.ndarray]) -> list[Any]:
    """The gradients. Where backward takes its arguments and raises, that is a finding and no wrong use: the gradients
    are then as good as NaN, and what they should be is found from the forward."""
    try:
        with np.errstate(all="ignore"), calling("backward"):
            return each_of(code.backward(saved, dy))
    except BadInput:
        raise
    except (Exception, SystemExit) as error:
        if _never_began(code.backward, error):
            shown = f"{type(error).__name__}: {error}"
            raise BadInput(f"{code.name}: backward cannot be called as backward(saved, dy): {shown}") from error
        return [None if is_integer(array) else np.full_like(array, np.nan) for array in arrays]


def _never_began(function: Callable[..., Any], error: BaseException) -> bool:
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


def _calling(name: str, what: str, function: Callable[..., Any], given: list[Any], config: Mapping[str, Any]) -> Any:
    """What the function returns; what it raises is said in the user's own words."""
    try:
        with np.errstate(all="ignore"), calling(what):
            return function(*given, **config)
    except (BadInput, Unavailable):  # of a framework that is not installed
        raise
    except (Exception, SystemExit) as error:
        shapes = ", ".join(f"{a.dtype}{list(a.shape)}" for a in given if isinstance(a, np.ndarray))
        options = f" with {dict(config)}" if config else ""
        raise BadInput(f"{name}: {what} {raised(error)} (called on {shapes}{options})") from error


def _copy(array: np.ndarray) -> np.ndarray:
    return np.array(array, copy=True)


def _writes(
    code: UserCode, what: str, names: Sequence[str], before: Sequence[np.ndarray], after: Sequence[np.ndarray]
) -> list[str]:
    """In words, where a function wrote into what it was given."""
    changed = [n for n, a, b in zip(names, before, after, strict=True) if bits(a) != bits(b)]
    if not changed:
        return []
    return [f"{what} of {code.name} writes into {' and '.join(changed)}; callers lose what they passed"]


def _odd_shapes(names: Sequence[str], arrays: Sequence[np.ndarray], grads: Sequence[Any]) -> dict[str, str]:
    """What is wrong with the shapes of gradients whose numbers can be read all the same."""
    if len(grads) != len(arrays):
        return {}
    found = {}
    for name, array, grad in zip(names, arrays, grads, strict=True):
        shape = array.shape if grad is None else np.shape(grad)
        if shape != array.shape and laid_out(np.asanyarray(grad), array.shape).shape == array.shape:
            found[name] = f"has shape {list(shape)}, expected {list(array.shape)}"
    return found
