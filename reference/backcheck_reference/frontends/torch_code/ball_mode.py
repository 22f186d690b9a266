"""PyTorch code run on balls of float64: a mode that answers every operator below autograd.

What moves numbers runs as it is, on middles and on radii; what computes has a form in `ball_operators`; all else is
taken apart by PyTorch's own decompositions.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from backcheck_reference.frontends.torch_code.ball_decompositions import DECOMPOSITIONS
from backcheck_reference.frontends.torch_code.ball_operators import operators, run_form
from backcheck_reference.frontends.torch_code.ball_results import (
    cast,
    closed,
    dtype_of_result,
    equal_to_its_largest,
    is_complex,
    made_like,
    name_of,
    opened,
    taken_out,
)
from backcheck_reference.frontends.torch_code.ball_tensor import Origin, ball_of, is_ball_tensor, view_of, wrap, write
from backcheck_reference.frontends.torch_code.dispatch import functional, reshape, taken_apart, written
from backcheck_reference.lazy import LazyModule, Unavailable, torch
from backcheck_reference.numbers.tensor_balls import structure
from backcheck_reference.numbers.tensor_balls.rounding import Ball, Rounding
from backcheck_reference.numbers.tensor_balls.sums import axes_of

_dispatch = LazyModule("torch.utils._python_dispatch", "torch")
_attention = LazyModule("torch.nn.attention", "torch")
_trees = LazyModule("torch.utils._pytree", "torch")

ABOUT_DEVICES = ("device", "layout", "pin_memory", "non_blocking", "generator", "requires_grad")
ABOUT_MEMORY = (*ABOUT_DEVICES, "memory_format")
# made like a tensor, of whose numbers they take none
LIKE = (
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "new_zeros",
    "new_ones",
    "new_empty",
    "new_full",
    "new_empty_strided",
    "empty_strided",
)
MAKE_COMPLEX = ("complex", "polar", "view_as_complex")  # of real numbers
LARGEST = {"amax": "amax", "amin": "amin", "max": "amax", "min": "amin"}
CASTS = ("_to_copy", "to_dense", "convert_element_type", "_conj_physical", "resolve_conj", "resolve_neg")


@contextmanager
def running(rounding: Rounding) -> Iterator[None]:
    """A block in which PyTorch computes with balls. Attention goes by its formula: no kernel knows them."""
    with _attention.sdpa_kernel(_attention.SDPBackend.MATH), _mode()(rounding):
        yield


@functools.cache
def _mode() -> Any:
    class BallMode(_dispatch.TorchDispatchMode):  # type: ignore[misc, name-defined]  # known on first use only
        def __init__(self, rounding: Rounding) -> None:
            super().__init__()
            self.rounding = rounding

        def __torch_dispatch__(self, operator: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return answer(self.rounding, operator, args, kwargs or {})

    return BallMode


def answer(rounding: Rounding, operator: Any, args: Any, kwargs: Any) -> Any:
    leaves = _trees.tree_leaves((args, kwargs))
    given = [leaf for leaf in leaves if isinstance(leaf, torch.Tensor)]
    name = operator.overloadpacket.__name__
    if name in MAKE_COMPLEX or any(is_complex(leaf) for leaf in leaves):
        who = "the function" if name in LIKE else name_of(operator)
        raise Unavailable(f"{who} computes with complex numbers")
    balls = [leaf for leaf in given if is_ball_tensor(leaf)]
    if torch.Tag.nondeterministic_seeded in operator.tags:
        raise Unavailable(f"{name_of(operator)} draws random numbers")
    if not balls and not any(leaf.is_floating_point() for leaf in given):
        return _of_integers(operator, args, kwargs)
    if is_composite(operator):
        return _taken_apart(rounding, operator, args, kwargs)
    if torch.Tag.inplace_view in operator.tags:
        return _reshaped(operator, args, kwargs)
    if operator._schema.is_mutable:
        return _written(rounding, operator, args, kwargs)
    if operator.is_view or operator.overloadpacket.__name__ in ("lift_fresh", "alias"):
        return _viewed(operator, args, kwargs)
    return _computed(rounding, operator, args, kwargs, leaves)


@functools.cache
def is_composite(operator: Any) -> bool:
    """A view that is itself made of operators, as `to` and `reshape` are: PyTorch hands on some as they are."""
    kernel = torch._C._dispatch_has_kernel_for_dispatch_key
    return bool(operator.is_view and kernel(operator.name(), "CompositeImplicitAutograd"))


def _of_integers(operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that is given no floats. Floats that it makes are constants, computed in float64.

    `to` has its dtype by position: the count of a mean loss, 257 in bfloat16, would be 256.
    """
    asked = next((each for each in (*args, *kwargs.values()) if isinstance(each, torch.dtype)), None)
    if asked is not None and asked.is_floating_point:
        args = tuple(torch.float64 if each is asked else each for each in args)
        kwargs = {name: torch.float64 if each is asked else each for name, each in kwargs.items()}
    result = operator(*args, **kwargs)
    if operator._schema.is_mutable:
        return result

    def constant(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor) or not leaf.is_floating_point():
            return leaf
        return wrap(Ball(leaf.double(), None, 0), asked or torch.get_default_dtype())

    return _trees.tree_map(constant, result)


