"""The textbook network as the textbook has it: each formula twice, once element by element and once in matrices.

Layers 0 .. N, n_L neurons in layer L, no bias. A pass over m examples keeps one row per example:

    A[L], B[L]   m x n_L          what goes into and what comes out of the neurons of layer L
    W[L]         n_{L-1} x n_L    W[L][i, j] joins neuron i of layer L-1 to neuron j of layer L
    delta[L]     m x n_L          dE/dA^(L)
    dW[L]        n_{L-1} x n_L    dE/dW^(L)

All four are dictionaries by layer, so that `W[L]` is W^(L): W, delta and dW have the layers 1 .. N, A and B also 0.
docs/derivation.md derives every line below. The elementwise half is slow on purpose: read it against the formulas.
Both halves take float32, float64 and object arrays of exact numbers, and answer in the numbers they were given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, logistic
from scratch_bp.network import ArraySpec, Network, Node

Layers = Mapping[int, np.ndarray]


@dataclass(frozen=True, slots=True)
class Activation:
    """f and its derivative df = f', both elementwise functions of A."""

    f: Callable[[np.ndarray], np.ndarray]
    df: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class Loss:
    """E(Y, B), one number, and dE(Y, B) = dE/dB, of the shape of B."""

    E: Callable[[np.ndarray, np.ndarray], np.ndarray]
    dE: Callable[[np.ndarray, np.ndarray], np.ndarray]


class Forward(NamedTuple):
    A: dict[int, np.ndarray]
    B: dict[int, np.ndarray]


class Backward(NamedTuple):
    delta: dict[int, np.ndarray]
    dW: dict[int, np.ndarray]


def _sigmoid_slope(A: np.ndarray) -> np.ndarray:
    s = logistic(A)
    slope: np.ndarray = s * (1 - s)
    return slope


def _tanh_slope(A: np.ndarray) -> np.ndarray:
    t = np.tanh(A)
    slope: np.ndarray = 1 - t * t
    return slope


SIGMOID = Activation(logistic, _sigmoid_slope)
TANH = Activation(np.tanh, _tanh_slope)
IDENTITY = Activation(lambda A: A.copy(), lambda A: np.full_like(A, like(A, 1)))
ACTIVATIONS: Mapping[str, Activation] = {"sigmoid": SIGMOID, "tanh": TANH, "identity": IDENTITY}

# E = the sum of (Y - B)^2 over all m n_N entries, or that sum over their number
SUM_SQUARED_ERROR = Loss(lambda Y, B: ((Y - B) * (Y - B)).sum(), lambda Y, B: -2 * (Y - B))
MEAN_SQUARED_ERROR = Loss(lambda Y, B: ((Y - B) * (Y - B)).sum() / B.size, lambda Y, B: -2 * (Y - B) / B.size)
LOSSES: Mapping[str, Loss] = {"mean": MEAN_SQUARED_ERROR, "sum": SUM_SQUARED_ERROR}


# In matrices


def forward(X: np.ndarray, W: Layers, f: Activation = SIGMOID) -> Forward:
    """A[L] and B[L] of every layer for the inputs X [m, n_0]. Raises ValueError where the sizes do not fit."""
    _check_sizes(X, W)
    A, B = {0: X}, {0: X}
    for L in range(1, len(W) + 1):
        A[L] = B[L - 1] @ W[L]
        B[L] = f.f(A[L])
    return Forward(A, B)


def backward(
    run: Forward, W: Layers, Y: np.ndarray, f: Activation = SIGMOID, loss: Loss = MEAN_SQUARED_ERROR
) -> Backward:
    """delta[L] and dW[L] of every layer for the labels Y [m, n_N]. Raises ValueError when Y is not of that shape."""
    A, B = run
    N = len(W)
    _check_labels(Y, B[N])
    delta = {N: loss.dE(Y, B[N]) * f.df(A[N])}
    for L in range(N - 1, 0, -1):
        delta[L] = (delta[L + 1] @ W[L + 1].T) * f.df(A[L])
    dW = {L: B[L - 1].T @ delta[L] for L in range(1, N + 1)}
    return Backward(delta, dW)


def descend(W: Layers, dW: Layers, eta: float) -> dict[int, np.ndarray]:
    """One step of gradient descent: new weights, the old ones are left alone."""
    return {L: W[L] - like(W[L], eta) * dW[L] for L in W}


# Element by element: r runs over the examples, i over the neurons of layer L-1, j over those of layer L


