"""Two answers for one tensor: what kind of difference it is."""

import numpy as np
import pytest

from backcheck.regression.difference.tensors import Kind, compare
from backcheck.regression.sides.answers import SideTensor
from backcheck_reports.record import Verdict

TRUE = np.array([1.0, -2.0, 0.5])
ALLOWED = np.full(3, 1e-14)


def tensor(value=TRUE, verdict=Verdict.AGREE, rule=Verdict.AGREE, truth=TRUE, **more):
    value = None if value is None else np.asarray(value)
    known = {} if truth is None else {"hi": np.asarray(truth), "lo": np.zeros(3), "allowed": ALLOWED}
    return SideTensor(value, verdict, rule, **known, **more)


WRONG = tensor(2 * TRUE, Verdict.DISAGREE, Verdict.DISAGREE)


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (tensor(), tensor(), Kind.SAME),
        (tensor(), tensor(np.nextafter(TRUE, 9)), Kind.ROUNDING),
        (tensor(), WRONG, Kind.WRONG),
        (WRONG, tensor(), Kind.FIXED),
        (WRONG, tensor(3 * TRUE, Verdict.DISAGREE, Verdict.DISAGREE), Kind.STILL_WRONG),
        (WRONG, WRONG, Kind.SAME),
        (tensor(), tensor(TRUE + 1e-9, Verdict.DISAGREE), Kind.DIGITS),
        (tensor(), tensor(TRUE + 1e-9, Verdict.UNAVAILABLE, truth=None), Kind.DIGITS),
        (tensor(), tensor(np.nextafter(TRUE, 9), Verdict.UNAVAILABLE, truth=None), Kind.ROUNDING),
        (tensor(), tensor(np.nextafter(TRUE, 9), Verdict.IMPRECISE), Kind.DIGITS),
        (tensor(), tensor(2 * TRUE, truth=2 * TRUE), Kind.FUNCTION),
        (tensor(verdict=Verdict.KINK), tensor(-TRUE, Verdict.KINK, truth=-TRUE), Kind.CONVENTION),
        (tensor(), tensor([np.inf, 1, 1], Verdict.OUT_OF_RANGE), Kind.RANGE),
        (tensor(verdict=Verdict.OUT_OF_RANGE), tensor([np.inf, 1, 1], Verdict.OUT_OF_RANGE), Kind.BEYOND),
        (tensor(None, Verdict.DISAGREE), tensor(), Kind.WORKS),
        (tensor(), tensor(None, Verdict.DISAGREE, reason="raises"), Kind.BROKEN),
        (tensor(truth=None), tensor(2 * TRUE, truth=None), Kind.UNJUDGED),
        (tensor(), tensor(TRUE[:2], truth=None), Kind.FUNCTION),
    ],
)
def test_the_kind_of_a_difference(old, new, kind):
    assert compare(old, new, "float64").kind is kind


def test_a_wrong_rule_is_seen_though_the_bits_are_the_same():
    wrong = tensor(rule=Verdict.DISAGREE)
    assert compare(tensor(), wrong, "float16", of_gradients=True).kind is Kind.WRONG


def test_a_value_that_is_off_a_little_lost_digits_and_a_gradient_has_the_shape_of_its_array():
    off = tensor(TRUE * (1 + 1e-8), Verdict.DISAGREE, Verdict.DISAGREE)
    assert compare(tensor(), off, "float64").kind is Kind.DIGITS
    assert compare(tensor(), off, "float64", of_gradients=True).kind is Kind.WRONG
    assert compare(tensor(), WRONG, "float64").kind is Kind.WRONG
    short = compare(tensor(), tensor(TRUE[:2], truth=None), "float64", of_gradients=True)
    assert (short.kind, short.reason) == (Kind.BROKEN, "shape [3] became [2]")


def test_nan_is_like_nan_and_zero_is_not_minus_zero():
    nan = tensor([np.nan, 0.0, 1.0], Verdict.OUT_OF_RANGE, truth=None)
    assert compare(nan, tensor([np.nan, 0.0, 1.0], truth=None), "float64").kind is Kind.SAME
    assert compare(nan, tensor([np.nan, -0.0, 1.0], truth=None), "float64").kind is Kind.ROUNDING


def test_how_far_it_moved_is_in_ulps_of_the_largest_entry():
    found = compare(tensor(), tensor(TRUE + np.array([0, 0, 2.0**-50])), "float64")
    assert found.moved == 2
    assert found.beyond == 0, "8e-16 is within what one run rounds here"
    assert found.new_error.ulps == 8, "of its own entry, 0.5, it is more"


def test_gradients_of_another_function_are_another_function():
    moved = tensor(np.nextafter(TRUE, 9))
    assert compare(tensor(), moved, "float64", same_function=False).kind is Kind.FUNCTION
