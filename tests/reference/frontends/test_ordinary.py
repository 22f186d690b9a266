"""Ordinary NumPy code runs on exact numbers as it is, and gives what it gives on floats, up to their rounding."""

import threading

import numpy as np
import pytest
from flint import arb
from jaxtyping import Float

from backcheck_reference.frontends.numpy_code import ordinary, plain, running
from backcheck_reference.frontends.numpy_code.arrays import ExactArray
from backcheck_reference.frontends.numpy_code.hulls import HullArray
from backcheck_reference.frontends.numpy_code.shown_dtype import LIBRARIES
from backcheck_reference.lazy import Unavailable
from backcheck_reference.numbers import balls, exact
from scratch_bp.rules import RULES
from tests.reference.frontends.snippets import SNIPPETS
from tests.scratch_bp.rules.points import points

X = np.random.default_rng(3).normal(size=(3, 4))
W = np.random.default_rng(4).normal(size=(4, 2))
MADE_BEFORE = np.zeros((3, 4))
EVERY = pytest.mark.parametrize("snippet", SNIPPETS.values(), ids=SNIPPETS.keys())


def exactly(function, *arrays):
    with exact.bits(256), running():
        return plain(function(*(ordinary(exact.lift(array)) for array in arrays)))


def on_balls(function, *arrays):
    with balls.run_at("float64"), running():
        return plain(function(*(ordinary(balls.half_ulp(array, "float64")) for array in arrays)))


def on_hulls(function, *arrays):
    watch = balls.Watch("float64")
    with balls.run_at("float64", balls.SLACK_BITS), running(watch):
        return plain(function(*(ordinary(watch.lift(array, "float64")) for array in arrays)))


def agrees(on_floats, on_numbers=None):
    """Is the exact result that of the floats, within what rounding may do to this very computation?"""
    want = np.asarray(on_floats(X.copy(), W.copy()))
    got = exactly(on_numbers or on_floats, X, W)
    exact.require_exact("the result", got)
    allowed = balls.SLACK * balls.radii(on_balls(on_numbers or on_floats, X, W))
    return got.shape == want.shape and np.all(abs(exact.to_float(got) - want) <= allowed) and np.all(allowed < 1e-8)


@EVERY
def test_code_gives_exactly_what_it_gives_on_floats(snippet):
    assert agrees(snippet)


@EVERY
def test_hulls_hold_the_exact_result(snippet):
    got, want = on_hulls(snippet, X, W), exactly(snippet, X, W)
    exact.require_exact("the result", got)
    assert np.all(np.isfinite(balls.radii(got)))
    assert all(a.contains(b) for a, b in zip(got.ravel().tolist(), want.ravel().tolist(), strict=True))


def test_the_comparison_can_fail():
    def into_floats(x, w):
        buffer = MADE_BEFORE.copy()
        buffer[...] = x
        return buffer

    assert agrees(lambda x, w: x * w.sum())
    assert not agrees(lambda x, w: x * w.sum(), lambda x, w: x * w.sum() * (1 + 1e-12))
    assert not agrees(lambda x, w: x, lambda x, w: x[:, :3])
    with pytest.raises(Unavailable):
        agrees(into_floats)
    hull, moved = on_hulls(np.multiply, X, X), exactly(lambda x: x * x * (1 + 1e-12), X)
    assert not any(a.contains(b) for a, b in zip(hull.ravel(), moved.ravel(), strict=True))


def test_the_result_is_exact_beyond_any_float():
    def far(got, want):
        with exact.bits(256):
            return abs(got[()] - want) > arb(2) ** -250

    assert not far(exactly(lambda x: np.std(np.concatenate([x, -x])) ** 2, np.array([2.0])), 4)
    assert not far(exactly(lambda x: np.linalg.norm(x, 3) ** 3, np.array([1.0, 2.0])), 9)
    assert far(exactly(lambda x: x.sum() ** 0.1 * 1.0 + 1e-40, np.array([1.0])), 1)


def test_a_cast_to_float32_rounds_nothing():
    got = exactly(lambda x: (x.astype(np.float32) + np.zeros(1, "float32")).astype("f4", copy=False), np.array([0.1]))
    assert got[0] == arb(0.1)


@pytest.mark.parametrize("rule", RULES)
def test_our_own_rules_run_on_them_too(rule):
    """They call loops that were made for bare elements."""

    def run(*arrays):
        y, saved = RULES[rule].forward(*arrays, **point.config)
        outputs = y if isinstance(y, tuple) else (y,)
        return [plain(each) for each in (*outputs, *RULES[rule].backward(saved, y)) if each is not None]

    for point in points(rule, "normal"):
        lifted = [exact.lift(array) for array in point.arrays]
        with exact.bits(256):
            plainly = run(*lifted)
            with running():
                pairs = list(zip(plainly, run(*map(ordinary, lifted)), strict=True))
        for want, got in pairs:
            assert got.shape == want.shape
            assert all(a.overlaps(b) for a, b in zip(got.ravel().tolist(), want.ravel().tolist(), strict=True))


