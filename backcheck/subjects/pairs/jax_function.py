"""A JAX function whose backward is written by hand, as a rule of the engine.

On floats JAX itself answers: the function's value, and `jax.vjp` with whatever `jax.custom_vjp` or `jax.custom_jvp` it
has in it, compiled for each shape, or eagerly where the function's Python code looks at values. Arrays of 32 bits or
fewer run as JAX does by default, with 64-bit numbers off. On exact numbers the same two computations are recorded once
for each shape, in float64 and in the dtype that is judged in, and the records evaluated: a hand-written backward is in
them, since JAX puts it in place when it differentiates. A complex output comes as its parts. The cotangent that its
rule is given is then dL/d(re y) - i dL/d(im y), JAX's own, which is the conjugate of PyTorch's.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backcheck.complex_numbers import parts_of_output
from backcheck_reference.frameworks import jax_oracle
from backcheck_reference.frontends.jax_code.constants import narrowest
from backcheck_reference.frontends.jax_code.jaxpr import WHY, evaluate_closed
from backcheck_reference.frontends.jax_code.judged_record import as_judged
from backcheck_reference.frontends.jax_code.plain import without_custom_rules
from backcheck_reference.frontends.jax_code.shared import exactly
from backcheck_reference.frontends.judged import judged, judged_in
from backcheck_reference.lazy import Unavailable, jax, jnp
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import Hull
from scratch_bp.rules import Rule

__all__ = ["as_pair", "value_under_vjp", "without_custom_rules"]

Function = Callable[..., Any]
Arrays = Sequence[Any]
Computation = Callable[[Arrays, Arrays], Any]  # of arrays and cotangents


class Saved(NamedTuple):
    arrays: tuple[np.ndarray, ...]
    config: Mapping[str, Any]


def as_pair(function: Function) -> Rule:
    """The function as forward(*arrays, **config) -> (y, saved) and backward(saved, dy) -> gradients.

    `y` is an array, or a tuple of them when the function returns several in whatever structure; `dy` has the same form.
    Integer and boolean arrays have no gradient. On exact numbers either raises Unavailable, and says why, for what
    cannot be recorded or has no exact form.
    """
    value, pull = Runs(_value, function), Runs(_pull, function)

    @functools.wraps(function)
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Saved]:
        leaves, single = value(config, arrays, ())
        return leaves[0] if single else tuple(leaves), Saved(arrays, config)

    def backward(saved: Saved, dy: Any) -> tuple[np.ndarray | None, ...]:
        grads = iter(pull(saved.config, saved.arrays, dy if isinstance(dy, tuple) else (dy,))[0])
        return tuple(next(grads) if _moves(array) else None for array in saved.arrays)

    return Rule(forward, backward)


def left_out(function: Any, arrays: Arrays, config: Mapping[str, Any], dy: Any) -> frozenset[int]:
    """The positions at which the rule of a `jax.custom_vjp` returns None. None at all for a rule that cannot be called
    by itself."""
    with jax.enable_x64(any(array.dtype == np.float64 for array in arrays)):
        try:
            y, residuals = function.fwd(*map(_as_seen, arrays), **config)
            leaves, tree = jax.tree_util.tree_flatten(y)
            dys = dy if isinstance(dy, tuple) else (dy,)
            given = [_for_rule(each, leaf) for each, leaf in zip(dys, leaves, strict=True)]
            grads = function.bwd(residuals, jax.tree_util.tree_unflatten(tree, given))
        except Exception:  # what it raises is seen where JAX calls it
            return frozenset()
    return frozenset(at for at, grad in enumerate(grads) if grad is None and _moves(arrays[at]))


def _for_rule(dy: Any, y: Any) -> Any:
    """The cotangent that JAX gives the rule of this output: of a complex one the conjugate of what its parts make."""
    dy = jnp.asarray(dy)
    return dy[..., 0] - 1j * dy[..., 1] if jnp.iscomplexobj(y) else dy


def _moves(array: Any) -> bool:
    return hasattr(array, "dtype") and array.dtype.kind not in "iub"


def _as_seen(array: np.ndarray) -> Any:
    """What code that looks at values is given: an integer without axes is a plain number, good for `range` too."""
    return jnp.asarray(array) if array.ndim or _moves(array) else array.item()


def _value(function: Function, arrays: Arrays, _: Arrays) -> Any:
    return jax.tree_util.tree_map(parts_of_output, function(*arrays))


def _pull(function: Function, arrays: Arrays, dys: Arrays) -> Any:
    values, pull = _vjp(function, arrays)
    cotangents = [_cotangent(dy, value) for dy, value in zip(dys, values, strict=True)]
    return pull(cotangents)


def _value_under_vjp(function: Function, arrays: Arrays, _: Arrays) -> Any:
    return _vjp(function, arrays)[0]


def _vjp(function: Function, arrays: Arrays) -> tuple[Any, Any]:
    """`jax.vjp` by the floating-point arrays, the others fixed; the outputs as a list."""

    def outputs(*moved: Any) -> list[Any]:
        waiting = iter(moved)
        result = function(*(next(waiting) if _moves(a) else a for a in arrays))
        return list(map(parts_of_output, jax.tree_util.tree_leaves(result)))

    values, pull = jax.vjp(outputs, *(array for array in arrays if _moves(array)))
    return values, pull


def _cotangent(dy: Any, value: Any) -> Any:
    if not jnp.issubdtype(jnp.result_type(value), jnp.floating):
        return np.zeros(np.shape(value), jax.dtypes.float0)
    return jnp.asarray(dy, jnp.result_type(value))


class Runs:
    """A computation with a function, for every configuration and on every kind of number."""

    def __init__(self, computation: Callable[[Function, Arrays, Arrays], Any], function: Function) -> None:
        self._computation, self._function = computation, function
        self._compiled: dict[str, tuple[Computation, Computation]] = {}
        self._records: dict[Any, tuple[Any, bool]] = {}

    def __call__(self, config: Mapping[str, Any], arrays: Arrays, dys: Arrays) -> tuple[list[np.ndarray], bool]:
        """The arrays that come out, and whether one came bare. Raises Unavailable without JAX."""
        jax_oracle.prepare()
        key = repr(sorted(config.items()))
        if key not in self._compiled:
            run = functools.partial(self._computation, functools.partial(self._function, **config))
            self._compiled[key] = run, jax.jit(run)
        eager, compiled = self._compiled[key]
        if not any(each.dtype == object for each in (*arrays, *dys) if each is not None):
            return _natively(eager, compiled, arrays, dys)
        dys = [None if dy is None or not _moves(dy) else dy for dy in dys]
        return self._exactly(key, eager, arrays, dys)

    def _exactly(self, key: str, run: Computation, arrays: Arrays, dys: Arrays) -> tuple[list[np.ndarray], bool]:
        """By the record for these shapes. Indices may be anything in it, unless the code looks at their values."""
        form = key, judged(), *((a.shape, str(a.dtype)) if a is not None else None for a in (*arrays, *dys))
        values = b"".join(a.tobytes() for a in arrays if not _moves(a))
        free = [array for array in arrays if _moves(array)]
        if (form, values) not in self._records and form not in self._records:
            try:
                self._records[form] = _record(run, arrays, dys)
            except Unavailable:
                if len(free) == len(arrays):
                    raise
                self._records[form, values] = _record(_fixed(run, arrays), free, dys)
        fixed = (form, values) in self._records
        closed, single = self._records[(form, values) if fixed else form]
        inputs = [*(free if fixed else arrays), *(dy for dy in dys if dy is not None)]
        with jax.enable_x64(True):  # for constants that JAX itself computes
            return [_given_out(leaf) for leaf in evaluate_closed(closed, list(map(_taken_in, inputs)))], single


def _fixed(run: Computation, arrays: Arrays) -> Computation:
    known = [None if _moves(array) else _as_seen(array) for array in arrays]

    def fixed(free: Arrays, dys: Arrays) -> Any:
        waiting = iter(free)
        return run([next(waiting) if array is None else array for array in known], dys)

    return fixed


def _natively(eager: Computation, compiled: Computation, arrays: Arrays, dys: Arrays) -> tuple[list[np.ndarray], bool]:
    with jax.enable_x64(any(array.dtype == np.float64 for array in arrays)):
        try:
            result = compiled(list(arrays), list(dys))
        except _looks_at_values():
            result = eager([_as_seen(array) for array in arrays], dys)
        leaves, tree = jax.tree_util.tree_flatten(result)
        return [np.array(leaf) for leaf in leaves], jax.tree_util.treedef_is_leaf(tree)


def _looks_at_values() -> tuple[type[Exception], ...]:
    """What JAX raises when code that is being recorded asks for the value of an array."""
    e = jax.errors
    return (
        e.ConcretizationTypeError,
        e.NonConcreteBooleanIndexError,
        e.TracerArrayConversionError,
        e.TracerIntegerConversionError,
        e.UnexpectedTracerError,  # an argument that custom_vjp was told not to differentiate
    )


def _record(run: Computation, arrays: Arrays, dys: Arrays) -> tuple[Any, bool]:
    """The jaxpr at these shapes, and whether one array comes out bare."""
    try:
        closed, shape = _recorded_in("float64", run, arrays, dys)
        if judged() != "float64":
            closed = as_judged(closed, _recorded_in(judged(), run, arrays, dys)[0])
    except _looks_at_values() as error:
        raise Unavailable(f"{WHY}: its Python code looks at values, so that JAX cannot record it") from error
    except Exception as error:  # the code is anybody's, and may insist on another dtype
        said = str(error).partition("\n")[0]
        raise Unavailable(f"{WHY}: recorded in float64 it raises {type(error).__name__}: {said}") from error
    return closed, jax.tree_util.treedef_is_leaf(jax.tree_util.tree_structure(shape))


def _recorded_in(dtype: str, run: Computation, arrays: Arrays, dys: Arrays) -> Any:
    """The jaxpr and the shapes of the outputs, where floating-point arrays have this dtype."""

    def spec(array: Any) -> Any:
        return jax.ShapeDtypeStruct(array.shape, np.dtype(dtype) if _moves(array) else array.dtype)

    specs = [[None if array is None else spec(array) for array in group] for group in (arrays, dys)]
    with jax.enable_x64(dtype == "float64"):
        return jax.make_jaxpr(run, return_shape=True)(*specs)


def _taken_in(array: np.ndarray) -> np.ndarray:
    if isinstance(array, Hull) or not _moves(array):
        return array
    return array.view(np.ndarray) if array.dtype == object else exactly(array)


def _given_out(leaf: np.ndarray) -> np.ndarray:
    """A copy. A plain exact number without axes is packed as the engine keeps such numbers."""
    own = np.array(leaf, copy=True, subok=True)
    return exact.pack((), [own.item()]) if own.dtype == object and not own.ndim and type(own) is np.ndarray else own


def value_under_vjp(function: Function, *arrays: np.ndarray, **config: Any) -> str:
    """Where the function's value is another when it is differentiated, in words; empty where it is the same.

    A `custom_vjp` has two forward passes, the function and its `fwd`, and only the second runs in training. Raises
    Unavailable as the pair does on exact numbers.
    """
    with exact.bits(exact.LADDER[0][0]):
        lifted = [exact.lift(array) for array in arrays]
        plain, under = (Runs(each, function)(config, lifted, ())[0] for each in (_value, _value_under_vjp))
        for at, (want, got) in enumerate(zip(plain, under, strict=True), start=1):
            if want.dtype == object:
                allowed = exact.FLOAT_CONSTANTS * abs(exact.to_float(want)).max(initial=0.0)
                for index in np.ndindex(want.shape):
                    a, b = want[index], got[index]
                    if abs(a - b) > allowed:
                        return f"output {at} at {list(index)} is {float(a)!r}, and {float(b)!r} when differentiated"
    return ""


def rounds_to(function: Function, arrays: Sequence[np.ndarray], config: Mapping[str, Any]) -> str:
    """The dtype that the value went through, where that is narrower than the arrays' own; else nothing.

    So it is of `x.astype(jnp.float32).astype(x.dtype)` among float64, or of a constant that float32 has rounded.
    """
    jax_oracle.prepare()
    run = functools.partial(_value, functools.partial(function, **config))
    fixed = _fixed(run, arrays)
    free = [array for array in arrays if _moves(array)]
    try:
        with judged_in(free[0].dtype.name), jax.enable_x64(True):
            return narrowest(_record(fixed, free, ())[0])
    except Unavailable:
        return ""
