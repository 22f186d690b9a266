"""What a check of a kernel costs, against the reference's own forward and backward in float64: time, memory, growth.

    python -m benchmarks.kernel_cost [--only softmax,product] [--runs 3] [--without whole]

whole     all of `check_torch(kernel, ..., reference=, inside="float32")`; the kernel is a right one, the reference in
          float32 with its results rounded once. It is the sum of
own       the kernel's own code, forward and backward, in all calls, some of which have other layouts
bound     the reference's values, its gradients and what the promised precision model allows
numbers   what else it takes to judge the kernel's numbers: the reference called to see what it is, every entry compared
beside    the questions beside the numbers: other layouts, watched memory, comparisons, without the kernel's own code

and `engine` is what is not the kernel's own. Every case is asked at three sizes, the last of them the one that is
quoted, each in a process of its own, the reference first: half of its time goes into memory that was never touched, and
where it finds the memory of a check it takes half the time. Times are the processor's, of one thread, the smallest of
runs, and of the check the smallest whole one. The growth is the time of one entry over that at the first size. Memory
is the most that a process held beyond what it held before, in units of all tensors, gradients and the cotangent in
float64; of attention that is mostly the weights of 512 queries by 512 keys. Figures are for this machine: quote the
ratios.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.nn import functional

import backcheck
from backcheck.subjects.kernels.asked.models import promised
from backcheck_reference.frontends.torch_code.tensor_balls import enclose
from benchmarks.shared import command_line
from benchmarks.shared.kernel_time import KernelTime, seconds, time_of_check

ROOT = Path(__file__).parents[1]
Shapes = Sequence[tuple[int, ...]]
KINDS = ("reference", "bound", "whole")


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

    def whole() -> Any:
        return backcheck.check_torch(
            fused, *tensors, reference=cost.reference, inside="float32", cotangent=dy, seconds=600
        )

    return dict(zip(KINDS, (reference, bound, whole), strict=True))


def asked(options: Any, name: str, *more: str) -> Any:
    """What a process of its own says."""
    call = ["--only", name, "--dtype", options.dtype, "--runs", str(options.runs), *more]
    short = ["--short"] if options.short else []
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kernel_cost", *call, *short],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return json.loads(done.stdout)


def say_times(cost: Cost, shapes: Shapes, dtype: torch.dtype, runs: int, kinds: Sequence[str]) -> None:
    """The times of each kind of work, one after the other."""
    loaded(cost, shapes, dtype)
    made = works(cost, shapes, dtype)
    times: dict[str, Any] = {kind: min(seconds(made[kind]) for _ in range(runs)) for kind in kinds if kind != "whole"}
    if "whole" in kinds:
        times["whole"] = asdict(min((time_of_check(made["whole"]) for _ in range(runs)), key=lambda each: each.whole))
    print(json.dumps(times))


def loaded(cost: Cost, shapes: Shapes, dtype: torch.dtype) -> None:
    """A small case of each, so that what is loaded is loaded before anything is timed."""
    for work in works(cost, [tuple(min(size, 64) for size in shape) for shape in shapes], dtype).values():
        work()


def say_held(cost: Cost, shapes: Shapes, kind: str, dtype: torch.dtype) -> None:
    """The most that the process held beyond what it held before, in bytes."""
    loaded(cost, shapes, dtype)
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
    for at, shapes in enumerate(sizes):
        times = asked(options, name, "--times", str(at), "--without", options.without)
        once, bound = max(times["reference"], 1e-9), times["bound"]
        spent = KernelTime(**times["whole"]) if "whole" in times else KernelTime()
        row = [name, size_of(shapes), f"{once * 1e3:.0f}"]
        if "whole" in times:
            row += parts_of(spent, bound, once)
        grown = {"bound": bound, **({"whole": spent.whole} if "whole" in times else {})}
        for kind, each in grown.items():
            first.setdefault(kind, each / shapes[0][0])
            row.append(f"{each / shapes[0][0] / first[kind]:.2f}")
        if shapes is sizes[-1]:
            tensors, dy = drawn(cost, shapes, dtype)
            unit = 8 * (2 * sum(each.numel() for each in tensors) + dy.numel())
            row += [f"{asked(options, name, '--held', f'{kind}:{at}') / unit:.1f}" for kind in grown]
        rows.append(row)
    return rows


def parts_of(spent: KernelTime, bound: float, once: float) -> list[str]:
    """A whole check and its parts, in times of the reference, with the number of the kernel's calls."""
    engine = spent.whole - spent.own
    parts = (spent.whole, engine, bound, engine - bound - spent.beside, spent.beside)
    return [*(f"{part / once:.1f}" for part in parts), f"{spent.own / once:.1f} ({spent.calls})"]


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--only", default=",".join(COSTS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--without", default="", help="whole: the bound alone")
    parser.add_argument("--held", default="", help="for a process of its own")
    parser.add_argument("--times", type=int, help="for a process of its own")
    options = command_line.options(parser, only="layer norm", runs=1)
    torch.set_num_threads(1)
    names = options.only.split(",")
    sizes = {name: SHORT if options.short else COSTS[name].sizes for name in names}
    if options.held:
        kind, at = options.held.split(":")
        say_held(COSTS[names[0]], sizes[names[0]][int(at)], kind, getattr(torch, options.dtype))
        return
    kinds = [kind for kind in KINDS if kind not in options.without.split(",")]
    if options.times is not None:
        shapes = sizes[names[0]][options.times]
        say_times(COSTS[names[0]], shapes, getattr(torch, options.dtype), options.runs, kinds)
        return
    parts = ["whole", "engine", "bound", "numbers", "beside", "own (calls)"] if "whole" in kinds else []
    heads = [*parts, *(f"{kind}: {what}" for what in ("growth", "memory") for kind in kinds[1:])]
    table = Table("reference", "size", "ms", *heads, title=f"{options.dtype}, in times of the reference in float64")
    for name in track(names, "cases", transient=True):
        for row in rows_of(name, COSTS[name], sizes[name], kinds, options):
            table.add_row(*row)
        table.add_section()
    Console().print(table)


if __name__ == "__main__":
    main()
