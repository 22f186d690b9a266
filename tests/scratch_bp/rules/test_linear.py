"""What the linear rules refuse, and that any equation means to einsum what it means to PyTorch."""

import numpy as np
import pytest

from backcheck.verdicts.check import check
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


@pytest.mark.parametrize(
    ("equation", "shapes", "said"),
    [
        ("ij,jk,kl->il", [(2, 3), (3, 2)], "two operands, with one comma between, got 'ij,jk,kl->il'"),
        ("ij->ji", [(2, 3), (3, 2)], "two operands"),
        ("i1,jk->ik", [(2, 3), (3, 2)], "labels are letters"),
        ("...i...,jk->ik", [(2, 3), (3, 2)], "labels are letters"),
        ("i,jk->ik", [(2, 3), (3, 2)], "every axis has a label or stands under an ellipsis, got 'i' for 2 axes"),
        ("ijk,jk->ik", [(2, 3), (3, 2)], "every axis has a label"),
        ("ij,jk->il", [(2, 3), (3, 2)], "labels of the operands, each once"),
        ("ij,jk->ii", [(2, 3), (3, 2)], "labels of the operands, each once"),
        ("ij,jk->...i", [(2, 3), (3, 2)], "an ellipsis where an operand has one"),
        ("ij,jk->ik", [(2, 3), (2, 2)], "one size, or 1, in both arrays; got 3 and 2 for 'j'"),
        ("ii,jk->ik", [(2, 3), (3, 2)], "twice is one size there"),
    ],
)
def test_einsum_refuses_what_is_no_equation_of_its_operands(equation, shapes, said):
    with pytest.raises(ValueError, match=f"^einsum: .*{said.replace('...', '.*')}"):
        RULES["einsum"].forward(*(ones(*shape) for shape in shapes), equation=equation)


@pytest.mark.parametrize(
    ("rule", "arrays", "config", "said"),
    [
        ("matmul", (ones(2, 3), ones(2, 3)), {}, r"got \[2, 3\] and \[2, 3\]"),
        ("matmul", (ones(), ones(2, 3)), {}, "neither is a single number"),
        ("matmul", (ones(3), ones(2)), {}, r"got \[3\] and \[2\]"),
        ("embedding", (np.array([0, 3]), ones(3, 2)), {}, "indices are 0..2 of 3, got 0..3"),
        ("embedding", (np.array([-1]), ones(3, 2)), {}, "got -1..-1"),
        ("embedding", (np.array([0]), ones(3, 2)), {"padding_idx": 3}, "padding_idx is an axis|padding_idx.*got 3"),
    ],
)
def test_arrays_that_do_not_go_together_are_refused(rule, arrays, config, said):
    with pytest.raises(ValueError, match=f"^{rule}: .*{said}"):
        RULES[rule].forward(*arrays, **config)


@pytest.mark.parametrize(
    ("equation", "left", "right"),
    [
        ("ij,jk->ki", (2, 3), (3, 4)),
        ("ab,ba", (2, 3), (3, 2)),
        ("ba,cb", (2, 3), (4, 2)),
        (" i j , j k -> i k ", (2, 3), (3, 4)),
        ("aB,Bc", (2, 3), (3, 4)),
        ("ij,kl->", (2, 3), (1, 2)),
        ("ij,jk->ik", (2, 1), (3, 4)),
        ("bij,bjk->bik", (1, 2, 3), (4, 3, 2)),
        ("i...,...j->j...i", (2, 3, 1), (4, 2)),
        ("...,...->", (2, 3), (3,)),
        ("i...,i->i", (2, 3), (2,)),
        ("iij,jkk->ik", (2, 2, 3), (3, 4, 4)),
        ("iii,i->i", (3, 3, 3), (3,)),
        ("ii,jj->", (2, 2), (3, 3)),
        ("...ii,...i->...", (2, 3, 3), (3,)),
        ("abcd,dcba->bd", (2, 3, 1, 2), (2, 1, 3, 2)),
        ("ij,ij->ij", (2, 3), (1, 3)),
        (",ij->ji", (), (2, 3)),
    ],
)
def test_any_equation_of_two_operands_is_what_it_is_in_pytorch(equation, left, right):
    pytest.importorskip("torch")
    rng = np.random.Generator(np.random.PCG64(0))
    arrays = {"x1": rng.standard_normal(left), "x2": rng.standard_normal(right)}
    node = Node("y", "einsum", ("x1", "x2"), {"equation": equation})
    network = Network({"x1": ArraySpec(left), "x2": ArraySpec(right)}, (node,), "y")
    dy = np.asarray(rng.standard_normal(np.shape(RULES["einsum"].forward(*arrays.values(), equation=equation)[0])))
    checked = check(network, arrays, dy, oracles=("torch", "exact"))
    assert {measure.verdict.value for measure in checked.measures.values()} == {"agree"}, checked.measures


def test_a_row_for_padding_that_is_zero_is_pytorchs_padding():
    torch = pytest.importorskip("torch")
    x, weight = np.array([[0, 2, 2], [1, 0, 2]]), np.arange(1.0, 9.0).reshape(4, 2)
    weight[2] = 0
    leaf = torch.tensor(weight, requires_grad=True)
    want = torch.nn.functional.embedding(torch.tensor(x), leaf, padding_idx=-2)
    y, saved = RULES["embedding"].forward(x, weight, padding_idx=-2)
    dy = np.arange(12.0).reshape(2, 3, 2)
    want.backward(torch.tensor(dy))
    assert y.tolist() == want.tolist()
    assert RULES["embedding"].backward(saved, dy)[1].tolist() == leaf.grad.tolist()
