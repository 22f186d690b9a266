"""What sessions within the session share: files to order, and how to read what is printed."""

PLUGIN = ("-p", "backcheck.pytest_plugin.plugin", "-p", "no:cacheprovider")
REPORT = "--backcheck-report=out/page.html"
SUBJECT = """
import numpy as np
import pytest
import backcheck

X = np.array([0.5, -1.0, 2.0])
ZERO = np.zeros(3)

def square_forward(x):
    return x * x, x

def square_backward(x, dy):
    return (2 * x * dy,)

def wrong_backward(x, dy):
    return (x * dy,)

def right(**more):
    return backcheck.check_vjp(square_forward, square_backward, X, **more)

def wrong(**more):
    return backcheck.check_vjp(square_forward, wrong_backward, X, **more)
"""
SUBTESTS = """
def test_right(backcheck_subtests):
    right()

def test_wrong(backcheck_subtests):
    wrong()

def test_vacuous(backcheck_subtests):
    right(cotangent=ZERO)

def test_expected():
    assert not wrong()
"""


def section(result):
    """The lines of the terminal section, its title first."""
    starts = [at for at, line in enumerate(result.outlines) if line.strip("= ") == "backcheck"]
    if not starts:
        return []
    rest = result.outlines[starts[0] :]
    ends = [at for at, line in enumerate(rest) if at and line.startswith("=")]
    return rest[: ends[0]] if ends else rest
