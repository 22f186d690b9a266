"""One call of an opaque kernel: what it answers, and what it did to memory that is not its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Any

from backcheck.containment import raised
from backcheck.errors import RuleError
from backcheck.subjects.kernels.calls.allocations import watched
from backcheck.subjects.kernels.calls.forms import Kernel, jax_kernel, pair_kernel, torch_kernel
from backcheck.subjects.kernels.calls.layouts import CONTIGUOUS, formal
from backcheck.subjects.kernels.calls.memory import GuardedMemory, Rest, same_bits
from backcheck.time_limit import OutOfTime, calling
from backcheck_reference.lazy import torch

__all__ = ["Kernel", "KernelRun", "call", "jax_kernel", "pair_kernel", "torch_kernel"]

Dys = Sequence[Any | None]
Cotangents = Dys | Callable[[tuple[Any, ...]], Dys] | None


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
    cotangents: Cotangents,
    config: Mapping[str, Any] | None = None,
    *,
    names: Sequence[str] = (),
    buffers: Sequence[Any] = (),
    fill: float | None = None,
    guarded: bool = True,
    rest: Rest = "nan",
    layouts: Sequence[str] = (),
    full: bool = True,
) -> KernelRun:
    """The kernel's outputs and gradients at these tensors; the tensors stay as they are.

    Tensors and cotangents are given to it with their strides and on their device. Without cotangents there is no
    backward; a function of the outputs may make them, and what it raises goes through. `buffers` have the shapes and
    dtypes of what an `out=` kernel writes into.

    With `fill`, all that the kernel allocates is watched as well, and holds that number where its content is undefined;
    without `full`, that alone.
    Code behind `torch.compile` then runs as if it were not compiled. `rest` is what lies around the tensors. All calls
    draw the same random numbers, as long as nobody draws any in between. With `layouts`, one for each tensor and then
    for each cotangent, all but the contiguous ones are brought into theirs.
    """
    named = [*names, *(f"input {at}" for at in range(len(names), len(tensors)))]
    memory = GuardedMemory(guarded, rest)
    before: list[tuple[str, Any, Any]] = []

    def held(name: str, tensor: Any, layout: str = CONTIGUOUS) -> Any:
        like = None if layout == CONTIGUOUS else formal(tensor, layout)
        own = memory.hold(tensor, name, like=like)
        before.append((name, tensor.detach() if like is None else own.clone(), own))
        return own

    laid = [*layouts[: len(named)]] or [CONTIGUOUS] * len(named)
    given = tuple(map(held, named, tensors, laid))
    filled = nan if fill is None else fill
    into = tuple(memory.hold(_like(each, given), name, filled) for name, each in numbered("y", buffers))

    def weigh(dys: Dys) -> tuple[Any | None, ...]:
        laid = [*layouts[len(named) :]] or [CONTIGUOUS] * len(dys)
        each = zip(numbered("dy", dys), laid, strict=True)
        return tuple(None if dy is None else held(name, dy, layout) for (name, dy), layout in each)

    known = None if cotangents is None or callable(cotangents) else weigh(cotangents)
    later = (lambda outputs: weigh(cotangents(outputs))) if callable(cotangents) else None
    with _same_random_numbers(given):
        answer = _answer(kernel, given, config or {}, into, known, later, partial(_watch, memory, fill, full))
    grads = [(f"d{name}", grad) for name, grad in zip(named, answer.owned_gradients, strict=False)]
    return KernelRun(
        answer.outputs,
        answer.gradients or (None,) * len(tensors),
        memory.damage([*numbered("y", answer.owned_outputs), *grads]),
        tuple(name for name, was, now in before if not same_bits(was, now)),
        answer.raised,
    )


def effects_of(run: KernelRun) -> tuple[str, ...]:
    """What one call did to memory that is not its own, in words."""
    return (*run.damage, *(f"changes {name}, which it is given" for name in run.written))


def same_answers(run: KernelRun, other: KernelRun) -> bool:
    """Are all answers of two calls equal to the bit?"""
    if len(run.outputs) != len(other.outputs):
        return False
    answers = zip((*run.outputs, *run.gradients), (*other.outputs, *other.gradients), strict=True)
    return all(_same_answer(a, b) for a, b in answers)


def _same_answer(a: Any | None, b: Any | None) -> bool:
    if a is None or b is None:
        return a is b
    return a.shape == b.shape and a.dtype == b.dtype and same_bits(a, b)


@dataclass(slots=True)
class _Answer:
    """What a kernel returned, `owned` by it, and copies of that."""

    owned_outputs: tuple[Any, ...] = ()
    owned_gradients: tuple[Any | None, ...] = ()
    outputs: tuple[Any, ...] = ()
    gradients: tuple[Any | None, ...] = ()
    raised: str = ""


def _answer(
    kernel: Kernel,
    given: tuple[Any, ...],
    config: Mapping[str, Any],
    into: tuple[Any, ...],
    dys: tuple[Any | None, ...] | None,
    later: Callable[[tuple[Any, ...]], tuple[Any | None, ...]] | None,
    watch: Callable[[], AbstractContextManager[None]],
) -> _Answer:
    answer, saved = _Answer(), None
    with _asked(answer, "forward"):
        with watch():
            answer.owned_outputs, saved = kernel.forward(given, config, into)
        answer.outputs = _taken(answer.owned_outputs)  # backward may write into them
    if answer.raised or (dys is None and later is None):
        return answer
    cotangents = dys if later is None else later(answer.outputs)
    with _asked(answer, "backward"):
        with watch():
            answer.owned_gradients = kernel.backward(saved, cotangents or ())
        answer.gradients = _taken(answer.owned_gradients)
    return answer


@contextmanager
def _asked(answer: _Answer, doing: str) -> Iterator[None]:
    """A block that runs the kernel's code: what it raises is part of the answer."""
    try:
        with calling(doing):
            yield
    except OutOfTime:
        raise
    except RuleError as error:
        answer.raised = str(error)
    except (Exception, SystemExit) as error:
        answer.raised = f"{doing} {raised(error)}"


def _watch(memory: GuardedMemory, fill: float | None, full: bool) -> AbstractContextManager[None]:
    return nullcontext() if fill is None else watched(memory, fill, full)


def _like(buffer: Any, tensors: Sequence[Any]) -> Any:
    """Memory for an output, on the device of the tensors: what came may be on none (`meta`)."""
    return torch.empty(buffer.shape, dtype=buffer.dtype, device=tensors[0].device if tensors else None)


def numbered(name: str, tensors: Sequence[Any]) -> list[tuple[str, Any]]:
    """The tensors with their names: one of them alone has no number."""
    return [(name if len(tensors) == 1 else f"{name}[{at}]", each) for at, each in enumerate(tensors)]


def _taken(tensors: Sequence[Any | None]) -> tuple[Any | None, ...]:
    """Copies on the CPU that nothing of the kernel's can reach. What went wrong on a device is raised here."""
    for device in {each.device for each in tensors if each is not None and each.device.type != "cpu"}:
        torch.accelerator.synchronize(device)
    return tuple(None if each is None else each.detach().resolve_conj().to("cpu", copy=True) for each in tensors)


@contextmanager
def _same_random_numbers(tensors: Sequence[Any]) -> Iterator[None]:
    """What is drawn within the block does not move the generators."""
    devices = {each.device for each in tensors if each.device.type != "cpu"}
    kind = next((each.type for each in devices), "cuda")
    with torch.random.fork_rng([each.index for each in devices], device_type=kind):
        yield
