"""Mirrors of attention: PyTorch's own functions, and in JAX the usual formulas."""

from collections.abc import Mapping

from backcheck_reference.frameworks.mirrors.mirror import Array, Mirror, Tensor
from backcheck_reference.lazy import F, jax, jnp, torch


def _torch_sdpa(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool, scale: float | None, gqa: bool
) -> Tensor:
    if is_causal and mask is not None:  # PyTorch takes one of them: here is the mask that says both
        seen = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool).tril()
        mask = mask & seen if mask.dtype == torch.bool else mask.masked_fill(~seen, -torch.inf)
        is_causal = False
    return F.scaled_dot_product_attention(query, key, value, mask, is_causal=is_causal, scale=scale, enable_gqa=gqa)


def _attend(
    query: Array,
    key: Array,
    value: Array,
    bias: Array | None = None,
    allowed: Array | bool = True,
    scale: float | None = None,
) -> Array:
    """Attention in JAX. Fewer heads of keys and values than of queries are shared out among the queries'."""
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    groups = query.shape[-3] // key.shape[-3] if query.ndim > 2 else 1
    if groups > 1:
        key, value = jnp.repeat(key, groups, axis=-3), jnp.repeat(value, groups, axis=-3)
    scores = jnp.einsum("...le,...se->...ls", query, key) * scale
    scores = scores if bias is None else scores + bias
    scores = jnp.where(allowed, scores, jnp.finfo(scores.dtype).min)
    weights = jnp.where(allowed, jax.nn.softmax(scores, axis=-1), 0)
    return jnp.einsum("...ls,...sv->...lv", weights, value)


def _triangle(query: Array, key: Array, is_causal: bool) -> Array | bool:
    return jnp.tril(jnp.ones((query.shape[-2], key.shape[-2]), dtype=bool)) if is_causal else True


def _torch_heads(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    in_proj_weight: Tensor,
    in_proj_bias: Tensor,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor,
    *,
    num_heads: int,
    is_causal: bool = False,
) -> Tensor:
    hidden = torch.ones(len(query), len(key), dtype=torch.bool).triu(1) if is_causal else None
    nothing = (None, None, False, 0.0)  # bias_k, bias_v, add_zero_attn, dropout_p
    return F.multi_head_attention_forward(
        query, key, value, query.shape[-1], num_heads, in_proj_weight, in_proj_bias, *nothing,
        out_proj_weight, out_proj_bias, need_weights=False, attn_mask=hidden,
    )[0]  # fmt: skip


def jax_heads(
    query: Array,
    key: Array,
    value: Array,
    in_proj_weight: Array,
    in_proj_bias: Array,
    out_proj_weight: Array,
    out_proj_bias: Array,
    *,
    num_heads: int,
    is_causal: bool = False,
) -> Array:
    parts = zip((query, key, value), jnp.split(in_proj_weight, 3), jnp.split(in_proj_bias, 3), strict=True)
    rows = [jnp.einsum("lne,oe->lno", x, w) + b for x, w, b in parts]
    query, key, value = (jnp.stack(jnp.split(x, num_heads, axis=-1)).transpose(0, 2, 1, 3) for x in rows)
    attended = _attend(query, key, value, allowed=_triangle(query, key, is_causal))
    by_head = out_proj_weight.reshape(len(out_proj_weight), num_heads, -1)
    return jnp.einsum("hnld,ohd->lno", attended, by_head) + out_proj_bias


MIRRORS: Mapping[str, Mirror] = {
    "scaled_dot_product_attention": Mirror(
        torch=lambda query, key, value, attn_mask=None, *, is_causal=False, scale=None, enable_gqa=False: _torch_sdpa(
            query, key, value, attn_mask, is_causal, scale, enable_gqa
        ),
        jax=lambda query, key, value, attn_mask=None, *, is_causal=False, scale=None, enable_gqa=False: _attend(
            query, key, value, attn_mask, _triangle(query, key, is_causal), scale
        ),
    ),
    "masked_attention": Mirror(
        torch=lambda query, key, value, attn_mask, *, is_causal=False, scale=None, enable_gqa=False: _torch_sdpa(
            query, key, value, attn_mask.bool(), is_causal, scale, enable_gqa
        ),
        jax=lambda query, key, value, attn_mask, *, is_causal=False, scale=None, enable_gqa=False: _attend(
            query, key, value, None, _triangle(query, key, is_causal) & (attn_mask > 0), scale
        ),
    ),
    "multi_head_attention": Mirror(torch=_torch_heads, jax=jax_heads),
}
