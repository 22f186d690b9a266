"""Scaled dot product attention, see `core`, with a mask of 0 and 1: a query sees the keys where the mask is 1.

That is PyTorch's `scaled_dot_product_attention` with a boolean mask. The mask holds integers and has no gradient; its
axes may be 1, or be missing in front. A row of queries that sees no key has the output and the gradients 0. With
`is_causal` query i sees those of the keys 0 to i where the mask is 1 (PyTorch takes the one or the other).
"""

import numpy as np

from scratch_bp.rules.attention import core
from scratch_bp.rules.attention.heads import require_heads
from scratch_bp.rules.shapes import Attended, Key, KeyMask, Query, Value


def forward(
    query: Query,
    key: Key,
    value: Value,
    attn_mask: KeyMask,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Attended, core.Saved]:
    require_heads("masked_attention", query, key, enable_gqa)
    allowed = attn_mask != 0
    if is_causal:
        allowed = allowed & core.causal(query.shape[-2], key.shape[-2])
    return core.forward(query, key, value, scale, allowed=allowed)


def backward(saved: core.Saved, dy: Attended) -> tuple[np.ndarray | None, ...]:
    dquery, dkey, dvalue, _ = core.backward(saved, dy)
    return dquery, dkey, dvalue, None
