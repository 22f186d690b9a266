"""Rules that move entries about: shapes, parts, padding, sizes."""

from collections.abc import Mapping

from scratch_bp.rules.rule import Rule
from scratch_bp.rules.shaping import (
    expand,
    flatten,
    gather,
    pad,
    permute,
    pixel_shuffle,
    reshape,
    slice,
    split,
    squeeze,
    transpose,
    unsqueeze,
    upsample,
)

RULES: Mapping[str, Rule] = {
    "reshape": Rule(reshape.forward, reshape.backward),
    "flatten": Rule(flatten.forward, flatten.backward),
    "squeeze": Rule(squeeze.forward, squeeze.backward),
    "unsqueeze": Rule(unsqueeze.forward, unsqueeze.backward),
    "transpose": Rule(transpose.forward, transpose.backward),
    "permute": Rule(permute.forward, permute.backward),
    "expand": Rule(expand.forward, expand.backward),
    "split": Rule(split.forward, split.backward),
    "slice": Rule(slice.forward, slice.backward),
    "gather": Rule(gather.forward, gather.backward),
    "pad": Rule(pad.forward, pad.backward),
    "upsample": Rule(upsample.forward, upsample.backward),
    "pixel_shuffle": Rule(pixel_shuffle.forward, pixel_shuffle.backward),
}
