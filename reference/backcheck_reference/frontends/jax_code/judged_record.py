"""A record in float64, in which literals are read as their author meant them, of code that sees another dtype.

`jnp.finfo(x.dtype).min`, or a branch on the dtype, is another thing in each dtype. So the code is recorded in both: the
record in float64 serves, with those constants of the other that differ by more than its rounding. Where the two are
other computations, the code's own serves as it is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.judged import bits_of, judged

# what differs with the dtype and means nothing to exact numbers
ABOUT_DTYPES = frozenset({"dtype", "new_dtype", "preferred_element_type", "weak_type", "accuracy", "sharding", "name"})


class Differs(Exception):
    """The two records are not of the same computation."""


def as_judged(wide: Any, own: Any) -> Any:
    """The closed record `wide` of float64 with the constants that `own`, of the judged dtype, has in their places."""
    try:
        return _merged(wide, own)
    except Differs:
        return own


def _merged(wide: Any, own: Any) -> Any:
    closed = hasattr(wide, "consts")
    jaxpr, other = (wide.jaxpr, own.jaxpr) if closed else (wide, own)
    theirs = iter(list(_of_numbers(other.eqns)))
    eqns = [_with_own(eqn, next(theirs, None)) if eqn.primitive.name != CONVERTING else eqn for eqn in jaxpr.eqns]
    if next(theirs, None) is not None:
        raise Differs
    outvars = _chosen(jaxpr.outvars, other.outvars)
    made = jaxpr.replace(eqns=eqns, outvars=outvars)
    if not closed:
        return made
    if len(wide.consts) != len(own.consts):
        raise Differs
    consts = [b if _differ(a, b) else a for a, b in zip(wide.consts, own.consts, strict=True)]
    return wide.replace(jaxpr=made, consts=consts)


CONVERTING = "convert_element_type"


def _of_numbers(eqns: Sequence[Any]) -> Iterator[Any]:
    """Those that do more than change the dtype."""
    return (eqn for eqn in eqns if eqn.primitive.name != CONVERTING)


def _with_own(eqn: Any, own: Any) -> Any:
    if own is None or eqn.primitive is not own.primitive or eqn.params.keys() != own.params.keys():
        raise Differs
    pairs = {key: (eqn.params[key], own.params[key]) for key in eqn.params if key not in ABOUT_DTYPES}
    params = {**eqn.params, **{key: _parameter(*pair) for key, pair in pairs.items()}}
    return eqn.replace(invars=_chosen(eqn.invars, own.invars), params=params)


def _parameter(wide: Any, own: Any) -> Any:
    if hasattr(wide, "eqns") or hasattr(wide, "jaxpr"):
        return _merged(wide, own)
    if isinstance(wide, tuple) and isinstance(own, tuple) and any(hasattr(each, "jaxpr") for each in wide):
        if len(wide) != len(own):
            raise Differs
        return tuple(map(_parameter, wide, own))
    if not callable(wide) and repr(wide) != repr(own):
        raise Differs
    return wide


def _chosen(wide: Sequence[Any], own: Sequence[Any]) -> list[Any]:
    """The atoms of the wide record, with the literals of the other where they are other numbers."""
    if len(wide) != len(own) or any(hasattr(a, "val") != hasattr(b, "val") for a, b in zip(wide, own, strict=True)):
        raise Differs
    pairs = zip(wide, own, strict=True)
    return [b if hasattr(a, "val") and _differ(a.val, b.val) else a for a, b in pairs]


def _differ(wide: Any, own: Any) -> bool:
    """Are these other numbers, by more than the judged dtype rounds?"""
    a, b = np.asarray(wide), np.asarray(own)
    if a.shape != b.shape:
        raise Differs
    if a.dtype.kind in "biuO" or not a.size:
        return not np.array_equal(a, b)
    widest = np.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else np.float64
    a, b = a.astype(widest), b.astype(widest)
    with np.errstate(all="ignore"):
        return bool(np.any((a != b) & ~(abs(a - b) <= 2.0 ** (2 - bits_of(judged())) * abs(a))))
