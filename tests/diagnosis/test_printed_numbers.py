"""Wherever a number that was got stands beside the one to want, the two differ in print, and the second is a number."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from backcheck import check_torch, check_vjp, verify_rule
from backcheck.keys import OUTPUT
from backcheck.pytest_plugin.checks import subtest_results
from backcheck.subjects.result.text import rows
from backcheck.verdicts.measure import Measure
from backcheck_reports import Run
from backcheck_reports.exports.junit import document
from backcheck_reports.exports.markdown import markdown
from backcheck_reports.number_format import got_and_want
from backcheck_reports.page.cards import finding_cards
from backcheck_reports.record import Verdict
from backcheck_reports.statistics.summary import summarise
from tests.diagnosis.sentences import LIST, PRINTED, RELATIVE
from tests.reports.conftest import SOUND

NUMBERS = re.compile(rf"got {PRINTED}(?: at {LIST})?, want {PRINTED}{RELATIVE}")
PAIRS = [
    *((1.875009, 1.875), (1.8750000001, 1.875), (float(np.nextafter(1.875, 2)), 1.875), (0.2499999, 0.25)),
    *((np.nan, 2.0), (-np.inf, 2.0), (0.0, 1e-300), (3.0, -4.0)),
]
WITHOUT_TRUTH = [(np.nan, np.nan), (1.5, np.nan), (np.nan, np.inf)]


def disagreeing(got, want, reason=""):
    return replace(SOUND, verdict=Verdict.DISAGREE, got=got, want=want, index=(0, 1), reason=reason)


def of_terminal(record):
    check = check_vjp(lambda x: (x * x, x), lambda x, dy: x * dy, [[0.5, 2.0]])
    (key,) = check.checked.problem.gradients
    measure = Measure(record.verdict, index=record.index, got=record.got, want=record.want, reason=record.reason)
    return rows({**check.measures, (key, "numpy"): measure}, check.checked.problem)[0][3]


FORMATS = {
    "terminal": of_terminal,
    "pytest": lambda record: "\n".join(each.words for each in subtest_results([record], failing=True)),
    "markdown": lambda record: markdown(Run(), summarise([record]), {}),
    "junit": lambda record: document(Run(), summarise([record]), {}),
}


@pytest.mark.parametrize(("got", "want"), PAIRS)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_prints_digits_until_the_two_differ(kind, got, want):
    text = FORMATS[kind](disagreeing(got, want)).replace("\\", "").replace("&#91;", "[").replace("&#93;", "]")
    found = NUMBERS.findall(text)
    assert found, text
    close = np.isfinite(got) and want and abs(got - want) / abs(want) < 1e-3
    for one, other, relative in found:
        assert one != other
        assert bool(relative) is bool(close), text


@pytest.mark.parametrize(("got", "want"), WITHOUT_TRUTH)
@pytest.mark.parametrize("kind", FORMATS)
def test_where_no_number_is_known_none_is_wanted(kind, got, want):
    text = FORMATS[kind](disagreeing(got, want, "has shape [2], expected [3]"))
    assert "want" not in text
    assert "got nan" not in text.partition("not judged")[2]
    assert "expected" in text


def test_on_the_page_a_dash_stands_for_what_was_not_measured():
    (card,) = finding_cards(summarise([disagreeing(np.nan, np.nan, "has shape [2], expected [3]")]).findings, {})
    assert [(row.got, row.want) for row in card.main.answers] == [("–", "–")]
    (card,) = finding_cards(summarise([disagreeing(np.nan, 2.0)]).findings, {})
    assert [(row.got, row.want) for row in card.main.answers] == [("nan", "2.0")]


def test_equal_numbers_are_called_so():
    assert got_and_want(1.875, 1.875, (0,)) == "got 1.875 at [0], and want is the same number in float64"
    assert got_and_want(1.5, np.nan) == "got 1.5: not judged, since no finite number is known"


def test_the_only_entry_has_its_digits_and_the_relative_error():
    off = check_vjp(lambda x: (2 * x, x), lambda x, dy: dy * (2 + 1e-9 * x), [0.9], cotangent=[0.9375])
    assert "the only entry is wrong: got 1.8750000008, want 1.875, relative error 4.5e-10" in off.note.lines


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, dy):
        return Raises.apply(ctx.saved_tensors[0]) * dy


class Raises(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return 3 * x * x

    @staticmethod
    def backward(ctx, dy):
        raise NotImplementedError("no")


def right_at_quarters(x, dy):
    """The derivative of x^3 where 4 x is whole, and not beside."""
    return (3 * x * x + abs(x - np.round(4 * x) / 4)) * dy


@pytest.mark.parametrize(
    "ask",
    [
        lambda: check_vjp(lambda x: (x**3, x), right_at_quarters, [0.5, -1.25, 2.0], order=2),
        lambda: check_torch(Cube, torch.tensor([0.5, -1.25], dtype=torch.float64), order=2),
        lambda: verify_rule(Cube, "n d", order=2, draws=10).failure,
        lambda: check_vjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy)[:1], [0.5, 2.0]),
    ],
    ids=["beside the point", "double backward raises", "drawn", "another shape"],
)
def test_a_finding_without_numbers_has_no_row_of_nan(ask):
    check = ask()
    assert check.verdict is Verdict.DISAGREE
    assert check.note.table == ()
    assert "nan" not in check.explain().replace("nan, ", "")


def test_right_numbers_of_a_wrong_shape_are_no_worst_entries():
    check = check_vjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy)[None], [0.5, 2.0])
    assert check.verdict is Verdict.SHAPE
    assert check.note.table == ()


def softmax(x):
    e = np.exp(x - x.max())
    return e / e.sum(), e / e.sum()


def softmax_pulled(y, dy):
    return y * (dy - (y * dy).sum())


def test_a_framework_that_computes_no_number_is_not_another_function():
    """exp(x) / sum exp(x) is NaN at 1000, where the softmax is 1: that says nothing of the softmax."""
    naive = lambda x: torch.exp(x) / torch.exp(x).sum()  # noqa: E731
    for x in ([1.0, 1000.0], [1.0, 700.0], [1.0, 2.0]):
        check = check_vjp(softmax, softmax_pulled, x, torch=naive)
        assert check.verdict in (Verdict.AGREE, Verdict.VACUOUS, Verdict.OUT_OF_RANGE), str(check)
        assert "nan" not in str(check)


def clamped(x):
    return np.log(np.maximum(x, 1e-3)), x


def clamped_pulled(x, dy):
    return np.where(x > 1e-3, dy / np.maximum(x, 1e-3), 0 * dy)


def test_entries_without_a_number_are_left_out_and_the_others_are_judged():
    log = check_vjp(clamped, clamped_pulled, [0.5, -1.0], torch=torch.log)
    assert log.measures[OUTPUT, "numpy"].verdict is Verdict.AGREE, str(log)
    assert "torch computes nan at [1], where the forward value is -6.9078: not judged" in log.notes
    assert {m.verdict for (_, party), m in log.measures.items() if party == "torch"} == {Verdict.UNAVAILABLE}
    shifted = check_vjp(clamped, clamped_pulled, [0.5, -1.0], torch=lambda x: torch.log(x) + 1e-6)
    assert shifted.measures[OUTPUT, "numpy"].verdict is Verdict.DISAGREE
    said = shifted.measures[OUTPUT, "numpy"].reason
    assert said == "is not what torch computes: -0.6931472 at [0] against its -0.6931462"
    assert shifted.note.table == (("output[0]", "-0.693147181", "-0.693146181", "–"),)
