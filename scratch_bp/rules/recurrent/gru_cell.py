"""One step of a gated recurrent unit (Cho et al., 2014), the reset gate as PyTorch and cuDNN have it, after w_hn.

In the blocks r, z, n of p = x w_ih^T + b_ih and q = h w_hh^T + b_hh, s the logistic function:
r = s(p_r + q_r), z = s(p_z + q_z), n = tanh(p_n + r q_n);  h' = (1 - z) n + z h.

dp_n = dh' (1 - z) (1 - n^2), dp_z = dh' (h - n) z (1 - z), dp_r = dp_n q_n r (1 - r), and dh = dh' z beside what goes
through q. The cotangents of q are those of p, but for dq_n = dp_n r.
"""

import numpy as np

from scratch_bp.elementary import logistic
from scratch_bp.rules.recurrent import cell
from scratch_bp.rules.recurrent.cell import Arrays, Cell
from scratch_bp.rules.shapes import GateBias, Inputs, InputWeight, State, StateWeight, Tensor


def _step(p: Tensor, q: Tensor, h: State) -> tuple[Arrays, Arrays]:
    (p_r, p_z, p_n), (q_r, q_z, q_n) = np.split(p, 3, axis=-1), np.split(q, 3, axis=-1)
    r, z = logistic(p_r + q_r), logistic(p_z + q_z)
    n = np.tanh(p_n + r * q_n)
    return ((1 - z) * n + z * h,), (r, z, n, q_n)


def _pull(kept: Arrays, state: Arrays, dh: Tensor) -> Arrays:
    (r, z, n, q_n), (h,) = kept, state
    dp_n = dh * (1 - z) * (1 - n * n)
    dp_z = dh * (h - n) * z * (1 - z)
    dp_r = dp_n * q_n * r * (1 - r)
    return np.concatenate([dp_r, dp_z, dp_n], axis=-1), np.concatenate([dp_r, dp_z, dp_n * r], axis=-1), dh * z


CELL = Cell(3, _step, _pull)


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
