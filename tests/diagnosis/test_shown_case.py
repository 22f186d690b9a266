"""What is said stands beside the case it is about: no sentence of another case, of another party, or from one entry."""

import math

import numpy as np
import pytest

import backcheck
from backcheck.diagnosis.faults import Fault, explain
from backcheck.diagnosis.shrink import CLEAR
from backcheck.diagnosis.two_cases import _pattern
from backcheck.subjects.result import text
from backcheck_reports.record import Verdict
from tests.diagnosis.faults.planting import bare, numbers
from tests.diagnosis.sentences import untrue_in


def lines(check):
    assert check.note is not None
    return "\n".join(check.note.lines)


def highest(x):
    return x.max(axis=1), x


def highest_doubled(x, dy):
    return (np.where(x == x.max(axis=1, keepdims=True), 2 * dy[:, None], 0 * dy[:, None]),)


def rectified(x):
    return np.where(x > 0, x, 0 * x), x


def rectified_scaled(x, dy):
    return (np.where(x > 0, 1.5 * dy, 0 * dy),)


def squared_row(x):
    return (x * x).sum(axis=1), x


def squared_row_once(x, dy):
    return (x * dy[:, None],)


def product_of_rows(x, w):
    return x * w, (x, w)


def product_averaged(saved, dy):
    x, w = saved
    return dy * w, (dy * x).mean(axis=0)


def distance(x, target):
    return abs(x - target), (x, target)


def distance_unsigned(saved, dy):
    x, target = saved
    s = np.sign(x - target)
    return dy * s, dy * s


PLAIN = {
    "ties of a maximum": (highest, highest_doubled, "n d"),
    "the kink of a rectifier": (rectified, rectified_scaled, "n d"),
    "zeros of a square": (squared_row, squared_row_once, "n d"),
    "zeros of a product": (product_of_rows, product_averaged, ("n d", "d")),
    "the kink of a distance": (distance, distance_unsigned, ("n d", "n d")),
}


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_shown_is_no_tie_and_no_zero_where_the_failure_does_not_need_one(name):
    forward, backward, axes = PLAIN[name]
    failure = backcheck.verify_rule((forward, backward), axes, draws=40, seed=0).failure
    measure = failure.measures[failure.finding.key, "numpy"]
    assert measure.fraction > CLEAR
    assert measure.want != 0 or measure.got != 0
    assert not failure.checked.truth.known[failure.finding.key].kink
    assert np.any(failure.checked.truth.known[failure.finding.key].hi)
    assert not untrue_in(failure), failure.explain()


def tied(x, dy):
    """Right but for ties, where every tied entry gets all of dy."""
    return (np.where(x == x.max(axis=1, keepdims=True), dy[:, None], 0 * dy[:, None]),)


def test_a_failure_that_needs_a_tie_is_shown_at_one():
    failure = backcheck.verify_rule((highest, tied), "n d", draws=200, seed=0).failure
    x = next(iter(failure.checked.problem.arrays.values()))
    assert np.any((x == x.max(axis=1, keepdims=True)).sum(axis=1) > 1)


def test_nothing_is_said_of_entries_that_are_right_when_the_code_is_called_again():
    calls = []

    def backward(x, dy):
        calls.append(1)
        return (0 * dy if len(calls) < 4 else 2 * x * dy,)

    check = backcheck.check_vjp(lambda x: (x * x, x), backward, np.array([0.5, -1.25, 2.0, 0.75]))
    assert not check
    assert check.note is None or "right to" not in lines(check)


def test_a_straight_through_of_one_entry_is_no_softmax():
    check = backcheck.check_vjp(lambda x: (np.round(x), x), lambda x, dy: dy, np.array([[0.75]]))
    assert "softmax" not in str(check)
    assert "softmax" not in str(backcheck.verify_rule((lambda x: (np.sign(x), x), lambda x, dy: dy), "n d", draws=20))


@pytest.mark.parametrize(
    ("got", "want"),
    [(0.1109, 0.4812), (1.0, 3.7), (-0.25, 0.3), (0.9, 0.81), (0.5, 0.25)],
    ids=["clipped", "clipped to one", "quarter", "square root", "square"],
)
def test_one_entry_proves_no_formula(got, want):
    found = explain(bare(np.array([[got]]), np.array([[want]]), dy=np.array([[0.1109]]), value=np.array([[1.0]])))
    assert found is None or found.kind in ("factor", "passed-on"), found


def test_two_entries_that_are_cut_to_one_size_are_clipped():
    want = np.array([0.5, 3.0, -2.0, 0.25])
    assert explain(bare(np.clip(want, -0.7, 0.7), want)).kind == "clipped"
    assert explain(bare(np.array([0.5, 0.7, -2.0, 0.25]), want)) is None


def test_whoever_has_no_truth_agrees_with_nobody():
    """math.tanh cannot run on exact numbers: what is left are differences and PyTorch."""

    def forward(x):
        return np.array([math.tanh(float(each)) for each in x]), x

    def wrong(x, dy):
        return (dy * (1 + np.tanh(x) ** 2),)

    torch = pytest.importorskip("torch")
    check = backcheck.check_vjp(forward, wrong, np.array([0.5, -1.25, 2.0]), torch=torch.tanh)
    assert not check
    assert "exact truth" not in lines(check)
    row = next(line for line in str(check).splitlines() if line.split()[0] == "x")
    assert "differences: unavailable" not in " ".join(str(check).split())
    assert "exact, differences" not in row


def test_a_backward_that_raises_is_the_backward():
    def backward(x, dy):
        raise IndexError("no such axis")

    check = backcheck.check_vjp(lambda x: (x * x, x), backward, np.array([0.5, -1.25]))
    assert check.verdict is Verdict.DISAGREE
    assert "forward value" not in str(check)


def test_an_error_beside_a_truth_that_is_nearly_zero_is_no_huge_number():
    assert text._part(0.5) == "by 0.5 of it"
    assert text._part(2.5e289) == "by more than 100 times its size"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("got 0.5 x want in the only entry: the mean", "got 0.25 x want in all 12 entries: the mean"),
        ("got is NaN in 1 of 4 entries: [0]; want", "got is NaN in 3 of 9 entries: [0, 1], [2, 2] and 1 more; want"),
        ("got is zero (in all 40 entries looked at, of 1500)", "got is zero"),
    ],
)
def test_the_same_fault_with_other_numbers_is_the_same(one, other):
    assert _pattern(one) == _pattern(other)


def test_other_causes_are_other_faults():
    assert _pattern("the batch is 2") != _pattern("the width is 2")
    assert _pattern("the batch is 2 (it may also be the width)") != _pattern("the batch is 2")
    assert Fault("a", "b").kind == "a"


def test_an_explanation_of_a_larger_tensor_needs_more_than_noise():
    want = numbers(3, 4)
    assert explain(bare(want + 1e-3 * numbers(3, 4, seed=5), want)) is None
