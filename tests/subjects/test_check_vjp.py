"""Pairs of functions as people write them: right ones are not flagged, wrong ones are caught, named and explained."""

import numpy as np
import pytest

import backcheck
from backcheck import check_vjp
from backcheck.keys import gradient
from backcheck.subjects.result.side_effects import WRITES
from backcheck_reports.record import Verdict
from tests.subjects import pairs_of_functions, wrong_pairs
from tests.subjects.pairs_of_functions import RIGHT, affine_backward, affine_forward, normal
from tests.subjects.wrong_pairs import WRONG


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_pair_is_not_flagged(name):
    (forward, backward), arrays, verdict = RIGHT[name]
    check = check_vjp(forward, backward, *arrays)
    assert check, check
    assert check.measures[check.checked.problem.gradients[0], "numpy"].verdict == verdict
    assert set(check.checked.disagreements) <= {WRITES}
    assert check.finding is None
    check.assert_ok()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_pair_is_caught_named_and_explained(name):
    case = WRONG[name]
    check = check_vjp(case.forward, case.backward, *case.arrays)
    assert not check
    assert check.verdict is Verdict.DISAGREE
    assert check.finding.argument == case.argument
    assert case.says in check.note.lines[0]
    with pytest.raises(AssertionError) as raised:
        check.assert_ok()
    assert check.note.lines[0].split()[0] in str(raised.value)
    assert "check_vjp(" in str(raised.value)


def test_the_caller_keeps_what_it_passed():
    x, dy = normal(3, 4), np.ones((3, 4))
    before = x.copy(), dy.copy()
    check_vjp(*pairs_of_functions.SCALE, x, cotangent=dy)
    assert np.array_equal(x, before[0])
    assert np.array_equal(dy, before[1])
    x.flags.writeable = False
    assert check_vjp(*pairs_of_functions.SCALE, x)


def test_writes_are_noted():
    notes = str(check_vjp(*pairs_of_functions.SCALE, normal(3)))
    assert "forward of scale writes into x" in notes
    assert "backward of relu writes into dy" in str(check_vjp(*pairs_of_functions.RELU, [-1.0, 2.0, 0.5]))
    assert "writes" not in str(check_vjp(*pairs_of_functions.AFFINE, normal(2, 3), normal(3, 2), normal(2)))


def test_an_array_without_a_gradient_is_said_to_have_none():
    def backward(saved, dy):
        return *affine_backward(dy, saved)[:2], None

    check = check_vjp(affine_forward, backward, *wrong_pairs.AFFINE)
    assert check.verdict is Verdict.DISAGREE
    assert check.note.lines[0].startswith("no gradient for b: backward returns None")
    meant = check_vjp(affine_forward, backward, *wrong_pairs.AFFINE, fixed="b")
    assert meant.verdict is Verdict.AGREE


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_dtype_can_be_said(dtype):
    check = check_vjp(affine_forward, affine_backward, *wrong_pairs.AFFINE, dtype=dtype)
    assert check.checked.problem.dtype == dtype
    assert check
    assert (
        check_vjp(affine_forward, wrong_pairs.transposed_weight, *wrong_pairs.AFFINE, dtype=dtype).verdict == "disagree"
    )


def test_buffers_of_float64_among_float32_are_noted_and_not_flagged():
    forward, backward = pairs_of_functions.EMBEDDING
    check = check_vjp(forward, backward, normal(4, 2).astype(np.float32), np.array([3, 0, 3]))
    assert check
    assert "answers in float64 when it is given float32" in check.notes[0]


def test_a_gradient_of_less_precision_than_its_array_is_flagged():
    check = check_vjp(lambda x: (x * x, x), lambda x, dy: (2 * x * dy).astype(np.float32), normal(3))
    assert not check
    assert "float32" in check.note.lines[0]


def test_backward_may_be_written_in_several_orders():
    def two_backward(dr, dangle, cache):
        return pairs_of_functions.polar_backward(cache, (dr, dangle))

    x = normal(3)
    assert check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda saved, dy: dy * (1 - saved**2), x)
    assert check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda dy, saved: dy * (1 - saved**2), x)
    assert check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda dout, y: dout * (1 - y**2), x)
    assert check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda a, g: g * (1 - a**2), x)
    assert check_vjp(pairs_of_functions.polar_forward, two_backward, x + 3, x)


def test_a_backward_that_spoils_what_was_saved_is_caught():
    def backward(saved, dy):
        saved *= dy
        return 2 * saved

    check = check_vjp(lambda x: (x * x, x.copy()), backward, normal(3))
    assert not check
    assert (check.finding.party, check.finding.argument) == ("contract", "again")
    assert "a second call of backward" in str(check)


