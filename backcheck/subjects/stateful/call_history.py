"""How an object with state behaves from call to call: what it adds up, remembers, and writes into."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backcheck.array_bits import bits
from backcheck.containment import raised
from backcheck.errors import BadInput
from backcheck.subjects.arrays import as_arrays, is_integer
from backcheck.subjects.pairs.generators import Generators, generators_in, generators_of
from backcheck.subjects.pairs.outputs import pack, unpack
from backcheck.subjects.stateful import parameters
from backcheck.subjects.stateful.calls import USUAL_CALLS, Calls
from backcheck.subjects.stateful.handed_in import as_handed_in
from backcheck.subjects.stateful.layer import Layer, began, gradient_of, gradients_at, inputs_of, pull, run
from backcheck.subjects.stateful.object_copy import copied, held, with_parameters
from backcheck.subjects.stateful.parameters import Where
from backcheck.subjects.stateful.paths import ABSENT, Leaf
from backcheck.subjects.stateful.shared_parameters import parameters_of
from backcheck_reference.numbers.balls import BITS

Arrays = Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class KnownObject:
    """What the first calls of an object showed.

    `layer` is the object with its parameters, and `arrays` the inputs it was called on.
    """

    layer: Layer
    arrays: list[np.ndarray]

    @property
    def notes(self) -> list[str]:
        said = "it adds its gradients up over calls of backward; each call is judged from its own start"
        shared = [
            f"{each.names} share memory: they are one parameter, {each.name}, and its gradient is the sum of theirs"
            for each in self.layer.parameters
            if len(each.places) > 1
        ]
        return [*([said] if self.layer.adds else []), *shared]


def known_object(
    layer: Any,
    arrays: Arrays,
    params: Where,
    grads: Where,
    calls: Calls = USUAL_CALLS,
    *,
    in_its_dtype: bool = False,
) -> KnownObject:
    """The parameters of an object, and what it does when it is called twice in each order that a training loop has.

    Every call is one of a copy. With `in_its_dtype` the inputs are cast to the dtype of the parameters. Raises BadInput
    for an object that cannot be called so.
    """
    generators = generators_of(layer)
    with np.errstate(all="ignore"), generators.at(generators.start):
        found = _settled(layer, arrays, params, grads, calls)
        given = _cast(arrays, found.values.values()) if in_its_dtype else list(arrays)
        return observed(found, given)


def observed(layer: Layer, arrays: Arrays) -> KnownObject:
    """What a second backward of the object does, at these inputs."""
    used = copied(layer.made)
    try:
        dy, first = _step(used, arrays, layer)
    except BadInput:
        raise
    except (Exception, SystemExit):  # its backward raises: that is its answer, and a finding
        return KnownObject(layer, list(arrays))
    try:
        second = _gradients(used, dy, layer)
    except Exception:  # its graph is freed
        return KnownObject(replace(layer, spent=True, adds=_adds_over_steps(layer, arrays)), list(arrays))
    # a third call tells adding up from a factor: three times, and not four
    adds = _adds_up(first, second, len(arrays)) and _adds_up(first, _gradients(used, dy, layer), len(arrays), times=3)
    return KnownObject(replace(layer, adds=adds, spent=is_gone(first, second)), list(arrays))


def _adds_over_steps(layer: Layer, arrays: Arrays) -> bool:
    """Does it add its gradients up over whole steps, where a second backward alone is refused?"""
    used, found = copied(layer.made), []
    try:
        for _ in range(3):
            found.append(_step(used, arrays, layer)[1])
    except Exception:  # then it makes one step only
        return False
    first, second, third = found
    return _adds_up(first, second, len(arrays)) and _adds_up(first, third, len(arrays), times=3)


def is_gone(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Is there nothing left for a second backward: no gradient, or zeros, where the first had numbers?

    What the first one left in the object may still be there.
    """
    pairs = list(zip(first, second, strict=True))
    lost = [one is not None and bool(np.any(one)) and not (two is not None and np.any(two)) for one, two in pairs]
    left = [not gone and _same(one, two) for gone, (one, two) in zip(lost, pairs, strict=True)]
    return any(lost) and all(gone or stays for gone, stays in zip(lost, left, strict=True))


def all_doubled(first: Sequence[Any], second: Sequence[Any]) -> bool:
    """Is each gradient that is not zero twice what it was? An engine adds up what it is not told to forget."""
    return all(one is None or two is None or _about(2 * one, two) for one, two in zip(first, second, strict=True))


