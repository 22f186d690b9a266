"""PyTorch's margin losses over classes, whose targets are indices, on exact numbers, and their backwards.

multi_margin        sum over j other than t of  w[t] max(0, margin - x[t] + x[j])^p / C
multilabel_margin   sum over targets t and the others j of  max(0, 1 - x[t] + x[j]) / C; targets end at the first -1
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backcheck_reference.frontends.torch_code.aten.shared import Array, Operator, blank
from backcheck_reference.lazy import flint
from backcheck_reference.numbers.comparisons import greater
from backcheck_reference.numbers.literals import lift, number

NONE, MEAN, SUM = 0, 1, 2


def _reduced(losses: Array, reduction: int) -> Array:
    if reduction == NONE:
        return losses
    total: Array = np.add.reduce(losses, axis=0, keepdims=True)
    return total / len(losses) if reduction == MEAN else total


def _shares(dy: Array, rows: int, reduction: int) -> Array:
    """The cotangent of each row's loss."""
    spread = np.broadcast_to(dy.reshape(-1), (rows,), subok=True)
    return spread / rows if reduction == MEAN else spread


def _as_rows(x: Array, target: Array) -> tuple[Array, Array]:
    return (x.reshape(1, -1), target.reshape(1, -1)) if x.ndim < 2 else (x, target.reshape(len(x), -1))


def _beyond(x: Array, target: Array, p: Any, margin: Any, weight: Any) -> tuple[Array, Array]:
    """How far each other class is beyond the margin, 0 for the target's own, and the factor of each row."""
    every = np.arange(len(x))
    z = number(margin) - x[every, target][:, None] + x
    positive = greater(z, flint.arb(0))
    own = np.arange(x.shape[1]) == target[:, None]
    kept = np.where(own, flint.arb(0), np.where(positive, z, flint.arb(0)))
    scale = (lift(np.ones(len(x))) if weight is None else lift(weight)[target]) / x.shape[1]
    return kept, scale


def _multi_margin_backward(
    dy: Array, x: Array, target: Array, p: Any, margin: Any, weight: Any = None, reduction: int = MEAN
) -> Array:
    rows, labels = _as_rows(x, target)
    kept, scale = _beyond(rows, labels[:, 0], p, margin, weight)
    slope = np.where(greater(kept, flint.arb(0)), flint.arb(1), flint.arb(0)) if int(p) == 1 else 2 * kept
    dx: Array = slope * (scale * _shares(dy, len(rows), reduction))[:, None]
    dx[np.arange(len(rows)), labels[:, 0]] = -np.add.reduce(dx, axis=1)
    return dx.reshape(x.shape)


def _targets(target: Array) -> list[list[int]]:
    """Those of each row, as often as they are there, until the first -1."""
    rows: list[list[int]] = target.tolist()
    return [row[: row.index(-1)] if -1 in row else row for row in rows]


def _multilabel_margin(x: Array, target: Array, reduction: int) -> tuple[Array, Array]:
    rows, labels = _as_rows(x, target)
    losses, is_target = blank((len(rows),), x), np.zeros(rows.shape)
    for i, chosen in enumerate(_targets(labels)):
        is_target[i, chosen] = 1
        others = np.flatnonzero(is_target[i] == 0)
        for t in chosen:
            z = 1 - rows[i, t] + rows[i, others]
            losses[i] += np.add.reduce(np.where(greater(z, flint.arb(0)), z, flint.arb(0))) / rows.shape[1]
    shape = target.shape[:-1] if reduction == NONE else ()
    return _reduced(losses, reduction).reshape(shape), lift(is_target).reshape(target.shape)


def _multilabel_margin_backward(dy: Array, x: Array, target: Array, reduction: int, is_target: Array) -> Array:
    rows, labels = _as_rows(x, target)
    shares, dx = _shares(dy, len(rows), reduction), blank(rows.shape, dy, x)
    for i, chosen in enumerate(_targets(labels)):
        others = np.setdiff1d(np.arange(rows.shape[1]), chosen)
        for t in chosen:
            z = 1 - rows[i, t] + rows[i, others]
            part = np.where(greater(z, flint.arb(0)), flint.arb(1), flint.arb(0)) * (shares[i] / rows.shape[1])
            dx[i, others] += part
            dx[i, t] -= np.add.reduce(part)
    return dx.reshape(x.shape)


MARGIN_LOSSES: Mapping[str, Operator] = {
    "multi_margin_loss_backward": _multi_margin_backward,
    "multilabel_margin_loss_forward": _multilabel_margin,
    "multilabel_margin_loss_backward": _multilabel_margin_backward,
}
