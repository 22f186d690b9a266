"""Multi-head attention (Vaswani et al., 2017): each head attends in a part of its own, and a last map joins them.

    q = query w_q^T + b_q,  k = key w_k^T + b_k,  v = value w_v^T + b_v,  y = [head_1 .. head_h] w_o^T + b_o,

head_i the attention (see `core`) of the i-th slice of the width of q, k and v. As in PyTorch w_q, w_k and w_v stand one
below the other in in_proj_weight, and sequences come first: (tokens, batch, width).
"""

from typing import NamedTuple

import numpy as np

from scratch_bp.rules.attention import core, projection
from scratch_bp.rules.attention.heads import merge, require_width, split
from scratch_bp.rules.shapes import Embed, Projection, Source, ThreeBiases, ThreeProjections, Tokens


class Saved(NamedTuple):
    projections: tuple[projection.Saved, ...]  # of query, key and value
    core: core.Saved
    out: projection.Saved


def forward(
    query: Tokens,
    key: Source,
    value: Source,
    in_proj_weight: ThreeProjections,
    in_proj_bias: ThreeBiases,
    out_proj_weight: Projection,
    out_proj_bias: Embed,
    *,
    num_heads: int,
    is_causal: bool = False,
) -> tuple[Tokens, Saved]:
    require_width("multi_head_attention", "num_heads", query.shape[-1], num_heads)
    weights, biases = np.split(in_proj_weight, 3), np.split(in_proj_bias, 3)
    made = [projection.forward(x, w, b) for x, w, b in zip((query, key, value), weights, biases, strict=True)]
    allowed = core.causal(len(query), len(key)) if is_causal else None
    q, k, v = (split(rows, num_heads) for rows, _ in made)
    attended, saved = core.forward(q, k, v, allowed=allowed)
    y, out = projection.forward(merge(attended), out_proj_weight, out_proj_bias)
    return y, Saved(tuple(kept for _, kept in made), saved, out)


def backward(saved: Saved, dy: Tokens) -> tuple[np.ndarray, ...]:
    dmerged, dw_out, db_out = projection.backward(saved.out, dy)
    *dparts, _ = core.backward(saved.core, split(dmerged, saved.core.weights.shape[1]))
    grads = [projection.backward(kept, merge(d)) for kept, d in zip(saved.projections, dparts, strict=True)]
    dxs, dws, dbs = zip(*grads, strict=True)
    return *dxs, np.concatenate(dws), np.concatenate(dbs), dw_out, db_out
