"""One step of a gated recurrent unit (Cho et al., 2014), the reset gate as PyTorch and cuDNN have it, after w_hn.

In the blocks r, z, n of p = x w_ih^T + b_ih and q = h w_hh^T + b_hh, s the logistic function:
r = s(p_r + q_r), z = s(p_z + q_z), n = tanh(p_n + r q_n);  h' = (1 - z) n + z h.

dp_n = dh' (1 - z) (1 - n^2), dp_z = dh' (h - n) z (1 - z), dp_r = dp_n q_n r (1 - r), and dh = dh' z beside what goes
through q. The cotangents of q are those of p, but for dq_n = dp_n r.
"""

import numpy as np

from scratch_bp.elementary import logistic
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Cell
from scratch_bp.rules.shapes import Any, GateBias, Inputs, InputWeight, State, StateWeight


def _step(p: Any, q: Any, h: State) -> tuple[tuple, tuple]:
    size = h.shape[-1]
    gates, q_n = logistic(p[..., : 2 * size] + q[..., : 2 * size]), q[..., 2 * size :]
    r, z = gates[..., :size], gates[..., size:]
    n = np.tanh(p[..., 2 * size :] + r * q_n)
    return ((1 - z) * n + z * h,), (gates, n, q_n)


def _slopes(kept: tuple, state: tuple) -> tuple:
    """Of p, of q, and of h past q, all by dh'."""
    gates, n, q_n = kept
    r, z = gates[..., : n.shape[-1]], gates[..., n.shape[-1] :]
    by_n = (1 - z) * (1 - n * n)
    by_r, by_z, by_qn = by_n * q_n * r * (1 - r), (state[0] - n) * z * (1 - z), by_n * r
    return np.concatenate([by_r, by_z, by_n], axis=-1), np.concatenate([by_r, by_z, by_qn], axis=-1), z


def _pull(slopes: tuple, dh: Any) -> tuple[Any]:
    by_p, by_q, z = slopes
    thrice = np.concatenate([dh, dh, dh], axis=-1)
    by_p *= thrice
    by_q *= thrice
    return (dh * z,)


CELL = Cell(3, False, _step, _slopes, _pull)


def forward(
    x: Inputs,
    h: State,
    w_ih: InputWeight,
    w_hh: StateWeight,
    b_ih: GateBias | None = None,
    b_hh: GateBias | None = None,
) -> tuple[State, cell.Saved]:
    (new,), saved = cell.forward("gru_cell", CELL, x, (h,), w_ih, w_hh, b_ih, b_hh)
    return new, saved


def backward(saved: cell.Saved, dh: State) -> tuple[np.ndarray, ...]:
    return cell.backward(CELL, saved, dh)
