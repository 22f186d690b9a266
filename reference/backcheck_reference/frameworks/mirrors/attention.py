"""Mirrors of attention and of what a transformer is made of: PyTorch's own functions, and in JAX the usual formulas."""

from collections.abc import Mapping

import numpy as np

from backcheck_reference.frameworks.mirrors.mirror import Mirror
from backcheck_reference.lazy import F, jax, jnp, torch


def _torch_sdpa(query, key, value, attn_mask=None, *, is_causal=False, scale=None, enable_gqa=False):
    if is_causal and attn_mask is not None:  # PyTorch takes one of them: here is the mask that says both
        seen = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
        attn_mask = attn_mask & seen if attn_mask.dtype == torch.bool else attn_mask.masked_fill(~seen, -torch.inf)
        is_causal = False
    return F.scaled_dot_product_attention(
        query, key, value, attn_mask, is_causal=is_causal, scale=scale, enable_gqa=enable_gqa
    )


def _torch_masked(query, key, value, attn_mask, *, is_causal=False, scale=None, enable_gqa=False):
    options = {"is_causal": is_causal, "scale": scale, "enable_gqa": enable_gqa}
    return _torch_sdpa(query, key, value, attn_mask.bool(), **options)


def _attend(query, key, value, bias=None, allowed=True, scale=None):
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    groups = query.shape[-3] // key.shape[-3] if query.ndim > 2 else 1
    if groups > 1:
        key, value = jnp.repeat(key, groups, axis=-3), jnp.repeat(value, groups, axis=-3)
    scores = jnp.einsum("...le,...se->...ls", query, key) * scale
    scores = scores if bias is None else scores + bias
    scores = jnp.where(allowed, scores, jnp.finfo(scores.dtype).min)
    weights = jnp.where(allowed, jax.nn.softmax(scores, axis=-1), 0)
    return jnp.einsum("...ls,...sv->...lv", weights, value)


def _triangle(query, key, is_causal):
    return jnp.tril(jnp.ones((query.shape[-2], key.shape[-2]), dtype=bool)) if is_causal else True


def _jax_sdpa(query, key, value, attn_mask=None, *, is_causal=False, scale=None, enable_gqa=False):
    return _attend(query, key, value, attn_mask, _triangle(query, key, is_causal), scale)


def _jax_masked(query, key, value, attn_mask, *, is_causal=False, scale=None, enable_gqa=False):
    return _attend(query, key, value, None, _triangle(query, key, is_causal) & (attn_mask > 0), scale)


def _torch_heads(
    query, key, value, in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias, *, num_heads, is_causal=False
):
    hidden = torch.ones(len(query), len(key), dtype=torch.bool).triu(1) if is_causal else None
    nothing = (None, None, False, 0.0)  # bias_k, bias_v, add_zero_attn, dropout_p
    return F.multi_head_attention_forward(
        query, key, value, query.shape[-1], num_heads, in_proj_weight, in_proj_bias, *nothing,
        out_proj_weight, out_proj_bias, need_weights=False, attn_mask=hidden,
    )[0]  # fmt: skip


def _jax_heads(
    query, key, value, in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias, *, num_heads, is_causal=False
):
    parts = zip((query, key, value), jnp.split(in_proj_weight, 3), jnp.split(in_proj_bias, 3), strict=True)
    rows = [jnp.einsum("lne,oe->lno", x, w) + b for x, w, b in parts]
    heads = [jnp.stack(jnp.split(x, num_heads, axis=-1)).transpose(0, 2, 1, 3) for x in rows]
    attended = _attend(*heads, allowed=_triangle(heads[0], heads[1], is_causal))
    by_head = out_proj_weight.reshape(len(out_proj_weight), num_heads, -1)
    return jnp.einsum("hnld,ohd->lno", attended, by_head) + out_proj_bias


def _torch_rotary(x, *, base=10000.0):
    positions, width = x.shape[-2:]
    turns = torch.arange(positions, dtype=torch.float64)[:, None] / base ** (
        torch.arange(0, width, 2, dtype=torch.float64) / width
    )
    cos, sin = (torch.cat([part, part], dim=-1).to(x.dtype) for part in (turns.cos(), turns.sin()))
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-b, a], dim=-1) * sin


