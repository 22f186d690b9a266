"""The precision model on one layer norm: how much of the allowed right kernels take, and how far beyond it faults are.

    python -m benchmarks.kernel_fractions [--rows 256] [--columns 512] [--dtype bfloat16] [--seeds 3]

Layer norm of `--rows` by `--columns` under "float32 inside", against `torch.nn.functional.layer_norm`: kernels of the
corpus, right ones and faults, and PyTorch's own on the CPU. Beside the part of the allowed that each tensor takes, the
largest of all seeds: our verdict, the finest model that explains all of them, and what the usual methods say.

assert_close    torch.testing.assert_close with its defaults, against the reference run in the dtype
allclose 2e-2   against the reference in float64, rounded to the dtype, absolute and relative
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional

import backcheck
from backcheck.subjects.kernels.told.check import KernelCheck
from backcheck_reports.record import Verdict
from benchmarks.shared import command_line
from benchmarks.shared.usual_tolerances import Answers, allclose, assert_close, gradients
from tests.subjects.kernels.corpus import layer_norm as corpus
from tests.subjects.kernels.corpus.catalogue import NAMED
from tests.subjects.kernels.corpus.entry import fused

Three = tuple[Tensor, Tensor, Tensor]
TENSORS = ("output", "dx", "dgamma", "dbeta")


def reference(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], gamma, beta, corpus.EPS)


def bias_summed_in_the_dtype(saved: tuple[Tensor, ...], dy: Tensor) -> Three:
    """dbeta is a buffer of the dtype that each row adds to; the rest has float32 inside."""
    dx, dgamma, _ = corpus.backward(saved, dy)
    summed = torch.zeros_like(dy[0])
    for row in dy:
        summed = summed + row
    return dx, dgamma, summed


KERNELS: dict[str, Callable[..., Tensor]] = {
    "float32 inside": NAMED["layer_norm"].kernel,
    "float32 inside, Welford": NAMED["layer_norm_welford"].kernel,
    "PyTorch's own": reference,
    "mean term missing": NAMED["layer_norm_no_mean_term"].kernel,
    "last column dropped": NAMED["layer_norm_last_column"].kernel,
    "N - 1 for N": NAMED["layer_norm_n_minus_1"].kernel,
    "eps 1e-3 for 1e-5": NAMED["layer_norm_eps"].kernel,
    "bias summed in the dtype": fused(corpus.forward, bias_summed_in_the_dtype),
}


def drawn(rows: int, columns: int, dtype: torch.dtype, seed: int) -> tuple[Three, Tensor]:
    """Tensors as people test with, and a cotangent: normal numbers, and parameters near 1 and 0."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator)

    x, dy = normal(rows, columns), normal(rows, columns)
    gamma, beta = 1 + 0.1 * normal(columns), 0.1 * normal(columns)
    return (x.to(dtype), gamma.to(dtype), beta.to(dtype)), dy.to(dtype)


@dataclass(frozen=True, slots=True)
class Seen:
    """One kernel at one seed."""

    check: KernelCheck
    passes: dict[str, bool]


METHODS: dict[str, Callable[[Answers], bool]] = {
    "assert_close": assert_close,
    "allclose 2e-2": partial(allclose, tolerance=2e-2),
}


def ask(kernel: Callable[..., Tensor], tensors: Three, dy: Tensor) -> Seen:
    check = backcheck.check_torch(kernel, *tensors, reference=reference, inside="float32", cotangent=dy)
    exact = [each.double() for each in tensors]
    sides: Iterable[Any] = ((kernel, tensors), (reference, tensors), (reference, exact))
    answers = Answers(*(gradients(function, given, dy) for function, given in sides))
    return Seen(check, {name: method(answers) for name, method in METHODS.items()})


def row(name: str, seen: Sequence[Seen]) -> tuple[str, ...]:
    """The name, the largest parts by tensor, the model, our verdict, and what the methods say."""
    models = [each.explained_by for one in seen for each in one.check.tensors]
    verdicts = [one.check.verdict for one in seen]
    worst = next((each for each in (Verdict.DISAGREE, Verdict.IMPRECISE) if each in verdicts), verdicts[0])
    said = "none" if None in models else str(max(models, key=_coarseness))
    methods = ("passes" if all(one.passes[each] for one in seen) else "fails" for each in METHODS)
    return name, *(_part(_largest(seen, each)) for each in TENSORS), said, str(worst), *methods


def _coarseness(model: Any) -> tuple[Any, ...]:
    rounding = model.rounding()
    return max(rounding.summed, rounding.stored), rounding.summed, rounding.saved, model.truncates


def _largest(seen: Sequence[Seen], name: str) -> float:
    return max(each.fraction for one in seen for each in one.check.tensors if each.name == name)


def _part(fraction: float) -> str:
    return f"{fraction:.2f}" if fraction <= 1 else f"[bold]{fraction:.3g}[/bold]"


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--rows", type=int, default=256)
    parser.add_argument("--columns", type=int, default=512)
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--seeds", type=int, default=3)
    options = command_line.options(parser, rows=33, columns=129, seeds=1)
    dtype = getattr(torch, options.dtype)
    shape = f"{options.rows} x {options.columns}"
    table = Table(
        *("layer norm", *TENSORS, "explained by", "backcheck", *METHODS),
        title=f"{options.dtype}, {shape}: parts of what float32 inside allows, the largest of {options.seeds} seeds",
    )
    for name, kernel in KERNELS.items():
        seen = [ask(kernel, *drawn(options.rows, options.columns, dtype, seed)) for seed in range(options.seeds)]
        table.add_row(*row(name, seen))
    Console().print(table)


if __name__ == "__main__":
    main()
