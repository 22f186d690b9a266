"""One check of code that is in the one form that all ways in bring it to: the first call, the subject, the verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backcheck.complex_numbers import in_parts, real_dtype
from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.subjects.arrays import as_arrays, distinct, floats, is_integer, names_of
from backcheck.subjects.first_call import NOT_CALLED, Names, first_call, with_fixed
from backcheck.subjects.full_size.check import check_at_full_size
from backcheck.subjects.listeners import announce
from backcheck.subjects.pairs import framework_callables, not_given
from backcheck.subjects.result.check import Check
from backcheck.subjects.result.judgement import judge
from backcheck.subjects.stateful.call_history import KnownObject
from backcheck.subjects.subject import Subject
from backcheck.subjects.user_code import UserCode, of_complex_framework, of_framework, of_module
from backcheck.time_limit import OutOfTime, time_limit
from backcheck.verdicts.cases import NOT_ENDED, unjudged
from backcheck.verdicts.parties import calm


def check_framework(
    kind: framework_callables.Framework,
    function: Any,
    given: Sequence[Any],
    config: Mapping[str, Any] | None,
    cotangent: Any,
    dtype: Any,
    seed: int,
    fixed: Names,
    meant: Any,
    order: int,
) -> Check:
    left_out, given = not_given.places_of(given), not_given.given(given)
    parts, complex_at = in_parts([framework_callables.to_array(each) for each in given])
    arrays = floats(parts, real_dtype(dtype))
    asked = not_given.taking_none(function, left_out) if left_out else function
    code = of_complex_framework(kind, asked, complex_at) if complex_at else of_framework(kind, asked)
    dy = None if cotangent is None else framework_callables.to_arrays(cotangent)
    signature = framework_callables.signature_of(framework_callables.whole_function(function))
    names = names_of(signature, len(arrays) + len(left_out))
    names = tuple(name for at, name in enumerate(names) if at not in left_out)
    code = replace(code, none_at=left_out)
    said = [fixed] if isinstance(fixed, str) else list(fixed)
    said += [name for name, each in zip(names, given, strict=True) if framework_callables.is_held(each, given)]
    return check_code(code, names, arrays, config, dy, seed, said, meant, order)


def check_module(
    module: Any,
    given: Any,
    tensors: Sequence[Any],
    config: Mapping[str, Any] | None,
    values: Mapping[str, Any] | None,
    cotangent: Any,
    dtype: Any,
    seed: int,
    fixed: Names,
    meant: Any,
    order: int,
) -> Check:
    """A module: its parameters are arrays behind those of its inputs."""
    inputs = as_arrays([framework_callables.to_array(each) for each in tensors], dtype)
    held = with_values(framework_callables.parameters_of(module, inputs, config), values)
    arrays = floats([*inputs, *held.values()], None)
    # in the dtype of the inputs, where they have one: a module in float32 is judged in float64 by float64 inputs
    arrays = floats(arrays, next(array.dtype for array in arrays if not is_integer(array)))
    code = of_module(module, len(inputs), made_by=None if module is given else given)
    code = code.with_option(f"config={dict(config)!r}") if config else code
    names = distinct((*names_of(code.signature, len(inputs)), *held))
    said = [fixed] if isinstance(fixed, str) else list(fixed)
    said += [name for name, each in zip(names, tensors, strict=False) if framework_callables.is_held(each, tensors)]
    dy = None if cotangent is None else framework_callables.to_arrays(cotangent)
    return check_code(code, names, arrays, config, dy, seed, said, meant, order)


def check_code(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any] | None,
    cotangent: Any,
    seed: int,
    fixed: Names,
    meant: Any,
    order: int,
    *,
    known: KnownObject | None = None,
) -> Check:
    """The way that all of them go. Where that takes longer than a case may, nothing is known of any gradient.

    Raises OutOfTime where not even the shape of the value is known.
    """
    calm()  # to import PyTorch takes longer than many a case
    try:
        with time_limit(asked().seconds):
            check = _judged(code, names, arrays, config or {}, cotangent, seed, fixed, meant, order, known=known)
    except OutOfTime as late:
        with time_limit(asked().seconds):
            check = _not_judged(code, names, arrays, config or {}, cotangent, seed, fixed, late)
    return announce(check)


def _not_judged(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    cotangent: Any,
    seed: int,
    fixed: Names,
    late: OutOfTime,
) -> Check:
    if str(late).startswith("forward"):
        raise late
    seen = with_fixed(NOT_CALLED, names, arrays, fixed) if fixed else NOT_CALLED
    subject = Subject(code, code.rule(), tuple(names), seen)
    problem = subject.problem(arrays, config, cotangent, seed)
    return Check(subject, unjudged(problem, f"{NOT_ENDED}: {late}"), (str(late),))


def _judged(
    code: UserCode,
    names: Sequence[str],
    arrays: Sequence[np.ndarray],
    config: Mapping[str, Any],
    cotangent: Any,
    seed: int,
    fixed: Names,
    meant: Any,
    order: int,
    *,
    known: KnownObject | None = None,
) -> Check:
    seen = first_call(code, names, arrays, config)
    if fixed:
        seen = with_fixed(seen, names, arrays, fixed)
        code = code.with_option(f"fixed={fixed!r}")
    code = code if meant is None else code.declared(meant)
    if order not in (1, 2):
        raise BadInput(f"order must be 1, or 2 for the second order as well; got {order!r}")
    code = code.with_option("order=2") if order == 2 else code
    subject = Subject(code, code.rule(seen.behaviour.generators), tuple(names), seen)
    if seen.precision:
        arrays = floats(arrays, seen.precision)
    if code.complex_at:
        seen = replace(seen, notes=(*seen.notes, "complex arrays are shown as their parts, along a last axis of two"))
    notes = seen.notes if known is None else [*known.notes, *seen.notes, *seen.hidden.notes]
    asked = {"cotangent": cotangent, "seed": seed, "notes": notes, "order": order}
    at_full_size = check_at_full_size(subject, arrays, config, **asked)
    return judge(subject, arrays, config, **asked) if at_full_size is None else at_full_size


def with_values(held: Mapping[str, np.ndarray], values: Mapping[str, Any] | None) -> dict[str, np.ndarray]:
    """The parameters, some of them with other values. Raises BadInput for a name or a shape that is not there."""
    found = dict(held)
    for name, value in (values or {}).items():
        if name not in found or np.shape(value) != found[name].shape:
            has = ", ".join(f"{known}{list(array.shape)}" for known, array in held.items()) or "none"
            raise BadInput(f"values: {name}{list(np.shape(value))} is no parameter of this shape; there are {has}")
        found[name] = np.asarray(value)
    return found
