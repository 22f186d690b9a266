"""The same rules in PyTorch and in JAX, side by side so that a wrong default is seen.

A mirror has its rule's signature and none of its code: the framework's own function where it has one.
"""

from collections.abc import Mapping

from reference.mirrors import kinks, layers, losses, normalisation, reductions
from reference.mirrors.mirror import Mirror

MIRRORS: Mapping[str, Mirror] = {
    "dense": layers.dense,
    "identity": layers.identity,
    "sigmoid": layers.sigmoid,
    "tanh": layers.tanh,
    "relu": layers.relu,
    "leaky_relu": layers.leaky_relu,
    "softplus": layers.softplus,
    "gelu": layers.gelu,
    "silu": layers.silu,
    "softmax": layers.softmax,
    "log_softmax": layers.log_softmax,
    "layer_norm": layers.layer_norm,
    "add": layers.add,
    "multiply": layers.multiply,
    "abs": kinks.abs,
    "square": layers.square,
    "exp": layers.exp,
    "sqrt": layers.sqrt,
    "log": layers.log,
    "clamp": kinks.clamp,
    "hardtanh": kinks.hardtanh,
    "relu6": kinks.relu6,
    "elu": kinks.elu,
    "softsign": layers.softsign,
    "maximum": kinks.maximum,
    "minimum": kinks.minimum,
    "max": kinks.max,
    "amax": kinks.amax,
    "sum": reductions.sum,
    "mean": reductions.mean,
    "var": reductions.var,
    "norm": reductions.norm,
    "max_pool1d": kinks.max_pool1d,
    "rms_norm": normalisation.rms_norm,
    "batch_norm": normalisation.batch_norm,
    "dropout": normalisation.dropout,
    "mse": losses.mse,
    "mae": losses.mae,
    "huber": losses.huber,
    "cross_entropy": losses.cross_entropy,
    "bce_with_logits": losses.bce_with_logits,
    "margin_ranking": losses.margin_ranking,
    "nll": losses.nll,
    "bce": losses.bce,
    "l2_penalty": losses.l2_penalty,
}

__all__ = ["MIRRORS", "Mirror"]
