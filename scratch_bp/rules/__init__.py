"""The table of rules: pure pairs forward(*arrays, **config) -> (y, saved), backward(saved, dy) -> gradients.

Arrays go by position and configuration by keyword; backward returns one gradient per array, None for an integer array.
A new rule is a new file and a new line here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scratch_bp.rules import (
    add,
    bce_with_logits,
    cross_entropy,
    dense,
    gelu,
    huber,
    identity,
    layer_norm,
    leaky_relu,
    log_softmax,
    mae,
    mse,
    multiply,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
    tanh,
)


class Rule(NamedTuple):
    forward: Callable[..., tuple[Any, Any]]
    backward: Callable[[Any, Any], tuple[Any, ...]]


LAYERS: Mapping[str, Rule] = {
    "dense": Rule(dense.forward, dense.backward),
    "identity": Rule(identity.forward, identity.backward),
    "sigmoid": Rule(sigmoid.forward, sigmoid.backward),
    "tanh": Rule(tanh.forward, tanh.backward),
    "relu": Rule(relu.forward, relu.backward),
    "leaky_relu": Rule(leaky_relu.forward, leaky_relu.backward),
    "softplus": Rule(softplus.forward, softplus.backward),
    "gelu": Rule(gelu.forward, gelu.backward),
    "silu": Rule(silu.forward, silu.backward),
    "softmax": Rule(softmax.forward, softmax.backward),
    "log_softmax": Rule(log_softmax.forward, log_softmax.backward),
    "layer_norm": Rule(layer_norm.forward, layer_norm.backward),
    "add": Rule(add.forward, add.backward),
    "multiply": Rule(multiply.forward, multiply.backward),
}

LOSSES: Mapping[str, Rule] = {
    "mse": Rule(mse.forward, mse.backward),
    "mae": Rule(mae.forward, mae.backward),
    "huber": Rule(huber.forward, huber.backward),
    "cross_entropy": Rule(cross_entropy.forward, cross_entropy.backward),
    "bce_with_logits": Rule(bce_with_logits.forward, bce_with_logits.backward),
}

RULES: Mapping[str, Rule] = {**LAYERS, **LOSSES}
