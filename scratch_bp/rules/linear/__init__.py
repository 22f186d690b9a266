"""Rules that are linear in each of their arrays: dense and its relatives."""

from collections.abc import Mapping

from scratch_bp.rules.linear import bilinear, dense, einsum, embedding, matmul
from scratch_bp.rules.rule import Rule

RULES: Mapping[str, Rule] = {
    "dense": Rule(dense.forward, dense.backward),
    "matmul": Rule(matmul.forward, matmul.backward),
    "bilinear": Rule(bilinear.forward, bilinear.backward),
    "embedding": Rule(embedding.forward, embedding.backward),
    "einsum": Rule(einsum.forward, einsum.backward),
}
