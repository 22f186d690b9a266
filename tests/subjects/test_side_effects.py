"""What code does beside computing is a finding of its own kind, and never looks like a wrong gradient."""

import numpy as np
import pytest

from backcheck import BadInput, check_layer, check_vjp, verify_rule
from backcheck.subjects.result.side_effects import SECOND_CALL, SECOND_STEP
from backcheck_reports.record import Verdict
from tests.subjects import remembering
from tests.subjects.pairs_of_functions import normal

X, LONG = normal(3, 4), normal(7, 4)
METHODS = ("forward_pass", "backward_pass")

RIGHT = [
    (remembering.Lazy, {}),
    (remembering.LazyStack, {}),
    (remembering.LazyFirst, {"reset": "forget"}),
    (remembering.LazyFirst, {"reset": lambda layer: layer.seen.clear()}),
    (remembering.LazyWithin, {}),
    (remembering.Counted, {}),
    (remembering.Freed, {}),
    (remembering.FreedToNone, {}),
    (remembering.FreedToZeros, {}),
    (remembering.OtherOrder, {}),
    (remembering.AddsInAnotherOrder, {}),
    (remembering.AddsInAnotherOrder, {"reset": "zero_grad"}),
    (remembering.AddsUp, {}),
    (remembering.AddsUpElsewhere, {}),
    (remembering.AddsUpReadOnly, {}),
    (remembering.Passes, {"methods": METHODS}),
    (remembering.Passes, {"methods": METHODS, "training": False}),
]


@pytest.mark.parametrize(("layer", "said"), RIGHT)
def test_an_object_that_remembers_and_is_right_agrees(layer, said):
    check = check_layer(layer, LONG, **said)
    assert check.verdict is Verdict.AGREE, check.explain()
    assert not check.checked.disagreements


SPOILED = [
    (remembering.LazyFirst, SECOND_STEP, {}),
    (remembering.LazyMarked, SECOND_STEP, {"params": ["held.W"], "grads": ["grads.W"]}),
    (remembering.KeepsFirst, SECOND_STEP, {}),
    (remembering.AddsUpForFirst, SECOND_STEP, {}),
    (remembering.Momentum, SECOND_CALL, {}),
    (remembering.Spoils, SECOND_CALL, {}),
]


@pytest.mark.parametrize(("layer", "why", "said"), SPOILED)
def test_what_one_call_spoils_for_the_next_is_a_side_effect(layer, why, said):
    check = check_layer(layer, X, **said)
    assert not check
    assert check.verdict is Verdict.SIDE_EFFECT, check
    assert f"again: {why}" in str(check).replace("\n    ", " ")
    assert all(check.measures[key, "numpy"].verdict is Verdict.AGREE for key in check.checked.problem.gradients)
    with pytest.raises(AssertionError, match="SIDE EFFECT"):
        check.assert_ok()


def squared(x):
    return x * x, {"x": x.copy()}


class Graph:
    """An engine's value with its gradient, which adds up."""

    def __init__(self, value):
        self.value, self.grad = value, 0.0

    def pull(self, dy):
        self.grad = self.grad + 2 * self.value * dy
        return self.grad


def spoils(saved, dy):
    dx = 2 * saved["x"] * dy
    saved["x"] *= 3
    return dx


@pytest.mark.parametrize(
    ("forward", "backward", "verdict"),
    [
        (squared, lambda saved, dy: 2 * saved.pop("x") * dy, Verdict.AGREE),
        (squared, spoils, Verdict.SIDE_EFFECT),
        (lambda x: (x * x, Graph(x)), lambda graph, dy: graph.pull(dy), Verdict.AGREE),
    ],
    ids=["takes it away", "spoils it", "an engine adds up"],
)
def test_a_second_call_of_a_pair(forward, backward, verdict):
    check = check_vjp(forward, backward, X)
    assert check.verdict is verdict, check
    assert bool(check) is (verdict is Verdict.AGREE)


def doubled_in_place(x):
    np.multiply(x, 2, out=x)
    return x.copy(), None


def test_a_write_is_a_side_effect_that_passes():
    for check in (
        check_vjp(doubled_in_place, lambda _, dy: 2 * dy, X),
        verify_rule((doubled_in_place, lambda _, dy: 2 * dy), "n d", draws=4),
    ):
        assert check
        assert check.verdict is Verdict.SIDE_EFFECT
        assert "writes into x" in str(check)
        check.assert_ok()
    wrong = check_vjp(doubled_in_place, lambda _, dy: 3 * dy, X)
    assert wrong.verdict is Verdict.DISAGREE
    assert wrong.finding.argument == "x"


ROW = normal(1, 3)
SHAPES = [
    ("(k,) for (1, k)", ROW, lambda x, dy: (2 * x * dy)[0], Verdict.SHAPE),
    ("(n, 1) for (n,)", ROW[0], lambda x, dy: (2 * x * dy)[:, None], Verdict.SHAPE),
    ("() for (1,)", ROW[0][:1], lambda x, dy: (2 * x * dy)[0], Verdict.SHAPE),
    ("a number for ()", ROW[0, 0], lambda x, dy: (2 * x * dy).reshape(1, 1), Verdict.SHAPE),
    ("flat", X, lambda x, dy: (2 * x * dy).ravel(), Verdict.SHAPE),
    ("flat, column by column", X, lambda x, dy: (2 * x * dy).ravel(order="F"), Verdict.DISAGREE),
    ("wrong numbers too", ROW, lambda x, dy: (3 * x * dy)[0], Verdict.DISAGREE),
    ("turned around", X, lambda x, dy: (2 * x * dy).T, Verdict.DISAGREE),
]


