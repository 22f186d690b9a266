"""One step of a long short-term memory (Hochreiter and Schmidhuber, 1997), its forget gate by Gers et al. (2000).

With a = p + q in the four blocks i, f, g, o, s the logistic function:
i = s(a_i), f = s(a_f), g = tanh(a_g), o = s(a_o);  c' = f c + i g,  h' = o tanh c'.

With t = tanh c', and dc' = the cotangent of c' itself + dh' o (1 - t^2):
da_i = dc' g i (1 - i), da_f = dc' c f (1 - f), da_g = dc' i (1 - g^2), da_o = dh' t o (1 - o);  dc = dc' f.
"""

import numpy as np

from scratch_bp.elementary import logistic, zeros_like
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Arrays, Cell
from scratch_bp.rules.shapes import GateBias, Inputs, InputWeight, State, StateWeight, Tensor


def _step(p: Tensor, q: Tensor, h: State, c: State) -> tuple[Arrays, Arrays]:
    a_i, a_f, a_g, a_o = np.split(p + q, 4, axis=-1)
    i, f, g, o = logistic(a_i), logistic(a_f), np.tanh(a_g), logistic(a_o)
    new_c = f * c + i * g
    t = np.tanh(new_c)
    return (o * t, new_c), (i, f, g, o, t)


def _pull(kept: Arrays, state: Arrays, dh: Tensor, dc: Tensor) -> Arrays:
    (i, f, g, o, t), (_, c) = kept, state
    dc = dc + dh * o * (1 - t * t)
    da_i, da_f, da_g, da_o = dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=-1)
    return da, da, zeros_like(dh), dc * f


CELL = Cell(4, _step, _pull)


def forward(
    x: Inputs,
    h: State,
    c: State,
    w_ih: InputWeight,
    w_hh: StateWeight,
    b_ih: GateBias | None = None,
    b_hh: GateBias | None = None,
) -> tuple[tuple[State, State], cell.Saved]:
    return cell.forward("lstm_cell", CELL, x, (h, c), w_ih, w_hh, b_ih, b_hh)


def backward(saved: cell.Saved, dy: tuple[State, State]) -> tuple[np.ndarray, ...]:
    return cell.backward(CELL, saved, *dy)
