"""Faults in attention, and in what a transformer is made of."""

from backcheck.campaign.power.fault import COMMON, RARE
from backcheck.campaign.power.rows import fault

CORE, PROJECTION = "rules.attention.core", "rules.attention.projection"
FACTORED = "matmul(grouped, key).reshape(query.shape) * factor"
WHOLE = ("src in_proj_weight in_proj_bias out_proj_weight out_proj_bias linear1_weight linear1_bias linear2_weight "
         "linear2_bias norm1_weight norm1_bias norm2_weight norm2_bias")  # fmt: skip
FAULTS = (
    fault("scaled_dot_product_attention", "the scale left out of the query", "factor", FACTORED,
          FACTORED.removesuffix(" * factor"), "query", module=CORE, common=COMMON, needs="a width above 1, or a scale"),
    fault("scaled_dot_product_attention", "the scale twice in the key", "factor",
          "matmul(grouped.swapaxes(-1, -2), _grouped(query, key))",
          "matmul(grouped.swapaxes(-1, -2), _grouped(query, key)) * factor", "key", module=CORE, common=COMMON,
          needs="a width above 1, or a scale"),
    fault("scaled_dot_product_attention", "the softmax over the queries", "axis",
          "(dweights * weights).sum(axis=-1, keepdims=True)", "(dweights * weights).sum(axis=-2, keepdims=True)",
          "query key", module=CORE, needs="more than one query or key"),
    fault("scaled_dot_product_attention", "the diagonal of the softmax alone", "term",
          "weights * (dweights - (dweights * weights).sum(axis=-1, keepdims=True))",
          "weights * dweights * (1 - weights)",
          "query key attn_mask", module=CORE, common=COMMON, needs="more than one key"),
    fault("scaled_dot_product_attention", "the scale in the mask's gradient", "factor", "sum_to(dscores, saved.mask)",
          "sum_to(dscores, saved.mask) * saved.core.scale", "attn_mask", needs="a mask, and a width above 1"),
    fault("masked_attention", "dv by the scores", "slope",
          "dvalue = matmul(_grouped(weights, value).swapaxes(-1, -2), rows)",
          "dvalue = matmul(_grouped(weights * weights, value).swapaxes(-1, -2), rows)", "value", module=CORE,
          common=RARE, needs="two keys that are seen"),
    fault("masked_attention", "the scale left out of the query", "factor", FACTORED,
          FACTORED.removesuffix(" * factor"), "query", module=CORE, needs="a width above 1, or a scale"),
    fault("multi_head_attention", "biases averaged", "reduction", "dw, rows.sum(axis=0)", "dw, rows.mean(axis=0)",
          "in_proj_bias out_proj_bias", module=PROJECTION, common=COMMON, needs="more than one token"),
    fault("multi_head_attention", "query, key and value in reverse", "gate", "np.concatenate(dws)",
          "np.concatenate(dws[::-1])", "in_proj_weight"),
    fault("multi_head_attention", "heads not put back in their place", "layout", "projection.backward(kept, merge(d))",
          "projection.backward(kept, d.reshape(*kept.x.shape[:-1], -1))",
          "query key value in_proj_weight in_proj_bias", common=COMMON, needs="two heads or a batch, and two tokens"),
    fault("rotary_embedding", "turned the same way", "sign", "_turned(dy, cos, -sin)", "_turned(dy, cos, sin)", "x",
          common=COMMON, needs="a position above 0"),
    fault("transformer_encoder_layer", "the way straight on left out", "fan-out",
          "return d + dx, dparameters, tuple(dnorm)", "return dx, dparameters, tuple(dnorm)", WHOLE, common=COMMON,
          needs="norm_first=False"),
    fault("transformer_encoder_layer", "the way straight on left out with norm_first", "fan-out", "return dy + dx,",
          "return dx,", WHOLE, needs="norm_first"),
    fault("transformer_encoder_layer", "what comes through the value left out", "fan-out",
          "dquery + dkey + dvalue", "dquery + dkey", WHOLE, common=COMMON),
    fault("transformer_encoder_layer", "the two norms exchanged", "gate", "*dfeed, *dnorm1, *dnorm2",
          "*dfeed, *dnorm2, *dnorm1", "norm1_weight norm1_bias norm2_weight norm2_bias"),
)  # fmt: skip
