"""A jaxpr, JAX's own record of a computation, evaluated on exact numbers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.calls import CALLS, called_by, looped, needed, platform, scanned
from backcheck_reference.frontends.jax_code.constants import by_jax, computes_narrow_constants
from backcheck_reference.frontends.jax_code.extremes import counts_extremes, equality
from backcheck_reference.frontends.jax_code.primitives import TABLE
from backcheck_reference.frontends.jax_code.shared import Array, exactly, number, select
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import limits
from backcheck_reference.numbers.balls import Undecidable, watched
from backcheck_reference.numbers.comparisons import boxed, decided, exact, hulls, larger, unequal
from backcheck_reference.numbers.complex_balls import COMPLEX, REAL
from backcheck_reference.numbers.scalars.steps import note_step

WHY = "exact arithmetic is not available for this function"


def evaluate(jaxpr: Any, constants: Sequence[Any], inputs: Sequence[Array]) -> list[Array]:
    """The values of a jaxpr's outputs. Raises Unavailable, and names it, at a primitive without an exact form."""
    known = dict(zip(jaxpr.constvars, map(_constant, constants), strict=True))
    known |= dict(zip(jaxpr.invars, inputs, strict=True))
    made = {var: eqn for eqn in jaxpr.eqns for var in eqn.outvars}
    fixed = dict(zip(jaxpr.constvars, constants, strict=True))  # what JAX itself computes, without the inputs

    def read(atom: Any) -> Any:
        return _constant(atom.val) if hasattr(atom, "val") else known[atom]

    for eqn in needed(jaxpr):
        limits.spend()
        if computes_narrow_constants(eqn, fixed):
            fixed.update(zip(eqn.outvars, by_jax(eqn, fixed), strict=True))
            known.update({var: _constant(fixed[var]) for var in eqn.outvars})
            continue
        values = [read(atom) for atom in eqn.invars]
        results = _results(eqn, values, made, read)
        for var, result in zip(eqn.outvars, results, strict=True):
            known[var] = _settled(result, var.aval, eqn, values)
    return [read(atom) for atom in jaxpr.outvars]


def evaluate_closed(closed: Any, inputs: Sequence[Array]) -> list[Array]:
    """The same for a jaxpr that may have its constants with it."""
    carries = hasattr(closed, "consts")
    return evaluate(closed.jaxpr if carries else closed, closed.consts if carries else (), inputs)


def _constant(value: Any) -> Any:
    if not isinstance(getattr(value, "dtype", np.dtype(float)), np.dtype):
        return value  # a random key; what reads it has no exact form and says so
    array = np.asarray(value)
    return array if array.dtype.kind in "iub" else exactly(array)


def _results(eqn: Any, values: list[Array], made: Any, read: Any) -> Sequence[Any]:
    name = eqn.primitive.name
    if name in CONTROL:
        return CONTROL[name](eqn, values)
    if name not in TABLE:
        raise Unavailable(f"{WHY}: JAX's primitive {name!r} has no exact form here")
    found = equality(eqn, made, read) if name == "eq" and hulls(*values) else None
    result = TABLE[name](*values, **eqn.params) if found is None else found
    if name == "reduce_sum" and hulls(*values) and counts_extremes(eqn, made):
        result = larger(boxed(result), number(1))
    return result if isinstance(result, tuple) else (result,)


def _settled(result: Any, aval: Any, eqn: Any, values: Sequence[Array]) -> Any:
    """The result as an array of the kind that JAX says it is, and a hull if a hull went in."""
    if not isinstance(aval.dtype, np.dtype):
        return result
    result = boxed(result)
    if result.shape != tuple(aval.shape):
        given, wanted = list(result.shape), list(aval.shape)
        raise Unavailable(f"{WHY}: JAX's primitive {eqn.primitive.name!r} gave {given} here and {wanted} there")
    floating = aval.dtype.kind not in "iub"
    if aval.dtype.kind == "c":
        return watched(complexly(result), *values)
    if not floating and not exact(result):
        return result.astype(aval.dtype, copy=False)
    if not exact(result) or not floating or not all(np.size(value) for value in values):
        result = exactly(result)  # NumPy's sum over nothing is the int 0, and a decided part of a mask a bool
    return watched(result, *values)


