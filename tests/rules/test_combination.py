"""What the rules that combine several values refuse."""

import numpy as np
import pytest

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