def _jax_rotary(x, *, base=10000.0):
    positions, width = x.shape[-2:]
    # angles are constants, and as those computed in NumPy: XLA's own are off by an ulp of the angle
    turns = np.arange(positions)[:, None] / base ** (np.arange(0, width, 2) / width)
    cos, sin = (np.tile(part, 2).astype(x.dtype) for part in (np.cos(turns), np.sin(turns)))
    a, b = jnp.split(x, 2, axis=-1)
    return x * cos + jnp.concatenate([-b, a], axis=-1) * sin


def _torch_positions(x, *, base=10000.0):
    positions, width = x.shape[-2:]
    turns = torch.arange(positions, dtype=torch.float64)[:, None] / base ** (
        torch.arange(0, width, 2, dtype=torch.float64) / width
    )
    waves = torch.zeros(positions, width, dtype=torch.float64)
    waves[:, 0::2], waves[:, 1::2] = turns.sin(), turns.cos()[:, : width // 2]
    return x + waves.to(x.dtype)


def _jax_positions(x, *, base=10000.0):
    positions, width = x.shape[-2:]
    at = np.arange(width)
    turns = np.arange(positions)[:, None] / base ** ((at - at % 2) / width)
    return x + np.where(at % 2, np.cos(turns), np.sin(turns)).astype(x.dtype)


def _torch_gelu(x):
    # F.gelu cancels far below 0 (see the limits of gelu), which is no concern of the layer's
    return x / 2 * torch.erfc(x * -(0.5**0.5))


def _torch_encoder(
    src,
    in_proj_weight,
    in_proj_bias,
    out_proj_weight,
    out_proj_bias,
    linear1_weight,
    linear1_bias,
    linear2_weight,
    linear2_bias,
    norm1_weight,
    norm1_bias,
    norm2_weight,
    norm2_bias,
    *,
    nhead,
    activation="relu",
    layer_norm_eps=1e-5,
    norm_first=False,
):
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


def _jax_norm(x, gamma, beta, eps):
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt(jnp.square(centred).mean(-1, keepdims=True) + eps) * gamma + beta


def _jax_encoder(
    src,
    in_proj_weight,
    in_proj_bias,
    out_proj_weight,
    out_proj_bias,
    linear1_weight,
    linear1_bias,
    linear2_weight,
    linear2_bias,
    norm1_weight,
    norm1_bias,
    norm2_weight,
    norm2_bias,
    *,
    nhead,
    activation="relu",
    layer_norm_eps=1e-5,
    norm_first=False,
):
    function = {"relu": jax.nn.relu, "gelu": lambda x: jax.nn.gelu(x, approximate=False)}[activation]

    def attention(x):
        parameters = (in_proj_weight, in_proj_bias, out_proj_weight, out_proj_bias)
        return _jax_heads(x, x, x, *parameters, num_heads=nhead)

    def feed(x):
        wide = function(jnp.einsum("lne,fe->lnf", x, linear1_weight) + linear1_bias)
        return jnp.einsum("lnf,ef->lne", wide, linear2_weight) + linear2_bias

    x = src
    for branch, *norm in ((attention, norm1_weight, norm1_bias), (feed, norm2_weight, norm2_bias)):
        if norm_first:
            x = x + branch(_jax_norm(x, *norm, layer_norm_eps))
        else:
            x = _jax_norm(x + branch(x), *norm, layer_norm_eps)
    return x


MIRRORS: Mapping[str, Mirror] = {
    "scaled_dot_product_attention": Mirror(torch=_torch_sdpa, jax=_jax_sdpa),
    "masked_attention": Mirror(torch=_torch_masked, jax=_jax_masked),
    "multi_head_attention": Mirror(torch=_torch_heads, jax=_jax_heads),
    "rotary_embedding": Mirror(torch=_torch_rotary, jax=_jax_rotary),
    "positional_encoding": Mirror(torch=_torch_positions, jax=_jax_positions),
    "transformer_encoder_layer": Mirror(torch=_torch_encoder, jax=_jax_encoder),
}
