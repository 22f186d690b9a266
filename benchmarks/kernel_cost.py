"""What a check of a kernel costs, against the reference's own forward and backward in float64: time, memory, growth.

    python -m benchmarks.kernel_cost [--only softmax,product] [--runs 3] [--without whole]

whole     all of `check_torch(kernel, ..., reference=, inside="float32")`; the kernel is a right one, the reference in
          float32 with its results rounded once. Of that are
own       the kernel's own calls, forward and backward, as often as it is called: what no check can spare
bound     the reference's values, its gradients and what the promised precision model allows
numbers   what else it takes to judge the kernel's numbers: the reference called to see what it is, every entry compared
beside    the questions beside the numbers, without the kernel's own calls: other layouts, watched memory, comparisons

Every case is asked at three sizes, the last of them the one that is quoted. Times are the processor's, of one thread,
so that a busy machine counts little: the smallest of runs turn by turn. `whole - own` is what the engine costs. The
growth is the time of one entry over that at the first size. Memory, at the last size, is the most that a process of its
own held beyond what it held before, in units of all tensors, gradients and the cotangent in float64. Figures are for
this machine: quote the ratios.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.nn import functional

import backcheck
from backcheck.subjects.kernels import entry
from backcheck.subjects.kernels.asked.models import promised
from backcheck.subjects.kernels.calls.forms import TorchKernel, torch_kernel
from backcheck_reference.frontends.torch_code.tensor_balls import enclose
from benchmarks.shared import command_line

ROOT = Path(__file__).parents[1]
Shapes = Sequence[tuple[int, ...]]
GROWING = ("bound", "whole")
KINDS = ("reference", "bound", "own", "whole")


@dataclass(frozen=True, slots=True)
class Cost:
    """A reference and the shapes of its tensors, at three sizes."""

    reference: Callable[..., Tensor]
    sizes: Sequence[Shapes]


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], gamma, beta)


def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.softmax(q @ k.mT / math.sqrt(q.shape[-1]), -1) @ v


def conv2d(x: Tensor, w: Tensor) -> Tensor:
    return functional.conv2d(x, w, padding=1)


COSTS: dict[str, Cost] = {
    "layer norm": Cost(layer_norm, [[(n, 1024), (1024,), (1024,)] for n in (1024, 2048, 4096)]),
    "softmax": Cost(lambda x: torch.softmax(x, -1), [[(n, 1024)] for n in (1024, 2048, 4096)]),
    "product": Cost(torch.matmul, [[(n, 1024), (1024, 1024)] for n in (256, 512, 1024)]),
    "attention": Cost(attention, [[(n, 512, 64)] * 3 for n in (2, 4, 8)]),
    "conv2d": Cost(conv2d, [[(n, 32, 64, 64), (32, 32, 3, 3)] for n in (4, 8, 16)]),
}
SHORT: Sequence[Shapes] = ([(8, 64), (64,), (64,)], [(16, 64), (64,), (64,)], [(32, 64), (64,), (64,)])


def drawn(cost: Cost, shapes: Shapes, dtype: torch.dtype) -> tuple[tuple[Tensor, ...], Tensor]:
    """Tensors and a cotangent."""
    generator = torch.Generator().manual_seed(1)
    tensors = tuple(torch.randn(shape, generator=generator).to(dtype) for shape in shapes)
    y = cost.reference(*tensors)
    return tensors, torch.randn(y.shape, generator=generator).to(dtype)


def works(cost: Cost, shapes: Shapes, dtype: torch.dtype) -> dict[str, Callable[[], Any]]:
    """What is timed, by its name."""
    tensors, dy = drawn(cost, shapes, dtype)
    wide, wide_dy = [each.double() for each in tensors], dy.double()
    name = str(dtype).removeprefix("torch.")
    rounding = promised("float32", name).rounding()

    def reference() -> Any:
        leaves = [each.detach().requires_grad_() for each in wide]
        return torch.autograd.grad(cost.reference(*leaves), leaves, wide_dy)

    def bound() -> Any:
        return enclose(cost.reference, tensors, [dy], range(len(tensors)), rounding)

    def fused(*given: Tensor) -> Tensor:
        return cost.reference(*(each.float() for each in given)).to(dtype)

    kernel = torch_kernel(fused)

    def own() -> Any:
        return kernel.backward(kernel.forward(tensors, {}, ())[1], (dy,))

    def whole() -> Any:
        return backcheck.check_torch(
            fused, *tensors, reference=cost.reference, inside="float32", cotangent=dy, seconds=600
        )

    return dict(zip(KINDS, (reference, bound, own, whole), strict=True))


def seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def entries_of(shapes: Shapes) -> int:
    return sum(map(math.prod, shapes))


@dataclass(slots=True)
class Spent:
    """Seconds of each kind of work in one run, how often the kernel was called, and what of a check is `beside`."""

    by_kind: dict[str, float]
    calls: int = 0
    beside: float = 0.0


def spent_on(made: dict[str, Callable[[], Any]]) -> Spent:
    found = Spent({})
    forward, beside = TorchKernel.forward, entry.under_all_circumstances

    def counted(self: Any, *args: Any) -> Any:
        found.calls += 1
        return forward(self, *args)

    def timed(given: Any) -> Any:
        start = time.process_time()
        answer = beside(given)
        found.beside += time.process_time() - start
        return answer

    for kind, work in made.items():
        with patch.object(TorchKernel, "forward", counted), patch.object(entry, "under_all_circumstances", timed):
            found.calls = 0
            found.by_kind[kind] = seconds(work)
    return found


def least(made: dict[str, Callable[[], Any]], runs: int) -> Spent:
    """The smallest time of each, the runs interleaved."""
    every = [spent_on(made) for _ in range(runs)]
    by_kind = {kind: min(each.by_kind[kind] for each in every) for kind in made}
    return Spent(by_kind, every[0].calls, min(each.beside for each in every))


def held(name: str, at: int, kind: str, options: Any) -> float:
    """The most that a process of its own held beyond what it held before, in bytes."""
    call = ["--only", name, "--dtype", options.dtype, "--held", f"{kind}:{at}"]
    short = ["--short"] if options.short else []
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kernel_cost", *call, *short],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return float(done.stdout)


def say_held(cost: Cost, shapes: Shapes, kind: str, dtype: torch.dtype) -> None:
    """What the process of its own does: a small case loads everything, and then the case at its size is asked."""
    works(cost, [tuple(min(size, 64) for size in shape) for shape in shapes], dtype)[kind]()
    work = works(cost, shapes, dtype)[kind]
    before = peak()
    work()
    print(peak() - before)


def peak() -> int:
    """The most that this process has held, in bytes: what `resource` says begins with what the parent held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def size_of(shapes: Shapes) -> str:
    return " x ".join(map(str, shapes[0]))


