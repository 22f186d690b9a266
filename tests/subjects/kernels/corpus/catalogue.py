"""Every kernel of the corpus, in the order of its families."""

from tests.subjects.kernels.corpus import (
    activations,
    attention,
    convolution,
    cross_entropy,
    group_norm,
    indexing,
    layer_norm,
    losses,
    matmul,
    numpy_pairs,
    rms_norm,
    softmax,
)

FAMILIES = (
    *(softmax, layer_norm, rms_norm, group_norm, matmul, activations, cross_entropy, attention),
    *(indexing, convolution, losses, numpy_pairs),
)
ENTRIES = tuple(entry for family in FAMILIES for entry in family.ENTRIES)
RIGHT = tuple(entry for entry in ENTRIES if entry.right)
WRONG = tuple(entry for entry in ENTRIES if not entry.right)
NAMED = {entry.name: entry for entry in ENTRIES}