def complexly(array: Array) -> Array:
    """Every entry as a complex number; an array may hold real ones beside them, as padding."""
    return np.asarray(COMPLEX(np.asarray(exactly(array)).view(np.ndarray)), dtype=object)


def _convert(eqn: Any, values: list[Array]) -> tuple[Array]:
    """An exact number stays itself in every floating-point dtype; it becomes an integer where its ball leaves one."""
    (x,), target, source = values, np.dtype(eqn.params["new_dtype"]), eqn.invars[0].aval.dtype
    if source.kind == "c" and target.kind != "c":
        x = boxed(REAL(x))
    if source.kind in "iub" or target.kind not in "iub":
        return (x,)
    return (unequal(x, number(0)) if target.kind == "b" else _whole(x),)


def _whole(x: Array) -> Array:
    """The integers towards zero, as JAX makes them."""
    numbers = []
    for ball in np.asarray(x).flat:
        ends = [_cut(end) for end in ((ball.lower(), ball.upper()) if hulls(x) else (ball.mid(),))]
        if ends[0] != ends[-1]:
            raise Undecidable("a whole number made from a ball that reaches over more than one")
        numbers.append(ends[0])
    note_step(numbers)
    return np.array(numbers, dtype=np.int64).reshape(x.shape)


def _cut(end: Any) -> int:
    if not end.is_finite():
        raise Unavailable(f"{WHY}: a number that is not finite is turned into an integer")
    whole = int(abs(end).floor().unique_fmpz())
    return -whole if end < 0 else whole


def _scan(eqn: Any, values: list[Array]) -> list[Any]:
    carry, columns = scanned(eqn, values, evaluate_closed, lambda x, at: watched(boxed(x[at]), x))
    outer = eqn.outvars[len(carry) :]
    return [*carry, *(np.stack(c) if c else np.zeros(v.aval.shape) for c, v in zip(columns, outer, strict=True))]


def _while(eqn: Any, values: list[Array]) -> list[Array]:
    return looped(eqn, values, evaluate_closed, lambda answer: bool(decided(answer)))


def _branch(eqn: Any, values: list[Array]) -> list[Any]:
    """One branch; both where a hull cannot say which of two."""
    which, *inputs = values
    branches = eqn.params["branches"]
    if exact(which) and len(branches) == 2:
        cases = zip(*(evaluate_closed(branch, inputs) for branch in branches), strict=True)
        return [select(watched(which, *values), *case) for case in cases]
    return evaluate_closed(branches[min(max(int(decided(which)), 0), len(branches) - 1)], inputs)


def _linear_solve(eqn: Any, values: list[Array]) -> list[Array]:
    """`lax.custom_linear_solve`: the solution by the code that solves; the products serve its derivative."""
    lengths, jaxprs = eqn.params["const_lengths"], eqn.params["jaxprs"]
    before = lengths.matvec + lengths.vecmat
    constants = values[before : before + lengths.solve]
    sides = values[before + lengths.solve + lengths.transpose_solve :]
    return evaluate_closed(jaxprs.solve, [*constants, *sides])


CONTROL: Mapping[str, Callable[..., Sequence[Any]]] = {
    **dict.fromkeys(CALLS, lambda eqn, values: evaluate_closed(called_by(eqn), values)),
    "cond": _branch,
    "custom_linear_solve": _linear_solve,
    "convert_element_type": _convert,
    "platform_index": lambda eqn, _: (np.int32(platform(eqn)),),
    "scan": _scan,
    "while": _while,
}
