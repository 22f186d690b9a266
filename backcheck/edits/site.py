"""The places of a file where an edit may stand: the nodes of its syntax tree within the functions that are wanted."""

import itertools
from collections.abc import Callable, Collection
from dataclasses import dataclass

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

COMPUTE_NOTHING = (cst.Annotation, cst.Decorator, cst.Raise, cst.Assert, cst.Import, cst.ImportFrom, cst.Global)
STATEMENTS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One node, where it stands in the text, and what stands around it.

    `line` is that at which its statement begins, from 1. `is_value` says that it is an expression whose value is used,
    and no name that is bound or looked up in something else. `code_of` writes another node as text.
    """

    node: cst.CSTNode
    parent: cst.CSTNode | None
    text: str
    start: int
    function: str
    line: int
    is_value: bool
    code_of: Callable[[cst.CSTNode], str]

    @property
    def end(self) -> int:
        return self.start + len(self.text)


def sites_of(source: str, lines: Collection[int]) -> list[Site]:
    """Those within the functions that begin at these lines; a function with a decorator begins at the decorator.

    Left out is what computes nothing: docstrings, annotations, decorators, errors that are raised and their messages.
    Raises SyntaxError where the source is not Python.
    """
    try:
        wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(str(error)) from error
    finder = _SiteFinder(wrapper, source, frozenset(lines))
    wrapper.visit(finder)
    return finder.found


class _SiteFinder(cst.CSTVisitor):
    """Walks through a file and keeps the nodes of the functions that are wanted."""

    def __init__(self, wrapper: MetadataWrapper, source: str, lines: frozenset[int]) -> None:
        self._module, self._source, self._lines = wrapper.module, source, lines
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._bytes = source.encode()
        self._inside: list[str] = []
        self._above: list[cst.CSTNode] = []
        self._statements: list[int] = []
        self._wanted = 0
        self.found: list[Site] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, COMPUTE_NOTHING) or (isinstance(node, cst.Expr) and _is_text(node)):
            self._above.append(node)  # it is left as every other node is
            return False
        if isinstance(node, STATEMENTS) and not isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._statements.append(self._line_of(node))
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._inside.append(node.name.value)
            self._statements.append(self._line_of(node))
            if isinstance(node, cst.FunctionDef) and (self._wanted or self._first_line(node) in self._lines):
                self._wanted += 1
        if self._wanted:
            self._keep(node)
        self._above.append(node)
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        self._above.pop()
        if isinstance(original_node, STATEMENTS):
            self._statements.pop()
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._inside.pop()
            self._wanted -= bool(self._wanted and isinstance(original_node, cst.FunctionDef))

    def _line_of(self, node: cst.CSTNode) -> int:
        span = self._span(node)
        return 1 if span is None else self._bytes.count(b"\n", 0, span.start) + 1

    def _span(self, node: cst.CSTNode) -> CodeSpan | None:
        return self._spans.get(node)

    def _first_line(self, node: cst.FunctionDef) -> int:
        return min(self._line_of(each) for each in (node, *node.decorators))

    def _keep(self, node: cst.CSTNode) -> None:
        span = self._span(node)
        if span is None:
            return
        text = self._module.code_for_node(node)
        at = self._bytes.find(text.encode(), max(0, span.start - len(text)), span.start + len(text.encode()) + 1)
        if at < 0:  # what LibCST writes for this node is not what stands there
            return
        start, parent = len(self._bytes[:at].decode()), self._above[-1] if self._above else None
        line = self._statements[-1] if self._statements else 1
        is_value = isinstance(node, cst.BaseExpression) and not self._is_bound(node)
        place = ".".join(self._inside)
        self.found.append(Site(node, parent, text, start, place, line, is_value, self._module.code_for_node))

    def _is_bound(self, node: cst.BaseExpression) -> bool:
        """Is it a name that is no value by itself, or stands in what is assigned to?"""
        parent = self._above[-1] if self._above else None
        if isinstance(parent, cst.Attribute):
            return node is parent.attr
        if isinstance(parent, cst.Arg):
            return node is parent.keyword
        if isinstance(parent, cst.Call):
            return node is parent.func
        if isinstance(parent, cst.FunctionDef | cst.ClassDef | cst.Param | cst.NameItem):
            return True
        for above, below in itertools.pairwise([*self._above, node]):
            if isinstance(above, cst.AssignTarget | cst.Parameters | cst.AsName | cst.Del):
                return True
            if isinstance(above, cst.AugAssign | cst.For | cst.CompFor | cst.NamedExpr) and below is above.target:
                return True
        return False


def _is_text(node: cst.Expr) -> bool:
    return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
