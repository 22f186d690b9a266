"""Faults in tensors too large to be differenced entry by entry: the truth at some entries, and the sentences."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from backcheck.diagnosis import sampled_truth
from backcheck.diagnosis.faults import Wrong, describe, explain
from backcheck.diagnosis.locate import Finding
from backcheck.diagnosis.sentence import say
from backcheck.problem import pose
from backcheck.verdicts.measure import Measure
from backcheck_reports import Verdict
from scratch_bp.elementary import like
from scratch_bp.rules import RULES, Rule
from tests.diagnosis.faults.planting import numbers
from tests.verdicts.helpers import one_node

LOSS = {"x": numbers(1500), "target": numbers(1500, seed=1)}
RANKS = {"x": numbers(40, 30)}
ROWS = {"x": numbers(40, 30), "gamma": numbers(30, seed=1), "beta": numbers(30, seed=2)}
SQUARE = {"x": numbers(30, 30), "w": numbers(30, 30, seed=1), "b": numbers(30, seed=2)}
CLASSES = {"x": numbers(90, 10), "target": np.arange(90) % 10}
TIED = {"x": np.round(2 * numbers(60, 12))}


def said(rule, arrays, change, *, argument="x", pair=None, **config):
    """What is said of a rule whose gradient by `argument` goes through `change`."""
    own, at = RULES[rule], list(arrays).index(argument)

    def backward(saved, dy):
        return tuple(change(grad) if i == at else grad for i, grad in enumerate(own.backward(saved, dy)))

    problem = pose(one_node(rule, arrays, **config), arrays, rules={**RULES, rule: pair or Rule(own.forward, backward)})
    return say(Finding("numpy", rule, argument, "y", "", Measure(Verdict.DISAGREE), problem), problem)


def one_off(grad):
    grad = grad.copy()
    grad.flat[777] = grad.flat[777] / 2
    return grad


def without_last(grad):
    grad = grad.copy()
    grad[-1] = 0 * grad[-1]
    return grad


def rounded_to_half(grad):
    return np.array([float(np.float16(float(value))) for value in np.ravel(grad)]).reshape(grad.shape)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda g: 0 * g, "got is zero in all 1500 entries; want is not, in all 40 entries looked at"),
        (
            lambda g: -g,
            "got -1 x want in all 40 entries looked at, of 1500: the sign is wrong; it is also the gradient",
        ),
        (lambda g: 1500 * g, "got 1500 x want in all 40 entries looked at, of 1500: the sum instead of the mean"),
        (lambda g: g / 2, "got 0.5 x want in all 40 entries looked at, of 1500; a factor 2 is missing"),
        (without_last, "last of 1500 slices along axis 0 is zero, and all else is right: it is dropped (in all 40"),
        (lambda g: g[::-1], "reversed along axis 0 (in all 40 entries looked at, of 1500)"),
        (lambda g: np.roll(g, 7), "rolled by 7 along axis 0"),
        (lambda g: np.concatenate([g[:1] * 0, g[:-1]]), "shifted by 1 along axis 0, a zero moved in"),
        (abs, "got is |want|"),
        (rounded_to_half, "float16"),
        (one_off, "wrong in 1 of 43 entries looked at, of 1500 in all: [777]\ngot / want is 0.5"),
        (lambda g: g * (1 + numbers(1500, seed=3)), "wrong in 40 of 40 entries looked at, of 1500 in all: [0], "),
        (lambda g: g, "right in all 40 entries looked at, of 1500"),
        (lambda g: g[:-1], "got has shape [1499], expected [1500]"),
    ],
)
def test_a_loss_of_many_entries_is_looked_at_in_some(change: Callable, says: str) -> None:
    assert says in said("mse", LOSS, change)


@pytest.mark.parametrize(
    ("rule", "arrays", "argument", "config", "change", "says"),
    [
        ("softmax", RANKS, "x", {"dim": 1}, lambda g: g.T.reshape(40, 30), "a reshape where a transpose belongs"),
        ("dense", SQUARE, "x", {}, lambda g: g.T, "got is want transposed (30 x 30"),
        ("dense", SQUARE, "w", {}, lambda g: g.T, "got is want transposed (30 x 30"),
        ("dense", SQUARE, "w", {}, lambda g: g[:, ::-1], "reversed along axis 1"),
        ("dense", {**SQUARE, "x": numbers(1400, 30)}, "b", {}, lambda g: g / 1400, "1400 of them"),
        ("layer_norm", ROWS, "x", {}, lambda g: 3 * g, "got 3 x want in all 40 entries looked at, of 1200"),
        ("cross_entropy", CLASSES, "x", {}, lambda g: 90 * g, "the sum instead of the mean"),
        ("softmax", RANKS, "x", {"dim": 1}, lambda g: g * np.tile([1.0, 0.0], 15), "every other entry along axis 1"),
    ],
)
def test_so_is_a_rule_with_many_outputs(rule, arrays, argument, config, change, says) -> None:
    assert says in said(rule, arrays, change, argument=argument, **config)


@pytest.mark.parametrize(
    ("size", "change", "says"),
    [
        (100_000, lambda g: 0 * g, "got is zero in all 100000 entries; want is not"),
        (10_000, lambda g: g[::-1], "got is want reversed along axis 0"),
        (10_000, without_last, "the last of 10000 slices along axis 0 is zero, and all else is right"),
        (10_000, one_off, "9999 of 10000 entries are right; wrong: [777]"),
        (10_000, lambda g: np.roll(g, -3), "got is want rolled by -3 along axis 0 of 10000"),
    ],
)
def test_where_each_entry_has_its_own_output_all_of_the_truth_is_had(size: int, change: Callable, says: str) -> None:
    assert said("tanh", {"x": numbers(size)}, change).startswith(says)


def test_a_maximum_copied_to_ties_is_seen_in_a_part() -> None:
    own = RULES["max"]

    def copied(saved, dy):
        x, y = saved
        return (np.where(x == y[:, None], dy[:, None], 0 * x),)

    pair = Rule(lambda x, **config: (own.forward(x, **config)[0], (x, own.forward(x, **config)[0])), copied)
    assert "dy is copied to all entries tied in the maximum over axis 1" in said("max", TIED, None, pair=pair)


def test_overflow_in_floats_alone_is_what_there_is_to_explain() -> None:
    """In exact numbers the backward is right; in floats it is infinity over infinity."""

    def forward(x):
        return 1 / (1 + np.exp(-x)), x

    def backward(x, dy):
        return (dy * np.exp(-x) / (1 + np.exp(-x)) ** 2,)

    x = numbers(30)
    x[3] = -800.0
    with np.errstate(all="ignore"):
        told = said("sigmoid", {"x": x}, None, pair=Rule(forward, backward))
    assert told.startswith("got is NaN in 1 of 30 entries: [3]; want is finite there")


def partly(got: np.ndarray, want: np.ndarray, places: list[int], **more) -> Wrong:
    known = np.zeros(want.size, dtype=bool)
    known[places] = True
    known = known.reshape(want.shape)
    inputs = more.pop("inputs", {"x": numbers(*want.shape, seed=77)})
    dy = more.pop("dy", numbers(*want.shape, seed=78))
    return Wrong("unknown", "x", got, np.where(known, want, np.nan), inputs, {}, dy, known=known, **more)


def test_what_is_not_looked_at_says_nothing() -> None:
    want = numbers(20, 50)
    got = want.copy()
    got[3, 3] = 7.0
    assert explain(partly(got, want, [0, 5, 900])) is None
    assert describe(partly(got, want, [0, 5, 900])) == "right in all 3 entries looked at, of 1000"
    got[0, 5] = 8.0
    assert "wrong in 1 of 3 entries looked at, of 1000 in all: [0, 5]" in describe(partly(got, want, [0, 5, 900]))


def test_numbers_that_are_all_alike_are_not_taken_for_moved_ones() -> None:
    """If want is one number everywhere, each wrong entry finds its number at any other place."""
    want = np.full(1000, 0.3718281)
    got = want.copy()
    got[[5, 40, 77, 300]] = numbers(4)
    assert explain(partly(got, want, [5, 40, 77, 300, 600, 998])) is None


def test_any_slope_of_a_sum_of_absolute_values_at_zero_is_no_dy_copied_to_ties() -> None:
    """All entries are tied, and all get dy, which is between -dy and dy."""
    dy = abs(numbers(30))
    copied, places = np.tile(dy[:, None], 40), list(range(0, 1200, 30))
    wrong = partly(copied, 0 * copied, places, inputs={"x": 0 * copied}, dy=dy)
    bounds = {"lower": np.where(wrong.known, -copied, np.nan), "upper": np.where(wrong.known, copied, np.nan)}
    assert explain(replace(wrong, **bounds)) is None
    half = {"lower": np.where(wrong.known, 0.0, np.nan), "want": wrong.want + copied / 2}
    found = explain(replace(wrong, **{**bounds, **half}))
    assert found is not None
    assert found.kind == "ties"


@pytest.mark.parametrize("shape", [(1000,), (30, 40), (12, 10, 10)], ids=str)
def test_noise_is_explained_by_nothing_in_a_part(shape: tuple[int, ...]) -> None:
    for seed in range(3):
        want, noise = numbers(*shape, seed=seed), numbers(*shape, seed=seed + 500)
        places = sampled_truth.places_to_look_at(want)
        for got in (noise, want + noise, want * (1 + 0.05 * noise), want * (1 + 2e-4 * noise)):
            assert explain(partly(got, want, places)) is None


def test_a_kink_that_was_looked_at_is_left_out() -> None:
    """At it every slope between is right, so a factor is one of the other entries."""
    x = numbers(800)
    x[:8] = 0.0
    assert "got 5 x want in all" in said("abs", {"x": x}, lambda g: 5 * g)


def test_a_maximum_of_what_moves_is_no_clamp() -> None:
    """The larger of two arrays has no limit: neither is one number."""

    def forward(x):
        return np.maximum(x, x * x - like(x, 0.3)), x

    def backward(x, dy):
        return (dy,)

    assert "clamp" not in said("tanh", {"x": numbers(700)}, None, pair=Rule(forward, backward))
