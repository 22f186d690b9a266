"""PyTorch code run on exact numbers: a mode that answers every operator, with balls for floats.

Below autograd PyTorch hands each operator to the mode. So a hand-written backward, a Python branch on a comparison, a
view written into, or a decomposition of PyTorch's own all run as they are, and only the arithmetic is ours. Nothing is
traced: a number that the code takes out of PyTorch, to NumPy or to Python, is seen when it does.
"""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.elementwise import PREDICATES
from backcheck_reference.frontends.torch_code.aten.shared import lift, number, unavailable
from backcheck_reference.frontends.torch_code.aten.table import CONVERTING, OF_NUMBERS, OPERATORS, PRIMITIVES
from backcheck_reference.frontends.torch_code.tensor import array_of, dtype_of, is_exact, wrap
from backcheck_reference.lazy import LazyModule, flint, torch
from backcheck_reference.numbers import exact
from backcheck_reference.numbers.balls import Hull, Undecidable

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")
_attention = LazyModule("torch.nn.attention", "torch")
_trees = LazyModule("torch.utils._pytree", "torch")
_decompositions = LazyModule("torch._decomp", "torch")

# arguments about memory and devices, which do not change the numbers
ABOUT_MEMORY = ("device", "layout", "memory_format", "pin_memory", "non_blocking", "generator", "requires_grad")


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
    leaves = _trees.tree_leaves((args, kwargs))
    if not any(is_exact(leaf) for leaf in leaves):
        result = operator(*args, **kwargs)
        floats = (isinstance(each, torch.Tensor) and each.is_floating_point() for each in _trees.tree_leaves(result))
        if operator._schema.is_mutable or not any(floats):
            return result
    if torch.Tag.nondeterministic_seeded in operator.tags:
        raise unavailable(f"it draws random numbers, other ones in each dtype ({_name(operator)})")
    if torch.Tag.inplace_view in operator.tags:
        return _reshaped(operator, args, kwargs)
    if operator._schema.is_mutable:
        return _write(operator, args, kwargs)
    form = _form_of(operator)
    return _taken_apart(operator, args, kwargs) if form is None else _evaluate(operator, form, args, kwargs)


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
    opened = _side_by_side([_open(leaf, computes) for leaf in leaves], computes)
    args, kwargs = _trees.tree_unflatten(opened, tree)
    with np.errstate(all="ignore"):
        result = form(*args, **kwargs)
    boolean = _gives_booleans(name, leaves)
    return _trees.tree_map(lambda each: _close(operator, each, boolean), result)


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


def _close(operator: Any, result: Any, boolean: bool) -> Any:
    """A result of our operators as PyTorch expects it: a tensor for an array."""
    if result is None or (isinstance(result, bool | int) and "Tensor" not in str(operator._schema.returns[0].type)):
        return result
    result = flint.arb(result) if isinstance(result, int) else result  # the sum of nothing
    array = exact.pack((), [result]) if type(result) is flint.arb else np.asanyarray(result)
    if array.dtype.kind == "f":
        raise unavailable(f"{_name(operator)} came back as floats")
    return torch.from_numpy(np.array(array, copy=True)) if array.dtype != object else wrap(array, boolean)


def _write(operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that writes into its tensors: the one that makes a new tensor is run, and its result written."""
    written = [each.name for each in operator._schema.arguments if each.alias_info and each.alias_info.is_write]
    targets = [kwargs[name] for name in written if name in kwargs] or [args[0]]
    rest = {name: value for name, value in kwargs.items() if name not in written}
    result = _answer(_functional(operator), args, rest)
    results = list(result) if isinstance(result, list | tuple) else [result]
    for target, each in zip(targets, results, strict=True):
        _store(operator, target, each)
    return targets[0] if len(targets) == 1 else tuple(targets)


def _reshaped(operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that changes the shape of a tensor itself, such as `squeeze_`."""
    args[0].array = _answer(_functional(operator), args, kwargs).array
    with torch._C._DisableTorchDispatch():
        operator(*args, **kwargs)
    return args[0]


def _functional(operator: Any) -> Any:
    name, overload = operator.overloadpacket.__name__, operator._overloadname
    packet = getattr(torch.ops.aten, name.removesuffix("_"), None)
    found = getattr(packet, overload.removesuffix("_out").removesuffix("out") or "default", None) if packet else None
    if found is None:
        raise unavailable(f"PyTorch's {_name(operator)} has no exact form here")
    return found


def _store(operator: Any, target: Any, result: Any) -> None:
    if target.shape != result.shape:
        raise unavailable(f"{_name(operator)} changes the shape of a tensor in place")
    if is_exact(target):
        target.array[...] = lift(array_of(result))
    elif not is_exact(result):
        target.copy_(result)
    elif target.is_floating_point():
        raise unavailable(f"{_name(operator)} writes into a tensor that was made outside of it")
    else:
        raise Undecidable("a comparison of balls that overlap is written into a tensor of booleans")


def _taken_apart(operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that our table lacks, by PyTorch's decomposition of it into others."""
    for take_apart in (_decompositions.decomposition_table.get(operator), operator.decompose):
        if take_apart is not None:
            with _mode()():
                result = take_apart(*args, **kwargs)
            if result is not NotImplemented:
                return result
    raise unavailable(f"PyTorch's {_name(operator)} has no exact form here")


def _name(operator: Any) -> str:
    return f"{operator.namespace}.{operator.overloadpacket.__name__}"
