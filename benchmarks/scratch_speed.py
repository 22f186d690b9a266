"""Forward and backward by hand in NumPy against PyTorch eager: one thread each, in one process, turn by turn.

    python -m benchmarks.scratch_speed [--repeats 200] [--networks 40]

Each row is a median over the repeats, and the ratio the median of the ratios of neighbours in time, so that a busy
machine slows both sides and not one. A ratio below 1 means that scratch_bp is the faster one. Both sides compute the
same: the loss, and the gradients of the same arrays, which are checked to agree before anything is timed.

NumPy's own BLAS chooses its kernels by the processor: unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE where they are set.
"""

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits
from torch.nn import functional as F

from benchmarks.shared import command_line
from benchmarks.shared.turns import turn
from scratch_bp import textbook
from scratch_bp.initialisers import xavier_uniform
from scratch_bp.network import ArraySpec, Network, Node, run, value_and_grad

SIZES, ROWS = (784, 256, 128, 10), 64
DTYPES = ("float32", "float64")

# what someone would write in PyTorch, in the words of torch.nn.functional
EAGER: Mapping[str, Callable[..., torch.Tensor]] = {
    "dense": lambda x, w, b=None: x @ w if b is None else x @ w + b,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "softmax": lambda x, *, dim=-1: torch.softmax(x, dim),
    "layer_norm": lambda x, gamma, beta: F.layer_norm(x, gamma.shape, gamma, beta),
    "add": torch.add,
    "mse": F.mse_loss,
}


class Pair(NamedTuple):
    """The same work twice: each callable returns the loss and the gradients, in the same order."""

    name: str
    ours: Callable[[], tuple[Any, list[Any]]]
    eager: Callable[[], tuple[Any, list[Any]]]


class Times(NamedTuple):
    ours: float
    eager: float
    ratio: float


def small_network(rng: np.random.Generator) -> Network:
    """A residual network of 6 to 9 nodes as verification draws them: widths 1 to 8, 1 to 4 rows."""
    rows, n_in, n = rng.integers(1, 5), rng.integers(1, 9), rng.integers(1, 9)
    arrays = {
        "x": ArraySpec((rows, n_in), "input"),
        "w": ArraySpec((n_in, n)),
        "v": ArraySpec((n, n)),
        **{name: ArraySpec((n,)) for name in ("b", "gamma", "beta")},
        "target": ArraySpec((rows, n), "target"),
    }
    body = [
        Node("h0", "dense", ("x", "w", "b")),
        Node("h1", str(rng.choice(["tanh", "relu"])), ("h0",)),
        Node("h2", "layer_norm", ("h1", "gamma", "beta")),
        Node("h3", "dense", ("h2", "v")),
        Node("h4", "add", ("h1", "h3")),
        *(Node(f"h{i}", str(rng.choice(["tanh", "softmax"])), (f"h{i - 1}",)) for i in range(5, rng.integers(5, 9))),
    ]
    return Network(arrays, (*body, Node("loss", "mse", (body[-1].name, "target"))), "loss")


def network_pair(name: str, network: Network, arrays: Mapping[str, np.ndarray]) -> Pair:
    """The general machinery, which gives the gradient of every array, against autograd asked for the same."""
    dy = np.ones((), arrays["x"].dtype)
    tensors = {key: torch.from_numpy(array).requires_grad_() for key, array in arrays.items()}

    def ours() -> tuple[Any, list[Any]]:
        loss, grads = value_and_grad(network, arrays, dy)
        return loss, list(grads.values())

    def eager() -> tuple[Any, list[Any]]:
        loss = run(network, tensors, lambda rule, *args, **config: EAGER[rule](*args, **config))
        return loss, list(torch.autograd.grad(loss, list(tensors.values())))

    return Pair(name, ours, eager)


