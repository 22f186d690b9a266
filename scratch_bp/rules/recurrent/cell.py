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
    """The elementwise part of a recurrent step, in three functions that work on any leading axes.

    gates     how many blocks of the hidden size p and q have
    together  the step reads p and q as their sum only, so that dp = dq
    step      (p, q, *state) -> the new state, and what the slopes are made of
    slopes    (what a step kept, the state before it) -> the factors of the pull-back: of all steps at once
    pull      (factors, *cotangents of the new state) -> the cotangents of the state before it, without what h gets
              through q; None where that is all that h gets. The first factors become dp and, if it is
              another, dq: in their own memory, so that those of all steps lie together
    """

    gates: int
    together: bool
    step: Callable[..., tuple[Arrays, Arrays]]
    slopes: Callable[[Arrays, Arrays], Arrays]
    pull: Callable[..., tuple[np.ndarray | None, *tuple[np.ndarray, ...]]]

    def gates_of(self, factors: Arrays) -> tuple[np.ndarray, np.ndarray]:
        """dp and dq, once they have been pulled."""
        return factors[0], factors[0 if self.together else 1]


class Saved(NamedTuple):
    x: np.ndarray
    state: Arrays
    w_ih: np.ndarray
    w_hh: np.ndarray
    biases: int
    kept: Arrays


def forward(
    name: str, cell: Cell, x: np.ndarray, state: Arrays, w_ih: np.ndarray, w_hh: np.ndarray, *biases: np.ndarray | None
) -> tuple[Any, Saved]:
    hidden = w_hh.shape[1]
    if len(w_hh) != cell.gates * hidden:
        raise ValueError(
            f"{name}: {cell.gates} gates of {hidden} need {cell.gates * hidden} rows of weights, got {len(w_hh)}"
        )
    given = [b for b in biases if b is not None]
    parts = [matmul(x, w_ih.T), matmul(state[0], w_hh.T)]
    new, kept = cell.step(*(part + b for part, b in zip(parts, given, strict=False)), *parts[len(given) :], *state)
    return new, Saved(x, state, w_ih, w_hh, len(given), kept)


def backward(cell: Cell, saved: Saved, *dnew: np.ndarray) -> tuple[np.ndarray, ...]:
    x, state, w_ih, w_hh, biases, kept = saved
    factors = cell.slopes(kept, state)
    direct, *dstate = cell.pull(factors, *dnew)
    dp, dq = cell.gates_of(factors)
    dh = plus(matmul(dq, w_hh), direct)
    dbiases = (dp.sum(axis=0), dq.sum(axis=0))[:biases]
    return matmul(dp, w_ih), dh, *dstate, matmul(dp.T, x), matmul(dq.T, state[0]), *dbiases


def plus(a: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    return a if b is None else a + b
