"""The table of rules: pure pairs forward(*arrays, **config) -> (y, saved), backward(saved, dy) -> gradients.

Arrays go by position and configuration by keyword; backward returns one gradient per array, None for an integer array.
A new rule is a new file and a new line here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scratch_bp.rules import (
    abs,
    add,
    amax,
    batch_norm,
    bce,
    bce_with_logits,
    clamp,
    cross_entropy,
    dense,
    dropout,
    elu,
    exp,
    gelu,
    hardtanh,
    huber,
    identity,
    l2_penalty,
    layer_norm,
    leaky_relu,
    log,
    log_softmax,
    mae,
    margin_ranking,
    max,
    max_pool1d,
    maximum,
    mean,
    minimum,
    mse,
    multiply,
    nll,
    norm,
    relu,
    relu6,
    rms_norm,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    sqrt,
    square,
    sum,
    tanh,
    var,
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
    "abs": Rule(abs.forward, abs.backward),
    "square": Rule(square.forward, square.backward),
    "exp": Rule(exp.forward, exp.backward),
    "sqrt": Rule(sqrt.forward, sqrt.backward),
    "log": Rule(log.forward, log.backward),
    "clamp": Rule(clamp.forward, clamp.backward),
    "hardtanh": Rule(hardtanh.forward, hardtanh.backward),
    "relu6": Rule(relu6.forward, relu6.backward),
    "elu": Rule(elu.forward, elu.backward),
    "softsign": Rule(softsign.forward, softsign.backward),
    "maximum": Rule(maximum.forward, maximum.backward),
    "minimum": Rule(minimum.forward, minimum.backward),
    "max": Rule(max.forward, max.backward),
    "amax": Rule(amax.forward, amax.backward),
    "sum": Rule(sum.forward, sum.backward),
    "mean": Rule(mean.forward, mean.backward),
    "var": Rule(var.forward, var.backward),
    "norm": Rule(norm.forward, norm.backward),
    "max_pool1d": Rule(max_pool1d.forward, max_pool1d.backward),
    "rms_norm": Rule(rms_norm.forward, rms_norm.backward),
    "batch_norm": Rule(batch_norm.forward, batch_norm.backward),
    "dropout": Rule(dropout.forward, dropout.backward),
}

LOSSES: Mapping[str, Rule] = {
    "mse": Rule(mse.forward, mse.backward),
    "mae": Rule(mae.forward, mae.backward),
    "huber": Rule(huber.forward, huber.backward),
    "cross_entropy": Rule(cross_entropy.forward, cross_entropy.backward),
    "bce_with_logits": Rule(bce_with_logits.forward, bce_with_logits.backward),
    "margin_ranking": Rule(margin_ranking.forward, margin_ranking.backward),
    "nll": Rule(nll.forward, nll.backward),
    "bce": Rule(bce.forward, bce.backward),
    "l2_penalty": Rule(l2_penalty.forward, l2_penalty.backward),
}

RULES: Mapping[str, Rule] = {**LAYERS, **LOSSES}