@pytest.mark.parametrize(("x", "backward", "verdict"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_right_numbers_in_another_shape_are_a_finding_of_that_kind(x, backward, verdict):
    check = check_vjp(lambda x: (x * x, x), backward, x)
    assert not check
    assert check.verdict is verdict, check
    assert check.finding.argument == "x"
    if verdict is Verdict.SHAPE:
        assert f"expected {list(np.shape(x))}; its numbers are right" in check.finding.sentence


def test_a_shape_that_broadcasts_and_one_that_was_not_summed():
    small = check_vjp(lambda x: (x.sum(), x), lambda x, dy: dy, X)
    assert (small.verdict, small.finding.argument) == (Verdict.SHAPE, "x"), small
    kept = check_vjp(lambda x, b: (x + b, x), lambda x, dy: (dy, dy.sum(0, keepdims=True)), X, np.ones(4))
    assert (kept.verdict, kept.finding.argument) == (Verdict.SHAPE, "b"), kept
    whole = check_vjp(lambda x, b: (x + b, x), lambda x, dy: (dy, dy), X, np.ones(4))
    assert (whole.verdict, whole.finding.argument) == (Verdict.DISAGREE, "b"), whole


def test_a_shape_that_only_some_draws_have_is_found():
    found = verify_rule((lambda x: (x * x, x), lambda x, dy: np.squeeze(2 * x * dy)), "n d", draws=60)
    assert not found
    assert found.verdict is Verdict.SHAPE, found.explain()
    assert 1 in found.failure.checked.problem.arrays["x"].shape


def test_the_mode_is_passed_where_forward_asks_for_it():
    assert check_layer(remembering.PassesWrong, X, methods=METHODS)
    evaluated = check_layer(remembering.PassesWrong, X, methods=METHODS, training=False)
    assert evaluated.verdict is Verdict.DISAGREE
    assert "training=False" in evaluated.reproducer
    assert f"methods={METHODS!r}" in evaluated.reproducer
    assert verify_rule(remembering.Passes, "n 4", methods=METHODS, draws=4)
    assert verify_rule(remembering.PassesWrong, "n 4", methods=METHODS, draws=12).verdict is Verdict.DISAGREE
    assert verify_rule(remembering.PassesWrong, "n 4", methods=METHODS, training=True, draws=6)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "has no forward; `methods` can say"),
        ({"methods": "forward_pass"}, "methods must be two names"),
        ({"methods": METHODS, "reset": "forget"}, "Passes has no method of this name"),
        ({"methods": METHODS, "reset": 3}, "reset must be the name of a method"),
    ],
)
def test_what_is_said_of_the_calls_must_fit(said, why):
    with pytest.raises(BadInput, match=why):
        check_layer(remembering.Passes, X, **said)


@pytest.mark.parametrize("layer", [remembering.TwoOutputs, remembering.TwoOutputsInOne])
def test_several_outputs_with_one_or_several_cotangents(layer):
    check = check_layer(layer, normal(3, 2), normal(3, 2))
    assert check.verdict is Verdict.AGREE, check
    assert check.checked.problem.wanted == ("a", "y", "w")


def test_inputs_have_the_names_that_they_have_in_forward():
    def forward(y, output):
        return y * output, (y, output)

    check = check_vjp(forward, lambda saved, dy: (dy * saved[1], 3 * dy * saved[0]), [1.0, 2.0], [3.0, 4.0])
    assert check.checked.problem.wanted == ("y", "output")
    assert check.finding.argument == "output"
    assert "the gradient of output is wrong" in check.note.lines[1]
    assert "forward value" in str(check)
    tensors = {record.argument: record.tensor for record in check.records if record.party == "numpy"}
    assert tensors == {"y": "y", "output": "output_", "value": "output"}


def test_the_object_that_a_function_makes_has_its_own_names_too():
    found = verify_rule(lambda: remembering.Scale(), "n 4", kind="layer", draws=3)
    assert found
    assert {record.argument for record in found.records if record.party == "numpy"} == {"x", "w", "value"}


class Consumed:
    """Its gradients add up, and backward takes what forward has kept: a second backward alone is refused."""

    factor = 1.0

    def __init__(self) -> None:
        self.W, self.dW, self.cache = np.arange(12.0).reshape(4, 3) / 7, np.zeros((4, 3)), []

    def forward(self, x):
        self.cache.append(x)
        return x @ self.W

    def backward(self, dy):
        x = self.cache.pop()
        self.dW += self.factor * x.T @ dy
        return dy @ self.W.T


def test_adding_up_is_noticed_where_backward_consumes_what_forward_keeps():
    x = np.random.default_rng(0).normal(size=(5, 4))
    found = check_layer(Consumed(), x)
    assert str(found.verdict) == "agree"
    assert any("adds its gradients up" in note for note in found.notes)
    wrong = Consumed()
    wrong.factor = 2.0
    assert str(check_layer(wrong, x).verdict) == "disagree"
