"""Linearity in dy: what breaks it is seen at any shape, and what keeps it costs two runs of backward, or one."""

from collections import Counter

import numpy as np
import pytest

from backcheck import check_vjp
from backcheck.keys import promise
from backcheck.subjects.arrays import NODE
from backcheck.subjects.fuzz import drawn_check
from backcheck.subjects.fuzz.verify_rule import verify_rule
from backcheck_reports.record import Verdict

LINEAR = (promise("linear", NODE), "contract")


def square(x):
    return x * x, x


def of_size(saved, dy):
    """Right for every cotangent above zero, as drawn ones are."""
    return 2 * saved * abs(dy)


def of_positive(saved, dy):
    return 2 * saved * np.maximum(dy, 0)


def shortened(saved, dy):
    return 2 * saved * np.minimum(dy, 9)


def shortened_below(saved, dy):
    return 2 * saved * np.maximum(dy, -9)


def rounded_off(saved, dy):
    return 2 * saved * np.where(abs(dy) < 0.2, 0, dy)


def of_some(saved, dy):
    return 2 * saved * np.where(np.arange(dy.size) % 7 == 3, abs(dy), dy)


X = np.array([0.5, -1.25, 2.0, 0.75])
LONG = np.linspace(0.5, 2.5, 100)
BROKEN = {
    "one entry": (of_size, X[:1], None),
    "two": (of_positive, X[:2], None),
    "a row": (of_positive, X[None], None),
    "a column": (of_size, X[:, None], None),
    "without axes": (of_size, X[0], None),
    "a shortened cotangent": (shortened, X, None),
    "a cotangent of zeros": (of_size, X, np.zeros(4)),
    "a cotangent with a zero": (of_positive, X, np.array([0.0, 1, 0, 2])),
    "the cotangent of the promise": (shortened, X, np.array([1.0, 2, -3, 4])),
    "many entries": (of_size, LONG, None),
    "many of a sign": (of_positive, LONG, None),
    "many shortened": (shortened, LONG, None),
    "many shortened below": (shortened_below, LONG, None),
    "many rounded off": (rounded_off, LONG, None),
    "some of many": (of_some, LONG, None),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_backward_that_is_not_linear_is_seen(case):
    backward, x, dy = BROKEN[case]
    check = check_vjp(square, backward, x, cotangent=dy)
    assert check.measures[LINEAR].verdict is Verdict.DISAGREE, str(check)
    assert not check


def buffered(saved, dy):
    """The one buffer, filled anew by every call."""
    saved["dx"][...] = 2 * saved["x"] * dy
    return saved["dx"]


def consumed(saved, dy):
    """Leaves nothing of what was saved, but says so to nobody."""
    dx = 2 * saved["x"] * dy
    saved["x"] = np.zeros_like(dx)
    return dx


def test_a_buffer_that_every_call_fills_is_linear():
    check = check_vjp(lambda x: (x * x, {"x": x, "dx": np.zeros_like(x)}), buffered, X)
    assert check.measures[LINEAR].verdict is Verdict.AGREE, str(check)
    assert check


def test_what_backward_spoils_is_no_matter_of_linearity():
    check = check_vjp(lambda x: (x * x, {"x": x}), consumed, X)
    assert check.measures[LINEAR].verdict is Verdict.AGREE, str(check)
    assert check.measures[promise("again", NODE), "contract"].verdict is Verdict.SIDE_EFFECT


def test_what_is_spoiled_of_many_entries_is_no_matter_of_linearity():
    check = check_vjp(lambda x: (x * x, {"x": x}), consumed, LONG)
    assert check.measures[LINEAR].verdict is Verdict.AGREE, str(check)


def test_slopes_that_cancel_accuse_nobody():
    def softmax(x):
        e = np.exp(x - x.max())
        return e / e.sum(), e / e.sum()

    check = check_vjp(softmax, lambda y, dy: y * (dy - (y * dy).sum()), LONG, cotangent=np.ones(100))
    assert check.measures[LINEAR].verdict is Verdict.AGREE, str(check)


@pytest.mark.parametrize(("x", "more"), [(X, 2), (LONG, 1)])
def test_a_right_rule_runs_on_exact_numbers_no_more_often_than_it_must(x, more):
    runs = Counter()

    def forward(x):
        runs["forward"] += type(x) is not np.ndarray
        return square(x)

    def backward(saved, dy):
        runs["backward"] += type(dy) is not np.ndarray
        return 2 * saved * dy

    assert check_vjp(forward, backward, x)
    # at the point and on one side of it, and once on balls; the gradient, more for linearity, and on balls
    assert runs == {"forward": 3, "backward": 2 + more}


def test_the_smallest_case_is_looked_for_along_directions(monkeypatch):
    looks, glance = [], drawn_check.DrawnChecks.glance
    monkeypatch.setattr(drawn_check.DrawnChecks, "glance", lambda *given: looks.append(given) or glance(*given))
    found = verify_rule((square, lambda x, dy: x * dy), "n d", draws=20)
    assert found.verdict is Verdict.DISAGREE
    assert found.failure.checked.problem.arrays["x"].shape == (1, 1)
    assert looks
