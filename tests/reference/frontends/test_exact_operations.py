"""docs/exact-operations.md lists what runs on exact numbers in PyTorch and in JAX: what the tests compare, no more."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from backcheck.subjects.pairs.torch_function import as_pair
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import exact
from tests.reference.frontends import test_jax_table, torch_table

DOCUMENT = Path(__file__).parents[3] / "docs" / "exact-operations.md"
TITLES = {"PyTorch": torch_table.GROUPS, "JAX": test_jax_table.GROUPS}


def names(framework, group):
    """What a group is said to hold: of PyTorch the functions, of JAX what each row is about."""
    rows = TITLES[framework][group]
    return list(dict.fromkeys(name.partition(" ")[0] if framework == "PyTorch" else name for name in rows))


def line(framework, group):
    return f"- {group}: {', '.join(names(framework, group))}"


@pytest.mark.parametrize(("framework", "group"), [(f, group) for f, groups in TITLES.items() for group in groups])
def test_each_group_is_listed_as_it_is_tested(framework, group):
    said = " ".join(DOCUMENT.read_text().partition(f"## {framework}")[2].partition("\n## ")[0].split())
    assert line(framework, group) in said


NOT_EXACT = {
    "F.ctc_loss": lambda x: F.ctc_loss(
        x.log_softmax(-1)[:, None], torch.tensor([[1]]), torch.tensor([3]), torch.tensor([1])
    ),
    "torch.mode": lambda x: torch.mode(x, 0)[0],
    "torch.segment_reduce": lambda x: torch.segment_reduce(x[:, 0], "max", lengths=torch.tensor([1, 2])),
    "F.fractional_max_pool2d": lambda x: F.fractional_max_pool2d(
        x.expand(1, 1, 3, 2).repeat(1, 1, 1, 2), 2, output_size=(2, 2), _random_samples=torch.full((1, 1, 2), 0.3)
    ),
    "nn.utils.rnn.pack_padded_sequence": lambda x: (
        torch.nn.utils.rnn.pack_padded_sequence(x[:, :, None], torch.tensor([3, 2])).data
    ),
    ".numpy()": lambda x: torch.from_numpy(np.exp(x.detach().numpy())),
    ".item()": lambda x: x * x.max().item(),
    "F.rrelu(training=True)": lambda x: F.rrelu(x, training=True),
    "torch.linalg.svd(full_matrices=True)": lambda x: torch.linalg.svd(x)[0],
    "torch.linalg.pinv": lambda x: torch.linalg.pinv(x[:, :1] @ x[:1]),
}


@pytest.mark.parametrize("name", NOT_EXACT)
def test_what_is_said_not_to_be_exact_is_not(name):
    assert f"`{name}`" in DOCUMENT.read_text().partition("## What is not exact")[2]
    with pytest.raises(Unavailable):
        as_pair(NOT_EXACT[name]).forward(exact.lift(np.array([[0.5, -1.25], [2.0, 0.75], [-0.25, 1.5]])))
