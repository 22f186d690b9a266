"""What the rules that combine several values refuse, and a quotient beyond all floats."""

import numpy as np
import pytest

from backcheck.verdicts.check import check
from scratch_bp.network import ArraySpec, Network, Node
from scratch_bp.rules import RULES


@pytest.mark.parametrize(
    ("rule", "shape", "dim", "said"),
    [
        ("concat", (2, 3), 2, "dim is an axis -2..1 of 2, got 2"),
        ("concat", (), 0, "dim is an axis of an array that has some, got 0"),
        ("stack", (2, 3), -4, "dim is an axis -3..2 of 3, got -4"),
    ],
)
def test_an_axis_that_is_not_there_is_refused(rule, shape, dim, said):
    with pytest.raises(ValueError, match=f"^{rule}: {said}"):
        RULES[rule].forward(np.ones(shape), np.ones(shape), dim=dim)


def test_a_quotient_beyond_float64_is_nobodys_fault():
    arrays = {"x1": np.array([1.0, 2.0]), "x2": np.array([1e-310, 1.0])}
    network = Network(dict.fromkeys(arrays, ArraySpec((2,))), (Node("y", "divide", ("x1", "x2")),), "y")
    with np.errstate(over="ignore"):
        checked = check(network, arrays, np.array([1.0, 2.0]), oracles=("torch", "differences", "exact"))
    assert not checked.disagreements
