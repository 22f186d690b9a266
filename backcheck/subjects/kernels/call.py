"""One call of an opaque kernel: what it answers, and what it did to memory that is not its own."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from math import nan
from typing import Any

from backcheck.containment import raised
from backcheck.errors import RuleError
from backcheck.subjects.kernels.allocations import watched
from backcheck.subjects.kernels.forms import Kernel, jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.kernels.memory import GuardedMemory, Rest, same_bits
from backcheck.time_limit import OutOfTime, calling
from backcheck_reference.lazy import torch

__all__ = ["Kernel", "KernelRun", "call", "jax_kernel", "pair_kernel", "torch_kernel"]


@dataclass(frozen=True, slots=True)
class KernelRun:
    """What one call gave, as tensors on the CPU. There is a gradient, or None, for every tensor that came in.

    damage   what was written outside of tensors, "writes 3 entries beyond the end of dx, of shape [5, 7]"
    written  the names of inputs and cotangents that were changed
    raised   "forward raises ValueError: ...", or nothing; what was had before that is kept
    """

    outputs: tuple[Any, ...] = ()
    gradients: tuple[Any | None, ...] = ()
    damage: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    raised: str = ""


def call(
    kernel: Kernel,
    tensors: Sequence[Any],
    cotangents: Sequence[Any | None] | None,
    config: Mapping[str, Any] | None = None,
    *,
    names: Sequence[str] = (),
    buffers: Sequence[Any] = (),
    fill: float | None = None,
    guarded: bool = True,
    rest: Rest = "nan",
) -> KernelRun:
    """The kernel's outputs and gradients at these tensors; the tensors stay as they are.

    Tensors and cotangents are given to it with their strides and on their device. Without cotangents there is no
    backward. `buffers` have the shapes and dtypes of what an `out=` kernel writes into.

    With `fill`, all that the kernel allocates is watched as well, and holds that number where its content is undefined.
    Code behind `torch.compile` then runs as if it were not compiled. `rest` is what lies around the tensors. All calls
    draw the same random numbers, as long as nobody draws any in between.
    """
    named = [*names, *(f"input {at}" for at in range(len(names), len(tensors)))]
    memory = GuardedMemory(guarded, rest)
    given = tuple(memory.hold(each, name) for each, name in zip(tensors, named, strict=True))
    filled = nan if fill is None else fill
    into = tuple(memory.hold(_like(each, given), name, filled) for name, each in _numbered("y", buffers))
    dys = tuple((name, None if dy is None else memory.hold(dy, name)) for name, dy in _numbered("dy", cotangents or ()))
    outputs: tuple[Any, ...] = ()
    grads: tuple[Any, ...] = ()
    kept: tuple[Any, ...] = ()
    said, doing = "", "forward"
    with _same_random_numbers(given), nullcontext() if fill is None else watched(memory, fill):
        try:
            with calling(doing):
                outputs, saved = kernel.forward(given, config or {}, into)
            kept = tuple(map(_taken, outputs))  # backward may write into them
            if cotangents is not None:
                doing = "backward"
                with calling(doing):
                    grads = kernel.backward(saved, tuple(dy for _, dy in dys))
        except OutOfTime:
            raise
        except RuleError as error:
            said = str(error)
        except (Exception, SystemExit) as error:
            said = f"{doing} {raised(error)}"
        results = [*_numbered("y", outputs), *((f"d{name}", grad) for name, grad in zip(named, grads, strict=False))]
        gradients = tuple(None if grad is None else _taken(grad) for grad in grads)
    before = [*zip(named, tensors, given, strict=True)]
    before += [(name, dy, own) for dy, (name, own) in zip(cotangents or (), dys, strict=True) if dy is not None]
    written = tuple(name for name, was, now in before if not same_bits(was.detach(), now))
    return KernelRun(kept, gradients or (None,) * len(tensors), memory.damage(results), written, said)


def _like(buffer: Any, tensors: Sequence[Any]) -> Any:
    """Memory for an output, on the device of the tensors: what came may be on none (`meta`)."""
    return torch.empty(buffer.shape, dtype=buffer.dtype, device=tensors[0].device if tensors else None)


def _numbered(name: str, tensors: Sequence[Any]) -> list[tuple[str, Any]]:
    """The tensors with their names: one of them alone has no number."""
    return [(name if len(tensors) == 1 else f"{name}[{at}]", each) for at, each in enumerate(tensors)]


def _taken(tensor: Any) -> Any:
    """A copy on the CPU that nothing of the kernel's can reach."""
    return tensor.detach().resolve_conj().to("cpu", copy=True)


@contextmanager
def _same_random_numbers(tensors: Sequence[Any]) -> Iterator[None]:
    """What is drawn within the block does not move the generators."""
    devices = sorted({each.device.index or 0 for each in tensors if each.is_cuda})
    with torch.random.fork_rng(devices):
        yield