def _viewed(operator: Any, args: Any, kwargs: Any) -> Any:
    source = args[0]
    if not is_ball_tensor(source):
        source = wrap(ball_of(source), source.dtype)
    if any(isinstance(leaf, torch.dtype) for leaf in args[1:]):
        raise Unavailable(f"{name_of(operator)} reads the bits of numbers")
    result = operator(source.mid, *args[1:], **kwargs)
    return _trees.tree_map(lambda mid: view_of(source, mid), result)


def _reshaped(operator: Any, args: Any, kwargs: Any) -> Any:
    args[0].mid = _viewed(_functional(operator), args, kwargs).mid
    return reshape(operator, args, kwargs)


def _written(rounding: Rounding, operator: Any, args: Any, kwargs: Any) -> Any:
    _functional(operator)
    run, store = partial(answer, rounding), partial(_store, operator)
    return written(run, store, operator, args, kwargs)


def _functional(operator: Any) -> Any:
    found = functional(operator)
    if found is None:
        raise Unavailable(f"{name_of(operator)} writes in a way that is not followed")
    return found


def _store(operator: Any, target: Any, result: Any) -> None:
    if target.shape != result.shape:
        raise Unavailable(f"{name_of(operator)} changes the shape of a tensor in place")
    if is_ball_tensor(target):
        write(target, ball_of(result) if target.is_floating_point() else _as_choice(result))
    elif is_ball_tensor(result):
        raise Unavailable(f"{name_of(operator)} writes into a tensor that was made outside of it")
    else:
        target.copy_(result)


def _as_choice(result: Any) -> Ball:
    return ball_of(result) if is_ball_tensor(result) else Ball(result)


def _computed(rounding: Rounding, operator: Any, args: Any, kwargs: Any, leaves: list[Any]) -> Any:
    name = operator.overloadpacket.__name__
    dtype = dtype_of_result(name, leaves)
    if name == "_local_scalar_dense":
        return taken_out(ball_of(args[0]))
    if name in LIKE:
        return made_like(operator, args, kwargs, dtype)
    if name in CASTS:
        memory_format = kwargs.get("memory_format") or torch.preserve_format
        return cast(rounding, ball_of(args[0]), kwargs.get("dtype") or dtype, memory_format)
    if name in ("eq", "ne"):
        found = equal_to_its_largest(rounding, name, *args)
        if found is not None:
            return found
    form = form_of(operator)
    if form is None and name not in structure.MOVING and name not in structure.ADDING:
        return _taken_apart(rounding, operator, args, kwargs)
    unused = ABOUT_MEMORY if form is not None else ABOUT_DEVICES
    kept = {key: value for key, value in kwargs.items() if key not in unused}
    given = _trees.tree_map(opened, (args, kept))
    if form is not None:
        result = run_form(form, name, rounding, *given)
    else:
        adds = name in structure.ADDING or (name.endswith("index_put") and any(arg is True for arg in args[3:4]))
        result = (structure.summed if adds else structure.moved)(rounding, operator, *given)
    handed = _trees.tree_map(lambda leaf: closed(leaf, dtype), result, is_leaf=structure.is_ball)
    if name in LARGEST and operator._overloadname != "dim" and is_ball_tensor(args[0]):
        source = args[0].mid
        axes = axes_of(source, args[1] if len(args) > 1 else kwargs.get("dim", ()))
        handed.memory.origin = Origin(source, LARGEST[name], tuple(axes), source._version)
    return handed


def form_of(operator: Any) -> Any:
    name = operator.overloadpacket.__name__
    if operator.namespace not in ("aten", "prims"):
        return None
    return operators().get(f"{name}.{operator._overloadname}", operators().get(name))


def _taken_apart(rounding: Rounding, operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator without a form, by PyTorch's decomposition of it into others."""

    def run(decomposition: Any) -> Any:
        with _mode()(rounding):
            return decomposition(*args, **kwargs)

    result = taken_apart(run, operator, DECOMPOSITIONS.get(operator.overloadpacket.__name__))
    if result is NotImplemented:
        raise Unavailable(f"{name_of(operator)} has no form on balls")
    return result
