"""Constants in a jaxpr that a narrow dtype rounds, and the narrowest dtype that a value went through.

`jnp.ones(3, jnp.float32) / 3` beside float64 is the float32 number: JAX itself computes it, and exact arithmetic takes
it from there.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.calls import CALLS, called_by
from backcheck_reference.frontends.judged import bits_of, is_narrow, is_rounded


def computes_narrow_constants(eqn: Any, fixed: Mapping[Any, Any]) -> bool:
    """Does an equation compute with constants alone, in a dtype that rounds them more than the judged one does?"""
    if not all(hasattr(atom, "val") or atom in fixed for atom in eqn.invars):
        return False
    floats = [var.aval.dtype.name for var in eqn.outvars if _is_float(var.aval)]
    return any(map(is_narrow, floats)) and all(isinstance(var.aval.dtype, np.dtype) for var in eqn.outvars)


def by_jax(eqn: Any, fixed: Mapping[Any, Any]) -> list[Any]:
    values = [atom.val if hasattr(atom, "val") else fixed[atom] for atom in eqn.invars]
    result = eqn.primitive.bind(*values, **eqn.primitive.get_bind_params(eqn.params))
    return list(result) if eqn.primitive.multiple_results else [result]


def _is_float(aval: Any) -> bool:
    return isinstance(aval.dtype, np.dtype) and aval.dtype.kind not in "iub" and aval.dtype.kind != "c"


def narrowest(closed: Any) -> str:
    """The narrowest dtype that rounded what the outputs are made of; nothing where none did."""
    consts = closed.consts if hasattr(closed, "consts") else ()
    jaxpr = closed.jaxpr if hasattr(closed, "consts") else closed
    found = _through(jaxpr, consts, [""] * len(jaxpr.invars))
    return _least(found)


def _least(names: Sequence[str]) -> str:
    return min(filter(None, names), key=bits_of, default="")


def _through(jaxpr: Any, consts: Sequence[Any], given: Sequence[str]) -> list[str]:
    """For each output the narrowest dtype on its way from the inputs; `given` has what they went through before."""
    known = dict(zip(jaxpr.invars, given, strict=True))
    known |= {var: _of_constant(value) for var, value in zip(jaxpr.constvars, consts, strict=True)}
    fixed = dict(zip(jaxpr.constvars, consts, strict=True))

    def read(atom: Any) -> str:
        return _of_constant(atom.val) if hasattr(atom, "val") else known[atom]

    for eqn in jaxpr.eqns:
        if computes_narrow_constants(eqn, fixed):
            fixed.update(zip(eqn.outvars, by_jax(eqn, fixed), strict=True))
            known.update({var: _of_constant(fixed[var]) for var in eqn.outvars})
            continue
        inputs = [read(atom) for atom in eqn.invars]
        if eqn.primitive.name in CALLS:
            body = called_by(eqn)
            inner = _through(getattr(body, "jaxpr", body), getattr(body, "consts", ()), inputs)
        else:
            inner = [_least([*inputs, *_inside(eqn)])] * len(eqn.outvars)
        moves = not all(hasattr(atom, "val") or atom in fixed for atom in eqn.invars)
        for var, through in zip(eqn.outvars, inner, strict=True):
            own = var.aval.dtype.name if moves and _is_float(var.aval) and is_narrow(var.aval.dtype.name) else ""
            known[var] = _least([through, own]) if _is_float(var.aval) else ""
    return [read(atom) for atom in jaxpr.outvars]


def _inside(eqn: Any) -> Iterator[str]:
    """The narrow dtypes in the bodies of a loop or a condition."""
    for value in eqn.params.values():
        for part in value if isinstance(value, tuple | list) else (value,):
            body = getattr(part, "jaxpr", part)
            for inner in getattr(body, "eqns", ()):
                yield from (
                    v.aval.dtype.name for v in inner.outvars if _is_float(v.aval) and is_narrow(v.aval.dtype.name)
                )
                yield from _inside(inner)


def _of_constant(value: Any) -> str:
    dtype = np.dtype(getattr(value, "dtype", float)) if isinstance(getattr(value, "dtype", None), np.dtype) else None
    if dtype is None or dtype.kind in "iubc" or not is_narrow(dtype.name):
        return ""
    return dtype.name if is_rounded(np.asarray(value), dtype.name) else ""
