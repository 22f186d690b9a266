"""`backcheck.check_vjp` against `torch.autograd.gradcheck` on functions of many entries: time, and what each catches.

    python -m benchmarks.check_vjp_and_gradcheck [--sizes 1000 10000] [--growth 1000 3000 10000 30000]
                                                 [--large 100000] [--runs 5]

Both sides are given the same NumPy pair; PyTorch sees it as a torch.autograd.Function. Times are the median of
interleaved runs after one to warm up. gradcheck's slow mode builds the whole Jacobian, so that at 10,000 entries it
is run once. The next table has check_vjp alone at more sizes, the sizes interleaved: where its time grows linearly,
the time of one entry stays what it is at the smallest, or falls as what every check costs is shared by more. The first
table plants wrong gradients in tanh at `--large` entries and asks gradcheck's fast mode, since slow mode would need
the square of that. Figures are for this machine: quote the ratios.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from backcheck import check_vjp
from backcheck_reports.record import Verdict
from benchmarks.shared import command_line
from benchmarks.shared.numpy_pair import NumpyPair
from benchmarks.shared.turns import seconds

Pair = tuple[Callable[..., Any], Callable[..., Any]]
ONCE = 5_000  # entries from which gradcheck's slow mode is run only once


def tanh_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = np.tanh(x)
    return y, y


def tanh_backward(y: np.ndarray, dy: np.ndarray) -> tuple[np.ndarray]:
    return (dy * (1 - y * y),)


def norm_forward(x: np.ndarray) -> tuple[np.ndarray, Any]:
    """Layer norm over rows of ten."""
    rows = x.reshape(-1, 10)
    centred = rows - rows.mean(-1, keepdims=True)
    inverse = 1 / np.sqrt((centred * centred).mean(-1, keepdims=True) + 1e-5)
    return centred * inverse, (centred * inverse, inverse)


def norm_backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray]:
    xhat, inverse = saved
    dx = inverse * (dy - dy.mean(-1, keepdims=True) - xhat * (dy * xhat).mean(-1, keepdims=True))
    return (dx.ravel(),)


PAIRS: dict[str, Pair] = {"tanh": (tanh_forward, tanh_backward), "layer norm": (norm_forward, norm_backward)}

# what is done to a right gradient
WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "right": lambda g: g,
    "zero": np.zeros_like,
    "last element dropped": lambda g: np.where(np.arange(g.size) == g.size - 1, 0, g),
    "reversed": lambda g: g[::-1].copy(),
}


def gradcheck(pair: Pair, x: np.ndarray, fast: bool = False) -> bool:
    tensor = torch.tensor(x, requires_grad=True)
    ask = partial(NumpyPair.apply, *pair, {})
    return torch.autograd.gradcheck(ask, tensor, fast_mode=fast, raise_exception=False)


def speed(sizes: Iterable[int], runs: int) -> Table:
    table = Table("function", "entries", "check_vjp, ms", "gradcheck, ms", "ratio", title="time of one check")
    for name, pair in PAIRS.items():
        for size in sizes:
            x = np.random.default_rng(0).standard_normal(size)
            asks = {"ours": partial(check_vjp, *pair, x), "theirs": partial(gradcheck, pair, x)}
            if size < ONCE:
                seconds(asks["theirs"])
            seconds(asks["ours"])
            spent: dict[str, list[float]] = {"ours": [], "theirs": []}
            for run in range(runs):
                spent["ours"].append(seconds(asks["ours"]))
                if size < ONCE or run == 0:
                    spent["theirs"].append(seconds(asks["theirs"]))
            ours, theirs = (float(np.median(spent[who])) * 1e3 for who in ("ours", "theirs"))
            table.add_row(name, f"{size:,}", f"{ours:.1f}", f"{theirs:.0f}", f"1 / {theirs / ours:.0f}")
    return table


def growth(sizes: Sequence[int], runs: int) -> Table:
    columns = ("function", "entries", "check_vjp, ms", "one entry, us", "to the smallest")
    table = Table(*columns, title="check_vjp alone as the entries grow")
    for name, pair in PAIRS.items():
        given = {size: np.random.default_rng(0).standard_normal(size) for size in sizes}
        spent: dict[int, list[float]] = {size: [] for size in sizes}
        for _ in range(runs + 1):  # the first is to warm up
            for size, x in given.items():
                spent[size].append(seconds(partial(check_vjp, *pair, x)))
        each = {size: float(np.median(found[1:])) / size * 1e6 for size, found in spent.items()}
        for size, one in each.items():
            table.add_row(name, f"{size:,}", f"{one * size / 1e3:.1f}", f"{one:.1f}", f"{one / each[sizes[0]]:.2f}")
    return table


def caught(size: int) -> Table:
    table = Table("tanh's gradient", "check_vjp", "gradcheck, fast", title=f"{size:,} entries")
    x = np.random.default_rng(1).standard_normal(size)
    for name, change in WRONG.items():

        def backward(saved: Any, dy: np.ndarray, change: Callable[[np.ndarray], np.ndarray] = change) -> Any:
            return (change(tanh_backward(saved, dy)[0]),)

        ours = check_vjp(tanh_forward, backward, x).verdict
        theirs = gradcheck((tanh_forward, backward), x, fast=True)
        said = "caught" if ours is Verdict.DISAGREE else str(ours)
        table.add_row(name, said, "passes" if theirs else "caught")
    return table


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--growth", type=int, nargs="+", default=[1_000, 3_000, 10_000, 30_000])
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    options = command_line.options(parser, sizes=[20], growth=[20, 40], large=50, runs=1)
    torch.set_num_threads(1)
    console = Console()
    console.print(caught(options.large))
    console.print(speed(options.sizes, options.runs))
    console.print(growth(options.growth, options.runs))


if __name__ == "__main__":
    main()
