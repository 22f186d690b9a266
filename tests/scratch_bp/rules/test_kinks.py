"""The slope that each party takes at a kink or a tie. Where they differ it is by convention, within the one-sided."""

import numpy as np
import pytest

from backcheck.gallery.conventions import position, slopes
from backcheck.strategies.catalogue import KINKS
from backcheck_reference.numbers import balls, exact
from scratch_bp.rules import RULES

PARTIES = ("numpy", "torch", "jax")
# a root and its slope: a ball around 0 is divided by another, and nothing bounds the result
ROOTS = {
    ("sqrt", "at 0"),
    ("std", "all equal"),
    ("norm", "at 0"),
    ("norm", "order 3, at 0"),
    ("lp_pool2d", "a window of zeros"),
}
EVERY = pytest.mark.parametrize(("rule", "kink"), KINKS, ids=[rule for rule, _ in KINKS])


@EVERY
@pytest.mark.parametrize("party", PARTIES)
def test_the_slope_taken_at_a_kink(rule, kink, party):
    """A party that changes its convention fails here, by the rule's name and its own."""
    if party != "numpy":
        pytest.importorskip(party)
    np.testing.assert_allclose(slopes(rule, kink, party), kink.slope(party), rtol=1e-15)


@EVERY
def test_balls_at_a_kink_are_bounded_and_hold_every_convention(rule, kink):
    arrays, watch = tuple(np.array(array) for array in kink.arrays), balls.Watch("float64", floor=0)
    value, _ = RULES[rule].forward(*arrays, **kink.config)
    with exact.bits(256):
        _, saved = RULES[rule].forward(*(watch.point(array) for array in arrays), **kink.config)
        grad = np.asarray(RULES[rule].backward(saved, watch.point(np.ones(np.shape(value))))[position(rule, kink)])
    middle, reach = exact.to_float(grad).ravel(), balls.radii(grad).ravel()
    slopes_taken = [np.array(kink.slope(party)) for party in PARTIES]
    if (rule, kink.point) in ROOTS:
        assert np.isinf(reach).all()
        return
    assert reach.max() <= max(1, np.max(np.abs(slopes_taken)) / 2) * (1 + 1e-6)
    for said in slopes_taken:
        assert np.all(abs(middle - said) <= reach * (1 + 1e-6) + 1e-15)


@pytest.mark.parametrize("low", [None, -0.5, 1.5])
@pytest.mark.parametrize("high", [None, 0.5])
def test_clamp_takes_either_end_or_both_even_crossed(low, high):
    x = np.array([-2.0, 0.25, 3.0])
    if low is None and high is None:
        with pytest.raises(ValueError, match="at least one"):
            RULES["clamp"].forward(x)
        return
    value, saved = RULES["clamp"].forward(x, min=low, max=high)
    assert value.tolist() == np.clip(x, low, high).tolist()
    inside = [(low is None or n >= low) and (high is None or n <= high) for n in x]
    assert RULES["clamp"].backward(saved, np.ones(3))[0].tolist() == inside
