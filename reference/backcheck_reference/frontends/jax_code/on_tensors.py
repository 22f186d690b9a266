"""A reference in JAX as a function of PyTorch's tensors, which autograd differentiates: its jaxpr, step by step.

Of a `custom_vjp` or `custom_jvp` only the value is kept. The jaxpr is recorded in float64, in which the code's
constants are what they say: recorded in bfloat16, JAX would have rounded 0.1 to it.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backcheck_reference.frontends.jax_code.calls import (
    CALLS,
    CUSTOM,
    called_by,
    is_of_jax,
    looped,
    needed,
    platform,
    scanned,
)
from backcheck_reference.frontends.jax_code.tensors.elementwise import ELEMENTWISE
from backcheck_reference.frontends.jax_code.tensors.table import TABLE
from backcheck_reference.frontends.jax_code.tensors.values import constant, tensor
from backcheck_reference.lazy import Unavailable, jax, torch

# code that fixes a narrow dtype for what a loop carries cannot be recorded in float64; "" for the tensors' own
RECORDED_IN = ("float64", "float32", "")
RECORDS = 32  # of one function, for as many shapes


def as_torch(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of arrays as one of tensors, with results in the structure that it gives them.

    Results have the dtype that PyTorch would give them. Raises Unavailable, and names it, at a primitive of JAX that
    has no form on tensors, and for code that cannot be recorded.
    """
    kept = functools.lru_cache(RECORDS)(lambda tree, leaves: _record(function, tree, [each.value for each in leaves]))

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        leaves, tree = jax.tree_util.tree_flatten((args, options))
        moved = [leaf for leaf in leaves if _is_moved(leaf)]
        floats = [each.dtype for each in moved if each.is_floating_point()]
        dtype = functools.reduce(torch.promote_types, floats) if floats else torch.float64
        closed, structure = kept(tree, tuple(map(RecordedArgument, leaves)))
        with torch.device(moved[0].device if moved else torch.get_default_device()):
            inputs = [each.to(torch.float64) if each.is_floating_point() else _whole(each) for each in moved]
            outputs = [tensor(each) for each in evaluate_on_tensors(closed, inputs)]
        given = [each.to(dtype) if each.is_floating_point() else each for each in outputs]
        return jax.tree_util.tree_unflatten(structure, given)

    return call


def _is_moved(leaf: Any) -> bool:
    """A whole number without axes is none: it may be a length, and is fixed."""
    return isinstance(leaf, torch.Tensor) and (leaf.ndim > 0 or leaf.is_floating_point())


def _whole(held: Any) -> Any:
    return held if held.dtype == torch.bool else held.to(torch.int64)


class RecordedArgument:
    """An argument, alike for a record: tensors by shape and dtype, all else by kind and value."""

    __slots__ = ("key", "value")

    def __init__(self, given: Any) -> None:
        if _is_moved(given):
            self.value: Any = jax.ShapeDtypeStruct(tuple(given.shape), _name(given.dtype))
            self.key: Any = self.value.shape, self.value.dtype
        else:
            self.value = given.item() if isinstance(given, torch.Tensor) else given
            # arrays and other things without a hash are alike only when they are one
            self.key = type(self.value), self.value if _has_hash(self.value) else id(self.value)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RecordedArgument) and self.key == other.key