def test_exact_arrays_call_themselves_float64_outside_of_libraries():
    x = ordinary(exact.lift(X))
    assert isinstance(x, Float[np.ndarray, "3 4"])
    assert x.dtype == np.float64
    assert np.ravel(x).view(np.ndarray).dtype == object
    assert {"numpy", "backcheck_reference"} <= LIBRARIES


def test_what_is_not_exact_passes_through():
    for each in (np.arange(3), np.ones(2), np.array([True]), np.array([{}], dtype=object), 1.5, "text", None):
        assert ordinary(each) is each
    assert plain(None) is None
    assert plain(1.5).dtype == np.float64
    assert type(plain(arb(2))) is exact.Scalar


def test_views_share_their_memory_and_keep_their_watch():
    base = exact.lift(X)
    x = ordinary(base)
    x.reshape(-1)[0] = 7
    assert base[0, 0] == 7
    assert x.astype(float, copy=False) is x
    x.astype(float)[0, 0] = 8
    assert base[0, 0] == 7
    watch = balls.Watch("float64")
    hull = ordinary(watch.lift(X, "float64"))
    assert type(hull) is HullArray
    assert type(plain(hull)) is balls.Hull
    assert hull.watch is plain(hull + 1).watch is (hull.sum() * 2).watch is watch
    assert type(ordinary(exact.lift(np.array(0.5)))) is ExactArray
    assert type(plain(ordinary(exact.lift(np.array(0.5))))) is exact.Scalar


def test_exact_numbers_are_not_written_into_floats():
    x, buffer = ordinary(exact.lift(X)), np.empty((3, 4))
    for write in (
        lambda: np.exp(x, out=buffer),
        lambda: np.add.at(buffer, [0], x[:1]),
        lambda: np.copyto(buffer, x),
        lambda: np.put_along_axis(buffer, np.zeros((3, 1), int), x[:, :1], 1),
        lambda: x.astype("U3"),
    ):
        with pytest.raises(Unavailable, match="exact arithmetic is not available"):
            write()


def test_buffers_are_exact_inside_and_floats_outside():
    before = np.zeros
    with running(), running():
        assert type(np.zeros(2)) is ExactArray
        assert np.zeros(2, dtype=int).dtype == int
        assert np.ones(2, dtype=bool).dtype == bool
        assert np.array(["a"]).dtype.kind == "U"
        assert np.array([1j]).dtype == complex
        assert np.empty(2, dtype=object)[0] is None
        assert np.array([None, []], dtype=object)[1] == []
        floats = np.arange(3.0)
        assert np.asarray(floats) is floats
        with running(balls.Watch("float64")):
            assert type(np.zeros(2)) is HullArray
        assert type(np.zeros(2)) is ExactArray
    assert np.zeros is before
    assert type(np.zeros(2)) is np.ndarray


def test_an_exception_restores_everything():
    def names():
        return np.zeros, np.array, np.finfo, np.vectorize.__call__, np.random.mtrand.np

    def stop():
        assert all(a is not b for a, b in zip(names(), before, strict=True))
        raise ZeroDivisionError

    before = names()
    with pytest.raises(ZeroDivisionError), running():
        stop()
    assert names() == before
    assert type(np.zeros(2)) is np.ndarray


def test_libraries_make_floats_for_themselves():
    """np.vander and np.histogram fill buffers with np.empty and np.zeros of their own, numpy.random compiled ones."""
    with running():
        assert type(np.vander(np.arange(3.0))) is np.ndarray
        assert np.histogram(np.arange(3.0), bins=2)[1].dtype == np.float64
        for draw in (np.random.rand(3), np.random.default_rng(0).normal(size=3), np.random.RandomState(0).randn(3)):
            assert type(draw) is np.ndarray
            assert draw.dtype == np.float64


def test_other_threads_see_numpy_as_it_is():
    kinds, inside, done = [], threading.Event(), threading.Event()

    def other():
        inside.wait(10)
        kinds.append(type(np.zeros(2)))
        with running():
            kinds.append(type(np.zeros(2)))
            done.set()
            left.wait(10)
            kinds.append(type(np.zeros(2)))

    left, thread = threading.Event(), threading.Thread(target=other)
    thread.start()
    with running():
        inside.set()
        done.wait(10)
        assert type(np.ones(1)) is ExactArray
    assert type(np.ones(1)) is np.ndarray  # though the other thread still runs
    left.set()
    thread.join(10)
    assert kinds == [np.ndarray, ExactArray, ExactArray]
