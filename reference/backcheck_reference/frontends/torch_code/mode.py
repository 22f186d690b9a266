"""PyTorch code run on exact numbers: a mode that answers every operator, with balls for floats.

Below autograd PyTorch hands each operator to the mode. So a hand-written backward, a Python branch on a comparison, a
view written into, or a decomposition of PyTorch's own all run as they are, and only the arithmetic is ours. Nothing is
traced: a number that the code takes out of PyTorch, to NumPy or to Python, is seen when it does.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.complex_numbers import TO_COMPLEX, TO_REAL
from backcheck_reference.frontends.torch_code.aten.elementwise import PREDICATES
from backcheck_reference.frontends.torch_code.aten.shared import unavailable
from backcheck_reference.frontends.torch_code.aten.table import CONVERTING, OF_NUMBERS, OPERATORS, PRIMITIVES
from backcheck_reference.frontends.torch_code.dispatch import functional, reshape, taken_apart, written
from backcheck_reference.frontends.torch_code.tensor import (
    History,
    array_of,
    as_plain,
    dtype_of,
    is_exact,
    is_inexact,
    is_narrow,
    plain_numbers,
    rounding_of,
    wrap,
)
from backcheck_reference.lazy import LazyModule, Unavailable, flint, torch
from backcheck_reference.numbers import exact, limits
from backcheck_reference.numbers.balls import Hull, Undecidable
from backcheck_reference.numbers.literals import lift, number

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")
_attention = LazyModule("torch.nn.attention", "torch")
_trees = LazyModule("torch.utils._pytree", "torch")

# arguments about memory and devices, which do not change the numbers
ABOUT_MEMORY = ("device", "layout", "memory_format", "pin_memory", "non_blocking", "generator", "requires_grad")

# operators whose random numbers have no derivative by anything that they are given
DRAWING = frozenset(
    {"rand_like", "randn_like", "randint_like", "bernoulli", "multinomial", "normal", "poisson"}
    | {"bernoulli_", "uniform_", "normal_", "exponential_", "geometric_", "cauchy_", "log_normal_", "random_"}
)


@contextmanager
def running() -> Iterator[None]:
    """A block in which PyTorch computes with exact numbers. Attention goes by its formula: no kernel knows them."""
    with _attention.sdpa_kernel(_attention.SDPBackend.MATH), _mode()():
        yield


@functools.cache
def _mode() -> Any:
    class ExactMode(_dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]  # known on first use only
        def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return _answer(operator, args, kwargs or {})

    return ExactMode


def _answer(operator: Any, args: Any, kwargs: Any) -> Any:
    limits.spend()
    leaves = _trees.tree_leaves((args, kwargs))
    if not any(is_exact(leaf) for leaf in leaves):
        result = operator(*args, **kwargs)
        floats = [each.dtype for each in _trees.tree_leaves(result) if _is_float(each)]
        if operator._schema.is_mutable or not floats:
            return result
        if any(map(is_narrow, floats)) or torch.Tag.nondeterministic_seeded in operator.tags:
            return _trees.tree_map(_constant, result)
    elif _is_of_constants(operator, leaves):
        plain = _trees.tree_map(lambda leaf: as_plain(leaf) if is_exact(leaf) else leaf, (args, kwargs))
        return _trees.tree_map(_constant, operator(*plain[0], **plain[1]))
    if torch.Tag.nondeterministic_seeded in operator.tags:
        return _drawn(operator, args, kwargs)
    if torch.Tag.inplace_view in operator.tags:
        return _reshaped(operator, args, kwargs)
    if operator._schema.is_mutable:
        return _write(operator, args, kwargs)
    form = _form_of(operator)
    if form is not None:
        return _evaluate(operator, form, args, kwargs)
    try:
        return _taken_apart(operator, args, kwargs)
    except NoForm:
        if any(map(is_exact, leaves)):
            raise
        return _trees.tree_map(_constant, operator(*args, **kwargs))  # a constant, as PyTorch rounds it


def _drawn(operator: Any, args: Any, kwargs: Any) -> Any:
    """The random numbers that PyTorch itself draws in the dtype that is shown, as a constant."""
    if operator.overloadpacket.__name__ not in DRAWING:
        raise unavailable(f"it draws random numbers within an operation ({_name(operator)})")
    plain = _trees.tree_map(lambda leaf: as_plain(leaf) if is_exact(leaf) else leaf, (args, kwargs))
    result = _trees.tree_map(_constant, operator(*plain[0], **plain[1]))
    if not operator._schema.is_mutable:
        return result
    _store(operator, args[0], result)
    return args[0]


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and is_inexact(leaf.dtype)


def _constant(leaf: Any) -> Any:
    """Floats that PyTorch itself computed, as an exact tensor of just these numbers."""
    if not _is_float(leaf):
        return leaf
    return wrap(lift(plain_numbers(leaf)), leaf.dtype, History(moves=False, through=rounding_of(leaf)))


def _is_of_constants(operator: Any, leaves: list[Any]) -> bool:
    """Does it compute with constants alone, in a dtype that rounds them by more than the judged one does?

    PyTorch's own answer is then what the code means: `torch.ones(3) / 3` beside float64 is the float32 number. A number
    that is taken out of a constant is PyTorch's as well.
    """
    if operator._schema.is_mutable or operator.is_view or any(is_exact(leaf) and leaf.history.moves for leaf in leaves):
        return False
    return operator.overloadpacket.__name__ == "_local_scalar_dense" or is_narrow(_dtype_of_result(operator, leaves))


def _dtype_of_result(operator: Any, leaves: list[Any]) -> Any:
    """The dtype that PyTorch gives a result of floats: the one asked for, or by its promotion."""
    name = operator.overloadpacket.__name__
    found = _promoted(leaves)
    if name in TO_REAL:
        return found.to_real()
    return found.to_complex() if name in TO_COMPLEX else found


def _promoted(leaves: list[Any]) -> Any:
    asked = [leaf for leaf in leaves if isinstance(leaf, torch.dtype) and is_inexact(leaf)]
    if asked:
        return asked[0]
    floats = [leaf for leaf in leaves if _is_float(leaf)]
    dtypes = {leaf.dtype for leaf in floats}
    if len(dtypes) < 2:
        found = next(iter(dtypes), torch.get_default_dtype())
    elif len(floats) == 2:
        found = torch.result_type(*floats)
    else:
        found = functools.reduce(torch.promote_types, [leaf.dtype for leaf in floats if leaf.ndim] or dtypes)
    return found.to_complex() if any(isinstance(leaf, complex) for leaf in leaves) else found


def _history(operator: Any, leaves: list[Any], dtype: Any) -> History:
    """That of what an operator makes from these. Of what one is made like, only the shape is taken."""
    given: list[History] = [leaf.history for leaf in leaves if is_exact(leaf)]
    if operator.is_view and given:
        return given[0]
    name = operator.overloadpacket.__name__
    if name.endswith("_like") or name.startswith("new_"):
        return History(moves=False)
    made = History(any(each.moves for each in given))
    plain = [rounding_of(leaf) for leaf in leaves if _is_float(leaf) and not is_exact(leaf)]
    for each in (*(each.through for each in given), *plain, dtype if made.moves else None):
        made.passes(each)
    return made


def _form_of(operator: Any) -> Callable[..., Any] | None:
    name = operator.overloadpacket.__name__
    if operator.namespace == "aten" or (operator.namespace == "prims" and name in PRIMITIVES):
        return OPERATORS.get(f"{name}.{operator._overloadname}", OPERATORS.get(name))
    return None


def _evaluate(operator: Any, form: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    name = operator.overloadpacket.__name__
    computes = name in OF_NUMBERS
    unwanted = {*ABOUT_MEMORY, "dtype"} if computes else {*ABOUT_MEMORY}
    leaves, tree = _trees.tree_flatten((args, {key: kwargs[key] for key in kwargs if key not in unwanted}))
    dtype = _dtype_of_result(operator, _trees.tree_leaves((args, kwargs)))
    history = _history(operator, leaves, dtype)
    opened = _side_by_side([_open(leaf, computes) for leaf in leaves], computes)
    args, kwargs = _trees.tree_unflatten(opened, tree)
    with np.errstate(all="ignore"):
        result = form(*args, **kwargs)
    kind = torch.bool if _gives_booleans(name, leaves) else dtype
    if operator.is_view and isinstance(result, np.ndarray) and result.size:
        source = opened[0] if isinstance(opened[0], np.ndarray) else None
        history.apart |= source is not None and not np.may_share_memory(source, result)
    return _trees.tree_map(lambda each: _close(operator, each, kind, history), result)


def _gives_booleans(name: str, leaves: list[Any]) -> bool:
    """Are the balls that come out the answers 0, 1 and [0, 1] of comparisons that hulls leave open?"""
    tensors = [leaf.dtype for leaf in leaves if isinstance(leaf, torch.Tensor)]
    dtypes = [*tensors, *(leaf for leaf in leaves if isinstance(leaf, torch.dtype))]
    kept = bool(tensors) and all(dtype == torch.bool for dtype in dtypes)
    return name in PREDICATES or (kept and name not in CONVERTING)


def _open(leaf: Any, computes: bool) -> Any:
    """An argument as our operators take it: an array for a tensor, NumPy's dtype, where it computes exact scalars."""
    if isinstance(leaf, torch.Tensor):
        array = array_of(leaf)
        return lift(array) if computes and array.dtype.kind in "iu" else array
    if isinstance(leaf, torch.dtype):
        return dtype_of(leaf)
    return number(leaf) if computes else leaf


