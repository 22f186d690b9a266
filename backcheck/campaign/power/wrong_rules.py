"""Wrong rules that no change of one line makes: functions of the right rule, and reverse passes of whole networks."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scratch_bp.elementary import like
from scratch_bp.network import Network
from scratch_bp.rules import RULES, Rule

Scale = Callable[[Any, Any], Any]


def of_inputs(right: Rule, backward: Callable[..., tuple[Any, ...]]) -> Rule:
    """A backward that sees the right gradients and the arrays: backward(grads, dy, *arrays, **config)."""

    @functools.wraps(right.forward)
    def forward(*arrays: np.ndarray, **config: Any) -> tuple[Any, Any]:
        y, saved = right.forward(*arrays, **config)
        return y, (saved, arrays, config)

    def outer(kept: Any, dy: Any) -> tuple[Any, ...]:
        saved, arrays, config = kept
        return backward(right.backward(saved, dy), dy, *arrays, **config)

    return Rule(forward, outer)


def norm(right: Rule, scale: Scale, axis: Any, *, centred: bool = True) -> Rule:
    """A norm whose dx is divided by scale(var, eps) instead of sqrt(var + eps)."""

    def backward(grads: Any, dy: Any, x: Any, *rest: Any, eps: float = 1e-5, **other: Any) -> tuple[Any, ...]:
        axes = axis(x, other) if callable(axis) else axis
        z = x - x.mean(axes, keepdims=True) if centred else x
        var, small = (z * z).mean(axes, keepdims=True), like(x, eps)
        return grads[0] * np.sqrt(var + small) / scale(var, small), *grads[1:]

    return of_inputs(right, backward)


def eps_outside(var: Any, eps: Any) -> Any:
    return np.sqrt(var) + eps


def no_eps(var: Any, eps: Any) -> Any:
    return np.sqrt(var)


def _over_channels(x: Any, options: Mapping[str, Any]) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def _trailing(x: Any, options: Mapping[str, Any]) -> tuple[int, ...]:
    shape = options.get("normalized_shape")
    return tuple(range(-(len(shape) if isinstance(shape, tuple) else 1), 0))


def layer_norm_std_plus_eps(right: Rule) -> Rule:
    return norm(right, eps_outside, _trailing)


def batch_norm_std_plus_eps(right: Rule) -> Rule:
    return norm(right, eps_outside, _over_channels)


def batch_norm_without_eps(right: Rule) -> Rule:
    return norm(right, no_eps, _over_channels)


def rms_norm_without_eps(right: Rule) -> Rule:
    return norm(right, no_eps, _trailing, centred=False)


def overwriting(network: Network, trace: Any, dy: Any, rules: Mapping[str, Rule] = RULES) -> dict[str, Any]:
    """A reverse pass in which the last reader of a value has its cotangent alone."""
    return _reverse(network, trace, dy, rules, lambda old, new, count: new)


def first_reader(network: Network, trace: Any, dy: Any, rules: Mapping[str, Rule] = RULES) -> dict[str, Any]:
    """A reverse pass in which a value that has a cotangent already gets no more."""
    return _reverse(network, trace, dy, rules, lambda old, new, count: old)


def averaged(network: Network, trace: Any, dy: Any, rules: Mapping[str, Rule] = RULES) -> dict[str, Any]:
    """A reverse pass that takes the mean of what the readers of a value send back."""
    return _reverse(network, trace, dy, rules, lambda old, new, count: (old * count + new) / (count + 1))


def _reverse(
    network: Network, trace: Any, dy: Any, rules: Mapping[str, Rule], join: Callable[[Any, Any, int], Any]
) -> dict[str, Any]:
    from scratch_bp.network import _cotangent

    cotangents: dict[str, Any] = {network.output: dy}
    counts: dict[str, int] = {}
    for node in reversed(network.nodes):
        dy_node = _cotangent(node.name, trace.values, cotangents)
        if dy_node is None:
            continue
        for name, grad in zip(node.reads, rules[node.rule].backward(trace.saved[node.name], dy_node), strict=True):
            if grad is not None:
                counts[name] = counts.get(name, 0) + 1
                known = name in cotangents
                joined = join(cotangents[name], grad, counts[name] - 1) if known else grad
                cotangents[name] = np.asanyarray(joined)
    return cotangents
