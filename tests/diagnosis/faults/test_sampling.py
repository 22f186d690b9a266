"""The truth at some entries of a gradient: what is found, which entries are chosen, and what is proved."""

import numpy as np
import pytest

from backcheck.diagnosis import sampled_truth
from backcheck.diagnosis.sampled_truth import GradientProbe
from backcheck_reference.derivatives import jacobians
from backcheck_reference.numbers import exact
from scratch_bp.rules import RULES
from tests.diagnosis.faults.planting import numbers

LOSS = {"x": numbers(1500), "target": numbers(1500, seed=1)}


def point(rule, arrays, argument, **config):
    names = list(arrays)
    dy = numbers(*np.shape(RULES[rule].forward(*arrays.values(), **config)[0]), seed=9)
    return GradientProbe(
        lambda *a: RULES[rule].forward(*a, **config)[0], (*arrays.values(),), names.index(argument), dy
    )


def oracle(at: GradientProbe) -> tuple[np.ndarray, np.ndarray]:
    """Middles and radii by place."""
    with exact.bits(256):
        inputs = tuple(exact.lift(array) for array in at.inputs)
        balls = np.ravel(jacobians.pull_back(at.function, inputs, at.which, exact.lift(at.dy)))
        return exact.to_float(balls), np.array([float(ball.rad()) for ball in balls])


SMALL = {
    "tanh": ("tanh", {"x": numbers(3, 4)}, "x", {}),
    "kinks": ("relu", {"x": np.array([[0.0, 1.5, -0.7], [2.5, 0.0, -1.25]])}, "x", {}),
    "rows": ("softmax", {"x": numbers(5, 4)}, "x", {"dim": 1}),
    "shared": ("layer_norm", {"x": numbers(4, 3), "gamma": numbers(3), "beta": numbers(3)}, "gamma", {}),
    "product": ("dense", {"x": numbers(4, 3), "w": numbers(3, 2), "b": numbers(2)}, "w", {}),
    "loss": ("mse", {"x": numbers(9), "target": numbers(9, seed=1)}, "x", {}),
    "ties": ("max", {"x": np.array([[2.0, 2, 1], [0, 1, 3], [4, 4, 4]])}, "x", {}),
    "windows": ("max_pool1d", {"x": np.round(2 * numbers(2, 2, 8))}, "x", {"kernel_size": 3, "stride": 2}),
    "wide numbers": ("multiply", {"x1": numbers(6) * 10.0 ** np.arange(-30, 30, 10), "x2": numbers(6)}, "x1", {}),
}


@pytest.mark.parametrize("name", SMALL)
def test_entries_that_move_together_give_what_they_give_alone(name: str) -> None:
    rule, arrays, argument, config = SMALL[name]
    at = point(rule, arrays, argument, **config)
    found, (middle, reach) = sampled_truth.known_at(at, range(at.x.size)), oracle(at)
    low, high = np.array([found[place] for place in range(at.x.size)]).T
    # both round to float64 at the end; the steps h = 2^-112 leave parts of 2^-100, and a ball's radius has 30 bits
    close = np.spacing(abs(middle)) + 2.0**-100 * abs(middle).max()
    assert np.all(abs((low + high) / 2 - middle) <= close + 2.0**-26 * reach)
    assert np.all(abs((high - low) / 2 - reach) <= close + 2.0**-26 * reach)


def test_what_floats_show_of_a_forward_is_proved_in_exact_numbers() -> None:
    """In floats each entry seems to have an output of its own; in exact numbers it has all that follow."""
    at = GradientProbe(lambda x: np.cumsum(x * x) if x.dtype == object else x * x, (numbers(7),), 0, numbers(7, seed=1))
    found, (middle, _) = sampled_truth.known_at(at, range(7)), oracle(at)
    assert [found[place] for place in range(7)] == [(each, each) for each in middle]


def test_no_more_entries_are_looked_at_than_there_is_time_for() -> None:
    at = point("mse", {"x": numbers(60_000), "target": numbers(60_000, seed=1)}, "x")
    chosen = sampled_truth.places_to_look_at(at.x)
    assert len(chosen) == sampled_truth.MOST_PLACES
    assert len(sampled_truth.known_at(at, chosen)) == at.runs // 2 < sampled_truth.MOST_PLACES


def test_places_to_look_at_are_the_ends_the_largest_and_some_everywhere() -> None:
    got = np.zeros((50, 40))
    got[20, 5], got[30, 1] = 5.0, np.nan
    places = [tuple(map(int, np.unravel_index(place, got.shape))) for place in sampled_truth.places_to_look_at(got)]
    assert {(0, 0), (49, 39), (49, 20), (0, 20), (25, 39), (25, 0), (20, 5), (30, 1)} <= set(places)
    assert len(places) == len(set(places)) == sampled_truth.MOST_PLACES
    assert {row // 10 for row, _ in places} == {0, 1, 2, 3, 4}
    assert sorted(sampled_truth.places_to_look_at(numbers(3, 4))) == list(range(12))


@pytest.mark.parametrize("place", [0, 511, 1499])
def test_one_wrong_entry_is_found_by_halving(place: int) -> None:
    at = point("mse", LOSS, "x")
    with exact.bits(256):
        x, target = exact.lift(LOSS["x"]), exact.lift(LOSS["target"])
        got = exact.lift(at.dy) * 2 * (x - target) / len(x)
        assert sampled_truth.wrong_place(at, got) is None
        got[place] = got[place] * (1 + 1e-9)
    assert sampled_truth.wrong_place(at, got) == place
