"""Edits of source: where they stand, what they become, and what no edit touches."""

import ast

import pytest

pytest.importorskip("libcst")
pytest.importorskip("mutmut")

from backcheck.edits.edit import Edit
from backcheck.edits.engine import edits_of, same_code
from backcheck.edits.library import library_operators
from backcheck.edits.numeric import NUMERIC_OPERATORS

HEAD = "import numpy as np\n\n\n"


def changes(body, operators=NUMERIC_OPERATORS):
    """What becomes of `def f(a, b):` with this body: the line after each edit."""
    source = f"{HEAD}def f(a, b):\n    {body}\n"
    return {each.lines[1] for each in edits_of(source, [4], operators)}


@pytest.mark.parametrize(
    ("body", "becomes"),
    [
        ("return a - b", {"return a", "return b", "return b - a"}),
        ("return -a", {"return a"}),
        ("return a @ b.T", {"return b.T @ a", "return a @ b", "return a.T @ b.T"}),
        ("return a.sum(axis=0)", {"return a.mean(axis=0)", "return a.sum(axis=-1)"}),
        ("return a.sum(axis=-1)", {"return a.mean(axis=-1)", "return a.sum(axis=0)"}),
        ("return a / b.size", {"return a", "return b.size / a", "return a / len(b)"}),
        ("return a.shape[0]", {"return a.shape[-1]"}),
        ("return a[1:]", {"return a[:]"}),
        ("return a > b", {"return a < b"}),
        ("return np.where(a > 0, a, b)", {"return np.where(a < 0, a, b)", "return np.where(a > 0, b, a)"}),
        ("np.add.at(a, b, 1.0)", {"a[b] += 1.0"}),
        ("return (a + b) * a", {"return a * a", "return b * a", "return (a + b)", "return a"}),
        ("return a - (b - a)", {"return (b - a) - a", "return a - (a - b)", "return a", "return (b - a)"}),
    ],
)
def test_an_array_operator_makes_what_people_write(body, becomes):
    found = changes(body)
    assert becomes <= found
    assert all(ast.parse(line) for line in found)


def test_what_computes_nothing_is_left_alone():
    source = (
        f"{HEAD}@np.vectorize(1 + 2)\ndef f(a: 'x' + 'y', b: int = 3) -> 1 + 1:\n"
        "    'adds 1 + 1'\n    assert a + b, 1 + 1\n    if a < b:\n        raise ValueError(a - b)\n    return a\n"
    )
    changed = {each.lines for each in edits_of(source, [4], (*NUMERIC_OPERATORS, *library_operators()))}
    lines = {before for before, _ in changed}
    assert lines <= {"if a < b:", "def f(a: 'x' + 'y', b: int = 3) -> 1 + 1:"}
    assert ("if a < b:", "if a > b:") in changed


def test_only_the_functions_that_are_wanted_are_changed_and_those_within_them():
    source = "def f(a):\n    return a + 1\n\n\ndef g(a):\n    def h(b):\n        return b - a\n    return h\n"
    assert {each.function for each in edits_of(source, [5], NUMERIC_OPERATORS)} == {"g.h"}
    assert {each.function for each in edits_of(source, [1], NUMERIC_OPERATORS)} == {"f"}


def test_an_edit_keeps_all_other_text_also_behind_letters_of_several_bytes():
    source = "def f(a):  # größer\n    b = 'ä'; return  a  +  1   # ü\n"
    (edit,) = [each for each in edits_of(source, [1], NUMERIC_OPERATORS) if each.new == "a"]
    assert edit.text == "def f(a):  # größer\n    b = 'ä'; return  a   # ü\n"
    assert edit.line == 2
    assert edit.diff("f.py").startswith("--- a/f.py\n+++ b/f.py\n")


def test_what_compiles_to_the_same_is_no_edit():
    found = {each.new for each in edits_of("def f(a):\n    return 1 * 1\n", [1], NUMERIC_OPERATORS)}
    assert found == {"2"}  # a factor left out, or both exchanged, is the same constant
    assert same_code(compile("a = 1\n\nb = 2", "", "exec"), compile("a=1\nb=2", "", "exec"))
    assert not same_code(compile("a = 1.0", "", "exec"), compile("a = 1", "", "exec"))
    assert not same_code(compile("a = 0.0", "", "exec"), compile("a = -0.0", "", "exec"))


def test_source_that_is_no_python_is_said():
    with pytest.raises(SyntaxError):
        edits_of("def f(:\n", [1], NUMERIC_OPERATORS)


def test_the_operators_of_the_library_are_there_and_each_makes_something():
    """mutmut keeps its table to itself: this names what another version has moved."""
    names = {name for name, *_ in library_operators()}
    assert {"number", "swap op", "arg removal", "augmented assignment", "keywords", "remove unary ops"} <= names
    body = "x = not a; x += 1; y = a if b else f(a, 2); return y < 3 and True"
    assert {"swap op", "number", "augmented assignment", "arg removal", "remove unary ops", "name"} <= {
        each.operator for each in edits_of(f"def f(a, b):\n    {body}\n", [1], library_operators())
    }


def test_an_edit_of_several_lines_is_told_in_one():
    source = "def f(a):\n    return (a +\n            1)\n"
    edit = Edit(source, source.index("a +"), source.index("1)") + 1, "a", "left out", "f")
    assert edit.lines == ("return (a + 1)", "return (a)")
