"""Whole statements: adding for setting, adding once for each index, a copy, another order, a line left out."""

import ast
import re
from collections.abc import Iterator, Sequence

import libcst as cst

from backcheck.edits.repairs.brackets import ATOM, at_least, joined
from backcheck.edits.repairs.words import RepairOperator, RepairText, Words
from backcheck.edits.site import Site

AUGMENTED = {cst.AddAssign: "+", cst.SubtractAssign: "-", cst.MultiplyAssign: "*", cst.DivideAssign: "/"}


def assigned_otherwise(site: Site, words: Words) -> Iterator[RepairText]:
    """`a = b` becomes `a += b`; where `a` is an entry, `np.add.at(a, i, b)` too."""
    node = cst.ensure_type(site.node, cst.Assign)
    if len(node.targets) != 1:
        return
    target, value = site.code_of(node.targets[0].target), site.code_of(node.value)
    yield RepairText(f"{target} += {value}", 1.2)
    yield RepairText(f"{target} -= {value}", 1.8)
    yield from _added_at(node.targets[0].target, value, site, words)


def augmented_otherwise(site: Site, words: Words) -> Iterator[RepairText]:
    """`a[i] += b` becomes `np.add.at(a, i, b)`, `a += b` becomes `a = a + b`, `a = b`, `a -= b`."""
    node = cst.ensure_type(site.node, cst.AugAssign)
    target, value = site.code_of(node.target), site.code_of(node.value)
    own = AUGMENTED.get(type(node.operator), "")
    if own == "+":
        yield from _added_at(node.target, value, site, words)
    if own:
        yield RepairText(f"{target} = {joined(target, own, value)}", 1.3)
    yield RepairText(f"{target} = {value}", 1.5)
    for operator in "+-*/":
        if operator != own:
            yield RepairText(f"{target} {operator}= {value}", 1.4)


def _added_at(target: cst.BaseExpression, value: str, site: Site, words: Words) -> Iterator[RepairText]:
    if isinstance(target, cst.Subscript) and words.numpy:
        index = ", ".join(site.code_of(each).rstrip(", ") for each in target.slice)
        given = f"({index})" if len(target.slice) > 1 else index
        if ":" not in index:
            yield RepairText(f"{words.numpy}.add.at({site.code_of(target.value)}, {given}, {value})", 1.0)


def changed_everywhere(site: Site, words: Words) -> Iterator[RepairText]:
    """A name for another at each place of a statement, and the argument for each call of a function of it."""
    tree = _parsed(site.text)
    if tree is None or isinstance(tree, ast.FunctionDef | ast.For | ast.While | ast.If):
        return
    texts = [ast.get_source_segment(site.text, each) or "" for each in ast.walk(tree) if isinstance(each, ast.expr)]
    names = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
    for name in sorted(each for each in names if texts.count(each) > 1 and words.shape(each)):
        for other in words.of_shape(words.shape(name)):
            if other != name:
                yield RepairText(re.sub(rf"(?<![\w.]){name}\b", other, site.text), 2.3)
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and len(each.args) == 1 and not each.keywords:
            call, argument = (ast.get_source_segment(site.text, part) or "" for part in (each, each.args[0]))
            if call:
                yield RepairText(site.text.replace(call, at_least(argument, ATOM)), 1.7)


def _parsed(text: str) -> ast.stmt | None:
    try:
        return ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return None


def copied(site: Site, words: Words) -> Iterator[RepairText]:
    """`a` becomes `a.copy()`, where memory is shared that should not be."""
    if (
        site.is_value
        and words.shape(site.text)
        and isinstance(site.parent, cst.Assign | cst.Arg | cst.Return | cst.Element)
    ):
        yield RepairText(f"{site.text}.copy()", 2.1)


def statements_otherwise(site: Site, words: Words) -> Iterator[RepairText]:
    """Two lines in the other order, and a line left out."""
    body: Sequence[cst.BaseStatement] = cst.ensure_type(site.node, cst.IndentedBlock).body
    lines = site.text.splitlines(keepends=True)
    if len(body) < 2:
        return
    plain = [isinstance(each, cst.SimpleStatementLine) for each in body]
    texts = [site.code_of(each) for each in body]
    for at in range(len(body) - 1):
        if plain[at] and plain[at + 1]:
            yield from _with(site.text, texts[at], texts[at + 1], lines, swap=True)
        if plain[at] and not texts[at].lstrip().startswith(("return", '"')):
            yield from _with(site.text, texts[at], "", lines, swap=False)


def _with(text: str, one: str, other: str, lines: Sequence[str], *, swap: bool) -> Iterator[RepairText]:
    """The block with these two of its lines exchanged, or the first one gone."""
    found = [at for at, line in enumerate(lines) if line.strip() == one.strip()]
    if len(found) != 1 or "\n" in one.strip():
        return
    at = found[0]
    if not swap:
        yield RepairText("".join([*lines[:at], *lines[at + 1 :]]), 2.8)
    elif at + 1 < len(lines) and lines[at + 1].strip() == other.strip():
        yield RepairText("".join([*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]), 2.4)


STATEMENT_OPERATORS: tuple[RepairOperator, ...] = (
    RepairOperator("assigned otherwise", (cst.Assign,), assigned_otherwise),
    RepairOperator("added otherwise", (cst.AugAssign,), augmented_otherwise),
    RepairOperator("changed everywhere", (cst.Assign, cst.Return, cst.AugAssign, cst.Expr), changed_everywhere),
    RepairOperator("a copy", (cst.Name, cst.Attribute, cst.Subscript), copied),
    RepairOperator("other statements", (cst.IndentedBlock,), statements_otherwise),
)
