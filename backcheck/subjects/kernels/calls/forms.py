"""What a kernel may be handed in as, each brought to one form: `forward` and `backward` of tensors.

    torch_kernel(function)            a callable of tensors, a `torch.autograd.Function` class or its `apply`
    pair_kernel(forward, backward)    functions of NumPy arrays, as `check_vjp` takes them
    jax_kernel(function)              a callable of JAX arrays

Tensors come in with their layout and on their device. NumPy's functions see the same memory, JAX's a copy. `wrt` has
the positions of the tensors that gradients are asked by; without it all of floating-point numbers.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from backcheck.errors import RuleError
from backcheck.subjects.kernels.calls.arrays import as_array, as_tensor
from backcheck.subjects.pairs.outputs import each_of
from backcheck.subjects.pairs.pair import split
from backcheck.subjects.pairs.source_text import name_of
from backcheck_reference.frontends.torch_code.callable import as_callable
from backcheck_reference.lazy import jax, jnp, torch

Function = Callable[..., Any]
Tensors = tuple[Any, ...]
Wrt = tuple[int, ...] | None


class Kernel(Protocol):
    """`buffers` are tensors for a kernel to write its outputs into; most take none."""

    def forward(self, tensors: Tensors, config: Mapping[str, Any], buffers: Tensors) -> tuple[Tensors, Any]: ...

    def backward(self, saved: Any, cotangents: Tensors) -> Tensors: ...


@dataclass(frozen=True, slots=True)
class TorchKernel:
    """`out` is the keyword by which the function is given its buffers: one tensor, or a tuple of them."""

    function: Function
    wrt: Wrt = None
    out: str | None = None

    def forward(self, tensors: Tensors, config: Mapping[str, Any], buffers: Tensors) -> tuple[Tensors, Any]:
        leaves = {at: tensors[at].detach().requires_grad_() for at in _wanted(tensors, self.wrt)}
        # a kernel may write into what it is given, but PyTorch forbids that for leaves
        alias = _alias()
        given = [alias(leaves[at]) if at in leaves else each for at, each in enumerate(tensors)]
        into = {} if self.out is None else {self.out: buffers[0] if len(buffers) == 1 else buffers}
        with torch.enable_grad():
            result = as_callable(self.function)(*given, **config, **into)
        outputs = buffers if self.out is not None else tuple(each_of(result))
        for each in outputs:
            if not isinstance(each, torch.Tensor):
                raise RuleError(f"{name_of(self.function)} must return tensors; it returned {type(each).__name__}")
        return outputs, (outputs, leaves, len(tensors))

    def backward(self, saved: Any, cotangents: Tensors) -> Tensors:
        outputs, leaves, count = saved
        pairs = [(y, dy) for y, dy in zip(outputs, cotangents, strict=True) if y.requires_grad and dy is not None]
        if not pairs or not leaves:
            return tuple(None for _ in range(count))
        ys, dys = zip(*pairs, strict=True)
        found = dict(zip(leaves, torch.autograd.grad(ys, list(leaves.values()), dys, allow_unused=True), strict=True))
        return tuple(found.get(at) for at in range(count))


@dataclass(frozen=True, slots=True)
class PairKernel:
    """Without `forward_of` there is a backward only: `backward_of(*arrays, *cotangents)`."""

    forward_of: Function | None
    backward_of: Function | None
    wrt: Wrt = None

    def forward(self, tensors: Tensors, config: Mapping[str, Any], buffers: Tensors) -> tuple[Tensors, Any]:
        arrays = tuple(map(as_array, tensors))
        wanted = _wanted(tensors, self.wrt)
        if self.forward_of is None:
            return (), (arrays, config, None, tuple, wanted)
        y, kept = (
            split(self.forward_of, self.forward_of(*arrays, **config))
            if self.backward_of is not None
            else (self.forward_of(*arrays, **config), None)
        )
        form = tuple if isinstance(y, tuple | list) else None
        return tuple(map(as_tensor, each_of(y))), (arrays, config, kept, form, wanted)

    def backward(self, saved: Any, cotangents: Tensors) -> Tensors:
        arrays, config, kept, form, wanted = saved
        if self.backward_of is None:
            return (None,) * len(arrays)
        dys = tuple(None if dy is None else as_array(dy) for dy in cotangents)
        if self.forward_of is None:
            result = self.backward_of(*arrays, *dys, **config)
        else:
            result = self.backward_of(kept, dys if form else dys[0])
        grads = [None if grad is None else as_tensor(grad) for grad in each_of(result)]
        if len(grads) == len(arrays):
            return tuple(grads)
        if len(grads) != len(wanted):
            raise RuleError(f"backward returns {len(grads)} gradients, and forward takes {len(arrays)} arrays")
        found = dict(zip(wanted, grads, strict=True))
        return tuple(found.get(at) for at in range(len(arrays)))


@dataclass(frozen=True, slots=True)
class JaxKernel:
    function: Function
    wrt: Wrt = None

    def forward(self, tensors: Tensors, config: Mapping[str, Any], buffers: Tensors) -> tuple[Tensors, Any]:
        wanted = _wanted(tensors, self.wrt)
        arrays = [np.array(as_array(tensor), copy=True) for tensor in tensors]
        wide = any(array.dtype.itemsize == 8 for array in arrays)
        with jax.enable_x64(wide):
            # an integer without axes is a plain number, good for `range` too
            known = [a.item() if a.ndim == 0 and a.dtype.kind in "iub" else jnp.asarray(a) for a in arrays]

            def outputs(*moved: Any) -> list[Any]:
                now = dict(zip(wanted, moved, strict=True))
                result = self.function(*(now.get(at, each) for at, each in enumerate(known)), **config)
                leaves: list[Any] = jax.tree_util.tree_leaves(result)
                return leaves

            values, pull = jax.vjp(outputs, *(known[at] for at in wanted))
        return tuple(map(as_tensor, values)), (values, pull, wanted, len(tensors), wide)

    def backward(self, saved: Any, cotangents: Tensors) -> Tensors:
        values, pull, wanted, count, wide = saved
        with jax.enable_x64(wide):
            dys = [_jax_cotangent(dy, value) for dy, value in zip(cotangents, values, strict=True)]
            found = dict(zip(wanted, pull(dys), strict=True))
        return tuple(as_tensor(found[at]) if at in found else None for at in range(count))


def torch_kernel(function: Function, *, wrt: Wrt = None, out: str | None = None) -> Kernel:
    """A callable of tensors that returns one tensor or several, differentiated by PyTorch.

    `out` is the keyword of a function that writes into tensors it is given, and is not differentiated.
    """
    return TorchKernel(function, () if out is not None else wrt, out)


def pair_kernel(forward: Function | None, backward: Function | None, *, wrt: Wrt = None) -> Kernel:
    """Functions of NumPy arrays: `forward(*arrays, **config)` returns (y, saved) and `backward(saved, dy)` gradients.

    There is one for each array, or for each of `wrt`. Without a backward, forward returns y; without a forward,
    backward is given the arrays, the cotangents and the options.
    """
    return PairKernel(forward, backward, wrt)


def jax_kernel(function: Function, *, wrt: Wrt = None) -> Kernel:
    """A callable of JAX arrays, differentiated by `jax.vjp`."""
    jax.load()
    return JaxKernel(function, wrt)


def _wanted(tensors: Tensors, wrt: Wrt) -> tuple[int, ...]:
    positions = range(len(tensors)) if wrt is None else wrt
    return tuple(at for at in positions if tensors[at].is_floating_point())


def _jax_cotangent(dy: Any, value: Any) -> Any:
    if not jnp.issubdtype(value.dtype, jnp.floating):
        return np.zeros(value.shape, jax.dtypes.float0)
    return jnp.zeros_like(value) if dy is None else jnp.asarray(np.array(as_array(dy), copy=True))


@functools.cache
def _alias() -> Function:
    """The same memory as a tensor that is no leaf and no view."""

    class SameMemory(torch.autograd.Function):  # type: ignore[misc, name-defined]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.new_empty(0).set_(x.detach())

        @staticmethod
        def backward(ctx: Any, dy: Any) -> Any:
            return dy

    apply: Function = SameMemory.apply
    return apply
