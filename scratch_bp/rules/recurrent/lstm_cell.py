"""One step of a long short-term memory (Hochreiter and Schmidhuber, 1997), its forget gate by Gers et al. (2000).

With a = p + q in the four blocks i, f, g, o, s the logistic function:
i = s(a_i), f = s(a_f), g = tanh(a_g), o = s(a_o);  c' = f c + i g,  h' = o tanh c'.

With t = tanh c', and dc' = the cotangent of c' itself + dh' o (1 - t^2):
da_i = dc' g i (1 - i), da_f = dc' c f (1 - f), da_g = dc' i (1 - g^2), da_o = dh' t o (1 - o);  dc = dc' f.
"""

import numpy as np

from scratch_bp.elementary import logistic
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Cell
from scratch_bp.rules.shapes import Any, GateBias, Inputs, InputWeight, State, StateWeight


def _step(p: Any, q: Any, h: State, c: State) -> tuple[tuple, tuple]:
    a, n = p + q, c.shape[-1]
    gates = logistic(a)
    gates[..., 2 * n : 3 * n] = np.tanh(a[..., 2 * n : 3 * n])
    i, f, g, o = _blocks(gates, n)
    new_c = f * c + i * g
    t = np.tanh(new_c)
    return (o * t, new_c), (gates, t)


def _slopes(kept: tuple, state: tuple) -> tuple:
    """Of a by dc' (three blocks) and by dh', of dc' by dh', and of dc by dc'."""
    gates, t = kept
    i, f, g, o = _blocks(gates, t.shape[-1])
    _, c = state
    by_a = np.concatenate([g * i * (1 - i), c * f * (1 - f), i * (1 - g * g), t * o * (1 - o)], axis=-1)
    return by_a, o * (1 - t * t), f


def _pull(slopes: tuple, dh: Any, dc: Any) -> tuple[None, Any]:
    by_a, through_h, f = slopes
    dc = dc + dh * through_h
    by_a *= np.concatenate([dc, dc, dc, dh], axis=-1)
    return None, dc * f


def _blocks(gates: np.ndarray, n: int) -> list[np.ndarray]:
    return [gates[..., k * n : (k + 1) * n] for k in range(4)]


CELL = Cell(4, True, _step, _slopes, _pull)


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
