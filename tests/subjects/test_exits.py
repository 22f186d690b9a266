"""Code that ends the process: it is a finding or a sentence, the process goes on, and no exit code is 0 by it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import backcheck
from backcheck.containment import contained, no_exit, raised

ROOT = Path(__file__).parents[2]


def raises_exit():
    raise SystemExit(0)


def imported_late():
    from os import _exit

    _exit(0)


EXITS = [
    (lambda: sys.exit(0), "calls sys.exit(0)"),
    (lambda: sys.exit(), "calls sys.exit(None)"),
    (raises_exit, "calls sys.exit(0)"),
    (lambda: os._exit(0), "calls os._exit(0)"),
    (imported_late, "calls os._exit(0)"),
]
IDS = ["sys.exit(0)", "sys.exit()", "raise SystemExit", "os._exit", "from os import _exit"]
each_exit = pytest.mark.parametrize(("leave", "said"), EXITS, ids=IDS)


def forward(x):
    y = np.tanh(x)
    return y, y


def right(y, dy):
    return dy * (1 - y * y)


def wrong(leave):
    def backward(y, dy):
        leave()
        return right(y, dy)

    return backward


@each_exit
def test_a_backward_that_leaves_is_a_finding(leave, said):
    check = backcheck.check_vjp(forward, wrong(leave), [0.5, -1.0])
    assert check.verdict == "disagree"
    assert f"backward {said}" in str(check)
    assert f"backward {said}" in check.explain()
    found = backcheck.verify_rule((forward, wrong(leave)), ("n",), draws=5)
    assert found.verdict == "disagree"
    assert f"backward {said}" in found.explain()
    assert backcheck.verify_like("tanh", forward, wrong(leave), draws=5).verdict == "disagree"


@each_exit
def test_a_forward_that_leaves_is_a_sentence(leave, said):
    def leaving(x):
        leave()
        return forward(x)

    with pytest.raises(backcheck.BadInput, match=r"leaving: forward .* \(called on float64\[2\]\)") as error:
        backcheck.check_vjp(leaving, right, [0.5, -1.0])
    assert said in str(error.value)
    with pytest.raises(backcheck.BadInput, match="takes none of the arrays that were drawn") as error:
        backcheck.verify_rule((leaving, right), ("n",), draws=5)
    assert said in str(error.value)


@each_exit
def test_a_layer_that_leaves_is_a_finding_and_one_that_cannot_be_made_a_sentence(leave, said):
    class Layer:
        def forward(self, x):
            self.y = np.tanh(x)
            return self.y

        def backward(self, dy):
            leave()
            return dy

    class LeavesAtOnce(Layer):
        def __init__(self):
            leave()

    check = backcheck.check_layer(Layer, np.ones(2))
    assert check.verdict == "disagree"
    assert f"backward {said}" in str(check)
    with pytest.raises(backcheck.BadInput) as error:
        backcheck.check_layer(LeavesAtOnce, np.ones(2))
    assert said in str(error.value)


@each_exit
def test_a_function_of_pytorch_that_leaves_is_a_finding(leave, said):
    torch = pytest.importorskip("torch")

    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, dy):
            leave()
            return 2 * ctx.saved_tensors[0] * dy

    check = backcheck.check_torch(Square, torch.ones(2))
    assert check.verdict == "disagree"
    assert said in str(check)


@each_exit
def test_a_function_of_jax_that_leaves_is_a_finding(leave, said):
    jax = pytest.importorskip("jax")

    @jax.custom_vjp
    def square(x):
        return x * x

    def backward(x, dy):
        leave()
        return (2 * x * dy,)

    square.defvjp(lambda x: (x * x, x), backward)
    check = backcheck.check_jax(square, [1.0, 2.0])
    assert check.verdict == "disagree"
    assert said in str(check)


@each_exit
def test_a_mirror_or_a_declaration_that_leaves(leave, said):
    check = backcheck.check_vjp(forward, right, [0.5, -1.0], torch=lambda x: leave())
    assert check.verdict == "agree"
    assert said in check.measures[next(iter(check.measures))[0], "torch"].reason
    with pytest.raises(backcheck.BadInput) as error:
        backcheck.check_vjp(forward, right, [0.5, -1.0], meant=lambda x: leave())
    assert said in str(error.value)


LEAVES = ["sys.exit(0)", "os._exit(0)", "quit()", "raise SystemExit", "raise KeyboardInterrupt"]
SCRIPT = """
import os, sys
import backcheck
def forward(x):
    {}
    return x, x
backcheck.check_vjp(forward, lambda x, dy: dy, [1.0])
print("reached")
"""


def run(script):
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "reference", ROOT / "reports")))
    given = [sys.executable, "-c", script]
    return subprocess.run(given, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("leave", LEAVES)
def test_a_script_does_not_end_with_0_by_its_check(leave):
    done = run(SCRIPT.format(leave))
    assert done.returncode != 0
    assert ("KeyboardInterrupt" if "Keyboard" in leave else "backcheck.errors.BadInput") in done.stderr


def test_an_interrupt_goes_through():
    def interrupted(y, dy):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backcheck.check_vjp(forward, interrupted, [0.5, -1.0])


def test_the_exit_of_python_is_there_again_after_nested_and_simultaneous_blocks():
    before = os._exit
    entered, leave = threading.Event(), threading.Event()

    def other():
        with contained():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with contained():
        thread.start()
        entered.wait(10)
        with no_exit():
            assert os._exit is not before
        with pytest.raises(SystemExit, match="4"):
            os._exit(4)
    assert os._exit is not before
    leave.set()
    thread.join()
    assert os._exit is before


FORK = """
import os
from backcheck.containment import contained
with contained():
    child = os.fork()
    if not child:
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_child_that_was_forked_within_a_check_ends_as_it_always_does():
    done = run(FORK)  # a process of its own, in which no library has made threads
    assert done.stdout == "7\n", done.stderr


def test_what_an_exception_did_in_words():
    assert raised(SystemExit("no")) == "calls sys.exit('no')"
    assert raised(ValueError("no")) == "raises ValueError: no"
