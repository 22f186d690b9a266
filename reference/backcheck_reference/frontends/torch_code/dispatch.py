"""What both modes below autograd do with an operator that writes, and with one that PyTorch takes apart itself."""

from collections.abc import Callable
from typing import Any

from backcheck_reference.lazy import LazyModule, torch

_decompositions = LazyModule("torch._decomp", "torch")

Answer = Callable[[Any, Any, Any], Any]  # of an operator, its arguments and its keywords


def functional(operator: Any) -> Any:
    """The operator without its underscore, which makes a new tensor; None where there is none."""
    name, overload = operator.overloadpacket.__name__, operator._overloadname
    packet = getattr(torch.ops.aten, name.removesuffix("_"), None)
    found = getattr(packet, overload.removesuffix("_out").removesuffix("out") or "default", None) if packet else None
    if found is None and packet and torch.Tag.inplace_view in operator.tags:
        found = getattr(packet, "int", None)  # `transpose_` has one form, `transpose` two
    return found


def written(answer: Answer, store: Callable[[Any, Any], None], operator: Any, args: Any, kwargs: Any) -> Any:
    """An operator that writes into its tensors: the one that makes new ones is run, and its results are stored."""
    names = [each.name for each in operator._schema.arguments if each.alias_info and each.alias_info.is_write]
    targets = [kwargs[name] for name in names if name in kwargs] or [args[0]]
    rest = {name: value for name, value in kwargs.items() if name not in names}
    result = answer(functional(operator), args, rest)
    results = list(result) if isinstance(result, list | tuple) else [result]
    for target, each in zip(targets, results, strict=True):
        store(target, each)
    return targets[0] if len(targets) == 1 else tuple(targets)


def reshape(operator: Any, args: Any, kwargs: Any) -> Any:
    """Let an operator such as `squeeze_` change the shape that a tensor shows; its numbers have it already."""
    with torch._C._DisableTorchDispatch():
        operator(*args, **kwargs)
    return args[0]


def taken_apart(run: Callable[[Any], Any], operator: Any, *own: Any) -> Any:
    """The result by the first decomposition that knows the operator, by PyTorch's after ours; else NotImplemented."""
    for decomposition in (*own, _decompositions.decomposition_table.get(operator), operator.decompose):
        result = NotImplemented if decomposition is None else run(decomposition)
        if result is not NotImplemented:
            return result
    return NotImplemented
