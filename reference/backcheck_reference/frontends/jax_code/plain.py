"""A JAX function without its hand-written derivatives: JAX's own differentiation is then an independent oracle."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.calls import CALLS, CUSTOM, called_by, is_of_jax
from backcheck_reference.lazy import jax

DERIVATIVES = ("jvp_jaxpr_fun", "bwd")  # the parameters of a custom call that hold its derivative


def without_custom_rules(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, differentiated by JAX alone: of every `custom_vjp` and `custom_jvp` only the value is kept.

    Those of JAX itself stay, such as that of `jax.nn.relu`. Only arrays are recorded; other arguments are as given.
    """

    @functools.wraps(function)
    def plain(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
        arrays = [at for at, leaf in enumerate(leaves) if isinstance(leaf, (jax.Array, np.ndarray, np.generic))]

        def of_arrays(*moved: Any) -> Any:
            filled = list(leaves)
            for at, array in zip(arrays, moved, strict=True):
                filled[at] = array
            positional, named = jax.tree_util.tree_unflatten(tree, filled)
            return function(*positional, **named)

        inputs = [leaves[at] for at in arrays]
        closed, shape = jax.make_jaxpr(of_arrays, return_shape=True)(*inputs)
        outputs = _evaluate(closed, inputs)
        return jax.tree_util.tree_unflatten(jax.tree_util.tree_structure(shape), outputs)

    return plain


def _evaluate(closed: Any, inputs: Sequence[Any]) -> list[Any]:
    """The jaxpr run by JAX, with its calls opened where they hold a custom rule."""
    jaxpr, constants = (closed.jaxpr, closed.consts) if hasattr(closed, "consts") else (closed, ())
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*constants, *inputs), strict=True))

    def read(atom: Any) -> Any:
        return atom.val if hasattr(atom, "val") else known[atom]

    for eqn in jaxpr.eqns:
        values = [read(atom) for atom in eqn.invars]
        known.update(zip(eqn.outvars, _run(eqn, values), strict=True))
    return [read(atom) for atom in jaxpr.outvars]


def _run(eqn: Any, values: list[Any]) -> Sequence[Any]:
    params = eqn.params
    if _opened(eqn):
        if eqn.primitive.name in CALLS:
            return _evaluate(called_by(eqn), values)
        params = {key: _without(value) for key, value in params.items()}
    result = eqn.primitive.bind(*values, **eqn.primitive.get_bind_params(params))
    return result if eqn.primitive.multiple_results else (result,)


def _opened(eqn: Any) -> bool:
    """Is this a custom rule of the user's, or does it hold one?"""
    if eqn.primitive.name in CUSTOM:
        # JAX's own has the code of its value and of its derivative there; anybody may give `jnp.sin` a derivative
        parts = [*_bodies(called_by(eqn)), *(eqn.params[key] for key in DERIVATIVES if key in eqn.params)]
        return not all(map(is_of_jax, parts))
    return any(_opened(inner) for value in eqn.params.values() for body in _bodies(value) for inner in body.eqns)


def _bodies(value: Any) -> list[Any]:
    """The jaxprs in a parameter: a loop has one, a condition one for each branch."""
    parts = value if isinstance(value, tuple | list) else (value,)
    return [part.jaxpr if hasattr(part, "consts") else part for part in parts if hasattr(part, "eqns")]


def _without(value: Any) -> Any:
    """A loop's body or a condition's branches, recorded anew."""
    if isinstance(value, tuple):
        return tuple(map(_without, value))
    if not (hasattr(value, "eqns") and hasattr(value, "consts")):
        return value
    specs = [jax.ShapeDtypeStruct(aval.shape, aval.dtype) for aval in value.in_avals]
    return jax.make_jaxpr(lambda *inputs: _evaluate(value, inputs))(*specs)
