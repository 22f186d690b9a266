"""Texts for the place of a node: what people forgot or confused is among them, in as few brackets as it needs."""

import ast

import pytest

pytest.importorskip("libcst")

from backcheck.edits.repairs.brackets import at_least, joined, strength, without_outer
from backcheck.edits.repairs.drafts import ranked_edits
from backcheck.edits.repairs.words import Words

SHAPES = {"dy": (4, 3), "y": (4, 3), "w": (3, 3), "b": (3,), "x.size": (), "x.shape[0]": (), "len(y)": (), "i": (4,)}


def shape(text):
    """That of the names, and of products and differences of them."""
    if text in SHAPES:
        return SHAPES[text]
    names = [each.id for each in ast.walk(ast.parse(f"({text})")) if isinstance(each, ast.Name)]
    known = [SHAPES[name] for name in names if name in SHAPES]
    return max(known, key=len) if known else None


WORDS = Words("np", ("dy", "y", "w", "b"), ("x.shape[0]", "x.size"), ("np.exp(y)",), shape)


def after(body):
    source = f"def f(dy, y, w, b, x, i):\n    {body}\n"
    found = ranked_edits(source, [1], lambda site: WORDS)
    assert all(ast.parse(each.edit.text) for each in found[:200] if "\n" in each.edit.text)
    return {each.edit.lines[1]: each.cost for each in found}


@pytest.mark.parametrize(
    ("body", "becomes"),
    [
        ("return dy * (1 - y)", "return dy * (1 - y * y)"),
        ("return dy", "return dy * (1 - y * y)"),
        ("return dy * y", "return dy * (1 - y * y)"),
        ("return dy - y", "return dy - y - (dy - y).mean(-1, keepdims=True)"),
        ("return dy * y", "return dy * y - y * (dy * y * y).sum(-1, keepdims=True)"),
        ("return dy @ w", "return dy @ w.T"),
        ("return dy @ w", "return w @ dy"),
        ("return dy.sum(0)", "return dy.sum(-1)"),
        ("return dy.sum(0)", "return dy.sum(0, keepdims=True)"),
        ("return dy.mean(axis=0)", "return dy.sum(axis=0)"),
        ("return dy", "return dy.sum(0)"),
        ("return dy / len(y)", "return dy / x.size"),
        ("return -dy", "return dy"),
        ("return dy", "return -dy"),
        ("return dy * (y < 0)", "return dy * (y > 0)"),
        ("return dy * (y > 0)", "return dy * (y >= 0)"),
        ("b[i] += dy", "np.add.at(b, i, dy)"),
        ("b[i] = dy", "b[i] += dy"),
        ("b[i] = dy", "np.add.at(b, i, dy)"),
        ("dy *= y", "dy = dy * y"),
        ("return np.sin(y)", "return np.cos(y)"),
        ("return 2.0 * dy", "return 0.5 * dy"),
        ("return y[:-1]", "return y[1:]"),
        ("return y", "return y.copy()"),
        ("return None", "return dy"),
        ("return y", "return w"),
        ("return np.einsum('ij,jk->ik', y, w)", "return np.einsum('ij,kj->ik', y, w)"),
        ("return dy * y + b", "return dy * np.exp(y) + b"),
    ],
)
def test_what_people_forget_or_confuse_is_among_them(body, becomes):
    assert becomes in after(body)


def test_what_is_likely_comes_first():
    found = after("return dy.mean(axis=0) * (1 - y)")
    assert found["return dy.sum(axis=0) * (1 - y)"] < found["return dy.mean(axis=0) * (1 - y) * np.sqrt(x.size)"]


def test_a_line_that_never_ran_is_left():
    assert ranked_edits("def f(a):\n    return a\n", [1], lambda site: None) == []


@pytest.mark.parametrize(
    ("left", "operator", "right", "wanted"),
    [
        ("a + b", "*", "c", "(a + b) * c"),
        ("a", "-", "b + c", "a - (b + c)"),
        ("a", "+", "b + c", "a + (b + c)"),
        ("a", "+", "b * c", "a + b * c"),
        ("a", "/", "b * c", "a / (b * c)"),
        ("-a", "**", "2", "(-a) ** 2"),
        ("f(a)", "*", "a[0].T", "f(a) * a[0].T"),
        ("a if b else c", "*", "d", "(a if b else c) * d"),
    ],
)
def test_brackets_stand_where_they_are_needed(left, operator, right, wanted):
    assert joined(left, operator, right) == wanted


def test_brackets_around_all_are_left_out_where_nothing_needs_them():
    assert without_outer("(a + b)") == "a + b"
    assert without_outer("(a + b) * (c)") == "(a + b) * (c)"
    assert without_outer("(a, b)") == "(a, b)"
    assert at_least("(a + b)", strength("(a)")) == "(a + b)"
