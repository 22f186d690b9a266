"""One step of an Elman network (Elman, 1990): h' = f(x w_ih^T + b_ih + h w_hh^T + b_hh), f = tanh or relu.

With a = p + q: da = dh' (1 - h'^2) for tanh, and dh' where h' > 0 for relu, whose slope at 0 is taken as 0.
"""

from collections.abc import Mapping

import numpy as np

from scratch_bp.elementary import like, zero_unless, zeros_like
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Arrays, Cell
from scratch_bp.rules.shapes import GateBias, Inputs, InputWeight, State, StateWeight, Tensor


def _tanh(p: Tensor, q: Tensor, h: Tensor) -> tuple[Arrays, Arrays]:
    new = np.tanh(p + q)
    return (new,), (new,)


def _tanh_pull(kept: Arrays, state: Arrays, dh: Tensor) -> Arrays:
    (new,) = kept
    da = dh * (1 - new * new)
    return da, da, zeros_like(dh)


def _relu(p: Tensor, q: Tensor, h: Tensor) -> tuple[Arrays, Arrays]:
    new = np.maximum(p + q, like(h, 0))
    return (new,), (new,)


def _relu_pull(kept: Arrays, state: Arrays, dh: Tensor) -> Arrays:
    (new,) = kept
    da = zero_unless(new > 0, dh)
    return da, da, zeros_like(dh)


CELLS: Mapping[str, Cell] = {"tanh": Cell(1, _tanh, _tanh_pull), "relu": Cell(1, _relu, _relu_pull)}


def cell_of(rule: str, nonlinearity: str) -> Cell:
    if nonlinearity not in CELLS:
        raise ValueError(f"{rule}: nonlinearity is one of {', '.join(CELLS)}, got {nonlinearity!r}")
    return CELLS[nonlinearity]


def forward(
    x: Inputs,
    h: State,
    w_ih: InputWeight,
    w_hh: StateWeight,
    b_ih: GateBias | None = None,
    b_hh: GateBias | None = None,
    *,
    nonlinearity: str = "tanh",
) -> tuple[State, tuple[str, cell.Saved]]:
    chosen = cell_of("rnn_cell", nonlinearity)
    (new,), saved = cell.forward("rnn_cell", chosen, x, (h,), w_ih, w_hh, b_ih, b_hh)
    return new, (nonlinearity, saved)


def backward(saved: tuple[str, cell.Saved], dh: State) -> tuple[np.ndarray, ...]:
    nonlinearity, kept = saved
    return cell.backward(CELLS[nonlinearity], kept, dh)
