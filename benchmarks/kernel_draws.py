"""Many draws of right kernels: none may disagree. How much they take of the allowed, and what was judged.

    python -m benchmarks.kernel_draws [--draws 10000] [--seed 1] [--only softmax,mean] [--part 1/2] [--minutes 30]

Every right kernel of `tests/subjects/kernels/corpus`, in each of its dtypes, keeps the model that it is held to. One
half of the draws are the corpus' own, at its sizes, through `check_torch`: in other layouts and in watched memory too.
The other half come from `verify_rule`: sizes around tiles, values that cancel, that are large or at the ends of the
dtype, masks, zero rows. A round gives every kernel and dtype a few of both, until there are `--draws`.

The table has by kernel and model the largest part of the allowed that was taken, and the verdicts on outputs and
gradients. What stands before it are findings: each is a wrong tolerance, or a kernel that is not what it is taken for.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import backcheck
from backcheck.errors import BadInput
from backcheck_reports.record import FAULTS, Record, Verdict
from benchmarks.shared import command_line
from tests.subjects.kernels.corpus.catalogue import RIGHT
from tests.subjects.kernels.corpus.entry import Entry

MATRIX, TWO, NORM = ("n d",), ("n d", "n d"), ("n d", "d", "d")
# what each takes, for `verify_rule`, by the name of the entry or by its operation
LINES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("softmax", "log softmax", "l2 normalise", "silu", "relu squared", "cumsum", "mean"), MATRIX),
    **dict.fromkeys(("cosine similarity", "swiglu", "geglu", "mse", "huber", "tanh gate"), TWO),
    **dict.fromkeys(("layer norm",), NORM),
    **dict.fromkeys(("rms norm", "bias gelu_erf", "bias gelu_erf_", "bias gelu_tanh"), ("n d", "d")),
    **dict.fromkeys(("attention", "causal attention"), ("2 n d",) * 3),
    "swiglu_packed": ("n 2*d",),
    "group norm": ("n 6 h w", "6", "6"),
    "batch norm": ("n>=2 d", "d", "d"),
    "variance": ("n d>=2",),
    "matmul": ("n k", "k m"),
    "linear": ("n d", "m d", "m"),
    "cross entropy": ("n d", "n <d"),
    "rotary embedding": ("n 2*h", "n h"),
    "embedding": ("v d", "n <v"),
    "scatter add": ("t d", "n <t", "n d"),
    "conv1d": ("2 c l>=3", "k c 3", "k"),
    "conv2d": ("2 3 h>=3 w>=3", "k 3 3 3", "k"),
    "max pooling": ("2 3 h>=3 w>=3",),
    "avg pooling": ("2 3 h>=3 w>=3",),
}
SIZES = ("small", "odd", "small", "odd", "small", "small", "odd", "large")
OWN = DRAWN = 4  # of each kind in a round
FAILS = (*FAULTS, Verdict.IMPRECISE, Verdict.SIDE_EFFECT)


@dataclass(frozen=True, slots=True)
class Cell:
    entry: Entry
    dtype: torch.dtype

    @property
    def inside(self) -> str | tuple[str, str]:
        """What it keeps, and so may promise: in float32 arrays what is stored in the dtype is stored in float32."""
        name = str(self.dtype).removeprefix("torch.")
        kept = {"float32": "float32", "tf32": "tf32", "stored": ("float32", name), "dtype": name}
        return kept[self.entry.insides]

    @property
    def promised(self) -> str:
        return self.inside if isinstance(self.inside, str) else " / ".join(self.inside)

    @property
    def lines(self) -> tuple[str, ...] | None:
        return LINES.get(self.entry.name, LINES.get(self.entry.operation))

    def __str__(self) -> str:
        return f"{self.entry.name} {self.dtype}".replace("torch.", "")


@dataclass
class Found:
    """What was seen: by kernel and promised model."""

    draws: Counter[tuple[str, str]] = field(default_factory=Counter)
    verdicts: dict[tuple[str, str], Counter[Verdict]] = field(default_factory=lambda: defaultdict(Counter))
    worst: dict[tuple[str, str], tuple[float, str]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, cell: Cell, records: Iterable[Record]) -> None:
        key = cell.entry.name, cell.promised
        for each in records:
            self.verdicts[key][each.verdict] += 1
            if each.verdict is Verdict.AGREE and each.fraction > self.worst.get(key, (0.0, ""))[0]:
                self.worst[key] = each.fraction, f"{each.argument} {list(each.shape)} {each.dtype}"


def own_draws(cell: Cell, number: int, found: Found) -> int:
    """The corpus' own draws of one round."""
    for at in range(number * OWN, number * OWN + OWN):
        size = SIZES[at % len(SIZES)]
        tensors = cell.entry.draw(cell.dtype, size, torch.Generator().manual_seed(at))
        check = backcheck.check_torch(
            cell.entry.kernel, *tensors, reference=cell.entry.reference, inside=cell.inside, seed=at
        )
        found.add(cell, check.records)
        found.draws[cell.entry.name, cell.promised] += 1
        if check.fault is not None:
            found.findings.append(f"{cell}, size {size}, seed {at}, inside={cell.inside!r}:\n{check}")
    return OWN


