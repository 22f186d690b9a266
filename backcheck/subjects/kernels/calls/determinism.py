"""The same call several times: what a kernel with atomic additions answers differs, and by how much."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backcheck.subjects.kernels.calls.call import Kernel, KernelRun, call
from backcheck_reference.lazy import torch

TIMES = 5


@dataclass(frozen=True, slots=True)
class RunSpread:
    """How far apart several runs are, for each entry: the largest answer minus the smallest, in float64.

    Where only some of the runs give NaN it is infinite. `first` is the first of the runs; one that raises, or gives
    other shapes than the first, ends them, and `broken` says so.
    """

    first: KernelRun
    outputs: tuple[Any, ...]
    gradients: tuple[Any | None, ...]
    runs: int
    broken: str = ""

    @property
    def deterministic(self) -> bool:
        spreads = (*self.outputs, *self.gradients)
        return not self.broken and all(each is None or not bool(each.any()) for each in spreads)


def spread(
    kernel: Kernel,
    tensors: Sequence[Any],
    cotangents: Sequence[Any | None] | None,
    config: Mapping[str, Any] | None = None,
    *,
    times: int = TIMES,
    buffers: Sequence[Any] = (),
    first: KernelRun | None = None,
) -> RunSpread:
    """What `times` calls at the same tensors give, with the same random numbers each; `first` may be one of them."""
    first = first or call(kernel, tensors, cotangents, config, buffers=buffers)
    lows, highs = _numbers(first), _numbers(first)
    done, broken = 1, first.raised
    while done < times and not broken:
        run = call(kernel, tensors, cotangents, config, buffers=buffers)
        done += 1
        broken = run.raised or _other_form(first, run)
        if not broken:
            now = _numbers(run)
            lows = [_each(torch.minimum, low, x) for low, x in zip(lows, now, strict=True)]
            highs = [_each(torch.maximum, high, x) for high, x in zip(highs, now, strict=True)]
    spreads = tuple(_apart(low, high, x) for low, high, x in zip(lows, highs, _numbers(first), strict=True))
    count = len(first.outputs)
    return RunSpread(first, spreads[:count], spreads[count:], done, broken)


def _numbers(run: KernelRun) -> list[Any | None]:
    return [None if each is None else each.double() for each in (*run.outputs, *run.gradients)]


def _each(function: Any, a: Any | None, b: Any | None) -> Any | None:
    return None if a is None else function(a, b)


def _apart(low: Any | None, high: Any | None, first: Any | None) -> Any | None:
    """NaN in any run is NaN in `low` and `high`: those that the first run has not are no difference of numbers."""
    if low is None or high is None or first is None:
        return None
    same = (low == high) | (low.isnan() & first.isnan())
    return torch.where(same, 0.0, torch.nan_to_num(high - low, nan=torch.inf))


def _other_form(first: KernelRun, run: KernelRun) -> str:
    forms = [[None if x is None else (x.shape, x.dtype) for x in (*r.outputs, *r.gradients)] for r in (first, run)]
    return "" if forms[0] == forms[1] else "two calls with the same tensors give other shapes, or dtypes"
