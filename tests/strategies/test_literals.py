"""The numbers of somebody's code are found, wherever they stand, and entries are drawn at them and beside them."""

import functools

import numpy as np
import pytest

from backcheck.strategies.case_strategies import cases
from backcheck.strategies.literals import limits_of, literals_of, near
from scratch_bp.rules import RULES, Rule

LIMIT = 17.25
LIMITS = (0.1875, 33)


def helper(x):
    return x if x < 7.5 else LIMIT


def closed_over(limit):
    def forward(x):
        return np.minimum(x, limit), x

    return forward


class Layer:
    slope = 0.34375

    def forward(self, x):
        return helper(x) * 12.5

    def backward(self, dy):
        return [dy * each for each in LIMITS]


def forward(x, *, eps=1e-12):
    inner = lambda y: helper(y) + (20.5 if abs(y) > 30 else 0)  # noqa: E731
    return inner(x) + eps, x


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        (forward, {1e-12, 20.5, 30, 7.5, LIMIT}),
        (closed_over(41.5), {41.5}),
        (functools.partial(forward, eps=0.625), {0.625, 20.5, 30, 7.5, LIMIT, 1e-12}),
        (Layer, {0.34375, 12.5, 7.5, LIMIT, 0.1875, 33}),
        (Layer(), {0.34375, 12.5, 7.5, LIMIT, 0.1875, 33}),
        (Layer().forward, {12.5, 7.5, LIMIT}),
        (np.tanh, set()),
        (3.5, {3.5}),
    ],
)
def test_numbers_are_found_where_they_stand(code, numbers):
    assert set(literals_of(code).numbers) == numbers


def test_small_whole_numbers_name_axes_and_are_no_literals():
    assert literals_of(lambda x: x.sum(axis=-1) / 2).numbers == ()


def test_code_that_asks_for_the_dtype_has_the_limits_of_the_dtype():
    asks = literals_of(lambda x: x > np.log(np.finfo(x.dtype).max))
    assert asks.by_dtype
    assert any(88 < number < 89 for number in near(limits_of("float32"), "float32"))
    assert any(709 < number < 710 for number in near(limits_of("float64"), "float64"))
    assert not literals_of(lambda x: x * 2.5).by_dtype


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_numbers_are_drawn_exactly_one_step_and_more_to_either_side(dtype):
    made = np.dtype(dtype).type
    numbers = [made(number) for number in near((20.5, 30.0), dtype)]
    for number in (made(20.5), made(-30)):
        for wanted in (number, np.nextafter(number, made(99)), np.nextafter(number, made(-99))):
            assert wanted in numbers
        assert any(abs(number) < each < abs(number) * made(1.1) for each in numbers)
        assert any(abs(number) * made(0.9) < each < abs(number) for each in numbers)
    assert any(29 < float(number) ** 2 < 30 for number in numbers)
    assert any(20.5 < number < 30 for number in numbers)


def test_entries_are_drawn_at_the_numbers_of_the_rule_that_reads_them(draw_many):
    def guarded(x):
        return np.where(x > 20.625, x, 0 * x), x

    own = {**RULES, "relu": Rule(guarded, RULES["relu"].backward)}
    drawn = draw_many(cases(["relu"], max_nodes=1, code=own), 200)
    near_it = [case for case in drawn if (abs(case.make()[0]["x"].astype(float) - 20.625) < 1e-3).any()]
    assert len(near_it) > 5
    assert not any((case.make()[0]["x"] == 20.625).any() for case in draw_many(cases(["relu"], max_nodes=1), 200))
