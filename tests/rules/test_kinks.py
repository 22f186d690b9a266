"""The slope that each party takes at a kink or a tie. Where they differ it is by convention, within the one-sided."""

from typing import NamedTuple

import numpy as np
import pytest

from backcheck.parties import ask_framework, ask_subject
from backcheck.problem import pose
from reference import balls, exact
from scratch_bp.rules import RULES
from tests.rules.points import Point, alone

THIRD = 1 / 3
NAN = np.nan


class Kink(NamedTuple):
    """A rule at a kink: its arrays, and the gradients of the first by a cotangent of ones, row by row."""

    rule: str
    arrays: tuple
    numpy: tuple
    torch: tuple
    jax: tuple
    config: dict | None = None


KINKS = (
    Kink("relu", ([0.0],), (0,), (0,), (0,)),
    Kink("leaky_relu", ([0.0],), (0.01,), (0.01,), (1,)),
    Kink("abs", ([0.0],), (0,), (0,), (1,)),
    Kink("mae", ([0.0], [0.0]), (0,), (0,), (1,)),
    Kink("clamp", ([-1.0, 1.0],), (1, 1), (1, 1), (0.5, 0.5), {"min": -1.0, "max": 1.0}),
    Kink("hardtanh", ([-1.0, 1.0],), (0, 0), (0, 0), (1, 1)),
    Kink("relu6", ([0.0, 6.0],), (0, 0), (0, 0), (0, 0)),
    Kink("elu", ([0.0],), (2,), (2,), (2,), {"alpha": 2.0}),
    Kink("maximum", ([1.0], [1.0]), (0.5,), (0.5,), (0.5,)),
    Kink("minimum", ([1.0], [1.0]), (0.5,), (0.5,), (0.5,)),
    Kink("max", ([0.0, 2.0, 2.0, 2.0],), (0, 1, 0, 0), (0, 1, 0, 0), (0, THIRD, THIRD, THIRD)),
    Kink("amax", ([0.0, 2.0, 2.0, 2.0],), (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD), (0, THIRD, THIRD, THIRD)),
    Kink("max_pool1d", ([[[2.0, 2.0, 1.0]]],), (1, 1, 0), (1, 1, 0), (1, 1, 0), {"kernel_size": 2, "stride": 1}),
    Kink("norm", ([0.0, 0.0],), (0, 0), (0, 0), (0, 0)),
    Kink("margin_ranking", ([1.0], [1.0], [1.0]), (-1,), (-1,), (-0.5,)),
)
EVERY = pytest.mark.parametrize("kink", KINKS, ids=[kink.rule for kink in KINKS])


def at(kink: Kink) -> Point:
    arrays, config = tuple(np.array(array) for array in kink.arrays), kink.config or {}
    value, _ = RULES[kink.rule].forward(*arrays, **config)
    return Point(arrays, np.ones(np.shape(value)), config)


@EVERY
@pytest.mark.parametrize("party", ["numpy", "torch", "jax"])
def test_the_slope_taken_at_a_kink(kink, party):
    point = at(kink)
    network, arrays = alone(kink.rule, point)
    problem = pose(network, arrays, point.dy)
    if party != "numpy":
        pytest.importorskip(party)
    answer = ask_subject(problem) if party == "numpy" else ask_framework(party, problem)
    np.testing.assert_allclose(answer.tensors[network.differentiable[0]].ravel(), getattr(kink, party), rtol=1e-15)


@EVERY
def test_balls_at_a_kink_are_bounded_and_hold_every_convention(kink):
    if kink.rule == "norm":
        pytest.skip("the slopes at 0 fill the unit ball, and x / y of balls around 0 is unbounded")
    point, watch = at(kink), balls.Watch("float64", floor=0)
    with exact.bits(256):
        arrays = [watch.point(array) for array in point.arrays]
        _, saved = RULES[kink.rule].forward(*arrays, **point.config)
        grad = np.asarray(RULES[kink.rule].backward(saved, watch.point(point.dy))[0])
    middle, reach = exact.to_float(grad).ravel(), balls.radii(grad).ravel()
    assert reach.max() <= 1 + 1e-6
    for said in (kink.numpy, kink.torch, kink.jax):
        assert np.all(abs(middle - np.array(said)) <= reach * (1 + 1e-6))


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
