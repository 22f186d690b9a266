"""Pairs of a forward and a backward that does not fit it, for floats and for exact numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backcheck.campaign.power import wrong_rules
from scratch_bp.elementary import like, pi
from scratch_bp.rules import RULES, Rule
from scratch_bp.rules.extremes import even_shares
from scratch_bp.rules.losses.reduction import reduce
from tests.verdicts.helpers import scaled, with_backward


def changed(rule: str, backward: Callable[[Any, Any], tuple[Any, ...]]) -> Rule:
    return Rule(RULES[rule].forward, backward)


def of_inputs(rule: str, backward: Callable[..., tuple[Any, ...]]) -> Rule:
    """A backward that sees the right gradients and the arrays: backward(grads, dy, *arrays, **config)."""
    return wrong_rules.of_inputs(RULES[rule], backward)


def norm(rule: str, scale: Callable[[Any, Any], Any], axis: Any, *, centred: bool = True) -> Rule:
    """A norm whose dx is divided by scale(var, eps) instead of sqrt(var + eps)."""
    return wrong_rules.norm(RULES[rule], scale, axis, centred=centred)


def tanh_gelu(grads: Any, dy: Any, x: Any) -> tuple[Any]:
    root, c = np.sqrt(2 / pi(x)), like(x, 0.044715)
    t = np.tanh(root * (x + c * x * x * x))
    return (dy * ((1 + t) / 2 + x * (1 - t * t) / 2 * root * (1 + 3 * c * x * x)),)


def cross_entropy(value: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Rule:
    """-value(p) at the target, whose gradient is taken for slope(p) (p - y)."""

    def forward(x: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, Any]:
        p = RULES["softmax"].forward(x)[0]
        return reduce(-value(p[np.arange(len(p)), target]), "mean"), (p, target)

    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray, None]:
        p, target = saved
        hit = np.arange(p.shape[1]) == target[:, None]
        weight = slope(p[np.arange(len(p)), target])[:, None]
        return np.where(hit, p - 1, p) * weight * dy / len(p), None

    return Rule(forward, backward)


def log_of_clamped(p: Any) -> Any:
    return np.log(np.maximum(p, like(p, 1e-7)))


def log_plus_eps(p: Any) -> Any:
    return np.log(p + like(p, 1e-5))


def one(p: Any) -> Any:
    return p * 0 + 1


CLAMPED = cross_entropy(log_of_clamped, lambda p: np.where(p > like(p, 1e-7), one(p), 0 * p))
SHIFTED = cross_entropy(log_plus_eps, lambda p: p / (p + like(p, 1e-5)))


def at_zero(slope: float) -> Rule:
    return changed("relu", lambda x, dy: (np.where(x > 0, dy, np.where(x < 0, 0 * dy, dy * like(dy, slope))),))


def copied(grads: Any, dy: Any, x: Any) -> tuple[Any]:
    return (np.where(even_shares(x, -1) > 0, np.expand_dims(dy, -1), like(dy, 0)),)


def in_precision(kind: type) -> Rule:
    def backward(saved: Any, dy: np.ndarray) -> tuple[np.ndarray, ...]:
        low = saved._replace(x=saved.x.astype(kind), w=saved.w.astype(kind))
        return tuple(grad.astype(dy.dtype) for grad in RULES["dense"].backward(low, dy.astype(kind)))

    return changed("dense", backward)


def saturated(grads: Any, dy: Any, x: Any) -> tuple[Any]:
    return (np.where(abs(x) > 12, 0 * x, grads[0]),)


def softmax_sign(saved: Any, dy: Any) -> tuple[Any]:
    y, dim = saved
    return (y * (dy + (dy * y).sum(axis=dim, keepdims=True)),)


def divided_by_n(saved: Any, dy: Any) -> tuple[Any]:
    return RULES["var"].backward(saved._replace(freedom=saved.centred.size // np.size(dy)), dy)


def times(position: int, rule: str, factor: Any) -> Rule:
    return with_backward(rule, scaled(position, factor))[rule]
