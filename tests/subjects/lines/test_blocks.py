"""Which statements were never run, and the condition that stood before them: of functions run here line by line."""

import ast
import sys
import textwrap

import pytest

from backcheck.subjects.lines.blocks import LinesRun, functions_in, raises
from backcheck.subjects.lines.own_functions import codes_in


def untaken(body, *calls, excluded=()):
    """What is missed of `def f(a)` when it was called with each of these; places, conditions and `always`."""
    source = "def f(a):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"
    code, arcs = compile(source, "f.py", "exec"), set()
    names = {}
    exec(code, names)
    last = {}

    def trace(frame, event, _):
        if frame.f_code.co_filename != "f.py":
            return None
        if event in ("call", "line"):
            line = frame.f_lineno if event == "line" else -frame.f_lineno
            arcs.add((last.get(frame, -1), line))
            last[frame] = line
        if event == "return":
            arcs.add((last[frame], -1))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        for each in calls:
            names["f"](each)
    finally:
        sys.settrace(before)
    run = {line for arc in arcs for line in arc if line > 0}
    lines = frozenset(line for each in codes_in(code) for *_, line in each.co_lines() if line)
    tree = ast.parse(source)
    found = LinesRun(source, lines, run, arcs, frozenset(excluded)).untaken(functions_in(tree)[1])
    return [(each.first, each.last, each.condition, each.always) for each in found]


@pytest.mark.parametrize(
    ("body", "calls", "missed"),
    [
        ("if a > 2:\n    a = 1\n    a = 2\nreturn a", [1], [(3, 4, "if a > 2", False)]),
        ("if a > 2:\n    a = 1\nelse:\n    a = 2\nreturn a", [3], [(5, 5, "else of if a > 2", False)]),
        ("if a > 2:\n    a = 1\nelif a < 0:\n    a = 2\nreturn a", [1],
         [(3, 3, "if a > 2", False), (5, 5, "elif a < 0", False)]),
        ("if a > 2:\n    a = 1\nreturn a", [3], [(2, 2, "if a > 2", True)]),
        ("if a > 2:\n    a = 1\nreturn a", [1, 3], []),
        ("if a > 2:\n    return 1\na = 3\nreturn a", [3], [(4, 5, "unless a > 2", False)]),
        ("if (a > 2\n        and a < 9):\n    a = 1\nreturn a", [3], [(2, 2, "if a > 2 and a < 9", True)]),
        ("if (a > 2\n        and a < 9):\n    a = 1\nreturn a", [3, 10], []),
        ("for i in range(a):\n    a += i\nreturn a", [0], [(3, 3, "for i in range(a)", False)]),
        ("while a > 5:\n    a -= 1\nreturn a", [0], [(3, 3, "while a > 5", False)]),
        ("try:\n    a = a + 1\nexcept TypeError:\n    a = 0\nreturn a", [1], [(5, 5, "except TypeError", False)]),
        ("match a:\n    case 1:\n        a = 2\n    case _:\n        a = 3\nreturn a", [1],
         [(6, 6, "match a: case _", False)]),
        ("def g():\n    return 1\nreturn a", [1], [(3, 3, "def g", False)]),
        ("with open(__import__('os').devnull):\n    if a:\n        a = 2\nreturn a", [0], [(4, 4, "if a", False)]),
    ],
)  # fmt: skip
def test_what_is_missed_is_said_with_its_condition(body, calls, missed):
    assert untaken(body, *calls) == missed


@pytest.mark.parametrize(
    "body",
    [
        "if a > 2:\n    raise ValueError(a)\nreturn a",
        "if a > 2:\n    words = 'no'\n    raise ValueError(words)\nreturn a",
        "if a > 2:\n    if a > 3:\n        raise KeyError\n    else:\n        raise ValueError\nreturn a",
        "if a > 2:\n    assert False, a\nreturn a",
        "assert a < 2\nreturn a",
        "'''says what it does'''\nreturn a",
        "if False:\n    a = 2\nreturn a",
        "x: int\nreturn a",
    ],
)
def test_what_cannot_matter_is_left_out(body):
    assert untaken(body, 1) == []


def test_lines_that_are_marked_are_left_out():
    body = "if a > 2:\n    a = 3\nreturn a"
    assert untaken(body, 1)
    assert untaken(body, 1, excluded=[2, 3]) == []


def test_a_block_that_goes_on_behind_an_error_does_not_end_in_one():
    tree = ast.parse("if a:\n    raise ValueError\nelse:\n    b = 1\n")
    assert not raises(tree.body)


def test_a_function_begins_at_its_decorator():
    tree = ast.parse("@a\n@b\ndef f():\n    pass\ndef g(): pass\n")
    assert sorted(functions_in(tree)) == [1, 5]
