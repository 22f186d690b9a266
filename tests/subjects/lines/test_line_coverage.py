"""The lines of somebody's code that no case has reached: said, sought, and not counted beside another tool."""

import sys

import numpy as np
import pytest

import backcheck
from backcheck.session import Asked, asking
from backcheck.subjects.lines.line_coverage import LineCoverage
from backcheck.subjects.lines.never_run import CodeReached, NeverRun
from backcheck.subjects.lines.tracer import CannotTrace, LineTracer
from tests.subjects import branches

pytest.importorskip("flint")

HERE = "tests/subjects/branches.py"
SQUARE = branches.square_forward


@pytest.fixture(autouse=True)
def _in_the_root(request, monkeypatch):
    if sys.gettrace() is not None:
        pytest.skip("another tool traces this process")
    monkeypatch.chdir(request.config.rootpath)


def test_code_that_no_draw_reaches_is_said_with_its_condition():
    found = backcheck.verify_rule((SQUARE, branches.unreached_backward), "n d", draws=20)
    assert found
    assert [each.condition for each in found.code.never] == ["if x.shape[1] > 10**6", "if x.ndim == 2", "def _in_parts"]
    first, always, helper = found.code.never
    assert (first.file, first.function, first.always, always.always) == (HERE, "unreached_backward", False, True)
    assert f"never run: {first.place} (if x.shape[1] > 10**6), {helper.place} (def _in_parts)" in str(found).replace(
        "\n    ", " "
    )
    assert f"never false: {always.place} (if x.ndim == 2)" in str(found)
    assert str(found).startswith(f"AGREE  square, of which {first.place} and 1 other part were never run")
    assert first.place in found._repr_html_()


@pytest.mark.parametrize("seed", range(3))
def test_draws_seek_what_is_not_reached_by_the_sizes_of_its_condition(seed):
    found = backcheck.verify_rule((SQUARE, branches.blocked_backward), "n d", draws=20, seed=seed)
    assert found.verdict == "disagree"
    assert found.failure.checked.problem.arrays["x"].shape[1] > 64
    assert not found.code.never


@pytest.mark.parametrize("seed", range(3))
def test_and_by_its_numbers(seed):
    pair = branches.saturated_forward, branches.saturated_backward
    found = backcheck.verify_rule(pair, "n d", draws=20, seed=seed)
    assert not any(each.condition == "if np.any(x == 25.5)" for each in found.code.never)


def test_one_seed_seeks_the_same_cases():
    first, second = (
        backcheck.verify_rule((SQUARE, branches.unreached_backward), "n d", draws=10, seed=3) for _ in range(2)
    )
    assert [each.case for each in first.records] == [each.case for each in second.records]


def test_of_an_object_its_methods_count_and_not_what_makes_it():
    found = backcheck.verify_rule(branches.Scaled, "n d", {"width": backcheck.Axis("d")}, draws=10)
    assert found
    assert [each.condition for each in found.code.never] == ["if x.shape[0] > 10**6", "if array.ndim == 7"]


def test_a_known_rule_of_somebody_s_is_counted_and_sought_too():
    def forward(x):
        y = np.tanh(x)
        return y, y

    def backward(y, dy):
        if y.shape[-1] == 129:
            return 0 * dy
        if y.shape[-1] > 10**6:
            return dy
        return dy * (1 - y * y)

    found = backcheck.verify_like("tanh", forward, backward, draws=20, oracles=("exact",))
    assert found.verdict == "disagree"
    assert [each.condition for each in found.code.never] == ["if y.shape[-1] > 10**6"]


def test_of_a_rule_of_jax_what_was_recorded_before_was_run_all_the_same():
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def double(x):
        return 2 * x

    double.defvjp(lambda x: (2 * x, None), lambda _, dy: (_twice(dy),))
    for _ in range(2):
        found = backcheck.verify_rule(double, "n", draws=2)
        assert [each.condition for each in found.code.never] == ["if x.size > 10**9"]


def _twice(x):
    if x.size > 10**9:
        return x
    return 2 * x


def test_without_coverage_nothing_is_counted():
    pair = SQUARE, branches.unreached_backward
    assert backcheck.verify_rule(pair, "n d", draws=5, coverage=False).code == CodeReached()
    with asking(Asked(coverage=False)):
        assert backcheck.verify_rule(pair, "n d", draws=5).code == CodeReached()


def test_code_without_a_file_is_not_counted_and_that_is_said():
    names = {"__name__": "somebody"}
    exec("def forward(x):\n    return x * x, x\ndef backward(x, dy):\n    return 2 * x * dy\n", names)
    found = backcheck.verify_rule((names["forward"], names["backward"]), "n d", draws=5)
    assert found
    assert found.code.lines == ("which lines were run is not known: the source of forward lies in no file",)


def test_beside_a_debugger_nothing_is_counted_and_it_is_left_alone():
    def trace(frame, event, argument):
        return None

    sys.settrace(trace)
    try:
        found = backcheck.verify_rule((SQUARE, branches.unreached_backward), "n d", draws=5)
        assert sys.gettrace() is trace
    finally:
        sys.settrace(None)
    assert found
    assert "another tool traces this process already" in found.code.reason
    assert found.code.reason in str(found).replace("\n    ", " ")


def test_beside_somebody_s_coverage_nothing_is_counted_and_theirs_is_whole():
    from coverage import Coverage

    theirs = Coverage(data_file=None, branch=True, include=[branches.__file__], config_file=False, messages=False)
    theirs.start()
    try:
        found = backcheck.verify_rule((SQUARE, branches.unreached_backward), "n d", draws=5)
    finally:
        theirs.stop()
    assert "another tool traces this process already (coverage)" in found.code.reason
    assert set(theirs.get_data().lines(branches.__file__)) >= {SQUARE.__code__.co_firstlineno + 1}
    with theirs.collect(), pytest.raises(CannotTrace):
        LineTracer([branches.__file__])


def test_tracing_ends_once_all_was_reached():
    with LineCoverage.of([SQUARE]) as lines:
        forward = lines.watched("forward", SQUARE)
        for _ in range(3):
            with lines.draw():
                assert sys.gettrace() is None
                forward(np.ones(3))
        assert not lines.counts
        assert sys.gettrace() is None
        assert lines.result() == CodeReached()


def test_a_call_that_raises_leaves_no_trace_behind():
    def fails(x):
        raise KeyError(x)

    with LineCoverage.of([fails]) as lines:
        with lines.draw(), pytest.raises(KeyError):
            lines.watched("forward", fails)(1)
        assert sys.gettrace() is None


def test_what_runs_outside_of_a_draw_is_not_counted():
    with LineCoverage.of([branches.unreached_backward]) as lines:
        lines.watched("backward", branches.unreached_backward)(np.ones((1, 2)), np.ones((1, 2)))
        assert lines.arcs() == {}


def test_many_parts_are_counted_and_few_are_shown():
    never = tuple(NeverRun("a.py", "f", line, line, "if a") for line in range(6))
    (line,) = CodeReached(never).lines
    assert line.endswith("a.py:3 (if a), and 2 more")
