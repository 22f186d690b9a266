"""The lines that describe arrays: ranges of numbers, least sizes, sizes that follow from others, and the domain."""

import numpy as np
import pytest
from hypothesis import Phase

import backcheck
from backcheck import Axis, BadInput, verify_rule
from backcheck.strategies.arrays import ArrayRecipe, make
from backcheck.subjects.drawn.cases import DrawnCases, DrawPlan
from backcheck.subjects.drawn.domain import Domain, OutOfDomain
from backcheck.subjects.drawn.families import Functions
from backcheck.subjects.drawn.shapes import describe
from backcheck.subjects.drawn.sizes import AxisSize, parsed_axis
from backcheck.subjects.drawn.value_range import EVERY_NUMBER, ValueRange, in_range, parsed_bound, parsed_interval
from backcheck.subjects.fuzz.case_search import search
from backcheck.subjects.user_code import of_pair
from backcheck_reports.record import Verdict


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("n", AxisSize("n")),
        ("3", AxisSize(plus=3)),
        ("*batch", AxisSize("batch", starred=True)),
        ("n>=2", AxisSize("n", least=2)),
        ("n>1", AxisSize("n", least=2)),
        ("4*s", AxisSize("s", times=4)),
        ("s*4", AxisSize("s", times=4)),
        ("d+1", AxisSize("d", plus=1)),
        ("2*d-1", AxisSize("d", times=2, plus=-1)),
        ("n-d", None),
        ("2*3*d", None),
        ("0*d", None),
        ("*b>=2", None),
        ("d+", None),
    ],
)
def test_axes(text, size):
    assert parsed_axis(text) == size


@pytest.mark.parametrize(
    ("text", "within"),
    [
        (">0", ValueRange(0)),
        (">=1", ValueRange(1, low_in=True)),
        ("<=-1e-3", ValueRange(high=-1e-3, high_in=True)),
        ("(-1, 1)", ValueRange(-1, 1)),
        ("[0,inf)", ValueRange(0, low_in=True)),
        ("(-inf, 2.5]", ValueRange(high=2.5, high_in=True)),
        ("(1", None),
        ("(a, b)", None),
        (">", None),
    ],
)
def test_ranges(text, within):
    assert (parsed_bound(text) or parsed_interval(text)) == within


DRAWN = {  # a line, and what must hold of every array drawn from it
    "n>=2 d": lambda x: x.shape[0] >= 2,
    "n 4*s": lambda x: x.shape[1] % 4 == 0 and x.shape[1] > 0,
    "n 2*n": lambda x: x.shape[1] == 2 * x.shape[0],
    "d d+1": lambda x: x.shape[1] == x.shape[0] + 1,
    "d d-1": lambda x: x.shape[1] == x.shape[0] - 1 > 0,
    "n d in (-1, 1)": lambda x: (abs(x) < 1).all(),
    "n in [-1, 1]": lambda x: (abs(x) <= 1).all(),
    "n d >=1": lambda x: (x >= 1).all(),
    "n >0 <=1": lambda x: ((x > 0) & (x <= 1)).all(),
    "n d in (-inf, -2)": lambda x: (x < -2).all(),
}


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
@pytest.mark.parametrize("line", DRAWN)
def test_every_draw_lies_in_what_the_line_says(line, dtype):
    seen = []

    def noted(x):
        if x.dtype.name == dtype:
            seen.append(np.array(x, dtype=np.float64))
        return x * 1, None

    plan_draws(noted, line, dtype)
    assert len(seen) > 10
    assert all(DRAWN[line](each) for each in seen)


def plan_draws(forward, line, dtype="float64", draws=15):
    """Draw from a line, without a check of what is drawn."""
    family = Functions(of_pair(forward, lambda _, dy: dy))
    plan = DrawPlan(family, describe(forward, line), {}, (dtype,))
    search(DrawnCases(plan), lambda case: False, draws, 0, [Phase.generate])


def test_ends_that_belong_to_a_range_are_drawn_and_numbers_near_them():
    closed, opened = [], []
    plan_draws(lambda x: (closed.append(x.copy()), (x * 1, None))[1], "n in [-1, 1]", draws=150)
    plan_draws(lambda x: (opened.append(x.copy()), (x * 1, None))[1], "n in (0, 1)", draws=150)
    numbers = np.concatenate(closed)
    assert {-1.0, 1.0} <= set(numbers)
    inside = np.concatenate(opened)
    assert inside.min() < 0.002
    assert inside.max() > 0.998
    assert inside.min() > 0


def test_a_range_moves_what_lies_outside_and_keeps_the_rest():
    recipe = ArrayRecipe((6,), "explicit", values=(-3.0, -0.5, 0.0, 0.25, 1.0, 1e30))
    moved = make(in_range(lambda options: options[0], recipe, "float64", ValueRange(-1, 1), plain=True), "float64")
    assert moved[[1, 2, 3]].tolist() == [-0.5, 0.0, 0.25]
    assert (abs(moved) < 1).all()
    assert EVERY_NUMBER.whole


REFUSED = {
    "'n d in' for x: '' is no range": "n d in",
    "'(1, 2' is no range": "n in (1, 2",
    "'>x' is no range": "n >x",
    "no number lies in the range in (1, -1)": "n in (1, -1)",
    "a range is for floating-point numbers": "n <3 >=1",
    "'3*4*s' is no axis": "3*4*s",
    '"n>=2", "4*s" or "d+1" for axes': "n--d",
}


@pytest.mark.parametrize("said", REFUSED)
def test_a_line_that_says_nothing_is_refused_in_a_sentence(said):
    with pytest.raises(BadInput) as error:
        verify_rule((lambda x: (x, None), lambda _, dy: dy), REFUSED[said], draws=5)
    assert said in str(error.value)


