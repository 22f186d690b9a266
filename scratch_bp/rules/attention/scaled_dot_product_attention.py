"""Scaled dot product attention: softmax(query key^T / sqrt(width) + attn_mask) value, see `core`.

The mask is added to the scores and has a gradient of its own; its axes may be 1, or be missing in front, where it is
the same for all. With `is_causal` query i sees the keys 0 to i, whatever the mask says (PyTorch takes the one or the
other). Entries of -inf shut a key out. A row of -inf only leaves no key: its output and its gradients are 0, as in
`masked_attention`.
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.elementary import like, sum_to
from scratch_bp.rules.attention import core
from scratch_bp.rules.attention.heads import require_heads
from scratch_bp.rules.shapes import AdditiveMask, Attended, Key, Query, Value


class Saved(NamedTuple):
    core: core.Saved
    mask: tuple[int, ...] | None


def forward(
    query: Query,
    key: Key,
    value: Value,
    attn_mask: AdditiveMask | None = None,
    *,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[Attended, Saved]:
    require_heads("scaled_dot_product_attention", query, key, enable_gqa)
    allowed = core.causal(query.shape[-2], key.shape[-2]) if is_causal else None
    bias = attn_mask
    if attn_mask is not None and (attn_mask == -np.inf).any():
        seen = attn_mask != -np.inf
        allowed = seen if allowed is None else seen & allowed
        bias = np.where(seen, attn_mask, like(attn_mask, 0))
    y, saved = core.forward(query, key, value, scale, bias, allowed)
    return y, Saved(saved, None if attn_mask is None else attn_mask.shape)


def backward(saved: Saved, dy: Attended) -> tuple[np.ndarray, ...]:
    *grads, dscores = core.backward(saved.core, dy)
    return tuple(grads) if saved.mask is None else (*grads, sum_to(dscores, saved.mask))