def after_another_step(
    layer: Layer, arrays: Arrays, dy: Any, config: Mapping[str, Any], generators: Generators
) -> list[Any] | None:
    """The gradients of a step that comes after another one, at these inputs and parameters.

    None where nothing is learned: its gradients add up and cannot be set back, its value is another as well, or it
    does not take another input.
    """
    inputs = arrays[: layer.inputs]
    try:
        wanted, first = _last_step(layer, arrays, dy, generators)
        if layer.adds and layer.calls.reset is None:
            same = _last_step(layer, arrays, dy, generators, after=inputs)[1]
            # only where a step that comes after the same one is as the first is a difference due to what was seen
            if not all(a is b is None or _about(a, b) for a, b in zip(first, same, strict=True)):
                return None
        value, found = _last_step(layer, arrays, dy, generators, after=_others(inputs))
    except Exception:  # another input may be outside of what it is for; then nothing is learned here
        return None
    return found if bits(value) == bits(wanted) else None


def _last_step(
    layer: Layer, arrays: Arrays, dy: Any, generators: Generators, after: Arrays | None = None
) -> tuple[np.ndarray, list[Any]]:
    """The value and the gradients of one step, the first or one that comes after another on the inputs `after`."""
    used = with_parameters(layer.made, layer.parameters, arrays[layer.inputs :])
    own = generators_in(used)
    start = own.read()
    if after is not None:
        with generators.at(generators.start):
            _step(used, after, layer)
        _between_steps(used, layer)
    # with other random numbers the second step would be that of another function
    with generators.at(generators.start), own.at(start):
        value, form = pack(run(used, _copies(arrays[: layer.inputs]), layer.calls))
        kept = np.array(value)
        return kept, _gradients(used, unpack(form, dy.copy()), layer)


def _between_steps(used: Any, layer: Layer) -> None:
    """What the caller said is to be called after a step; else the gradients that add up are set to zero in place."""
    layer.calls.between_steps(used)
    if layer.adds and layer.calls.reset is None:
        for leaf in layer.leaves:
            grad = gradient_of(leaf, used)
            if isinstance(grad, np.ndarray):
                grad[...] = 0


def _settled(layer: Any, arrays: Arrays, params: Where, grads: Where, calls: Calls) -> Layer:
    """The object to be checked, with its parameters.

    What its forward writes anew in every call is no parameter, though it be called x and have its dx. An object that
    makes its parameters in its first forward has those, and is otherwise as it was handed in.
    """
    _require_own_functions(layer)
    probe, result, refused = _after_one_step(layer, arrays, calls)
    found = parameters.leaves(probe, params, grads, finished=refused is None)
    if refused is not None and not found and all(map(is_integer, arrays)):  # then there is no gradient to speak of
        raise refused
    if params is None:
        later = _after_another(probe, arrays, calls)
        found = [leaf for leaf in found if _same(leaf.get(probe), _get(leaf, later))]
    if all(np.shape(_get(leaf, layer)) == np.shape(leaf.get(probe)) for leaf in found):
        made = layer
    else:
        once = copied(layer)
        _calling(layer, calls.forward, arrays, lambda: run(once, _copies(arrays), calls))
        made = as_handed_in(layer, once, _after_another(once, arrays, calls))
    _require_own_functions(made, [each for each in (leaf.get(made) for leaf in found) if isinstance(each, np.ndarray)])
    try:
        left = gradients_at(probe, result, inputs_of(calls, probe, len(arrays)), found)[1]
    except BadInput:  # it returned as many as there are pieces of memory, or what is refused when it is judged
        left = {leaf.path: gradient_of(leaf, probe) for leaf in found}
    return Layer(made, found, parameters_of(made, found, left, list(held(made))), inputs=len(arrays), calls=calls)


def _after_one_step(layer: Any, arrays: Arrays, calls: Calls) -> tuple[Any, Any, BadInput | None]:
    """A copy of the object after one forward and one backward, which is when its gradients exist, and what backward
    returned or raised.

    Raises BadInput in the user's own words when it cannot be called so. A backward that takes its arguments and raises
    is an answer, and a wrong one, as of a pair of functions.
    """
    probe = copied(layer)
    value, form = pack(_calling(layer, calls.forward, arrays, lambda: run(probe, _copies(arrays), calls)))
    dy = unpack(form, np.ones_like(value))
    try:
        return probe, _calling(layer, calls.backward, arrays, lambda: pull(probe, dy, calls)), None
    except BadInput as refused:
        if refused.__cause__ is None or not began(refused.__cause__):
            raise
        return probe, None, refused


