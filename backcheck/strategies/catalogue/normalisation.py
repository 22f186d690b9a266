"""What can be drawn of the normalisations."""

import math
from collections.abc import Callable, Mapping

from backcheck.strategies.arrays import Shape
from backcheck.strategies.catalogue.kink import Kink
from backcheck.strategies.catalogue.row import (
    DIM,
    EPS,
    NONZERO,
    ONES,
    ZEROS,
    Array,
    Binding,
    Choices,
    Config,
    Row,
    unique,
)

CHANNELS = {"weight": ONES, "bias": ZEROS}


def _trailing(bound: Binding) -> Choices:
    """The last axis, the last two, and all."""
    shape = (*bound["*batch"], bound["n"])
    return None, *unique(shape[-2:], shape)


def _normalized(bound: Binding, config: Config) -> tuple[Shape, ...]:
    return (config.get("normalized_shape") or (bound["n"],),)


def _groups(bound: Binding) -> Choices:
    """The whole, a proper divisor where there is one, and one channel each."""
    channels = bound["channels"]
    return unique(1, *(n for n in (2, 3) if channels % n == 0), channels)


def _several(per_mean: Callable[[Binding, Config], int]) -> Callable[[Binding, Config], bool]:
    return lambda bound, config: per_mean(bound, config) * math.prod(bound["*rest"]) > 1


def _scale(bound: Binding, config: Config) -> tuple[Shape, ...]:
    """The shape of the norms of v."""
    shape, dim = bound["*shape"], config.get("dim", 0)
    return ((),) if dim is None else (tuple(size if axis == dim else 1 for axis, size in enumerate(shape)),)


BATCH = _several(lambda bound, config: bound["batch"])

ROWS: Mapping[str, Row] = {
    "layer_norm": Row(
        {"normalized_shape": _trailing, **EPS},
        arrays={"gamma": Array(shapes=_normalized, plain="ones"), "beta": Array(shapes=_normalized, plain="zeros")},
        weight=7),
    "rms_norm": Row({"normalized_shape": _trailing, **EPS}, arrays={"weight": Array(shapes=_normalized, plain="ones")}),
    "batch_norm": Row(EPS, fits=BATCH, arrays=CHANNELS),
    "batch_norm_with_statistics": Row(
        {"momentum": (0.1, 0.75), "eps": (1e-5, 0.25)}, fits=BATCH,
        arrays={**CHANNELS, "running_mean": ZEROS, "running_var": ONES}),
    "batch_norm_eval": Row(
        EPS, arrays={**CHANNELS, "running_mean": ZEROS, "running_var": Array(plain="ones", domain=(0, math.inf))}),
    "group_norm": Row(
        {"num_groups": _groups, **EPS}, fits=_several(lambda bound, config: bound["channels"] // config["num_groups"]),
        arrays=CHANNELS),
    "instance_norm": Row(EPS, fits=_several(lambda bound, config: 1), arrays=CHANNELS),
    "local_response_norm": Row(
        {"size": (2, 3, 5), "alpha": (1e-4, 0.5, 2.0), "beta": (0.75, 0.5), "k": (1.0, 2.0)},
        fits=lambda bound, config: len(bound["*rest"]) > 0),
    # the default of 1e-12 is 0 in float16, where PyTorch and JAX divide by that
    "normalize": Row(
        {"p": (2.0, 1.0, 3.0, math.inf), "dim": (1, 0, -1, (0, 1), -2), "eps": (1e-3, 1.5)}, axes=DIM,
        kinks=(Kink(
            "a norm of eps", ([[1.5]],), (0,),
            "PyTorch's clamp_min counts the edge as inside; JAX's maximum with eps splits the tie", {"eps": 1.5},
            jax=(1 / 3,), calls=("F.normalize(a, eps=1.5)", "(a / jnp.maximum(jnp.abs(a), 1.5))")),)),
    # of a v of zeros there is no direction
    "weight_norm": Row({"dim": (0, 1, None)}, axes=DIM, arrays={"v": NONZERO, "g": Array(shapes=_scale, plain="ones")}),
}  # fmt: skip
