"""Code that does not return: the check ends within its time, is unavailable, and says which call it was."""

import itertools
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import backcheck
from backcheck.errors import BadInput
from backcheck.session import asked
from backcheck.time_limit import OutOfTime, calling, time_limit

X = [0.5, -1.0, 2.0]
SECONDS, DRAW_SECONDS = 1.0, 3.0


def square(x):
    return x * x, x


def spin():
    while True:
        time.sleep(0.001)  # the machine has others to serve


def stubborn():
    """It catches whatever comes, once."""
    try:
        time.sleep(1000)
    except BaseException:
        time.sleep(1000)


@pytest.mark.parametrize("hang", [spin, lambda: time.sleep(1000), stubborn], ids=["a loop", "a sleep", "stubborn"])
def test_a_backward_that_hangs_is_unavailable_and_named(hang):
    def backward(x, dy):
        hang()
        return 2 * x * dy

    check = backcheck.check_vjp(square, backward, X, seconds=SECONDS)
    assert check.verdict == "unavailable"
    assert not check
    assert "backward did not return within 1 s" in str(check)
    assert {record.reason for record in check.records} == {"the check did not end: backward did not return within 1 s"}
    assert "backcheck.check_vjp(" in check.reproducer
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_backward_that_hangs_at_the_second_call_only_is_no_agreement():
    calls = itertools.count()

    def backward(x, dy):
        if next(calls):
            spin()
        return 2 * x * dy

    assert backcheck.check_vjp(square, backward, X, seconds=SECONDS).verdict == "unavailable"


def test_a_forward_that_hangs_is_one_sentence():
    def forward(x):
        spin()

    with pytest.raises(OutOfTime, match=r"^forward did not return within 1 s$"):
        backcheck.check_vjp(forward, lambda x, dy: dy, X, seconds=SECONDS)


def test_an_object_that_hangs_where_it_is_made():
    class Slow:
        def __init__(self):
            spin()

        def forward(self, x):
            return x

        def backward(self, dy):
            return dy

    with pytest.raises(OutOfTime, match="the object did not return within 1 s"):
        backcheck.check_layer(Slow, np.array(X), seconds=SECONDS)


def test_a_mirror_that_hangs_is_named():
    pytest.importorskip("torch")

    def mirror(x):
        spin()

    check = backcheck.check_vjp(square, lambda x, dy: 2 * x * dy, X, torch=mirror, seconds=SECONDS)
    assert check.verdict == "unavailable"
    assert "torch did not return within 1 s" in str(check)


def test_draws_that_hang_are_counted_and_after_two_no_further_one_is_begun():
    def backward(x, dy):
        if x.size > 2:
            spin()
        return 2 * x * dy

    began = time.monotonic()
    found = backcheck.verify_rule((square, backward), "n", draws=40, seconds=DRAW_SECONDS)
    assert found.verdict == "unavailable"
    assert not found
    said = re.sub(r"\s+", " ", str(found))
    assert "the check did not end in 3 draws: backward did not return within 3 s, and no further draw" in said
    assert time.monotonic() - began < 60  # and not forty times as long


@pytest.mark.parametrize("where", ["always", "at some shapes"])
def test_a_forward_that_hangs_in_the_drawing(where):
    def forward(x):
        if where == "always" or x.size > 2:
            spin()
        return square(x)

    found = backcheck.verify_rule((forward, lambda x, dy: 2 * x * dy), "n", draws=40, seconds=DRAW_SECONDS)
    assert found.verdict == "unavailable"
    assert "forward did not return within 3 s" in re.sub(r"\s+", " ", str(found))


def test_a_known_rule_of_ours_that_hangs():
    def forward(x):
        y = np.tanh(x)
        return y, y

    def backward(y, dy):
        spin()

    found = backcheck.verify_like("tanh", forward, backward, draws=20, oracles=("exact",), seconds=DRAW_SECONDS)
    assert found.verdict == "unavailable"
    assert "backward did not return within 3 s" in re.sub(r"\s+", " ", str(found))


def test_a_wrong_gradient_that_was_found_before_is_still_told():
    def backward(x, dy):
        if x.size > 3 and x.dtype != object:
            spin()
        return x * dy

    found = backcheck.verify_rule((square, backward), "n", draws=40, seconds=DRAW_SECONDS)
    assert found.verdict == "disagree"


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "60", True])
def test_what_is_no_time_is_refused(seconds):
    with pytest.raises(BadInput, match="seconds is the time that a case may take, more than 0 seconds; got"):
        backcheck.check_vjp(square, lambda x, dy: 2 * x * dy, X, seconds=seconds)


def test_in_a_thread_and_beside_somebody_elses_clock():
    said = []

    def limited():
        try:
            with time_limit(0.2), calling("backward"):
                spin()
        except OutOfTime as late:
            said.append(str(late))

    thread = threading.Thread(target=limited)
    thread.start()
    thread.join()
    before = signal.signal(signal.SIGALRM, lambda *given: said.append("theirs"))
    signal.setitimer(signal.ITIMER_REAL, 60)
    try:
        limited()
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert said == ["backward did not return within 0.2 s"] * 2


def test_without_a_clock_of_the_system(monkeypatch):
    """As on Windows."""
    monkeypatch.delattr(signal, "setitimer")
    with pytest.raises(OutOfTime), time_limit(0.2):
        spin()


def test_the_default_is_five_minutes():
    assert asked().seconds == 300


def test_a_traced_call_begins_after_a_limit_in_a_thread():
    """A debugger or coverage.py traces calls. Python never began one where a limit had taken back what it sends."""
    script = """
import sys, threading
from backcheck.time_limit import OutOfTime, time_limit

def traced():
    sys.settrace(lambda *_: None)
    (lambda: None)()
    sys.settrace(None)

def limited():
    with time_limit(60):
        pass
    traced()
    try:
        with time_limit(0.05):
            while True:
                pass
    except OutOfTime:
        traced()
        print("done")

thread = threading.Thread(target=limited)
thread.start()
thread.join()
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "done\n", ended.stderr