def _calling(layer: Any, what: str, arrays: Arrays, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BadInput:
        raise
    except (Exception, SystemExit) as error:
        shapes = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
        name = type(layer).__name__
        raise BadInput(f"{name}.{what} {raised(error)} (called on {shapes})") from error


def _copies(arrays: Arrays) -> list[np.ndarray]:
    return [array.copy() for array in arrays]


def _after_another(probe: Any, arrays: Arrays, calls: Calls) -> Any:
    """The object after forward has seen other inputs, where it takes them."""
    for others in (_others(arrays), _copies(arrays)):
        later = copied(probe)
        try:
            run(later, others, calls)
        except Exception:  # another input may be outside of what it is for
            continue
        return later
    return probe


def _others(arrays: Arrays) -> list[np.ndarray]:
    return [array if is_integer(array) else (array * 0.5 + 0.25).astype(array.dtype) for array in arrays]


def _get(leaf: Leaf, layer: Any) -> Any:
    try:
        return leaf.get(layer)
    except ABSENT:
        return None


def _same(before: Any, after: Any) -> bool:
    return np.shape(before) == np.shape(after) and bits(np.asarray(before)) == bits(np.asarray(after))


def _require_own_functions(layer: Any, arrays: Arrays = ()) -> None:
    """A function that was made with the object in it, `lambda x: x @ self.W`, stays with that one when it is copied;
    and one that was made with one of these `arrays` of the object stays with that."""
    for name, value in getattr(layer, "__dict__", {}).items():
        for content in [cell.cell_contents for cell in getattr(value, "__closure__", None) or ()]:
            if content is layer or _lies_in(content, arrays):
                what = "the object itself" if content is layer else "a parameter of the object"
                raise BadInput(
                    f"{type(layer).__name__}.{name} is a function that holds {what}, so copies of the object "
                    "would still use the original; make it a method"
                )


def _lies_in(value: Any, arrays: Arrays) -> bool:
    return isinstance(value, np.ndarray) and any(np.may_share_memory(value, each) for each in arrays)


def _cast(arrays: Arrays, held: Iterable[np.ndarray]) -> list[np.ndarray]:
    """The inputs in the dtype that the parameters have, where that is one."""
    dtypes = {array.dtype for array in held if not is_integer(array)}
    return as_arrays(arrays, dtypes.pop()) if len(dtypes) == 1 else list(arrays)


def _step(own: Any, arrays: Arrays, layer: Layer) -> tuple[Any, list[Any]]:
    """One forward and one backward: the cotangent, no two entries of which are the same, and the gradients."""
    value, form = pack(run(own, _copies(arrays), layer.calls))
    dy = np.ones_like(value) * np.linspace(1, 2, value.size).reshape(value.shape).astype(value.dtype)
    return unpack(form, dy.copy()), _gradients(own, unpack(form, dy.copy()), layer)


def _gradients(own: Any, dy: Any, layer: Layer) -> list[Any]:
    found = layer.gradients(own, copy.deepcopy(dy))
    return [None if grad is None else np.array(grad) for grad in found]


def _adds_up(first: Sequence[Any], later: Sequence[Any], inputs: int, times: int = 2) -> bool:
    """Some parameter's gradient is so many times what it was and not zero, and everything else is as it was or so."""
    pairs = list(zip(first, later, strict=True))
    same = [a is b is None or _about(a, b) for a, b in pairs]
    doubled = [a is not None and b is not None and _about(times * a, b) and bool(np.any(a)) for a, b in pairs]
    own = zip(same[inputs:], doubled[inputs:], strict=True)
    return all(same[:inputs]) and any(doubled[inputs:]) and all(s or d for s, d in own)


def _about(one: Any, other: Any) -> bool:
    """Is it the same, or the same by sums in another order? Half of the digits tell twice from once."""
    if one is None or other is None or np.shape(one) != np.shape(other):
        return False
    half = 2.0 ** (-BITS.get(np.asarray(one).dtype.name, BITS["float64"]) / 2)
    a, b = np.asarray(one).astype(np.float64), np.asarray(other).astype(np.float64)
    return bool(np.allclose(a, b, rtol=half, atol=half * float(abs(a).max(initial=0.0))))
