"""All edits of some functions of a file, by operators over its syntax tree.

Left alone is what computes nothing: docstrings, annotations, decorators, errors that are raised and their messages.
What an operator makes that is no Python, that is the same text, or that compiles to the same code, is no edit.
"""

import types
import warnings
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from backcheck.edits.edit import Edit
from backcheck.edits.numeric import NodeOperator

COMPUTE_NOTHING = (cst.Annotation, cst.Decorator, cst.Raise, cst.Assert, cst.Import, cst.ImportFrom, cst.Global)
OF_CODE = ("co_names", "co_varnames", "co_freevars", "co_argcount", "co_kwonlyargcount", "co_exceptiontable")


def edits_of(source: str, lines: Collection[int], operators: Sequence[NodeOperator]) -> list[Edit]:
    """The edits within the functions that begin at these lines, in the order of the text; each text once.

    A function with a decorator begins at the decorator. Raises SyntaxError where the source is not Python.
    """
    try:
        wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(str(error)) from error
    finder = _EditFinder(wrapper, source, frozenset(lines), operators)
    wrapper.visit(finder)
    before, found = _compiled(source), dict[str, Edit]()
    for edit in sorted(finder.found, key=lambda each: (each.start, each.end)):
        text = edit.text
        if text != source and text not in found:
            code = _compiled(text)
            if code is not None and not same_code(before, code):
                found[text] = edit
    return list(found.values())


class _EditFinder(cst.CSTVisitor):
    """Walks through a file and collects what the operators make of the nodes of the functions that are wanted."""

    def __init__(
        self, wrapper: MetadataWrapper, source: str, lines: frozenset[int], operators: Sequence[NodeOperator]
    ) -> None:
        self._module, self._source, self._lines, self._operators = wrapper.module, source, lines, operators
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._bytes = source.encode()
        self._inside: list[str] = []
        self._wanted = 0
        self.found: list[Edit] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, COMPUTE_NOTHING) or (isinstance(node, cst.Expr) and _is_text(node)):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.append(node.name.value)
            if isinstance(node, cst.FunctionDef) and (self._wanted or self._first_line(node) in self._lines):
                self._wanted += 1
        if self._wanted:
            self.found += self._edits(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._inside.pop()
            self._wanted -= bool(self._wanted and isinstance(original_node, cst.FunctionDef))

    def _first_line(self, node: cst.FunctionDef) -> int:
        first = min([node, *node.decorators], key=lambda each: self._spans[each].start)
        return self._bytes.count(b"\n", 0, self._spans[first].start) + 1

    def _edits(self, node: cst.CSTNode) -> Iterator[Edit]:
        span = self._spans.get(node)
        if span is None:
            return
        before = self._module.code_for_node(node)
        at = self._bytes.find(before.encode(), max(0, span.start - len(before)), span.start + len(before.encode()) + 1)
        if at < 0:  # what LibCST writes for this node is not what stands there
            return
        start = len(self._bytes[:at].decode())
        for name, kind, operator in self._operators:
            if isinstance(node, kind):
                for other in _others(operator, node):
                    new = self._module.code_for_node(other)
                    yield Edit(self._source, start, start + len(before), new, name, ".".join(self._inside))


def _others(operator: Any, node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """What an operator makes; those of a library may meet nodes that they were not written for."""
    try:
        return list(operator(node))
    except (AttributeError, TypeError, ValueError, cst.CSTValidationError):
        return ()


def _is_text(node: cst.Expr) -> bool:
    return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)


def _compiled(text: str) -> types.CodeType | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "is" beside a literal, say
            return compile(text, "edited", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return None


def same_code(one: types.CodeType | None, other: types.CodeType | None) -> bool:
    """Do both do the same, instruction by instruction? Where they stand in the file is no matter."""
    if one is None or other is None or one.co_code != other.co_code or len(one.co_consts) != len(other.co_consts):
        return False
    if any(getattr(one, name) != getattr(other, name) for name in OF_CODE):
        return False
    return all(map(_same_constant, one.co_consts, other.co_consts))


def _same_constant(one: Any, other: Any) -> bool:
    if isinstance(one, types.CodeType) and isinstance(other, types.CodeType):
        return same_code(one, other)
    return type(one) is type(other) and repr(one) == repr(other)