def by_lines(cell: Cell, number: int, found: Found) -> int:
    """Draws of `verify_rule`; one that fails ends it, and is shrunk."""
    try:
        seen = backcheck.verify_rule(
            cell.entry.kernel,
            cell.lines,
            kind="torch",
            reference=cell.entry.reference,
            inside=cell.inside,
            dtypes=[str(cell.dtype).removeprefix("torch.")],
            draws=DRAWN,
            seed=number,
        )
    except BadInput as error:
        found.refused[f"{cell}: {str(error).splitlines()[0]}"] += 1
        return 0
    found.add(cell, seen.records)
    found.draws[cell.entry.name, cell.promised] += seen.cases
    if seen.failure is not None or seen.late:
        found.findings.append(f"{cell}, verify_rule at seed {number}, inside={cell.inside!r}:\n{seen}\n{seen.failure}")
    return seen.cases


def rounds(cells: list[Cell], first: int) -> Iterator[tuple[Cell, int]]:
    number = first
    while True:
        yield from ((cell, number) for cell in cells)
        number += 1


def drawn(cells: list[Cell], draws: int, first: int, seconds: float) -> Found:
    found, end = Found(), time.monotonic() + seconds
    with Progress() as bar:
        task, done, told = bar.add_task("draws", total=draws), 0, 0
        for cell, number in rounds(cells, first):
            done += own_draws(cell, number, found)
            if cell.lines is not None:
                done += by_lines(cell, number, found)
            bar.update(task, completed=done)
            for each in found.findings[told:]:
                bar.console.print(f"\n{each}", highlight=False, markup=False, soft_wrap=True)
            told = len(found.findings)
            if done >= draws or time.monotonic() > end:
                return found
    return found


def table(found: Found) -> Table:
    verdicts = [each for each in Verdict if any(counts[each] for counts in found.verdicts.values())]
    total = sum(found.draws.values())
    made = Table("kernel", "promised", "draws", *map(str, verdicts), "largest part", "of", title=f"{total:,} draws")
    for key, counts in found.verdicts.items():
        part, where = found.worst.get(key, (0.0, ""))
        shown = (str(counts[each] or "") for each in verdicts)
        made.add_row(*key, str(found.draws[key]), *shown, f"{part:.4f}", where)
    made.add_section()
    sums = (str(sum(counts[each] for counts in found.verdicts.values())) for each in verdicts)
    made.add_row("all", "", str(total), *sums, f"{max((part for part, _ in found.worst.values()), default=0):.4f}", "")
    return made


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="the number of the first round")
    parser.add_argument("--only", default="", help="names of kernels")
    parser.add_argument("--part", default="1/1", help="1/2 and 2/2: every second cell, for two processes")
    parser.add_argument("--minutes", type=float, default=600.0, help="after which no further draw is begun")
    options = command_line.options(parser, draws=8, only="softmax")
    torch.set_num_threads(1)
    at, parts = map(int, options.part.split("/"))
    named = options.only.split(",") if options.only else None
    entries = [entry for entry in RIGHT if named is None or entry.name in named]
    cells = [Cell(entry, dtype) for entry in entries for dtype in entry.dtypes][at - 1 :: parts]
    found = drawn(cells, options.draws, options.seed, options.minutes * 60)
    console = Console()
    console.print(table(found))
    for each, times in found.refused.items():
        console.print(f"not drawn, {times} times: {each}", highlight=False, markup=False)
    console.print(f"{len(found.findings)} findings")


if __name__ == "__main__":
    main()
