"""A function without its hand-written backward: PyTorch's own autograd through the code of each forward.

Inside the forward of a `torch.autograd.Function` autograd is off, so `detach()` and `no_grad()` mean nothing there.
Here they are passed over, and autograd follows the code. Where numbers leave PyTorch it cannot follow, and says so.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from backcheck_reference.frontends.torch_code.callable import as_callable, has_own_context, named
from backcheck_reference.lazy import LazyModule, Unavailable, torch

_overrides = LazyModule("torch.overrides", "torch")


def without_custom_backward(function: Any) -> Callable[..., Any]:
    """The same callable, differentiated by PyTorch itself: an oracle for what a hand-written backward should be.

    Takes a function, a `torch.autograd.Function` class or its `apply`, or an `nn.Module`. Raises Unavailable, with the
    reason, when called where autograd cannot follow a forward.
    """

    def call(*tensors: Any, **config: Any) -> Any:
        with _every_function_plain():
            return as_callable(function)(*tensors, **config)

    return named(call, function)


@contextmanager
def _every_function_plain() -> Iterator[None]:
    """Every `apply` in this block runs the forward alone, also one that was taken from its class before.

    `Function.apply` calls the `apply` of the class above it, and there it is replaced: code that says
    `relu = ReLU.apply` at its top would not see another `Function.apply`.
    """
    single = torch.autograd.Function.__mro__[1]
    before = vars(single).get("apply")
    single.apply = classmethod(_apply)
    try:
        yield
    finally:
        if before is None:
            del single.apply
        else:
            single.apply = before


class Context:
    """Stands in for the `ctx` of a forward. Only what changes the outputs has an effect."""

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self.saved_tensors: tuple[Any, ...] = ()
        self.fixed: tuple[Any, ...] = ()

    def save_for_backward(self, *tensors: Any) -> None:
        self.saved_tensors = tensors

    def save_for_forward(self, *_: Any) -> None:
        pass

    mark_dirty = set_materialize_grads = save_for_forward

    def mark_non_differentiable(self, *tensors: Any) -> None:
        self.fixed = tensors


def _apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
    context = Context(tuple(_moves(arg) for arg in args))
    own_context = has_own_context(cls)
    try:
        with torch.enable_grad(), _following(cls.__name__):
            result = cls.forward(*args, **kwargs) if own_context else cls.forward(context, *args, **kwargs)
    except Unavailable:
        raise
    except RuntimeError as error:
        first = (str(error).splitlines() or [""])[0]
        raise Unavailable(f"PyTorch's own autograd cannot follow the forward of {cls.__name__}: {first}") from error
    if own_context:
        with torch.no_grad():
            cls.setup_context(context, args, result)
    outputs = tuple(result) if isinstance(result, tuple | list) else (result,)
    ended = [each.detach() if any(each is fixed for fixed in context.fixed) else each for each in outputs]
    _require_followed(cls, context, outputs)
    return type(result)(ended) if isinstance(result, tuple | list) else ended[0]


def _moves(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


def _require_followed(cls: Any, context: Context, outputs: tuple[Any, ...]) -> None:
    for each in outputs:
        floats = isinstance(each, torch.Tensor) and each.is_floating_point()
        fixed = any(each is other for other in context.fixed)
        if floats and not fixed and any(context.needs_input_grad) and not each.requires_grad:
            raise Unavailable(f"PyTorch's own autograd cannot follow the forward of {cls.__name__}: it lost its inputs")


def _following(name: str) -> Any:
    """The block of a forward, in which nothing switches autograd off, and a number that leaves PyTorch is an error."""
    tensor = torch.Tensor
    leaving = (tensor.numpy, tensor.item, tensor.tolist, tensor.__array__, tensor.__float__, tensor.__int__)

    class Following(_overrides.TorchFunctionMode):  # type: ignore[misc, name-defined]  # known on first use only
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function is torch._C._set_grad_enabled:
                return None
            if function in (torch.Tensor.detach, torch.Tensor.data.__get__):
                return args[0].view_as(args[0])
            if function in leaving and _moves(args[0]):
                what = function.__name__
                raise Unavailable(f"PyTorch's own autograd cannot follow the forward of {name}: it takes {what}()")
            return function(*args, **(kwargs or {}))

    return Following()
