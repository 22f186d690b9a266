"""Activations and elementwise functions, and the softmaxes."""

from collections.abc import Mapping

from scratch_bp.rules.activations import (
    abs,
    clamp,
    elu,
    exp,
    gelu,
    hardtanh,
    identity,
    leaky_relu,
    log,
    log_softmax,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    sqrt,
    square,
    tanh,
)
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
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
}