def textbook_pair(name: str, X: np.ndarray, W: Mapping[int, np.ndarray], Y: np.ndarray) -> Pair:
    """The textbook's own matrices, which give the gradients of the weights only, against autograd asked for those."""
    x, y, weights = torch.from_numpy(X), torch.from_numpy(Y), [torch.from_numpy(w).requires_grad_() for w in W.values()]

    def ours() -> tuple[Any, list[Any]]:
        result = textbook.forward(X, W)
        dW = textbook.backward(result, W, Y).dW
        return textbook.MEAN_SQUARED_ERROR.E(Y, result.B[len(W)]), list(dW.values())

    def eager() -> tuple[Any, list[Any]]:
        h = x
        for w in weights:
            h = torch.sigmoid(h @ w)
        loss = F.mse_loss(h, y)
        return loss, list(torch.autograd.grad(loss, weights))

    return Pair(name, ours, eager)


def small_pairs(dtype: str, count: int) -> Iterator[Pair]:
    for seed in range(count):
        rng = np.random.default_rng(seed)
        network = small_network(rng)
        arrays = {name: rng.standard_normal(spec.shape).astype(dtype) for name, spec in network.arrays.items()}
        yield network_pair(f"small {seed}", network, arrays)


def large_pairs(dtype: str) -> Iterator[Pair]:
    rng = np.random.default_rng(0)
    W = {L: xavier_uniform(rng, (SIZES[L - 1], SIZES[L]), dtype) for L in range(1, len(SIZES))}
    X, Y = rng.random((ROWS, SIZES[0])).astype(dtype), np.eye(SIZES[-1], dtype=dtype)[rng.integers(0, 10, ROWS)]
    name = "-".join(map(str, SIZES))
    yield textbook_pair(f"{name}, gradients of the weights", X, W, Y)
    network = textbook.as_network(SIZES, ROWS)
    yield network_pair(f"{name}, gradients of all arrays", network, textbook.as_arrays(X, W, Y))


def check(pair: Pair) -> None:
    """Raises AssertionError when the two sides do not compute the same: a ratio would mean nothing then."""
    for ours, eager in zip(pair.ours()[1], pair.eager()[1], strict=True):
        # a guard against comparing different things, not a verdict: rounding is far below it
        np.testing.assert_allclose(ours, eager.numpy(), rtol=1e-3, atol=1e-4, err_msg=pair.name)


def measure(pair: Pair, repeats: int) -> Times:
    check(pair)
    for _ in range(5):
        pair.ours(), pair.eager()
    seconds = [turn(pair.ours, pair.eager, number) for number in range(repeats)]
    ours, eager = (statistics.median(column) for column in zip(*seconds, strict=True))
    return Times(ours, eager, statistics.median(a / b for a, b in seconds))


def small_times(dtype: str, repeats: int, count: int) -> tuple[Times, float]:
    """The median over the small networks, and the worst ratio among them."""
    each = [measure(pair, max(repeats // 5, 5)) for pair in small_pairs(dtype, count)]
    return Times(*(statistics.median(column) for column in zip(*each, strict=True))), max(times.ratio for times in each)


def rows(repeats: int, networks: int) -> Iterator[tuple[str, ...]]:
    for dtype in DTYPES:
        times, worst = small_times(dtype, repeats, networks)
        yield _row(f"{networks} small networks, gradients of all arrays", dtype, times, f"{worst:.2f}")
        for pair in large_pairs(dtype):
            yield _row(pair.name, dtype, measure(pair, repeats), "")


def _row(name: str, dtype: str, times: Times, worst: str) -> tuple[str, ...]:
    return name, dtype, f"{times.ours * 1e3:.3f}", f"{times.eager * 1e3:.3f}", f"{times.ratio:.2f}", worst


def main() -> None:
    parser = command_line.parser(__doc__)
    parser.add_argument("--repeats", type=int, default=200, help="runs of each side (default 200)")
    parser.add_argument("--networks", type=int, default=40, help="small networks (default 40)")
    arguments = command_line.options(parser, repeats=1, networks=3)
    if arguments.repeats < 1:
        parser.error(f"--repeats is 1 or more, got {arguments.repeats}")
    torch.set_num_threads(1)
    table = Table("forward + backward", "dtype", "scratch_bp ms", "PyTorch ms", "ratio", "worst ratio")
    with threadpool_limits(1):
        for row in rows(arguments.repeats, arguments.networks):
            table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
