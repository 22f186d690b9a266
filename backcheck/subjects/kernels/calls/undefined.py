"""Entries of an answer that depend on memory which holds nothing of the caller's.

The same call in other surroundings: fresh memory is filled with NaN and then with a large number, and what lies around
the tensors is NaN and then an ordinary number. An answer that is a function of its inputs is the same in all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

from backcheck.subjects.kernels.calls.call import Kernel, KernelRun, call, effects_of, numbered
from backcheck.subjects.kernels.calls.determinism import RunSpread
from backcheck.subjects.kernels.calls.memory import Rest

LARGE = 1e30  # or the largest number of a narrower dtype


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a kernel does to memory, and which entries of what it answers depend on memory that is not its own.

    `findings` has one line each, with the name of the tensor: what it writes outside, which inputs it changes, and what
    it reads. `raised` is what it says in one of the surroundings and not in ordinary memory.
    """

    findings: tuple[str, ...]
    raised: str = ""


def surroundings(
    kernel: Kernel,
    tensors: Sequence[Any],
    cotangents: Sequence[Any | None] | None,
    config: Mapping[str, Any] | None = None,
    *,
    names: Sequence[str] = (),
    buffers: Sequence[Any] = (),
    known: RunSpread | None = None,
) -> Surroundings:
    """Three calls in watched memory. What `known` says a kernel varies by, from call to call, is no finding."""

    def ask(fill: float, rest: Rest) -> KernelRun:
        return call(kernel, tensors, cotangents, config, names=names, buffers=buffers, fill=fill, rest=rest)

    one, filled, around = ask(nan, "nan"), ask(LARGE, "nan"), ask(nan, "number")
    raised = one.raised or filled.raised or around.raised
    found = dict.fromkeys((*one.damage, *filled.damage, *around.damage))
    found |= dict.fromkeys((*effects_of(one), *effects_of(filled), *effects_of(around)))
    if not raised:
        varies = _varies(known, one)
        for other, what in ((filled, "memory that was never written"), (around, "memory outside of the tensors")):
            found |= dict.fromkeys(_dependent(one, other, varies, _names(one, names), what))
    return Surroundings(tuple(found), raised)


def _dependent(
    one: KernelRun, other: KernelRun, varies: Sequence[bool], names: Sequence[str], what: str
) -> Iterator[str]:
    pairs = zip((*one.outputs, *one.gradients), (*other.outputs, *other.gradients), varies, names, strict=True)
    for a, b, vary, name in pairs:
        if a is None or b is None or a.shape != b.shape:
            continue
        differ = a.isnan() != b.isnan() if vary else ~((a == b) | (a.isnan() & b.isnan()))
        if places := differ.nonzero().tolist():
            verb = "depends" if len(places) == 1 else "depend"
            which = f"{len(places)} of {a.numel()} entries of {name} {verb} on {what}, {places[0]} first"
            yield which if a.dim() else f"{name} depends on {what}"


def _varies(known: RunSpread | None, run: KernelRun) -> list[bool]:
    """Which tensors differ from call to call: of these only an entry that is NaN in one surrounding counts."""
    spreads = () if known is None else (*known.outputs, *known.gradients)
    count = len(run.outputs) + len(run.gradients)
    if len(spreads) != count:
        return [False] * count
    return [each is not None and bool(each.any()) for each in spreads]


def _names(run: KernelRun, names: Sequence[str]) -> list[str]:
    rest = (f"input {at}" for at in range(len(names), len(run.gradients)))
    return [*(name for name, _ in numbered("y", run.outputs)), *(f"d{name}" for name in (*names, *rest))]
