"""What a framework answers at a kink is held against the forward's own slopes, whatever the subject's backward says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("flint", reason="exact arithmetic")

from backcheck import check_vjp  # noqa: E402
from backcheck.keys import gradient  # noqa: E402
from backcheck_reports.record import Verdict  # noqa: E402


def steeper_at_zero(x):
    """A relu with the slope 2 at 0, which none of its sides has."""
    return torch.relu(x) + (2 * x - 2 * x.detach()) * (x == 0)


@pytest.mark.parametrize(("mirror", "verdict"), [(torch.relu, Verdict.KINK), (steeper_at_zero, Verdict.DISAGREE)])
def test_beside_a_leaky_slope(mirror, verdict):
    """The wrong slope 0.01 is the lowest that the subject's own backward knows of, and 0 is right all the same."""
    check = check_vjp(
        lambda x: (np.maximum(x, 0.0), x), lambda x, dy: dy * np.where(x > 0, 1.0, 0.01), [0.0, 1.0, 2.0], torch=mirror
    )
    assert check.measures[gradient("x"), "torch"].verdict is verdict