def _side_by_side(leaves: list[Any], computes: bool) -> list[Any]:
    """Arrays without axes in a class that keeps them arrays: beside a hull that is the hull's, else `exact.Scalar`."""
    hull = any(isinstance(leaf, Hull) for leaf in leaves)
    if computes and not any(isinstance(leaf, np.ndarray) and leaf.dtype == object for leaf in leaves):
        leaves = [lift(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]

    def view(leaf: Any) -> Any:
        without_axes = type(leaf) in (np.ndarray, exact.Scalar) and leaf.dtype == object and not leaf.ndim
        return leaf.view(np.ndarray if hull else exact.Scalar) if without_axes else leaf

    return [view(leaf) for leaf in leaves]


def _close(operator: Any, result: Any, dtype: Any, history: History) -> Any:
    """A result of our operators as PyTorch expects it: a tensor for an array."""
    if result is None or (isinstance(result, bool | int) and "Tensor" not in str(operator._schema.returns[0].type)):
        return result
    result = flint.arb(result) if isinstance(result, int) else result  # the sum of nothing
    array = exact.pack((), [result]) if type(result) in (flint.arb, flint.acb) else np.asanyarray(result)
    if array.dtype.kind in "fc":
        raise unavailable(f"{_name(operator)} came back as floats")
    return torch.from_numpy(np.array(array, copy=True)) if array.dtype != object else wrap(array, dtype, history)


def _write(operator: Any, args: Any, kwargs: Any) -> Any:
    _functional(operator)
    return written(_answer, partial(_store, operator), operator, args, kwargs)


def _reshaped(operator: Any, args: Any, kwargs: Any) -> Any:
    args[0].array = _answer(_functional(operator), args, kwargs).array  # its history stays the same
    return reshape(operator, args, kwargs)


def _functional(operator: Any) -> Any:
    found = functional(operator)
    if found is None:
        raise unavailable(f"PyTorch's {_name(operator)} has no exact form here")
    return found


def _store(operator: Any, target: Any, result: Any) -> None:
    if target.shape != result.shape:
        raise unavailable(f"{_name(operator)} changes the shape of a tensor in place")
    if is_exact(target):
        if target.history.apart:
            raise unavailable(f"{_name(operator)} writes into complex numbers or into their parts, which are a view")
        target.array[...] = lift(array_of(result))
        if is_exact(result):
            target.history.moves |= result.history.moves
            target.history.passes(result.history.through)
            target.history.passes(target.dtype if result.history.moves else None)
    elif not is_exact(result):
        target.copy_(result)
    elif target.is_floating_point():
        raise unavailable(f"{_name(operator)} writes into a tensor that was made outside of it")
    else:
        raise Undecidable("a comparison of balls that overlap is written into a tensor of booleans")


def _taken_apart(operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that our table lacks, by PyTorch's decomposition of it into others."""

    def run(decomposition: Any) -> Any:
        with _mode()():
            return decomposition(*args, **kwargs)

    result = taken_apart(run, operator)
    if result is NotImplemented:
        raise NoForm(str(unavailable(f"PyTorch's {_name(operator)} has no exact form here")))
    return result


class NoForm(Unavailable):
    """An operator for which there is no exact form."""


def _name(operator: Any) -> str:
    return f"{operator.namespace}.{operator.overloadpacket.__name__}"