def rows_of(name: str, cost: Cost, sizes: Sequence[Shapes], kinds: Sequence[str], options: Any) -> list[list[str]]:
    dtype, rows, first = getattr(torch, options.dtype), [], {}
    least(works(cost, sizes[0], dtype), 1)  # what is loaded is loaded now
    for at, shapes in enumerate(sizes):
        made = {kind: work for kind, work in works(cost, shapes, dtype).items() if kind in kinds}
        found = least(made, options.runs)
        tensors, dy = drawn(cost, shapes, dtype)
        once = max(found.by_kind["reference"], 1e-9)
        row = [name, size_of(shapes), f"{once * 1e3:.0f}"]
        for kind in [kind for kind in kinds if kind in GROWING]:
            each = found.by_kind[kind] / len(tensors[0])
            first.setdefault(kind, each)
            row += [f"{found.by_kind[kind] / once:.1f}", f"{each / first[kind]:.2f}"]
        if "whole" in kinds:
            row[3:3] = parts_of(found, once)
        if shapes is sizes[-1]:
            own = 8 * (2 * entries_of(shapes) + dy.numel())
            row += [f"{held(name, at, kind, options) / own:.1f}" for kind in kinds if kind in GROWING]
        rows.append(row)
    return rows


def parts_of(found: Spent, once: float) -> list[str]:
    """The parts of a whole check, in times of the reference, and the number of the kernel's calls."""
    own, bound, whole = (found.by_kind[kind] for kind in ("own", "bound", "whole"))
    beside = found.beside - (found.calls - 1) * own
    engine = whole - found.calls * own
    numbers = engine - bound - beside
    return [f"{part / once:.1f}" for part in (engine, numbers, beside)] + [
        f"{found.calls * own / once:.1f} ({found.calls})"
    ]


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--only", default=",".join(COSTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--without", default="", help="whole: the bound alone")
    parser.add_argument("--held", default="", help="for the process of its own")
    options = command_line.options(parser, only="layer norm", runs=1)
    torch.set_num_threads(1)
    names = options.only.split(",")
    sizes = {name: SHORT if options.short else COSTS[name].sizes for name in names}
    if options.held:
        kind, at = options.held.split(":")
        say_held(COSTS[names[0]], sizes[names[0]][int(at)], kind, getattr(torch, options.dtype))
        return
    kinds = [kind for kind in KINDS if kind not in options.without.split(",")]
    grown = [kind for kind in kinds if kind in GROWING]
    parts = ["engine", "of it: numbers", "beside", "kernel's own (calls)"] if "whole" in kinds else []
    heads = [*parts, *(head for kind in grown for head in (kind, "growth")), *(f"{kind}: memory" for kind in grown)]
    table = Table("reference", "size", "ms", *heads, title=f"{options.dtype}, in times of the reference in float64")
    for name in track(names, "cases", transient=True):
        for row in rows_of(name, COSTS[name], sizes[name], kinds, options):
            table.add_row(*row)
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