def forward_elementwise(X: np.ndarray, W: Layers, f: Activation = SIGMOID) -> Forward:
    """What `forward` gives, with the sum over i written out."""
    _check_sizes(X, W)
    A, B = {0: X}, {0: X}
    for L in range(1, len(W) + 1):
        m, (n_in, n_out) = len(X), W[L].shape
        a = [[sum(B[L - 1][r, i] * W[L][i, j] for i in range(n_in)) for j in range(n_out)] for r in range(m)]
        A[L] = np.array(a, dtype=np.result_type(B[L - 1], W[L]))
        B[L] = f.f(A[L])
    return Forward(A, B)


def backward_elementwise(
    run: Forward, W: Layers, Y: np.ndarray, f: Activation = SIGMOID, loss: Loss = MEAN_SQUARED_ERROR
) -> Backward:
    """What `backward` gives, with the sums over j (back through a layer) and over r (the examples) written out."""
    A, B = run
    _check_labels(Y, B[len(W)])
    dB, delta, dW = loss.dE(Y, B[len(W)]), {}, {}
    for L in range(len(W), 0, -1):
        m, (n_in, n_out) = len(Y), W[L].shape
        slope = f.df(A[L])
        d = [[dB[r, j] * slope[r, j] for j in range(n_out)] for r in range(m)]
        dw = [[sum(d[r][j] * B[L - 1][r, i] for r in range(m)) for j in range(n_out)] for i in range(n_in)]
        db = [[sum(d[r][j] * W[L][i, j] for j in range(n_out)) for i in range(n_in)] for r in range(m)]
        delta[L], dW[L], dB = (np.array(rows, dtype=A[L].dtype) for rows in (d, dw, db))
    return Backward(delta, dW)


# In the general machinery


def as_network(sizes: tuple[int, ...], rows: int, activation: str = "sigmoid", reduction: str = "mean") -> Network:
    """The same network as plain data: arrays x, w1 .. wN and target, nodes a1, b1 .. aN, bN and loss.

    `sizes` is (n_0, .., n_N), `rows` the number m of examples. Raises ValueError for fewer than two layers, an unknown
    activation or an unknown reduction.
    """
    _check_choice("activation", activation, ACTIVATIONS)
    _check_choice("reduction", reduction, LOSSES)
    if len(sizes) < 2 or min(*sizes, rows) < 1:
        raise ValueError(f"two or more layers of one or more neurons and one or more rows, got {sizes} and {rows}")
    layers = range(1, len(sizes))
    weights = {f"w{L}": ArraySpec((sizes[L - 1], sizes[L])) for L in layers}
    x, target = ArraySpec((rows, sizes[0]), "input"), ArraySpec((rows, sizes[-1]), "target")
    nodes = [node for L in layers for node in _layer(L, activation)]
    loss = Node("loss", "mse", (f"b{len(layers)}", "target"), {"reduction": reduction})
    return Network({"x": x, **weights, "target": target}, (*nodes, loss), "loss")


def as_arrays(X: np.ndarray, W: Layers, Y: np.ndarray) -> dict[str, np.ndarray]:
    """X, W and Y under the names that `as_network` gives them."""
    return {"x": X, **{f"w{L}": W[L] for L in W}, "target": Y}


def _layer(L: int, activation: str) -> tuple[Node, Node]:
    before = "x" if L == 1 else f"b{L - 1}"
    return Node(f"a{L}", "dense", (before, f"w{L}")), Node(f"b{L}", activation, (f"a{L}",))


def _check_choice(what: str, choice: str, table: Mapping[str, object]) -> None:
    if choice not in table:
        raise ValueError(f"the {what} of the textbook network is one of {', '.join(table)}; got {choice!r}")


def _check_sizes(X: np.ndarray, W: Layers) -> None:
    if not W or set(W) != set(range(1, len(W) + 1)):
        raise ValueError(f"W holds W^(1) .. W^(N) by layer, as in {{1: W1, 2: W2}}; got the layers {sorted(W)}")
    if X.ndim != 2 or X.size == 0:
        raise ValueError(f"X holds one or more examples, one per row, [m, n_0]; got shape {list(X.shape)}")
    n = X.shape[1]
    for L in range(1, len(W) + 1):
        if W[L].ndim != 2 or W[L].shape[0] != n or W[L].size == 0:
            raise ValueError(f"layer {L - 1} has {n} neurons, so W^({L}) is [{n}, n_{L}]; got {list(W[L].shape)}")
        n = W[L].shape[1]


def _check_labels(Y: np.ndarray, output: np.ndarray) -> None:
    # a label of shape [n] or [m, 1] would broadcast, and the loss would be of something else
    if Y.shape != output.shape:
        raise ValueError(f"Y has the shape of the output, {list(output.shape)}; got {list(Y.shape)}")
