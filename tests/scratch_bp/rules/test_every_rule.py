"""What holds for every rule, asked of every rule in the table. A rule forgotten somewhere is named here."""

import copy
import inspect
from collections.abc import Iterator

import numpy as np
import pytest

from backcheck.strategies.case import shapes_of
from backcheck.strategies.catalogue import CATALOGUE, signature_of
from backcheck.verdicts.check import check
from backcheck.verdicts.known_losses import REASONS
from backcheck.verdicts.truth.node import State, judge_node
from backcheck_reference.frameworks.mirrors import MIRRORS
from backcheck_reference.numbers import exact
from backcheck_reports.record import Verdict
from scratch_bp.rules import RULES
from tests.scratch_bp.rules.narrow import each, parts, require_narrow
from tests.scratch_bp.rules.points import Point, alone, points

EVERY = pytest.mark.parametrize("rule", RULES)
PROFILES = ("normal", "lattice")


def tries(rule: str) -> Iterator[Point]:
    for profile in PROFILES:
        yield from points(rule, profile)


def run(rule: str, arrays: tuple, dy: np.ndarray, config: dict) -> tuple:
    """Value, what was saved, and the gradients."""
    y, saved = RULES[rule].forward(*arrays, **config)
    return y, saved, RULES[rule].backward(saved, dy)


def fixed(rule: str) -> set[int]:
    """The positions of the arrays of floats that the rule has no gradient for."""
    return {at for at, slot in enumerate(signature_of(rule).arrays) if CATALOGUE[rule].array(slot.name).fixed}


def floats(arrays: tuple) -> list[np.ndarray]:
    return [array for array in arrays if array.dtype.kind not in "iub"]


def lifted(point: Point) -> tuple:
    return tuple(exact.lift(array) for array in point.arrays)


@pytest.mark.parametrize("table", [CATALOGUE, MIRRORS], ids=["catalogue", "mirrors"])
def test_every_rule_is_in_the_other_tables_and_nothing_else_is(table):
    assert set(table) == set(RULES)


@EVERY
@pytest.mark.parametrize("framework", ["torch", "jax"])
def test_a_mirror_has_its_rules_signature(rule, framework):
    def plain(function):
        return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]

    assert plain(getattr(MIRRORS[rule], framework)) == plain(RULES[rule].forward)


@EVERY
def test_a_docstring_says_what_the_rule_computes(rule):
    assert len(inspect.getmodule(RULES[rule].forward).__doc__) > 25


@EVERY
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_value_and_gradients_have_the_dtype_and_the_shapes_of_the_arrays(rule, dtype):
    pytest.importorskip("ml_dtypes")
    for point in tries(rule):
        arrays = tuple(a if a.dtype.kind == "i" else a.astype(np.dtype(dtype)) for a in point.arrays)
        y, _, grads = run(rule, arrays, each(lambda dy: dy.astype(np.dtype(dtype)), point.dy), point.config)
        assert [(part.dtype.name, part.shape) for part in parts(y)] == [(dtype, dy.shape) for dy in parts(point.dy)]
        assert len(grads) == len(arrays)
        for position, (array, grad) in enumerate(zip(arrays, grads, strict=True)):
            none = array.dtype.kind == "i" or position in fixed(rule)
            assert grad is None if none else (grad.dtype.name, grad.shape) == (dtype, array.shape)


@EVERY
def test_on_exact_numbers_the_backward_is_the_derivative_of_the_forward(rule):
    for profile in PROFILES:
        for point in points(rule, profile):
            networks, _ = alone(rule, point)
            dy = each(exact.lift, point.dy)
            report = judge_node(networks[0].nodes[0], list(lifted(point)), dy, RULES[rule], fixed(rule))
            assert report.state is State.RIGHT or (report.state, profile) == (State.KINK, "lattice"), (report, point)


