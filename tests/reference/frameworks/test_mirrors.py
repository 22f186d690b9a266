"""Mirrors where they do more than call a framework's own function."""

import numpy as np
import pytest

from backcheck import check
from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck_reports import Verdict
from tests.verdicts.helpers import one_node


@pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
@pytest.mark.parametrize("batch", [(), (3,), (2, 3), (2, 1, 3)], ids=str)
def test_cosine_embedding_takes_vectors_along_several_axes(batch, reduction):
    """PyTorch's own function knows one axis of vectors. The rule knows any number, and so do its mirrors."""
    x1, x2 = (make(ArrayRecipe((*batch, 4), "normal", seed), "float64") for seed in (0, 1))
    target = np.resize([1, -1, 0], batch) if batch else np.array(-1)
    arrays = {"x1": x1, "x2": x2, "target": target}
    checked = check(
        one_node("cosine_embedding", arrays, margin=-0.9, reduction=reduction),
        arrays,
        oracles=("torch", "jax", "exact"),
    )
    said = {(tensor, party): m.verdict for (tensor, party), m in checked.measures.items() if party in ("torch", "jax")}
    assert {str(key) for key, _ in said} >= {"x1", "x2"}
    assert set(said.values()) == {Verdict.AGREE}, said