def test_an_option_may_be_a_size_that_others_follow_from():
    def grouped(x, *, groups):
        parts = x.reshape(len(x), groups, -1)
        return parts.sum(-1), (x.shape, groups)

    def backward(saved, dy):
        shape, groups = saved
        return np.broadcast_to(dy[..., None], (shape[0], groups, shape[1] // groups)).reshape(shape) * 1

    assert verify_rule((grouped, backward), "n 4*s", {"groups": [1, 2, 4]}, draws=15)
    assert verify_rule((grouped, backward), "n 3*s", {"groups": Axis("s")}, draws=15)


def acosh(x):
    return np.arccosh(x), x


def acosh_backward(x, dy):
    return dy / np.sqrt(x * x - 1)


# what is not finite for some numbers: the rule, the line, and the line that the advice says
OUTSIDE = {
    "acosh": ((acosh, acosh_backward), "n >0", '"n >1"'),
    "log": ((lambda x: (np.log(x), x), lambda x, dy: dy / x), "n d", '"n d >0"'),
    "log1p": ((lambda x: (np.log1p(x), x), lambda x, dy: dy / (1 + x)), "n d", '"n d >-1"'),
    "atanh": ((lambda x: (np.arctanh(x), x), lambda x, dy: dy / (1 - x * x)), "n d", '"n d in (-1, 1)"'),
    "arcsin": ((lambda x: (np.arcsin(x), x), lambda x, dy: dy / np.sqrt(1 - x * x)), "n d", '"n d in (-1, 1)"'),
    "logit": ((lambda x: (np.log(x / (1 - x)), x), lambda x, dy: dy / (x * (1 - x))), "n", '"n in (0, 1)"'),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_draw_where_forward_is_not_finite_is_no_accusation(name):
    rule, line, advice = OUTSIDE[name]
    found = verify_rule(rule, line, draws=16)
    assert found.verdict is Verdict.AGREE, found.explain()
    said = " ".join(str(found).split())
    assert "draws were out of the domain: forward is nan or infinite there, e.g. where x[" in said
    assert f"most draws are out of the domain; say it in the line of an array, for x perhaps {advice}" in said
    inside = verify_rule(rule, advice.strip('"'), draws=5)
    assert inside.verdict is Verdict.AGREE, inside.explain()
    assert "out of the domain" not in str(inside)


@pytest.mark.parametrize("name", OUTSIDE)
def test_wrong_code_is_found_inside_its_domain(name):
    (forward, backward), _, advice = OUTSIDE[name]
    found = verify_rule((forward, lambda x, dy: 2 * backward(x, dy)), advice.strip('"'), draws=10)
    assert found.verdict is Verdict.DISAGREE
    assert np.isfinite(forward(found.failure.checked.problem.arrays["x"])[0]).all()


def test_a_failure_is_shrunk_within_its_range():
    """Zeros are the simplest numbers, and may be none that the code is meant for."""
    found = verify_rule((lambda x: (x * x, x), lambda x, dy: 3 * x * dy), "n d in (2, 3)", draws=10)
    assert found.verdict is Verdict.DISAGREE
    x = found.failure.checked.problem.arrays["x"]
    assert ((x > 2) & (x < 3)).all()


def test_a_forward_that_is_never_finite_is_refused_in_a_sentence():
    with pytest.raises(BadInput, match="out of the domain: forward is nan or infinite there"):
        verify_rule((lambda x: (np.log(-abs(x) - 1), x), lambda x, dy: dy / x), "n", draws=5)


def test_a_forward_that_is_not_finite_where_the_framework_is_is_judged():
    def naive(x):
        return np.log(np.exp(x).sum()), x

    def backward(x, dy):
        e = np.exp(x - x.max())
        return dy * e / e.sum()

    found = verify_rule((naive, backward), "n in (800, 900)", draws=5, torch=lambda x: x.logsumexp(0))
    assert not found
    assert "out of the domain" not in str(found)


def test_a_backward_that_raises_is_a_finding_and_a_forward_that_raises_is_none():
    def forward(x):
        if x.size > 12:
            raise ValueError("too many")
        return x.mean(), x

    def backward(x, dy):
        return dy * np.ones(x.shape) / x.size if x.size > 1 else 1 / 0

    found = verify_rule((forward, backward), "n", draws=60)
    assert found.verdict is Verdict.DISAGREE
    assert "backward raises ZeroDivisionError" in str(found)
    assert verify_rule((forward, backward), "n>=2", draws=30)
    assert "most often: ValueError: too many" in " ".join(
        str(verify_rule((forward, backward), "n>=2 d", draws=60)).split()
    )


def test_the_domain_says_where():
    domain = Domain()
    for array, value in (([1.0, -3.0], [1.0, np.nan]), ([2.0], [np.inf]), ([2.0, 5.0, 1.0], [1.0])):
        arrays = {"x": np.array(array), "index": np.array([1])}
        if np.isfinite(value).all():
            domain.meet(arrays, np.array(value))
        else:
            with pytest.raises(OutOfDomain):
                domain.meet(arrays, np.array(value))
    assert (domain.outside, domain.inside) == (2, 1)
    assert domain.notes({"x": "n"})[0].endswith(
        "2 of 3 draws were out of the domain: forward is nan or infinite there, e.g. where x[1] = -3"
    )


def test_the_help_of_the_way_in_has_the_lines():
    for line in ("n>=2 d", "4*s", "in (-1, 1)", ">=1"):
        assert line in (backcheck.verify_rule.__doc__ or "")
