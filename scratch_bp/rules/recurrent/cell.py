"""What a recurrent cell is, and one step of it as a rule of its own.

A step reads an input x and a state, the hidden h and for some cells more. Its gates come from two parts, of the input
and of the hidden state,

    p = x w_ih^T + b_ih,  q = h w_hh^T + b_hh,

and the pull-back returns the cotangents dp and dq of both, from which, for one step as for all steps stacked,

    dx = dp w_ih,  dw_ih = dp^T x,  db_ih = sum dp,  dw_hh = dq^T h,  db_hh = sum dq,  dh = dq w_hh + what goes past q.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.elementary import matmul

Arrays = tuple[np.ndarray, ...]


class Cell(NamedTuple):
    """The elementwise part of a recurrent step.

    gates   how many blocks of the hidden size p and q have
    step    (p, q, *state) -> the new state, and what the pull-back needs
    pull    (what the step kept, the state before it, *cotangents of the new state) -> dp, dq, and the cotangents of the
            state before it, without what h gets through q
    """

    gates: int
    step: Callable[..., tuple[Arrays, Arrays]]
    pull: Callable[..., Arrays]


class Saved(NamedTuple):
    x: np.ndarray
    state: Arrays
    w_ih: np.ndarray
    w_hh: np.ndarray
    biased: tuple[bool, ...]
    kept: Arrays


def forward(
    name: str,
    cell: Cell,
    x: np.ndarray,
    state: Arrays,
    w_ih: np.ndarray,
    w_hh: np.ndarray,
    b_ih: np.ndarray | None,
    b_hh: np.ndarray | None,
) -> tuple[Any, Saved]:
    hidden = w_hh.shape[1]
    if len(w_hh) != cell.gates * hidden:
        raise ValueError(
            f"{name}: {cell.gates} gates of {hidden} need {cell.gates * hidden} rows of weights, got {len(w_hh)}"
        )
    new, kept = cell.step(part(x, w_ih, b_ih), part(state[0], w_hh, b_hh), *state)
    return new, Saved(x, state, w_ih, w_hh, (b_ih is not None, b_hh is not None), kept)


def backward(cell: Cell, saved: Saved, *dnew: np.ndarray) -> tuple[np.ndarray, ...]:
    x, state, w_ih, w_hh, biased, kept = saved
    dp, dq, dh, *dstate = cell.pull(kept, state, *dnew)
    dbiases = [d.sum(axis=0) for d, given in zip((dp, dq), biased, strict=True) if given]
    return matmul(dp, w_ih), dh + matmul(dq, w_hh), *dstate, matmul(dp.T, x), matmul(dq.T, state[0]), *dbiases


def part(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """p or q."""
    return matmul(x, w.T) if b is None else matmul(x, w.T) + b