def _has_hash(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _name(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _record(function: Callable[..., Any], tree: Any, leaves: list[Any]) -> tuple[Any, Any]:
    """The function's jaxpr and the structure of its outputs."""
    first: Exception | None = None
    for width in RECORDED_IN:
        try:
            return _recorded(function, tree, leaves, width)
        except Exception as error:
            first = first or error
    if isinstance(first, jax.errors.JAXTypeError):
        line = str(first).splitlines()[0]
        raise Unavailable(f"JAX cannot record this function, since it looks at values: {line}") from first
    raise first  # type: ignore[misc]


def _recorded(function: Callable[..., Any], tree: Any, leaves: list[Any], width: str) -> tuple[Any, Any]:
    moves = [at for at, leaf in enumerate(leaves) if isinstance(leaf, jax.ShapeDtypeStruct)]
    specs = [_wide(leaves[at], width) for at in moves]

    def of_arrays(*arrays: Any) -> Any:
        filled = list(leaves)
        for at, array in zip(moves, arrays, strict=True):
            filled[at] = array
        args, options = jax.tree_util.tree_unflatten(tree, filled)
        return function(*args, **options)

    with jax.enable_x64(width == "float64" or any(spec.dtype == "float64" for spec in specs)):
        closed, shape = jax.make_jaxpr(of_arrays, return_shape=True)(*specs)
    return closed, jax.tree_util.tree_structure(shape)


def _wide(spec: Any, width: str) -> Any:
    return jax.ShapeDtypeStruct(spec.shape, width) if width and jax.numpy.issubdtype(spec.dtype, np.floating) else spec


def evaluate_on_tensors(closed: Any, inputs: Sequence[Any]) -> list[Any]:
    """The values of a jaxpr's outputs, as tensors and Python's numbers."""
    jaxpr, constants = (closed.jaxpr, closed.consts) if hasattr(closed, "consts") else (closed, ())
    known = dict(zip(jaxpr.invars, inputs, strict=True))
    known |= {var: constant(value, var.aval.dtype) for var, value in zip(jaxpr.constvars, constants, strict=True)}

    def read(atom: Any) -> Any:
        return constant(atom.val, atom.aval.dtype) if hasattr(atom, "val") else known[atom]

    for eqn in needed(jaxpr):
        results = _results(eqn, [read(atom) for atom in eqn.invars])
        for var, result in zip(eqn.outvars, results, strict=True):
            known[var] = _shaped(result, var.aval, eqn)
    return [read(atom) for atom in jaxpr.outvars]


def _results(eqn: Any, values: list[Any]) -> Sequence[Any]:
    name = eqn.primitive.name
    if name in CONTROL:
        return CONTROL[name](eqn, values)
    if name not in TABLE:
        raise Unavailable(f"JAX's primitive {name!r} has no form on tensors; write the reference without it")
    params = eqn.params
    if name in ELEMENTWISE and not any(isinstance(value, torch.Tensor) for value in values):
        return (_number_by_jax(eqn, values),)
    result = TABLE[name](*values, **params)
    return result if isinstance(result, tuple | list) else (result,)


def _number_by_jax(eqn: Any, values: list[Any]) -> Any:
    """An operation on numbers without axes, such as the root of a length. On tensors it could be rounded."""
    with jax.enable_x64(True):
        given = [jax.numpy.asarray(value) for value in values]
        return eqn.primitive.bind(*given, **eqn.primitive.get_bind_params(eqn.params)).item()


def _shaped(result: Any, aval: Any, eqn: Any) -> Any:
    shape = tuple(getattr(result, "shape", ()))
    if shape != tuple(aval.shape):
        given, wanted = list(shape), list(aval.shape)
        raise Unavailable(f"JAX's primitive {eqn.primitive.name!r} gave {given} on tensors and {wanted} in JAX")
    return result


def _call(eqn: Any, values: list[Any]) -> list[Any]:
    """What an equation calls. The relu of JAX has a derivative by hand, 0 at 0, and PyTorch's has the same."""
    body = called_by(eqn)
    if eqn.primitive.name in CUSTOM and is_of_jax(body.jaxpr):
        source = str(body.jaxpr.debug_info.func_src_info)
        if source.startswith("relu at "):
            return [torch.relu(tensor(values[0]))]
    return evaluate_on_tensors(body, values)


def _scan(eqn: Any, values: list[Any]) -> list[Any]:
    carry, columns = scanned(eqn, values, evaluate_on_tensors, lambda x, at: x[at])
    empty = [torch.zeros(tuple(var.aval.shape), dtype=torch.float64) for var in eqn.outvars[len(carry) :]]
    stacked = (torch.stack(list(map(tensor, c))) if c else none for c, none in zip(columns, empty, strict=True))
    return [*carry, *stacked]


def _while(eqn: Any, values: list[Any]) -> list[Any]:
    return looped(eqn, values, evaluate_on_tensors, lambda answer: _fixed(answer, eqn))


def _branch(eqn: Any, values: list[Any]) -> list[Any]:
    which, branches = int(_fixed(values[0], eqn)), eqn.params["branches"]
    return evaluate_on_tensors(branches[min(max(which, 0), len(branches) - 1)], values[1:])


def _fixed(value: Any, eqn: Any) -> Any:
    if isinstance(value, torch.Tensor):
        name = eqn.primitive.name
        raise Unavailable(
            f"JAX's primitive {name!r} that hangs on an array's numbers has no form on tensors; jnp.where has"
        )
    return value


CONTROL: Mapping[str, Callable[..., Sequence[Any]]] = {
    **dict.fromkeys(CALLS, _call),
    "cond": _branch,
    "platform_index": lambda eqn, _: [platform(eqn)],
    "scan": _scan,
    "while": _while,
}
