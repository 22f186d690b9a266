"""The same rules in PyTorch and in JAX, side by side so that a wrong default is seen.

A mirror has its rule's signature and none of its code: the framework's own function where it has one.
"""

from collections.abc import Mapping

from reference.mirrors import layers, losses
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
    "mse": losses.mse,
    "mae": losses.mae,
    "huber": losses.huber,
    "cross_entropy": losses.cross_entropy,
    "bce_with_logits": losses.bce_with_logits,
}

__all__ = ["MIRRORS", "Mirror"]
