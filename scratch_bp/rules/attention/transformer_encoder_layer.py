"""A transformer's encoder layer (Vaswani et al., 2017), made of the other rules: attention among the tokens, then a map
to a wider space and back, token by token.

    post-norm:  a = norm1(x + attention(x)),  y = norm2(a + feed(a))
    pre-norm (norm_first, Xiong et al., 2020):  a = x + attention(norm1(x)),  y = a + feed(norm2(a))
    feed(a) = activation(a w_1^T + b_1) w_2^T + b_2

Arrays and options are those of torch.nn.TransformerEncoderLayer without dropout, in the order of its parameters; the
width of the feed-forward part is that of linear1_weight.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from scratch_bp.rules.activations import gelu, relu
from scratch_bp.rules.attention import multi_head_attention, projection
from scratch_bp.rules.attention.heads import require_width
from scratch_bp.rules.normalisation import layer_norm
from scratch_bp.rules.rule import Rule
from scratch_bp.rules.shapes import (
    Encoded,
    Model,
    ModelProjection,
    Narrow,
    ThreeModelBiases,
    ThreeModels,
    Wide,
    WideBias,
)

ACTIVATIONS: Mapping[str, Rule] = {"relu": Rule(relu.forward, relu.backward), "gelu": Rule(gelu.forward, gelu.backward)}


class Feed(NamedTuple):
    first: projection.Saved
    activation: str
    between: Any
    second: projection.Saved


class Saved(NamedTuple):
    norm_first: bool
    parts: tuple[tuple[Any, Any], ...]  # of attention and feed: what the branch and its norm saved


def forward(
    src: Encoded,
    in_proj_weight: ThreeModels,
    in_proj_bias: ThreeModelBiases,
    out_proj_weight: ModelProjection,
    out_proj_bias: Model,
    linear1_weight: Wide,
    linear1_bias: WideBias,
    linear2_weight: Narrow,
    linear2_bias: Model,
    norm1_weight: Model,
    norm1_bias: Model,
    norm2_weight: Model,
    norm2_bias: Model,
    *,
    nhead: int,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    norm_first: bool = False,
) -> tuple[Encoded, Saved]:
    require_width("transformer_encoder_layer", "nhead", src.shape[-1], nhead)
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"transformer_encoder_layer: activation is one of {', '.join(ACTIVATIONS)}, got {activation!r}"
        )

    def attention(x: Encoded) -> tuple[Encoded, Any]:
        parameters = (in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias)
        return multi_head_attention.forward(x, x, x, *parameters, num_heads=nhead)

    def feed(x: Encoded) -> tuple[Encoded, Feed]:
        wide, first = projection.forward(x, linear1_weight, linear1_bias)
        active, between = ACTIVATIONS[activation].forward(wide)
        y, second = projection.forward(active, linear2_weight, linear2_bias)
        return y, Feed(first, activation, between, second)

    eps, parts = layer_norm_eps, []
    x = src
    for branch, gamma, beta in ((attention, norm1_weight, norm1_bias), (feed, norm2_weight, norm2_bias)):
        x, saved = _sublayer(x, branch, gamma, beta, eps, norm_first)
        parts.append(saved)
    return x, Saved(norm_first, tuple(parts))


def backward(saved: Saved, dy: Encoded) -> tuple[np.ndarray, ...]:
    attention, feed = saved.parts
    d, dfeed, dnorm2 = _sublayer_back(feed, dy, _feed_back, saved.norm_first)
    dsrc, dattention, dnorm1 = _sublayer_back(attention, d, _attention_back, saved.norm_first)
    return dsrc, *dattention, *dfeed, *dnorm1, *dnorm2


def _sublayer(
    x: Encoded, branch: Callable[..., Any], gamma: Model, beta: Model, eps: float, norm_first: bool
) -> tuple[Encoded, tuple[Any, Any]]:
    """A branch beside the way straight on, normalised before it or after both have met."""
    if norm_first:
        normal, norm = layer_norm.forward(x, gamma, beta, eps=eps)
        out, saved = branch(normal)
        return x + out, (saved, norm)
    out, saved = branch(x)
    y, norm = layer_norm.forward(x + out, gamma, beta, eps=eps)
    return y, (saved, norm)


def _sublayer_back(
    saved: tuple[Any, Any], dy: Encoded, branch_back: Callable[..., Any], norm_first: bool
) -> tuple[Encoded, tuple[np.ndarray, ...], tuple[Any, ...]]:
    """The gradients of the input, of the branch's arrays and of the norm's."""
    branch, norm = saved
    if norm_first:
        dnormal, dparameters = branch_back(branch, dy)
        dx, *dnorm = layer_norm.backward(norm, dnormal)
        return dy + dx, dparameters, tuple(dnorm)
    d, *dnorm = layer_norm.backward(norm, dy)
    dx, dparameters = branch_back(branch, d)
    return d + dx, dparameters, tuple(dnorm)


def _attention_back(saved: Any, dy: Encoded) -> tuple[Encoded, tuple[np.ndarray, ...]]:
    dquery, dkey, dvalue, *dparameters = multi_head_attention.backward(saved, dy)
    return dquery + dkey + dvalue, tuple(dparameters)


def _feed_back(saved: Feed, dy: Encoded) -> tuple[Encoded, tuple[np.ndarray, ...]]:
    dactive, dw2, db2 = projection.backward(saved.second, dy)
    (dwide,) = ACTIVATIONS[saved.activation].backward(saved.between, dactive)
    dx, dw1, db1 = projection.backward(saved.first, dwide)
    return dx, (dw1, db1, dw2, db2)
