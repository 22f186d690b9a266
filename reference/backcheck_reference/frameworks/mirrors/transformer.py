"""Mirrors of what a transformer is made of besides attention. JAX has none of it: the usual formulas."""

from collections.abc import Mapping

import numpy as np

from backcheck_reference.frameworks.mirrors.attention import jax_heads
from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Tensor
from backcheck_reference.frameworks.mirrors.normalisation import MIRRORS as NORMALISATIONS
from backcheck_reference.lazy import jax, jnp, torch


def _torch_angles(positions: int, width: int, base: float) -> Tensor:
    pairs = torch.arange(0, width, 2, dtype=torch.float64)
    return torch.arange(positions, dtype=torch.float64)[:, None] / base ** (pairs / width)


def _torch_rotary(x: Tensor, *, base: float = 10000.0) -> Tensor:
    positions, width = x.shape[-2:]
    angles = _torch_angles(positions, width, base)
    cos, sin = (torch.cat([part, part], dim=-1).to(x.dtype) for part in (angles.cos(), angles.sin()))
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-b, a], dim=-1) * sin


def _jax_rotary(x: Array, *, base: float = 10000.0) -> Array:
    positions, width = x.shape[-2:]
    # the angles are constants, computed in NumPy as everybody's are: XLA's own are off by an ulp of the angle
    angles = np.arange(positions)[:, None] / base ** (np.arange(0, width, 2) / width)
    cos, sin = (np.tile(part, 2).astype(x.dtype) for part in (np.cos(angles), np.sin(angles)))
    a, b = jnp.split(x, 2, axis=-1)
    return x * cos + jnp.concatenate([-b, a], axis=-1) * sin


def _torch_positions(x: Tensor, *, base: float = 10000.0) -> Tensor:
    positions, width = x.shape[-2:]
    angles = _torch_angles(positions, width, base)
    waves = torch.zeros(positions, width, dtype=torch.float64)
    waves[:, 0::2], waves[:, 1::2] = angles.sin(), angles.cos()[:, : width // 2]
    return x + waves.to(x.dtype)


def _jax_positions(x: Array, *, base: float = 10000.0) -> Array:
    positions, width = x.shape[-2:]
    at = np.arange(width)
    angles = np.arange(positions)[:, None] / base ** ((at - at % 2) / width)
    return x + np.where(at % 2, np.cos(angles), np.sin(angles)).astype(x.dtype)


def _torch_gelu(x: Tensor) -> Tensor:
    # F.gelu cancels far below 0 (see the limits of gelu), which is no concern of the layer's
    return x / 2 * torch.erfc(x * -(0.5**0.5))


def _torch_encoder(
    src: Tensor,
    in_proj_weight: Tensor,
    in_proj_bias: Tensor,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor,
    linear1_weight: Tensor,
    linear1_bias: Tensor,
    linear2_weight: Tensor,
    linear2_bias: Tensor,
    norm1_weight: Tensor,
    norm1_bias: Tensor,
    norm2_weight: Tensor,
    norm2_bias: Tensor,
    *,
    nhead: int,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    norm_first: bool = False,
) -> Tensor:
    function = _torch_gelu if activation == "gelu" else activation
    options = {"activation": function, "layer_norm_eps": layer_norm_eps, "norm_first": norm_first}
    layer = torch.nn.TransformerEncoderLayer(src.shape[-1], nhead, len(linear1_bias), 0.0, **options, dtype=src.dtype)
    parameters = {
        "self_attn.in_proj_weight": in_proj_weight,
        "self_attn.in_proj_bias": in_proj_bias,
        "self_attn.out_proj.weight": out_proj_weight,
        "self_attn.out_proj.bias": out_proj_bias,
        "linear1.weight": linear1_weight,
        "linear1.bias": linear1_bias,
        "linear2.weight": linear2_weight,
        "linear2.bias": linear2_bias,
        "norm1.weight": norm1_weight,
        "norm1.bias": norm1_bias,
        "norm2.weight": norm2_weight,
        "norm2.bias": norm2_bias,
    }
    return torch.func.functional_call(layer, parameters, (src,))


def _jax_encoder(
    src: Array,
    in_proj_weight: Array,
    in_proj_bias: Array,
    out_proj_weight: Array,
    out_proj_bias: Array,
    linear1_weight: Array,
    linear1_bias: Array,
    linear2_weight: Array,
    linear2_bias: Array,
    norm1_weight: Array,
    norm1_bias: Array,
    norm2_weight: Array,
    norm2_bias: Array,
    *,
    nhead: int,
    activation: str = "relu",
    layer_norm_eps: float = 1e-5,
    norm_first: bool = False,
) -> Array:
    function = {"relu": jax.nn.relu, "gelu": lambda x: jax.nn.gelu(x, approximate=False)}[activation]

    def attention(x: Array) -> Array:
        parameters = (in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias)
        return jax_heads(x, x, x, *parameters, num_heads=nhead)

    def feed(x: Array) -> Array:
        wide = function(jnp.einsum("lne,fe->lnf", x, linear1_weight) + linear1_bias)
        return jnp.einsum("lnf,ef->lne", wide, linear2_weight) + linear2_bias

    x, layer_norm = src, NORMALISATIONS["layer_norm"].jax
    for branch, weight, bias in ((attention, norm1_weight, norm1_bias), (feed, norm2_weight, norm2_bias)):
        if norm_first:
            x = x + branch(layer_norm(x, weight, bias, eps=layer_norm_eps))
        else:
            x = layer_norm(x + branch(x), weight, bias, eps=layer_norm_eps)
    return x


MIRRORS: Mapping[str, Mirror] = {
    "rotary_embedding": Mirror(torch=_torch_rotary, jax=_jax_rotary),
    "positional_encoding": Mirror(torch=_torch_positions, jax=_jax_positions),
    "transformer_encoder_layer": Mirror(torch=_torch_encoder, jax=_jax_encoder),
}
