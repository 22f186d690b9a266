"""A cell run over whole sequences: over the steps, in one or both directions, in layers one above the other.

The input's part of the gates is one matrix product for all steps, and so are the gradients of the weights, once the
cotangents of the gates are known. Only the hidden state's part must go step by step.

Layer l in direction d (0 forward, 1 backward over the steps) starts from the state l * directions + d. It reads the
output of the layer below, in which both directions are concatenated along the last axis. The weights come in the order
w_ih, w_hh, b_ih, b_hh, layer by layer and direction by direction, as PyTorch's flat weights do.
"""

from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import matmul
from scratch_bp.rules.recurrent.cell import Arrays, Cell, part


class Layers(NamedTuple):
    num_layers: int
    directions: int
    bias: bool

    @property
    def arrays(self) -> int:
        """How many arrays one layer has in one direction."""
        return 4 if self.bias else 2


class ScanDirection(NamedTuple):
    """One layer run in one direction: its input, weights, the states before each step and the last, and what each step
    kept."""

    x: np.ndarray
    w_ih: np.ndarray
    w_hh: np.ndarray
    states: tuple[Arrays, ...]
    kept: tuple[Arrays, ...]


class Saved(NamedTuple):
    layers: Layers
    ways: tuple[ScanDirection, ...]


def forward(
    name: str, cell: Cell, x: np.ndarray, initial: Arrays, weights: Arrays, layers: Layers
) -> tuple[Any, Saved]:
    """The hidden states of the last layer at every step, the last states of every layer and direction."""
    _require_weights(name, cell, x, initial, weights, layers)
    ways: list[ScanDirection] = []
    for first in range(0, len(initial[0]), layers.directions):
        outs = []
        for at in range(first, first + layers.directions):
            own = weights[at * layers.arrays : (at + 1) * layers.arrays]
            ways.append(_forward_way(cell, _turned(x, at - first), tuple(each[at] for each in initial), *own))
            outs.append(_turned(np.stack([h for h, *_ in ways[-1].states[1:]]), at - first))
        x = np.concatenate(outs, axis=-1)
    finals = (np.stack([way.states[-1][k] for way in ways]) for k in range(len(initial)))
    return (x, *finals), Saved(layers, tuple(ways))


def backward(cell: Cell, saved: Saved, dy: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """The gradients of the input, the initial states and the weights, in the order in which they came."""
    layers, ways = saved
    dx, *dfinals = dy
    dinitial: list[Arrays] = [()] * len(ways)
    dweights: list[Arrays] = [()] * len(ways)
    for first in range(len(ways) - layers.directions, -1, -layers.directions):
        douts = np.split(dx, layers.directions, axis=-1)
        dxs = []
        for at in range(first, first + layers.directions):
            dfinal = tuple(each[at] for each in dfinals)
            d, dinitial[at], dweights[at] = _backward_way(
                cell, ways[at], _turned(douts[at - first], at - first), dfinal
            )
            dxs.append(_turned(d, at - first))
        dx = sum(dxs[1:], dxs[0])
    return dx, *map(np.stack, zip(*dinitial, strict=True)), *(d for each in dweights for d in each[: layers.arrays])


def _forward_way(
    cell: Cell, x: np.ndarray, state: Arrays, w_ih: np.ndarray, w_hh: np.ndarray, *biases: np.ndarray
) -> ScanDirection:
    b_ih, b_hh = biases or (None, None)
    states, kept = [state], []
    for p in part(x, w_ih, b_ih):
        state, keep = cell.step(p, part(state[0], w_hh, b_hh), *state)
        states.append(state)
        kept.append(keep)
    return ScanDirection(x, w_ih, w_hh, tuple(states), tuple(kept))


def _backward_way(cell: Cell, way: ScanDirection, dy: np.ndarray, dstate: Arrays) -> tuple[np.ndarray, Arrays, Arrays]:
    x, w_ih, w_hh, states, kept = way
    dps, dqs = [], []
    for t in reversed(range(len(x))):
        dh, *others = dstate
        dp, dq, dh, *others = cell.pull(kept[t], states[t], dh + dy[t], *others)
        dstate = (dh + matmul(dq, w_hh), *others)
        dps.append(dp)
        dqs.append(dq)
    # the rows of all steps, one below the other
    dp, dq, h = (np.concatenate(rows) for rows in (dps[::-1], dqs[::-1], [state[0] for state in states[:-1]]))
    dw_ih, dw_hh = matmul(dp.T, x.reshape(-1, x.shape[-1])), matmul(dq.T, h)
    return matmul(dp, w_ih).reshape(x.shape), dstate, (dw_ih, dw_hh, dp.sum(axis=0), dq.sum(axis=0))


def _turned(x: np.ndarray, direction: int) -> np.ndarray:
    return x[::-1] if direction else x


def _require_weights(name: str, cell: Cell, x: np.ndarray, initial: Arrays, weights: Arrays, layers: Layers) -> None:
    ways, hidden = layers.num_layers * layers.directions, initial[0].shape[-1]
    if layers.num_layers < 1:
        raise ValueError(f"{name}: num_layers is 1 or more, got {layers.num_layers}")
    if len(initial[0]) != ways:
        raise ValueError(
            f"{name}: {layers.num_layers} layers in {layers.directions} directions start in {ways} states, "
            f"got {len(initial[0])}"
        )
    if len(weights) != ways * layers.arrays:
        raise ValueError(f"{name}: {ways} times {layers.arrays} weights are needed, got {len(weights)}")
    for at, weight in enumerate(weights):
        want = shape_of(at, x.shape[-1], hidden, cell.gates, layers)
        if weight.shape != want:
            raise ValueError(f"{name}: weights[{at}] has the shape {list(want)}, got {list(weight.shape)}")


def shape_of(at: int, inputs: int, hidden: int, gates: int, layers: Layers) -> tuple[int, ...]:
    """The shape of the array number `at` of the weights."""
    way, which = divmod(at, layers.arrays)
    below = inputs if way < layers.directions else layers.directions * hidden
    return ((gates * hidden, below), (gates * hidden, hidden), (gates * hidden,), (gates * hidden,))[which]