def test_options_reach_forward():
    arrays = (normal(3, 4), normal(4), normal(4))
    assert check_vjp(*pairs_of_functions.LAYER_NORM, *arrays, config={"eps": 0.1})
    assert "'eps': 0.1" in check_vjp(*pairs_of_functions.LAYER_NORM, *arrays, config={"eps": 0.1}).reproducer


def test_the_cotangent_has_the_form_of_the_value():
    pair, arrays, _ = RIGHT["outputs in a dictionary"]
    given = {"mean": np.zeros(2), "var": np.array([0.0, 2.0]), "most": np.zeros(2, int)}
    check = check_vjp(*pair, *arrays, cotangent=given)
    assert check
    assert check.checked.problem.dy.tolist() == [0, 0, 0, 2]


def test_chance_is_reseeded_and_said():
    def forward(x):
        keep = np.random.rand(*x.shape) < 0.5
        return x * keep, keep

    check = check_vjp(forward, lambda keep, dy: dy * keep, normal(4, 3))
    assert check
    assert "global generator" in check.notes[0]
    assert not check_vjp(forward, lambda keep, dy: dy, normal(4, 3))


def test_no_output_is_nothing_to_be_wrong_about_and_no_agreement():
    check = check_vjp(affine_forward, affine_backward, np.zeros((0, 3)), normal(3, 2), normal(2))
    assert check
    assert check.verdict is Verdict.VACUOUS
    zero = check_vjp(lambda x: (x * 0, x), lambda x, dy: dy * 0, normal(3))
    assert not zero
    assert zero.verdict is Verdict.VACUOUS


def test_the_listing_lines_up_and_stays_narrow():
    arrays = (normal(2, 2, 4, 3), normal(3, 2, 2, 2), normal(3))
    shown = str(check_vjp(*pairs_of_functions.CONVOLUTION, *arrays)).splitlines()
    assert shown[0].startswith("AGREE  conv  float64  case ")
    assert max(map(len, shown)) <= 110
    assert len({line.index("agree") for line in shown[1:5]}) == 1
    assert len({line.index("within") for line in shown[1:5]}) == 1
    for case in WRONG.values():
        shown = str(check_vjp(case.forward, case.backward, *case.arrays))
        assert "nan" not in shown
        assert max(map(len, shown.splitlines())) <= 110


def test_the_notebook_view_escapes_names():
    def double(x):
        return 2 * x, None

    double.__qualname__ = "<b>double</b>"
    check = check_vjp(double, lambda saved, dy: 3 * dy, normal(2))
    shown = check._repr_html_()
    assert "&lt;b&gt;double" in shown
    assert "<b>double" not in shown
    assert check.note.lines[0].split(":")[0] in shown


def test_records_say_who_and_what():
    case = WRONG["averaged bias"]
    found = check_vjp(case.forward, case.backward, *case.arrays).records
    mine = {record.tensor: record for record in found if record.party == "numpy"}
    assert {name: str(record.verdict) for name, record in mine.items()} == {
        "x": "agree",
        "w": "agree",
        "b": "disagree",
        "output": "agree",
    }
    wrong = mine["b"]
    assert (wrong.rule, wrong.argument, wrong.dtype, wrong.profile) == ("affine", "b", "float64", "given")
    assert (wrong.shape, wrong.entries) == ((3,), 3)
    assert wrong.got == pytest.approx(wrong.want / 4, rel=1e-12)
    assert {record.party for record in found} == {"numpy", "exact", "differences", "contract"}


def names():
    return {**vars(pairs_of_functions), **vars(wrong_pairs)}


@pytest.mark.parametrize("name", [*RIGHT, *WRONG])
def test_the_reproducer_asks_the_same_question(name):
    if name in RIGHT:
        (forward, backward), arrays, _ = RIGHT[name]
    else:
        forward, backward, arrays, *_ = WRONG[name]
    check, seen = check_vjp(forward, backward, *arrays), []
    exec(check.reproducer, {**names(), "print": seen.append})
    assert (seen[0].id, seen[0].verdict) == (check.id, check.verdict)


def test_frameworks_are_asked_and_named_in_the_reproducer():
    torch = pytest.importorskip("torch")
    check = check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda y, dy: dy * (1 - y * y), normal(3), torch=torch.tanh)
    assert check.measures[gradient("x"), "torch"].verdict is Verdict.AGREE
    assert "torch=torch.tanh" in check.reproducer
    other = check_vjp(lambda x: (np.tanh(x), np.tanh(x)), lambda y, dy: dy * (1 - y * y), normal(3), torch=torch.sin)
    assert other.finding.argument == "output"
    broken = check_vjp(lambda x: (x * 2, x), lambda x, dy: 2 * dy, normal(3), torch=lambda x: torch.nonesuch(x))
    assert broken
    assert "PyTorch gives no answer" in broken.notes[-1]


def test_the_public_names_are_these():
    assert backcheck.check_vjp is check_vjp
