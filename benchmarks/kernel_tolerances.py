"""The usual tolerances on the corpus of kernels: which right ones each passes, and which wrong ones it catches.

    python -m benchmarks.kernel_tolerances [--draws 1] [--seed 1] [--sizes odd,large] [--without backcheck] [--each]

A cell is an entry of `tests/subjects/kernels/corpus` in one of its dtypes. Output and gradients are judged for a
random cotangent, at every size and draw: a cell passes where all of them do. The methods:

assert_close    torch.testing.assert_close with its defaults, against the reference run in the dtype
allclose        absolute and relative 1e-2, and 2e-2, against the reference in float64, rounded to the dtype
twice           the largest error, against the reference in float64, is at most twice that of the reference run in the
                dtype (the rule of flash-attention's tests)
per dtype       relative 1e-3, 1.6e-2, 1.3e-6 for float16, bfloat16, float32 and absolute 1e-5, against the reference in
                float64 (the tolerances of TransformerEngine's tests)
backcheck       `check_torch` with the reference

Right kernels with coarser insides than float32 stand apart: by the usual tolerances nobody can say which they keep. To
a wrong kernel whose fault needs a layout or poisoned memory the first five show none: their users show them none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

import backcheck
from benchmarks.shared import command_line
from benchmarks.shared.usual_tolerances import Answers, allclose, assert_close, gradients
from tests.subjects.kernels.corpus.catalogue import ENTRIES
from tests.subjects.kernels.corpus.entry import Entry

PER_DTYPE = {torch.float16: 1e-3, torch.bfloat16: 1.6e-2, torch.float32: 1.3e-6}


def drawn(entry: Entry, dtype: torch.dtype, size: str, seed: int) -> tuple[tuple[Tensor, ...], torch.Generator]:
    generator = torch.Generator().manual_seed(seed)
    return entry.draw(dtype, size, generator), generator


def answers(entry: Entry, dtype: torch.dtype, size: str, seed: int) -> Answers:
    tensors, generator = drawn(entry, dtype, size, seed)
    exact = [x.double() if x.is_floating_point() else x for x in tensors]
    with torch.no_grad():
        shape = entry.reference(*exact).shape
    dy = torch.randn(shape, generator=generator).to(dtype)
    return Answers(*(gradients(*each, dy) for each in _three(entry, tensors, exact)))


def _three(entry: Entry, tensors: Sequence[Tensor], exact: Sequence[Tensor]) -> Iterator[tuple]:
    yield entry.kernel, tensors
    yield entry.reference, tensors
    yield entry.reference, exact


def twice(given: Answers) -> bool:
    three = zip(given.got, given.same, given.truth, strict=True)
    return all(_largest(got, want) <= 2 * _largest(same, want) for got, same, want in three)


def _largest(got: Tensor, want: Tensor) -> float:
    return (got.double() - want).abs().max().item()


def per_dtype(given: Answers) -> bool:
    pairs = zip(given.got, given.truth, strict=True)
    return all(torch.allclose(got.double(), want, PER_DTYPE[got.dtype], 1e-5) for got, want in pairs)


METHODS: dict[str, Callable[[Answers], bool]] = {
    "assert_close": assert_close,
    "allclose 1e-2": partial(allclose, tolerance=1e-2),
    "allclose 2e-2": partial(allclose, tolerance=2e-2),
    "twice": twice,
    "per dtype": per_dtype,
}


def ours(entry: Entry, dtype: torch.dtype, size: str, seed: int) -> bool:
    tensors, _ = drawn(entry, dtype, size, seed)
    return bool(backcheck.check_torch(entry.kernel, *tensors, reference=entry.reference, inside=entry.promise(dtype)))


def judged(entry: Entry, dtype: torch.dtype, drawn_at: Sequence[tuple[str, int]], without: str) -> dict[str, bool]:
    """Which methods pass the cell, at every size and seed."""
    given = [answers(entry, dtype, size, seed) for size, seed in drawn_at]
    passes = {name: all(method(each) for each in given) for name, method in METHODS.items()}
    if without != "backcheck":
        passes["backcheck"] = all(ours(entry, dtype, size, seed) for size, seed in drawn_at)
    return passes


def kind(entry: Entry) -> str:
    if not entry.right:
        return "wrong"
    return "right" if entry.insides == "float32" else "right, coarser"


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sizes", default="odd,large")
    parser.add_argument("--entries", type=int, default=len(ENTRIES), help="so many, spread over the catalogue")
    parser.add_argument("--without", default="", help="backcheck: only the others")
    parser.add_argument("--each", action="store_true", help="name the cells that a method gets wrong")
    options = command_line.options(parser, entries=6, sizes="odd")
    entries = ENTRIES[:: max(1, len(ENTRIES) // options.entries)][: options.entries]
    seeds = range(options.seed, options.seed + options.draws)
    drawn_at = [(size, seed) for size in options.sizes.split(",") for seed in seeds]
    cells = [(entry, dtype) for entry in entries for dtype in entry.dtypes]
    good: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    mistaken: dict[str, list[str]] = defaultdict(list)
    for entry, dtype in track(cells, "cells"):
        for method, passed in judged(entry, dtype, drawn_at, options.without).items():
            good[kind(entry), str(dtype).removeprefix("torch."), method].append(passed == entry.right)
            if passed != entry.right:
                mistaken[method].append(f"{entry.name} {dtype}".replace("torch.", ""))
    console = Console()
    methods = list(dict.fromkeys(method for _, _, method in good))
    table = Table(
        "kernels",
        "dtype",
        "cells",
        *methods,
        title="cells that each gets right: right kernels passed, wrong ones caught",
    )
    for what, dtype in sorted({key[:2] for key in good}):
        marks = [good[what, dtype, method] for method in methods]
        table.add_row(what, dtype, str(len(marks[0])), *(str(sum(each)) for each in marks))
    console.print(table)
    if options.each:
        for method in methods:
            console.print(f"{method} is mistaken of: {', '.join(mistaken[method]) or 'none'}", highlight=False)


if __name__ == "__main__":
    main()
