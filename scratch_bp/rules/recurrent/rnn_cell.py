"""One step of an Elman network (Elman, 1990): h' = f(x w_ih^T + b_ih + h w_hh^T + b_hh), f = tanh or relu.

With a = p + q: da = dh' (1 - h'^2) for tanh, and dh' where h' > 0 for relu, whose slope at 0 is taken as 0.
"""

from collections.abc import Mapping

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Cell
from scratch_bp.rules.shapes import Any, GateBias, Inputs, InputWeight, State, StateWeight


def _tanh(p: Any, q: Any, h: Any) -> tuple[tuple, tuple]:
    new = np.tanh(p + q)
    return (new,), (new,)


def _relu(p: Any, q: Any, h: Any) -> tuple[tuple, tuple]:
    a = p + q
    new = np.maximum(a, like(a, 0))
    return (new,), (new,)


def _pull(slopes: tuple, dh: Any) -> tuple[None]:
    (by_a,) = slopes
    by_a *= dh
    return (None,)


def _tanh_slopes(kept: tuple, state: tuple) -> tuple:
    return (1 - kept[0] * kept[0],)


def _relu_slopes(kept: tuple, state: tuple) -> tuple:
    return (np.where(kept[0] > 0, like(kept[0], 1), like(kept[0], 0)),)


CELLS: Mapping[str, Cell] = {
    "tanh": Cell(1, True, _tanh, _tanh_slopes, _pull),
    "relu": Cell(1, True, _relu, _relu_slopes, _pull),
}


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