@EVERY
def test_nothing_handed_in_is_written_to_and_the_same_question_has_the_same_answer(rule):
    for point in tries(rule):
        before = copy.deepcopy(point)
        y, saved, grads = run(rule, point.arrays, point.dy, point.config)
        kept = copy.deepcopy(saved)
        again = RULES[rule].backward(saved, point.dy)
        y_again, saved_again, _ = run(rule, point.arrays, point.dy, point.config)
        same(point, before)
        same(saved, kept)
        same(saved_again, kept)
        same((y, *grads), (y_again, *again))


def same(got, want) -> None:
    """Equal to the bit, through tuples and named tuples."""
    if isinstance(got, np.ndarray | np.generic):
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        assert got.tobytes() == want.tobytes()
    elif isinstance(got, tuple):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            same(one, other)
    else:
        assert got == want


@EVERY
def test_no_result_shares_memory_with_an_input_or_another_result(rule):
    for point in tries(rule):
        y, _, grads = run(rule, point.arrays, point.dy, point.config)
        results = [np.asarray(result) for result in (*parts(y), *grads) if result is not None]
        for i, one in enumerate(results):
            for other in (*point.arrays, *parts(point.dy), *results[:i]):
                assert not np.shares_memory(one, other), point


@EVERY
def test_on_exact_numbers_the_backward_is_linear_in_the_cotangent(rule):
    for point in tries(rule):
        with exact.bits(256):
            _, saved = RULES[rule].forward(*lifted(point), **point.config)
            one, two = each(exact.lift, point.dy), each(lambda dy: exact.lift(np.flip(dy) + 1), point.dy)
            both = tuple(3 * a - b / 4 for a, b in zip(parts(one), parts(two), strict=True))
            cotangents = (one, two, both if isinstance(one, tuple) else both[0])
            for a, b, both in zip(*(RULES[rule].backward(saved, dy) for dy in cotangents), strict=True):
                if a is not None:
                    off = np.asarray(3 * a - b / 4 - both, dtype=object)
                    assert all(float(ball.abs_upper()) < 1e-60 for ball in off.flat)


@EVERY
def test_balls_that_cover_every_branch_are_narrow_away_from_kinks_and_hold_the_answer(rule):
    for point in points(rule, "normal"):
        require_narrow(RULES[rule], point)


@EVERY
@pytest.mark.parametrize("profile", PROFILES)
def test_pytorch_and_differences_agree_on_a_network_of_the_rule_alone(rule, profile):
    pytest.importorskip("torch")
    for point in points(rule, profile):
        agreement(rule, point, ("torch", "differences", "exact"))


@EVERY
@pytest.mark.parametrize("profile", PROFILES)
def test_jax_agrees_on_a_network_of_the_rule_alone(rule, profile):
    pytest.importorskip("jax")
    for point in points(rule, profile, every=False):
        agreement(rule, point, ("jax", "exact"))


def agreement(rule: str, point: Point, oracles: tuple[str, ...]) -> None:
    networks, arrays = alone(rule, point)
    for network, dy in zip(networks, parts(point.dy), strict=True):
        assert shapes_of(network)[network.output] == dy.shape
        checked = check(network, arrays, dy, oracles=oracles)
        assert not checked.disagreements, (checked.measures, point)
        verdicts = {measure.verdict for measure in checked.measures.values()}
        allowed = {Verdict.AGREE, Verdict.KINK, Verdict.VACUOUS, Verdict.ILL_CONDITIONED, Verdict.UNAVAILABLE}
        # a rule of ours that loses digits has a reason for it
        assert verdicts <= (allowed | {Verdict.IMPRECISE} if rule in REASONS else allowed)


@EVERY
def test_options_and_their_defaults_are_all_tried(rule):
    tried = {option: set() for option in signature_of(rule).defaults}
    for point in points(rule, "normal"):
        for option, choice in point.config.items():
            tried[option].add(choice)
    choices = {o: c for o, c in CATALOGUE[rule].config.items() if not callable(c)}
    assert {option: tried[option] for option in choices} == {option: set(choices[option]) for option in choices}
    assert all(tried.values())
